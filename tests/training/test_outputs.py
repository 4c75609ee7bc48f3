from __future__ import annotations

import pytest
import torch
from tests.training.toy import toy_clips, toy_model

from featherfall.training import outputs
from featherfall.training.outputs import logits_and_features, logits_of


@pytest.mark.parametrize("chunk", [4, 512])
def test_all_clips_in_order_whatever_the_chunk(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "_BATCH", chunk)
    clips, model = toy_clips(10, views=3), toy_model()
    logits, features = logits_and_features(model, clips, ["embedding", "blocks"])
    clip = {"accelerometer": clips.inputs["accelerometer"][0]}
    torch.testing.assert_close(logits, model.eval()(clip))
    torch.testing.assert_close(features["embedding"], model.embed(clip))
    assert features["blocks"].shape == (10, 8, 8)
    torch.testing.assert_close(logits_of(model, clips, view=2), model({"accelerometer": clips.inputs["accelerometer"][2]}))
    assert not logits.requires_grad and not features["embedding"].requires_grad


def test_judging_does_not_move_batch_norm() -> None:
    model = toy_model().train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    logits_of(model, toy_clips())
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
