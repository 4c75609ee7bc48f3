"""Mean squared difference of features: FitNets' hint, DASK's semantic term."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from featherfall.core.registry import register


@register("loss", "mse", compares="features", equal_width=True)
def feature_mse(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean squared difference of two tensors of the same shape (DASK's semantic term L_S, Ni et al., ICASSP 2022)."""
    return F.mse_loss(student, teacher.detach())
