"""Tell pictures that show nothing: of a covered lens, a dark room, a camera that hangs."""

from __future__ import annotations

import numpy as np

_EVERY = 8  # pixels: enough of a picture to tell whether it shows anything
# Gray levels. Noise and compression of a covered or dark lens vary by 1 to 3 levels, a room by 30 and more, a dim one by 10.
BLANK_SD = 4.0
FROZEN_S = 30.0  # s without the change of one pixel: compressed films of a still scene repeat a picture until their next key frame


class PictureWatch:
    """Watch for pictures that show nothing, one film at a time."""

    def __init__(self) -> None:
        self._last: np.ndarray | None = None
        self._since = 0.0  # time of the last change, s
        self.changed = False

    def step(self, time: float, image: np.ndarray) -> tuple[bool, bool]:
        """Take a picture, (H, W, 3) uint8; return whether it is blank, and whether the picture has not changed for `FROZEN_S` seconds."""
        sample = image[::_EVERY, ::_EVERY]
        if self._last is None or sample.shape != self._last.shape or not np.array_equal(sample, self._last):
            self.changed |= self._last is not None
            self._last, self._since = sample.copy(), time
        return is_blank(image), time - self._since >= FROZEN_S


def shown_share(pictures: np.ndarray) -> np.ndarray:
    """Return the share of each window's pictures that show something, (K, F, H, W, 3) uint8 -> (K,) 0..1."""
    return np.array([np.mean([not is_blank(picture) for picture in window]) for window in pictures], dtype=np.float64)


def is_blank(image: np.ndarray) -> bool:
    """Return whether a picture, (H, W, 3) uint8, is of one colour but for noise."""
    sample = image[::_EVERY, ::_EVERY].astype(np.float32)
    return bool(sample.std(axis=(0, 1)).max() < BLANK_SD)
