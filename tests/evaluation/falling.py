"""A dataset of two tiny films (somebody falls; somebody walks), and an estimator that knows who is in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.runtime.people import person
from tests.runtime.test_watch import fall, lie, walk

from featherfall.core.errors import UserError
from featherfall.runtime.perceive.pose import Pose

RATE, SIDE = 15, 32
FALLS = [*walk(200, 500, 4), *fall(500), *lie(8.4, 560)]  # the impact is at 4.6 s
WALKS = walk(200, 700, 6)
UP, DOWN, DARK = 70, 220, 20  # gray of the pictures: of the fall before and after it, and of the walk


def write_films(folder: Path, seconds: float = 13.0) -> Path:
    """Write the dataset, in the `folder` format."""
    pytest.importorskip("av", reason="films need PyAV: pip install 'featherfall[video]'")
    from featherfall.sim.film.film import write_film

    folder.mkdir(parents=True)
    falling = [UP if k < 4.4 * RATE else DOWN for k in range(round(seconds * RATE))]
    for name, grays in (("fall", falling), ("walk", [DARK] * 6 * RATE)):
        write_film(folder / f"{name}.mp4", (np.full((SIDE, SIDE, 3), gray, np.uint8) for gray in grays), RATE)
    (folder / "streams.yaml").write_text("films: {cam1: {}}\n")
    rows = ["subject,activity,trial,cam1,fall_onset_s,fall_impact_s,fall_end_s", "S1,fall,1,fall.mp4,4.0,4.6,4.7", "S1,walk,1,walk.mp4,,,"]
    (folder / "recordings.csv").write_text("\n".join(rows) + "\n")
    return folder


class KnowsWho:
    """Gives the next pose of the film; counts the pictures that it was asked about."""

    def __init__(self) -> None:
        self.asked = 0
        self._next = 0

    def reset(self) -> None:
        self._next = 0

    def estimate(self, image: np.ndarray) -> list[Pose]:
        script = FALLS if image.mean() > (UP + DARK) / 2 else WALKS
        self.asked, self._next = self.asked + 1, self._next + 1
        return [script[self._next - 1]] if self._next <= len(script) else [person(0, 0, score=0.05)]


def no_weights(*_: object) -> KnowsWho:
    """In place of `open_estimator`."""
    raise UserError("no weights here; fetch them")
