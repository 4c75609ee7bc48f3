"""Films of a motion, by cameras around the room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError

from ..world.motion import Motion

CAMERAS = 8


@dataclass(frozen=True)
class Films:
    """How films are taken; made by `make_films`.

    Attributes:
        cameras: how many, 1 to 8.
        size: width and height, pixels, an even number.
        rate: frames/s.
    """

    cameras: int = 1
    size: int = 160
    rate: float = 30.0

    def shoot(self, motion: Motion, clothes: np.random.Generator, rng: np.random.Generator, paths: Sequence[Path]) -> None:
        """Write an mp4 by each camera to the path of the same number.

        Arguments:
            clothes: decides how the person and the room look.
            rng: decides where the cameras hang.
        """
        from ..film.camera import ring
        from ..film.film import write_film
        from ..film.look import draw_look
        from ..film.raster import Renderer, frames

        look = draw_look(clothes, motion.body.person)
        for path, camera in zip(paths, ring(motion.scene, rng, self.cameras), strict=True):
            renderer = Renderer(motion.body, motion.scene, camera, (self.size, self.size), look)
            write_film(path, frames(motion, renderer, self.rate), self.rate)


def make_films(cameras: int = 1, size: int = 160, rate: float = 30.0) -> Films:
    """Check numbers; raises `UserError`."""
    if not 1 <= cameras <= CAMERAS:
        raise UserError(f"--cameras {cameras}: give 1 to {CAMERAS}")
    if not 32 <= size <= 2048 or size % 2:
        raise UserError(f"--size {size}: give an even number of pixels from 32 to 2048")
    if not 1 <= rate <= 120:
        raise UserError(f"--frame-rate {rate:g}: give 1 to 120 frames a second")
    return Films(cameras, size, rate)
