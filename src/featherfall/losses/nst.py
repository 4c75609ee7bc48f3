"""NST: what the channels of a map respond to."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from featherfall.core.registry import register
from featherfall.losses.shapes import paired_maps


@register(
    "loss",
    "nst",
    compares="features",
    takes="maps",
    weight=50.0,
    why="each channel is scaled to length 1 over the positions, and on one position only its sign is left",
)
def neuron_selectivity(student: Tensor, teacher: Tensor) -> Tensor:
    """Squared maximum mean discrepancy between the channels of both, as samples of distributions over positions.

    mean k(t, t') + mean k(s, s') - 2 mean k(s, t), k(x, y) = (x . y)^2, each channel scaled to length 1 over the positions.

    Arguments:
        student: (B, C_s, P...), teacher: (B, C_t, P...) maps.
    Source: Huang, Wang 2017, arXiv 1707.01219 (polynomial kernel, d = 2, c = 0).
    """
    mine, theirs = (F.normalize(one, dim=2) for one in paired_maps(student, teacher.detach()))
    return _likeness(theirs, theirs) + _likeness(mine, mine) - 2 * _likeness(mine, theirs)


def _likeness(first: Tensor, second: Tensor) -> Tensor:
    """Return the mean of (x . y)^2 over all channels x (B, C, P) and y (B, C', P) of the same clip."""
    return (first @ second.transpose(1, 2)).square().mean()
