from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from tests.export.logits import onnx_logits, torch_logits
from torch import nn

from featherfall.clips.store import ClipStore
from featherfall.core.manifest import Manifest
from featherfall.export.onnx import export_onnx
from featherfall.models.inertial import InertialNet

Exported = tuple[Path, Manifest, list[np.ndarray]]


@pytest.mark.parametrize("count", [1, 7])
def test_any_number_of_windows(exported: Exported, student: nn.Module, count: int) -> None:
    random = np.random.default_rng(1)
    clip = {name: random.normal(size=(count, 40, 3)).astype(np.float32) for name in ("accelerometer", "gyroscope")}
    said = onnx_logits(exported[0] / "model.onnx", clip)
    assert said.shape == (count, 2) and said.dtype == np.float32
    np.testing.assert_allclose(said, torch_logits(student, clip), atol=1e-4)


def test_a_wrist_at_rest_and_an_impact_that_saturates(exported: Exported, student: nn.Module) -> None:
    accelerometer = np.zeros((3, 40, 3), np.float32)
    accelerometer[1, :, 2], accelerometer[2, 20] = 1.0, [16, -16, 16]
    clip = {"accelerometer": accelerometer, "gyroscope": np.zeros((3, 40, 3), np.float32)}
    np.testing.assert_allclose(onnx_logits(exported[0] / "model.onnx", clip), torch_logits(student, clip), atol=1e-3)


def test_the_file_is_bare_and_names_its_inputs(exported: Exported) -> None:
    graph = onnx.load(exported[0] / "model.onnx").graph
    assert {one.name for one in graph.input} == {"accelerometer", "gyroscope"} and [one.name for one in graph.output] == ["logits"]
    assert not graph.value_info and not any(node.doc_string or node.metadata_props for node in graph.node)
    assert not any(node.op_type in ("Dropout", "BatchNormalization") for node in graph.node[-3:])


def test_exporting_takes_the_evaluation_mode(tmp_path: Path, store: ClipStore) -> None:
    """Peaks, thirds and an orientation export too; dropout and batch statistics do not come along."""
    torch.manual_seed(0)
    model = InertialNet(["accelerometer", "wrist_orientation"], 3, layers=((8, 5, 2), (8, 3, 2)), peaks=True, dropout=0.9).train()
    random = np.random.default_rng(2)
    clip = {"accelerometer": store.inputs["accelerometer"][:4], "wrist_orientation": random.normal(size=(4, 40, 4)).astype(np.float32)}
    model({name: torch.from_numpy(values) for name, values in clip.items()})
    export_onnx(model, clip, tmp_path / "model.onnx")
    np.testing.assert_allclose(onnx_logits(tmp_path / "model.onnx", clip), torch_logits(model, clip), atol=1e-4)
