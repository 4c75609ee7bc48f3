"""The student's own moving average as a teacher."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from featherfall.core.recipe import MeanTeacher
from featherfall.models.taps import tap_features
from featherfall.training.data import Batch


class WithMeanTeacher(nn.Module):
    """Another objective + weight x mean squared difference of the student's probabilities and those of its moving average.

    The average, in evaluation mode, sees the batch that the student sees with dropout. After each step of the student it moves by
    1 - decay, batch norm's statistics as well. It is part of the checkpoint, and discarded afterwards.

    Source: Tarvainen, Valpola 2017, arXiv 1703.01780.

    Arguments:
        objective: calls the model once with the batch's clips.
        model: the student, from whose weights the average starts.
    """

    def __init__(self, objective: nn.Module, model: nn.Module, how: MeanTeacher) -> None:
        super().__init__()
        self.objective, self.how = objective, how
        self.average = copy.deepcopy(model).requires_grad_(False).eval()

    def train(self, mode: bool = True) -> WithMeanTeacher:
        """Set the mode of all but the average, which stays in evaluation mode."""
        super().train(mode)
        self.average.eval()
        return self

    def forward(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        self._follow(model)
        with tap_features(model, [""]) as said:  # the network's own output
            losses = self.objective(model, batch)
        with torch.no_grad():
            target = self.average(batch.clip).float().softmax(dim=1)
        apart = (said[""].float().softmax(dim=1) - target).square().mean()
        return {**losses, "loss": losses["loss"] + self.how.weight * apart, "mean_teacher": apart}

    @torch.no_grad()
    def _follow(self, model: nn.Module) -> None:
        for mine, theirs in zip(self.average.state_dict().values(), model.state_dict().values(), strict=True):
            if mine.is_floating_point():
                mine.lerp_(theirs, 1 - self.how.decay)
            else:
                mine.copy_(theirs)
