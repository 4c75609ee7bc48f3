"""Networks read back from bundles."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests.runtime.tiny import write_bundle
from torch import nn

from featherfall.core.errors import UserError
from featherfall.runtime import load_bundle
from featherfall.training.from_bundle import FrozenNorms, network_of


def test_the_embedded_watch_is_read_back() -> None:
    bundle = load_bundle("wrist", "float32")
    model = network_of(bundle)  # which checks that both agree
    assert not model.training and sum(one.numel() for one in model.parameters()) == bundle.manifest.parameters


def test_a_bundle_that_states_no_network(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not state which network it is; give a bundle that `featherfall distill` wrote"):
        network_of(load_bundle(write_bundle(tmp_path / "bundle"), "float32"))


def test_a_graph_of_another_network(tmp_path: Path) -> None:
    recipe = {"student": {"network": {"kind": "inertial", "inputs": ["accelerometer"]}}}
    path = write_bundle(tmp_path / "bundle", provenance={"recipe": recipe})
    with pytest.raises(UserError, match=r"float32\.onnx: holds no 'blocks.* of a network of kind 'inertial'; it cannot be trained further"):
        network_of(load_bundle(path, "float32"))


def test_without_float32(tmp_path: Path) -> None:
    path = write_bundle(tmp_path / "bundle", precisions=("int8",))
    with pytest.raises(UserError, match="no float32 model in this bundle"):
        load_bundle(path, "float32")


def test_norms_stay_as_they_are() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).train()
    before = model[1].running_mean.clone()
    FrozenNorms(lambda network, batch: network(batch))(model, torch.randn(8, 2))
    assert model.training and not model[1].training and torch.equal(model[1].running_mean, before)
