"""The format "executorch"."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.export.microcontroller.students import contract
from torch import nn

from featherfall.core.errors import UserError
from featherfall.export.deployment import Exportable, Guard
from featherfall.export.formats import executorch
from featherfall.export.formats.executorch import executorch_outputs, write_executorch
from featherfall.export.onnx import torch_outputs
from featherfall.models.inertial import InertialNet
from featherfall.pipeline.add_format import Redeployment

LENGTH = 24
needs_executorch = pytest.mark.skipif(importlib.util.find_spec("executorch") is None, reason="executorch is not installed")


@pytest.fixture
def student() -> Redeployment:
    torch.manual_seed(0)
    module: nn.Module = InertialNet(["x_accelerometer", "y_gyroscope"], 2, layers=((8, 5, 2), (8, 3, 2)), peaks=True).eval()
    random = np.random.default_rng(0)
    names = ["x_accelerometer", "y_gyroscope"]
    sample = {name: random.normal(size=(6, LENGTH, 3)).astype(np.float32) for name in names}
    network = Exportable(("logits",), 1, 1, module)
    return Redeployment(contract(LENGTH, names), network, sample, Guard(sample, lambda outputs: {}, 0.5))


@needs_executorch
def test_the_file_gives_what_torch_gives(student: Redeployment, tmp_path: Path) -> None:
    model = write_executorch(student, tmp_path)
    assert (model.file, model.format, model.precision) == ("model.pte", "executorch", "float32")
    assert model.proof["max_abs_error"] < 1e-4 and model.proof["clips"] == 6 and model.proof["runtime"].startswith("executorch ")
    assert student.network.module is not None
    ours, theirs = torch_outputs(student.network.module, student.sample)[0], executorch_outputs(tmp_path / "model.pte", student.sample)[0]
    np.testing.assert_allclose(theirs, ours, atol=1e-4)


def test_a_file_that_differs_never_ships(student: Redeployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executorch, "_program", lambda module, example: b"a program")
    monkeypatch.setattr(executorch, "executorch_outputs", lambda path, inputs: (np.ones((6, 2), np.float32),))
    with pytest.raises(UserError, match="ExecuTorch and torch differ by"):
        write_executorch(student, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_bundle_holds_no_network(student: Redeployment, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="which a bundle does not hold; give the run"):
        write_executorch(replace(student, network=replace(student.network, module=None)), tmp_path)


@pytest.mark.skipif(importlib.util.find_spec("executorch") is not None, reason="executorch is installed")
def test_without_executorch_it_says_what_to_install(student: Redeployment, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"pip install executorch$"):
        write_executorch(student, tmp_path)
    assert not list(tmp_path.iterdir())
