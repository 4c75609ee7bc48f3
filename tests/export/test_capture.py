"""A graph is captured once for networks of one structure, and only for these."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.export.logits import onnx_logits, torch_logits
from torch import Tensor, nn

from featherfall.export import capture
from featherfall.export.onnx import export_onnx
from featherfall.models.inertial import InertialNet

CLIP = {"accelerometer": np.random.default_rng(0).normal(size=(4, 40, 3)).astype(np.float32)}
offset = 0.0


class Scaled(nn.Module):
    """Its output depends on an attribute, and on a global that no structure tells."""

    def __init__(self, factor: object) -> None:
        super().__init__()
        self.factor = factor
        self.layer = nn.Linear(3, 2)

    def forward(self, clip: dict[str, Tensor]) -> Tensor:
        found: Tensor = self.layer(clip["accelerometer"]).mean(dim=1)
        return (self.factor(found) if callable(self.factor) else found * self.factor) + offset


@pytest.fixture(autouse=True)
def captured(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[nn.Module]]:
    """The networks that were captured since the test began."""
    captured: list[nn.Module] = []
    graph = capture._graph
    monkeypatch.setattr(capture, "_graph", lambda model, *how: captured.append(model) or graph(model, *how))
    capture.forget()
    yield captured
    capture.forget()


def student(seed: int, width: int = 8) -> nn.Module:
    torch.manual_seed(seed)
    model = InertialNet(["accelerometer"], 2, layers=((width, 5, 2), (8, 3, 2)))
    for _ in range(3):
        model({"accelerometer": torch.randn(8, 40, 3)})  # batch statistics of its own
    return model.eval()


def test_other_weights_of_one_structure_take_the_same_graph(tmp_path: Path, captured: list[nn.Module]) -> None:
    for seed in range(3):
        export_onnx(student(seed), CLIP, tmp_path / f"{seed}.onnx")
        np.testing.assert_allclose(onnx_logits(tmp_path / f"{seed}.onnx", CLIP), torch_logits(student(seed), CLIP), atol=1e-5)
    assert len(captured) == 1
    capture.forget()
    export_onnx(student(2), CLIP, tmp_path / "anew.onnx")
    assert len(captured) == 2 and (tmp_path / "anew.onnx").read_bytes() == (tmp_path / "2.onnx").read_bytes()


def test_another_width_length_or_name_is_another_structure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "_graph", lambda *_: object())
    for model, clip, outputs in (
        (student(0), CLIP, ["logits"]),
        (student(0, width=4), CLIP, ["logits"]),
        (student(0), {"accelerometer": CLIP["accelerometer"][:, :30]}, ["logits"]),
        (student(0), CLIP, ["scores"]),
    ):
        assert not capture.capture(model, clip, outputs)[1]


def test_attributes_are_of_the_structure(tmp_path: Path, captured: list[nn.Module]) -> None:
    for factor in (1.0, 2.0, 1.0):
        export_onnx(model := Scaled(factor), CLIP, tmp_path / "model.onnx")
        np.testing.assert_allclose(onnx_logits(tmp_path / "model.onnx", CLIP), torch_logits(model, CLIP), atol=1e-5)
    assert len(captured) == 2


def test_what_cannot_be_compared_is_captured_anew(tmp_path: Path, captured: list[nn.Module]) -> None:
    for factor in (torch.tanh, torch.abs):
        export_onnx(model := Scaled(factor), CLIP, tmp_path / "model.onnx")
        np.testing.assert_allclose(onnx_logits(tmp_path / "model.onnx", CLIP), torch_logits(model, CLIP), atol=1e-5)
    assert len(captured) == 2


def test_a_graph_that_does_not_fit_is_captured_anew(tmp_path: Path, captured: list[nn.Module], monkeypatch: pytest.MonkeyPatch) -> None:
    export_onnx(Scaled(1.0), CLIP, tmp_path / "model.onnx")
    monkeypatch.setitem(globals(), "offset", 1.0)
    export_onnx(model := Scaled(1.0), CLIP, tmp_path / "model.onnx")
    np.testing.assert_allclose(onnx_logits(tmp_path / "model.onnx", CLIP), torch_logits(model, CLIP), atol=1e-5)
    assert len(captured) == 2


def test_few_graphs_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "_graph", lambda *_: object())
    for factor in range(capture._MOST + 2):
        capture.capture(Scaled(float(factor)).eval(), CLIP, ["logits"])
    assert len(capture._captured) == capture._MOST
