"""AB: which of the teacher's neurons are active."""

from __future__ import annotations

from torch import Tensor, nn

from featherfall.core.registry import register
from featherfall.losses.shapes import Shapes, paired_maps


@register("loss", "ab", compares="features", takes="any", weight=1.0)
class ActivationBoundary(nn.Module):
    """Mean squared hinge: where the teacher is above 0, r(student) should be above the margin, elsewhere below its negative.

    mean of (t > 0) max(0, m - r(s))^2 + (t <= 0) max(0, m + r(s))^2; r, the connector, is a convolution of width 1 with batch norm. Taps
    before or after a ReLU give the same boundary. The paper trains it before the labels; here it is a term beside them.

    Source: Heo et al. 2019, arXiv 1811.03233.
    """

    def __init__(self, shapes: Shapes, margin: float = 1.0) -> None:
        super().__init__()
        self.connector = nn.Linear(shapes.student[0], shapes.teacher[0], bias=False)
        self.normalise = nn.BatchNorm1d(shapes.teacher[0])
        self.margin = margin

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """(B, C_s, P...) and (B, C_t, P...), or vectors -> ()."""
        mine, theirs = paired_maps(student, teacher.detach())
        mine = self.normalise(self.connector(mine.transpose(1, 2)).transpose(1, 2))
        active = theirs > 0
        loss: Tensor = (active * (self.margin - mine).relu().square() + ~active * (self.margin + mine).relu().square()).mean()
        return loss
