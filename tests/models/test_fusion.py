from __future__ import annotations

import pytest
import torch
from torch import Tensor

from featherfall.core.errors import UserError
from featherfall.core.skeletons import KINECT_20, channel_names
from featherfall.models import build_network
from featherfall.models.fusion import FusionNet

CHANNELS = {"skeleton": channel_names(KINECT_20), "accelerometer": ("x", "y", "z"), "gyroscope": ("x", "y", "z")}


def fusion(**options: float) -> FusionNet:
    torch.manual_seed(0)
    model = build_network("fusion", ["skeleton", "accelerometer", "gyroscope"], CHANNELS, 4, **options)
    assert isinstance(model, FusionNet)
    for parameter in model.absent:
        torch.nn.init.normal_(parameter)
    return model


def clip(count: int = 3) -> dict[str, Tensor]:
    return {name: torch.randn(count, 32, len(channels)) for name, channels in CHANNELS.items()}


def test_branches_by_kind_of_input() -> None:
    model = fusion().eval()
    assert {name: branch.inputs for name, branch in model.branches.items()} == {
        "skeleton": ("skeleton",),
        "inertial": ("accelerometer", "gyroscope"),
    }
    assert model(clip()).shape == (3, 4)
    assert model.embed(clip()).shape == (3, model.width) == (3, 96 * 3 + 64 * 3)


@pytest.mark.parametrize("name", ["skeleton", "gyroscope"])
@pytest.mark.parametrize("fill", [0.0, 77.0, torch.nan])
def test_what_stands_in_an_absent_input_does_not_matter(name: str, fill: float) -> None:
    model, values = fusion().eval(), clip()
    flagged = {**values, f"present:{name}": torch.tensor([True, False, True])}
    other = {**flagged, name: values[name].clone()}
    other[name][1] = fill
    torch.testing.assert_close(model(other), model(flagged))
    assert not torch.allclose(model(flagged)[1], model(values)[1])  # the learned vector speaks instead, or the branch's other inputs
    torch.testing.assert_close(model(flagged)[[0, 2]], model(values)[[0, 2]])


def test_an_absent_branch_says_its_learned_vector() -> None:
    model = fusion().eval()
    embedding = model.embed({**clip(), "present:skeleton": torch.zeros(3, dtype=torch.bool)})
    torch.testing.assert_close(embedding[:, : 96 * 3], model.absent[0].expand(3, -1))


def test_a_branch_works_with_the_inputs_that_are_there() -> None:
    """A dataset of accelerometers alone still teaches: only a branch without any of its inputs says its learned vector."""
    model, values, absent = fusion().eval(), clip(), torch.zeros(3, dtype=torch.bool)
    lone = {**values, "present:skeleton": absent, "present:gyroscope": absent}
    silent = {**values, "gyroscope": torch.zeros_like(values["gyroscope"])}
    torch.testing.assert_close(model.embed(lone)[:, 96 * 3 :], model.embed(silent)[:, 96 * 3 :])
    nothing = model.embed({**lone, "present:accelerometer": absent})
    torch.testing.assert_close(nothing[:, 96 * 3 :], model.absent[1].expand(3, -1))


def test_training_drops_branches_but_never_all() -> None:
    model = fusion(branch_dropout=0.9).train()
    embedding = model.embed({**clip(400), "present:skeleton": torch.arange(400) >= 100})
    spoken = [(part != absent).any(dim=1) for part, absent in zip(embedding.split([288, 192], dim=1), model.absent, strict=True)]
    skeleton, inertial = spoken
    assert (skeleton | inertial).all()
    assert not skeleton[:100].any() and inertial[:100].all()  # the only one present stays
    assert (skeleton ^ inertial)[100:].any() and (skeleton & inertial).any()


def test_nothing_is_dropped_in_evaluation() -> None:
    model, values = fusion(branch_dropout=0.9).eval(), clip()
    torch.testing.assert_close(model(values), model(values))


def test_branches_have_options_of_their_own() -> None:
    channels = {"accelerometer": ("x", "y", "z"), "gyroscope": ("x", "y", "z")}
    options = {"inertial": {"peaks": True, "posture": True}, "dropout": 0.2}
    model = build_network("fusion", ["accelerometer", "gyroscope"], channels, 2, **options)
    branch = model.branches["inertial"]
    assert branch.width == 384 and branch.channels.posture
    assert options["inertial"] == {"peaks": True, "posture": True}
    with pytest.raises(UserError, match="skeleton"):  # a branch that is not there
        build_network("fusion", ["accelerometer", "gyroscope"], channels, 2, skeleton={})
