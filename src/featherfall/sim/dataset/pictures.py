"""Stills of simulated people with boxes around them, as a YOLO folder: pictures without limit, and the boxes are exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from featherfall.core.files import atomic_write

from ..world.motion import RATE, Motion
from .generate import CAMERAS, PIECE, cast, make_plan, simulate

NAMES = ("fall", "person")
LEAST = 0.02  # of the picture's side: a smaller box is nobody
_SETTLED = 0.3  # s after the impact, from which the picture shows somebody who has fallen


@dataclass(frozen=True, eq=False)
class Still:
    """One picture. image: (H, W, 3) uint8 RGB; name: of `NAMES`; box: left, top, right, bottom as fractions of the picture."""

    image: np.ndarray
    name: str
    box: tuple[float, float, float, float]


def stills(motion: Motion, rng: np.random.Generator, clothes: np.random.Generator, count: int, size: int) -> Iterator[Still]:
    """`count` moments of a motion, seen by one camera; of a fall half of them after the impact.

    The moments between a fall's onset and its rest are neither and are not shown. People who have left the picture are not shown either.
    """
    from ..film.camera import ring
    from ..film.look import draw_look
    from ..film.raster import Renderer

    camera = ring(motion.scene, rng)[int(rng.integers(8))]
    look = draw_look(clothes, motion.body.person)
    renderer = Renderer(motion.body, motion.scene, camera, (size, size), look)
    duration = (len(motion.positions) - 1) / RATE
    for number in range(count):
        name, time = "person", float(rng.uniform(0, duration))
        if motion.fall is not None and motion.fall.onset is not None and motion.fall.impact is not None:
            after = motion.fall.impact + _SETTLED
            if number % 2 and after < duration:
                name, time = "fall", float(rng.uniform(after, min(duration, (motion.fall.end or after) + 3)))
            else:
                time = float(rng.uniform(0, motion.fall.onset))
        pose = round(time * RATE)
        box = renderer.box(motion.positions[pose], motion.rotations[pose])
        if box is not None and min(box[2] - box[0], box[3] - box[1]) >= LEAST:
            yield Still(renderer.frame(motion.positions[pose], motion.rotations[pose]), name, box)


def write_stills(
    folder: Path,
    people: int,
    hours: float,
    seed: int = 0,
    each: int = 6,
    size: int = 320,
    share: float = 0.5,
    report: Callable[[float], None] = lambda seconds: None,
) -> int:
    """Write images/train, labels/train and data.yaml; gives the number of pictures.

    Arguments:
        people, hours, seed, share: of the motions, see `generate.make_plan`; who is lying was moved by the same falls as elsewhere.
        each: pictures a motion. size: their side, pixels.
        report: told the seconds of motion that are done.
    Raises: `UserError`.
    """
    from PIL import Image

    plan = make_plan(people, hours, seed, (), share)
    for name in ("images", "labels"):
        (folder / name / "train").mkdir(parents=True, exist_ok=True)
    lines = ["train: images/train", "val: images/train", f"nc: {len(NAMES)}", f"names: [{', '.join(NAMES)}]", ""]
    (folder / "data.yaml").write_text("\n".join(lines))
    written, done = 0, 0.0
    for subject in cast(plan):
        spent, index = 0.0, 0
        while spent < plan.seconds:
            item = subject.item(index)
            motion = simulate(item)
            index, spent, done = index + 1, spent + len(motion.positions) / RATE, done + len(motion.positions) / RATE
            report(done)
            for number, still in enumerate(stills(motion, item.rng(CAMERAS), item.rng(PIECE), each, size)):
                stem = f"{item.person.name}_{item.activity.replace(' ', '_')}_{item.trial}.rf.{number}"
                with atomic_write(folder / "images" / "train" / f"{stem}.jpg") as file:
                    Image.fromarray(still.image).save(file, "JPEG", quality=90)
                left, top, right, bottom = still.box
                row = ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
                text = " ".join([str(NAMES.index(still.name)), *(f"{value:.6f}" for value in row)])
                (folder / "labels" / "train" / f"{stem}.txt").write_text(text + "\n")
                written += 1
    return written
