"""Square regions of a picture: choose one, and resample it to a network's input size. NumPy only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from featherfall.core.skeletons import COCO_17

_NAMES = list(COCO_17)
_SHOULDERS = [_NAMES.index("left shoulder"), _NAMES.index("right shoulder")]
_HIPS = [_NAMES.index("left hip"), _NAMES.index("right hip")]
_SEEN = 0.2  # score from which a joint counts for the region, as in MoveNet's reference code
GREY = 114  # level with which hidden people are painted over


class Region(NamedTuple):
    """A square in pixels from the picture's upper left corner; it may reach beyond the picture."""

    left: float
    top: float
    side: float


def whole(height: int, width: int) -> Region:
    """Return the smallest square that holds the picture, centred (letterbox)."""
    side = float(max(height, width))
    return Region((width - side) / 2, (height - side) / 2, side)


def around(joints: np.ndarray, scores: np.ndarray, height: int, width: int) -> Region | None:
    """Return the square around a person in which to look for the next frame's pose, as MoveNet's authors cut it.

    Centred on the hips; reaches 1.9 times as far as the farthest shoulder or hip and 1.2 times as far as the farthest joint of a score
    above .2, but no farther than the picture's farthest edge. Source: TensorFlow Hub's MoveNet tutorial.

    Arguments:
        joints: (17, 2) pixels.
        scores: (17,) 0..1.
    Returns: None where the trunk is not visible, or where the square would be as large as the picture.
    """
    seen = scores > _SEEN
    if not (seen[_SHOULDERS].any() and seen[_HIPS].any()):
        return None
    middle = joints[_HIPS].mean(axis=0)
    away = np.abs(joints - middle).max(axis=1)
    half = max(1.9 * float(away[_SHOULDERS + _HIPS].max()), 1.2 * float(away[seen].max()))
    half = min(half, max(middle[0], width - middle[0], middle[1], height - middle[1]))
    if half > max(height, width) / 2 or half < 1:
        return None
    return Region(float(middle[0] - half), float(middle[1] - half), 2 * float(half))


def cut(image: np.ndarray, region: Region, size: int, hidden: Sequence[np.ndarray] = ()) -> np.ndarray:
    """Resample a region to another size, bilinear; black outside of the picture.

    Arguments:
        image: (H, W, 3) uint8.
        size: side of the result, pixels.
        hidden: boxes (left, top, right, bottom) in the picture's pixels that are painted grey.
    Returns: (size, size, 3) uint8.
    """
    height, width = image.shape[:2]
    upper, lower, down, in_y = _samples(region.top, region.side, size, height)
    left, right, along, in_x = _samples(region.left, region.side, size, width)
    # Rows first, then columns, each as one flat table of bytes in 1/256 and only of the columns that are needed: ten times as fast as fancy
    # indexing of pixels.
    start, stop = int(left.min()), int(right.max()) + 1
    table = image[:, start:stop].reshape(height, (stop - start) * 3)
    rows = table.take(upper, axis=0) * (256 - down)[:, None] + table.take(lower, axis=0) * down[:, None] >> 8
    bytes_left, bytes_right = (((one[:, None] - start) * 3 + np.arange(3)).ravel() for one in (left, right))
    share = np.repeat(along, 3)
    out = (rows.take(bytes_left, axis=1) * (256 - share) + rows.take(bytes_right, axis=1) * share >> 8).astype(np.uint8)
    out = np.asarray(out.reshape(size, size, 3))
    out[~in_y] = 0
    out[:, ~in_x] = 0
    for box in hidden:
        (x0, y0, x1, y1) = np.rint((box - np.tile(region[:2], 2)) / region.side * size).clip(0, size).astype(int)
        out[y0:y1, x0:x1] = GREY
    return out


def _samples(start: float, side: float, size: int, limit: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return along one axis, (size,) each: the two pixels to mix, the second one's share in 1/256, whether it lies in the picture."""
    place = start + (np.arange(size) + 0.5) * (side / size) - 0.5  # a pixel's centre is at +.5
    first = np.floor(place).astype(np.int64)
    share = ((place - first) * 256).astype(np.uint16)
    inside = (place > -0.5) & (place < limit - 0.5)
    return first.clip(0, limit - 1), (first + 1).clip(0, limit - 1), share, inside
