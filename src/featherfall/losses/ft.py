"""FT: factors of the teacher's features, which the student translates to."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from featherfall.core.registry import register
from featherfall.losses.shapes import Shapes, paired_maps


@register("loss", "ft", compares="features", takes="any", weight=200.0)
class FactorTransfer(nn.Module):
    """Mean absolute difference of the factors, each scaled to length 1, plus the paraphraser's reconstruction error.

    The paraphraser is an autoencoder of the teacher's features, its code is the teacher's factor; the translator makes the student's. The
    paper trains the paraphraser first; here both are trained at once, and the factor difference does not move the paraphraser.

    Arguments:
        rate: channels of the factor for each of the teacher's.
    Source: Kim, Park, Kwak 2018, arXiv 1802.04977.
    """

    def __init__(self, shapes: Shapes, rate: float = 0.5) -> None:
        super().__init__()
        theirs = shapes.teacher[0]
        width = max(1, round(rate * theirs))
        self.encoder = nn.Sequential(nn.Linear(theirs, width), nn.LeakyReLU(0.1))
        self.decoder = nn.Linear(width, theirs)
        self.translator = nn.Sequential(nn.Linear(shapes.student[0], width), nn.LeakyReLU(0.1))

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """(B, C_s, P...) and (B, C_t, P...), or vectors -> ()."""
        mine, theirs = (one.transpose(1, 2) for one in paired_maps(student, teacher.detach()))
        factor = self.encoder(theirs)
        apart = F.l1_loss(_unit(self.translator(mine)), _unit(factor.detach()))
        return apart + F.mse_loss(self.decoder(factor), theirs)


def _unit(factor: Tensor) -> Tensor:
    """Scale each clip's (B, P, width) to length 1, flattened."""
    return F.normalize(factor.flatten(1), dim=1)
