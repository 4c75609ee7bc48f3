from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("torchvision", reason="torchvision is not installed (extra 'vision')")

from tests.export.logits import onnx_logits, torch_logits

from featherfall import gaf
from featherfall.core.errors import UserError
from featherfall.export.onnx import export_onnx
from featherfall.export.quantise import quantise
from featherfall.models import build_network
from featherfall.models.count import parameters
from featherfall.models.gaf_image import GafNet
from featherfall.models.taps import tap_features

CHANNELS = {"accelerometer": ("x", "y", "z"), "gyroscope": ("x", "y", "z")}


def student(**options: Any) -> GafNet:
    torch.manual_seed(0)
    inputs = options.pop("inputs", ["accelerometer"])
    model = build_network("gaf", inputs, CHANNELS, 5, **{"size": 32, **options})
    assert isinstance(model, GafNet)
    return model.eval()


def clips(count: int = 4) -> np.ndarray:
    """(count, 80, 3) g; the second lacks samples, the third lacks all, the fourth is constant."""
    values = np.random.default_rng(0).normal(size=(count, 80, 3)).astype(np.float32)
    values[1, 10:20], values[1, -5:, 1] = np.nan, np.nan
    values[2] = np.nan
    values[3] = 1
    return values


def test_the_published_student() -> None:
    model = student(size=64)
    # ResNet-18 without its classifier has 11,176,512 parameters; then Linear(512, 300) and Linear(300, 5).
    assert parameters(model) == 11_176_512 + 512 * 300 + 300 + 300 * 5 + 5
    clip = {"accelerometer": torch.from_numpy(clips())}
    assert model(clip).shape == (4, 5)
    with tap_features(model, ["embedding"]) as features:
        logits = model(clip)
    assert features["embedding"].shape == model.embed(clip).shape == (4, 300)
    torch.testing.assert_close(model.head(features["embedding"].relu()), logits)


def test_the_backbone_sees_the_pictures_of_the_function_in_zero_to_one() -> None:
    model = student(size=32, method=["summation", "difference"], range=[-2, 3])
    seen: list[torch.Tensor] = []
    model.backbone.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0]))
    values = clips(4)
    model({"accelerometer": torch.from_numpy(values)})
    series = values.swapaxes(1, 2)
    expected = np.concatenate([gaf(series, 32, "summation", range=(-2, 3)), gaf(series, 32, "difference", range=(-2, 3))], axis=1)
    np.testing.assert_allclose(seen[0].numpy(), expected / 2 + 0.5, atol=1e-5)
    assert seen[0].min() + 1e-5 >= 0 and seen[0].max() <= 1 + 1e-5


@pytest.mark.parametrize(
    "options",
    [
        {"magnitude": True, "range": (-4, 4)},
        {"method": "difference", "backbone": "mobilenet_v3_small", "semantic": 40},
        {"inputs": ["accelerometer", "gyroscope"]},
        {"dropout": 0.5, "magnitude": True, "method": ["summation", "difference"]},
    ],
    ids=str,
)
def test_options_and_finite_logits_whatever_is_missing(options: dict[str, Any]) -> None:
    model = student(**options)
    values = torch.from_numpy(clips())
    assert model({name: values for name in model.inputs}).isfinite().all()


def test_exported_the_same_and_quantised(tmp_path: Path) -> None:
    model = student(method=["summation", "difference"], range=(-3, 4), magnitude=True)
    values = np.concatenate([clips(), np.random.default_rng(1).normal(size=(12, 80, 3)).astype(np.float32)])
    export_onnx(model, {"accelerometer": values[:2]}, tmp_path / "model.onnx")
    expected = torch_logits(model, {"accelerometer": values})
    np.testing.assert_allclose(onnx_logits(tmp_path / "model.onnx", {"accelerometer": values}), expected, atol=1e-4)
    np.testing.assert_allclose(onnx_logits(tmp_path / "model.onnx", {"accelerometer": values[5:6]}), expected[5:6], atol=1e-4)
    quantise(tmp_path / "model.onnx", tmp_path / "int8.onnx", {"accelerometer": values})
    small = onnx_logits(tmp_path / "int8.onnx", {"accelerometer": values})
    assert np.abs(small - expected).max() < 0.2 * expected.std() + 0.1
    assert (tmp_path / "int8.onnx").stat().st_size < 0.3 * (tmp_path / "model.onnx").stat().st_size


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "mtf"}, "method 'mtf'"),
        ({"range": (3, -3)}, "range"),
        ({"backbone": "resnet81"}, "backbone 'resnet81'"),
        ({"sizes": 3}, "sizes"),
    ],
)
def test_what_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        student(**options)
