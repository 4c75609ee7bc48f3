"""FitNet: a regressor takes the student's features to the teacher's."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from featherfall.core.registry import register
from featherfall.losses.shapes import Shapes, paired_maps


@register("loss", "fitnet", compares="features", takes="any", weight=100.0)
class FitNet(nn.Module):
    """Mean squared difference of teacher features and r(student features); r is a convolution of width 1, trained along.

    The paper fits the hint before the other terms; here, as in later comparisons, all at once.

    Source: Romero et al. 2015, arXiv 1412.6550, equation 3.
    """

    def __init__(self, shapes: Shapes) -> None:
        super().__init__()
        self.regressor = nn.Linear(shapes.student[0], shapes.teacher[0])

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """(B, C_s, P...) and (B, C_t, P...), or vectors -> ()."""
        mine, theirs = paired_maps(student, teacher.detach())
        return F.mse_loss(self.regressor(mine.transpose(1, 2)), theirs.transpose(1, 2))
