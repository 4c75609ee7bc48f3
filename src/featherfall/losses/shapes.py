"""Shapes of features, and maps of the same positions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F

_POOLS: dict[int, Callable[..., Tensor]] = {1: F.adaptive_avg_pool1d, 2: F.adaptive_avg_pool2d, 3: F.adaptive_avg_pool3d}


@dataclass(frozen=True)
class Shapes:
    """What a loss with parameters is made for.

    Attributes:
        student, teacher: shape of a clip's features, (D,) or (channels, positions...).
        clips: number of training clips.
    """

    student: tuple[int, ...]
    teacher: tuple[int, ...]
    clips: int


def paired_maps(student: Tensor, teacher: Tensor) -> tuple[Tensor, Tensor]:
    """Return both as (B, channels, P) with the same positions.

    The longer of each dimension is averaged down to the shorter. Vectors (B, D) are maps of one position, (B, D, 1).
    """
    if student.ndim == 2:
        return student[..., None], teacher[..., None]
    size = [min(pair) for pair in zip(student.shape[2:], teacher.shape[2:], strict=True)]
    both = [one if list(one.shape[2:]) == size else _POOLS[len(size)](one, size) for one in (student, teacher)]
    return both[0].flatten(2), both[1].flatten(2)
