"""DASK: semantics, distances and angles (VSKD)."""

from __future__ import annotations

from torch import Tensor

from featherfall.core.registry import register
from featherfall.losses.mse import feature_mse
from featherfall.losses.rkd import rkd_angle, rkd_distance


@register("loss", "dask", compares="features", equal_width=True)
def dask(student: Tensor, teacher: Tensor) -> Tensor:
    """L_S + L_D + L_A: semantic (MSE), distance and angle terms on features of the same shape (B, D).

    Source: Ni et al., "Cross-modal knowledge distillation for vision-to-sensor action recognition", ICASSP 2022, arXiv 2112.01849.
    """
    return feature_mse(student, teacher) + rkd_distance(student, teacher) + rkd_angle(student, teacher)
