"""Images of simulated people with exact bounding boxes, as a YOLO folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from featherfall.core.files import atomic_write

from ..world.motion import SIM_RATE, Motion
from .generate import CAMERA_STREAM, EXCERPT_STREAM, make_plan, make_subjects, simulate_item

CLASS_NAMES = ("fall", "person")
_MIN_BOX_SIDE = 0.02  # of the image's side: people with smaller boxes count as out of view
_FALLEN_AFTER = 0.3  # s after the impact, from which an image is labelled "fall"


@dataclass(frozen=True, eq=False)
class LabelledImage:
    """An image. image: (H, W, 3) uint8 RGB; name: of `CLASS_NAMES`; box: left, top, right, bottom as fractions of the image."""

    image: np.ndarray
    name: str
    box: tuple[float, float, float, float]


def render_images(motion: Motion, rng: np.random.Generator, clothes: np.random.Generator, count: int, size: int) -> Iterator[LabelledImage]:
    """Yield images of up to `count` moments of a motion from one camera; of a fall, half of them after the impact.

    Moments between a fall's onset and its rest belong to neither class and are left out, as are people who have left the image.
    """
    from ..film.appearance import draw_appearance
    from ..film.camera import camera_ring
    from ..film.raster import Renderer

    camera = camera_ring(motion.scene, rng)[int(rng.integers(8))]
    appearance = draw_appearance(clothes, motion.body.person)
    renderer = Renderer(motion.body, motion.scene, camera, (size, size), appearance)
    duration = (len(motion.positions) - 1) / SIM_RATE
    for number in range(count):
        name, time = "person", float(rng.uniform(0, duration))
        if motion.fall is not None and motion.fall.onset is not None and motion.fall.impact is not None:
            after = motion.fall.impact + _FALLEN_AFTER
            if number % 2 and after < duration:
                name, time = "fall", float(rng.uniform(after, min(duration, (motion.fall.end or after) + 3)))
            else:
                time = float(rng.uniform(0, motion.fall.onset))
        pose = round(time * SIM_RATE)
        box = renderer.box(motion.positions[pose], motion.rotations[pose])
        if box is not None and min(box[2] - box[0], box[3] - box[1]) >= _MIN_BOX_SIDE:
            yield LabelledImage(renderer.frame(motion.positions[pose], motion.rotations[pose]), name, box)


def write_image_dataset(
    folder: Path,
    people: int,
    hours: float,
    seed: int = 0,
    each: int = 6,
    size: int = 320,
    share: float = 0.5,
    report: Callable[[float], None] = lambda seconds: None,
) -> int:
    """Write images/train, labels/train and data.yaml; return the number of images.

    Arguments:
        people, hours, seed, share: of the motions, see `generate.make_plan`.
        each: images a motion.
        size: side of the images, pixels.
        report: called with the seconds of motion that are done.
    Raises: `UserError`.
    """
    from PIL import Image

    plan = make_plan(people, hours, seed, (), share)
    for name in ("images", "labels"):
        (folder / name / "train").mkdir(parents=True, exist_ok=True)
    lines = ["train: images/train", "val: images/train", f"nc: {len(CLASS_NAMES)}", f"names: [{', '.join(CLASS_NAMES)}]", ""]
    (folder / "data.yaml").write_text("\n".join(lines))
    written, done = 0, 0.0
    for subject in make_subjects(plan):
        spent, index = 0.0, 0
        while spent < plan.seconds:
            item = subject.item(index)
            motion = simulate_item(item)
            index, spent, done = index + 1, spent + len(motion.positions) / SIM_RATE, done + len(motion.positions) / SIM_RATE
            report(done)
            for number, still in enumerate(render_images(motion, item.rng(CAMERA_STREAM), item.rng(EXCERPT_STREAM), each, size)):
                stem = f"{item.person.name}_{item.activity.replace(' ', '_')}_{item.trial}.rf.{number}"
                with atomic_write(folder / "images" / "train" / f"{stem}.jpg") as file:
                    Image.fromarray(still.image).save(file, "JPEG", quality=90)
                left, top, right, bottom = still.box
                row = ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
                text = " ".join([str(CLASS_NAMES.index(still.name)), *(f"{value:.6f}" for value in row)])
                (folder / "labels" / "train" / f"{stem}.txt").write_text(text + "\n")
                written += 1
    return written
