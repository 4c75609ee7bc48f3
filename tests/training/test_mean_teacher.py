from __future__ import annotations

import pytest
import torch
from tests.training.toy import toy_clips, toy_model

from featherfall.core.recipe import MeanTeacher
from featherfall.training.mean_teacher import WithMeanTeacher
from featherfall.training.objectives import HardLabels


def test_by_hand() -> None:
    """The average moves a quarter of the way; the loss is .5 x the mean squared difference of both sides' probabilities."""
    clips, model = toy_clips(6), toy_model().eval()
    batch = clips.take(torch.arange(6), torch.zeros(6, dtype=torch.long))
    objective = WithMeanTeacher(HardLabels(), model, MeanTeacher(weight=0.5, decay=0.75))
    before = model.head.weight.detach().clone()
    with torch.no_grad():
        model.head.weight.add_(1.0)
    losses = objective(model, batch)
    torch.testing.assert_close(objective.average.head.weight, before + 0.25)
    apart = (model(batch.clip).softmax(dim=1) - objective.average(batch.clip).softmax(dim=1)).square().mean()
    torch.testing.assert_close(losses["mean_teacher"], apart)
    torch.testing.assert_close(losses["loss"], HardLabels()(model, batch)["loss"] + 0.5 * apart)


def test_the_student_learns_and_the_average_only_follows() -> None:
    clips, model = toy_clips(6), toy_model().train()
    objective = WithMeanTeacher(HardLabels(), model, MeanTeacher()).train()
    assert not objective.average.training and not any(one.requires_grad for one in objective.parameters())
    losses = objective(model, clips.take(torch.arange(6), torch.zeros(6, dtype=torch.long)))
    losses["mean_teacher"].backward()
    assert model.head.weight.grad is not None and model.head.weight.grad.any()
    assert "average.head.weight" in objective.state_dict()  # a resumed training goes on with it


def test_a_model_that_was_not_averaged_yet_has_nothing_to_learn_from_itself() -> None:
    clips, model = toy_clips(6), toy_model().eval()
    losses = WithMeanTeacher(HardLabels(), model, MeanTeacher())(model, clips.take(torch.arange(6), torch.zeros(6, dtype=torch.long)))
    assert losses["mean_teacher"].item() == pytest.approx(0, abs=1e-10)
