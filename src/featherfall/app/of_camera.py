"""What a camera's film shows: people, their keypoints, the probability of a fall over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from featherfall.app.films import Screen, fitted, open_film
from featherfall.app.models import Model
from featherfall.app.people import curves_of, draw_film, told, write_people
from featherfall.app.shown import Media, Progress, Shown
from featherfall.runtime.bundle import Bundle
from featherfall.runtime.camera import Seen, Watcher, replay, watch_film
from featherfall.runtime.decide.incidents import Fall
from featherfall.runtime.perceive.pose import Estimator, Pose, open_estimator
from featherfall.runtime.sinks.draw import Painter
from featherfall.runtime.sinks.film import film_writer
from featherfall.signals.video import Frame


class _Remembering(Bundle):
    """The bundle, that keeps its answers in their order."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle.path, bundle.manifest, bundle.model, bundle._session)
        self.answers: list[np.ndarray] = []

    def probabilities(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        self.answers.append(super().probabilities(inputs))
        return self.answers[-1]


class _Recalling(Bundle):
    """The bundle at another threshold, whose answers are known: which windows are judged does not depend on the threshold."""

    def __init__(self, bundle: Bundle, answers: Sequence[np.ndarray], threshold: float) -> None:
        decision = bundle.manifest.decision.model_copy(update={"threshold": threshold})
        super().__init__(bundle.path, bundle.manifest.model_copy(update={"decision": decision}), bundle.model, bundle._session)
        self._answers = iter(answers)

    def probabilities(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        return next(self._answers)


@dataclass
class _Eyes:
    """An estimator that remembers every pose it found."""

    inner: Estimator
    found: list[list[Pose]] = field(default_factory=list)

    def estimate(self, image: np.ndarray) -> list[Pose]:
        self.found.append(self.inner.estimate(image))
        return self.found[-1]

    def reset(self) -> None:
        self.found = []
        self.inner.reset()


class _Blind:
    """For replays: the poses are known."""

    def estimate(self, image: np.ndarray) -> list[Pose]:
        raise AssertionError("a replay looks at no picture")

    def reset(self) -> None:
        pass


@dataclass(frozen=True, eq=False)
class Memory:
    """All that is needed to decide again, or to draw, without looking again.

    Attributes:
        poses: time (s) and people of each picture that was looked at.
        seen: what each gave.
        answers: of the model, in order.
        height, width: of the pictures, pixels.
    """

    bundle: Bundle
    poses: tuple[tuple[float, list[Pose]], ...]
    seen: tuple[Seen, ...]
    answers: tuple[np.ndarray, ...]
    height: int
    width: int

    def falls(self, threshold: float) -> tuple[Fall, ...]:
        """The falls at a threshold, by the rule of the runtime; no model runs."""
        recalling = _Recalling(self.bundle, self.answers, threshold)
        return replay(self.poses, self.height, self.width, Watcher(recalling, _Blind())).falls


def of_camera(path: Path, name: str, model: Model, folder: Path, private: bool, progress: Progress) -> Shown:
    """Watch a film.

    Arguments:
        folder: where the page's copy of the film goes: at most `films.SIDE` pixels wide, without sound; black where `private`.
    Raises: `UserError`; `Cancelled`.
    """
    remembering, eyes = _Remembering(model.bundle), _Eyes(open_estimator())
    problems: list[str] = []
    seen: list[Seen] = []
    size = (0, 0)
    film = open_film(path, name)
    copy = folder / "film.mp4"
    with film_writer(copy) as add:

        def on_picture(frame: Frame, one: Seen, watcher: Watcher) -> None:
            nonlocal size
            film.at(frame.time, progress, "watching")
            size = frame.image.shape[:2]
            seen.append(one)
            add(frame.time, fitted(frame.image, private))

        said = watch_film(path, remembering, eyes, problems=problems, on_picture=on_picture)
    poses = tuple((one.time, found) for one, found in zip(seen, eyes.found, strict=True))
    memory = Memory(model.bundle, poses, tuple(seen), tuple(remembering.answers), *size)
    screen = Screen(*size)

    def draw(out: Path, threshold: float, hidden: bool, doing: Progress) -> Path:
        painter = Painter(threshold, private=hidden or private)
        return draw_film(copy, out, memory.seen, screen, memory.falls(threshold), painter, doing)

    notes = list(problems)
    if not any(one.people for one in seen):
        notes.append("Nobody was seen in this film.")
    return Shown(
        model=model.name,
        file=name,
        seconds=said.seconds,
        threshold=model.manifest.decision.threshold,
        curves=curves_of(said.curve),
        decide=lambda threshold: tuple(told(fall) for fall in memory.falls(threshold)),
        media=Media(film=copy, poses=write_people(folder / "people.json", seen, screen)),
        draw=draw,
        notes=tuple(notes),
    )
