"""Films of a motion from cameras around the room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError

from ..world.motion import Motion

MAX_CAMERAS = 8


@dataclass(frozen=True)
class FilmSetup:
    """Number, size and rate of the films; made by `make_film_setup`.

    Attributes:
        cameras: how many, 1 to 8.
        size: width and height, pixels, an even number.
        rate: frames/s.
    """

    cameras: int = 1
    size: int = 160
    rate: float = 30.0

    def render(self, motion: Motion, clothes: np.random.Generator, rng: np.random.Generator, paths: Sequence[Path]) -> None:
        """Write one MP4 a camera to the path of the same number.

        Arguments:
            clothes: decides how the person and the room look.
            rng: decides where the cameras hang.
        """
        from ..film.appearance import draw_appearance
        from ..film.camera import camera_ring
        from ..film.film import write_film
        from ..film.raster import Renderer, render_frames

        appearance = draw_appearance(clothes, motion.body.person)
        for path, camera in zip(paths, camera_ring(motion.scene, rng, self.cameras), strict=True):
            renderer = Renderer(motion.body, motion.scene, camera, (self.size, self.size), appearance)
            write_film(path, render_frames(motion, renderer, self.rate), self.rate)


def make_film_setup(cameras: int = 1, size: int = 160, rate: float = 30.0) -> FilmSetup:
    """Validate the numbers and return the setup; raises `UserError`."""
    if not 1 <= cameras <= MAX_CAMERAS:
        raise UserError(f"--cameras {cameras}: give 1 to {MAX_CAMERAS}")
    if not 32 <= size <= 2048 or size % 2:
        raise UserError(f"--size {size}: give an even number of pixels from 32 to 2048")
    if not 1 <= rate <= 120:
        raise UserError(f"--frame-rate {rate:g}: give 1 to 120 frames a second")
    return FilmSetup(cameras, size, rate)
