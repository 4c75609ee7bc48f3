from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.export.logits import onnx_logits, torch_logits
from torch import Tensor, nn

from featherfall.core.errors import UserError
from featherfall.export.onnx import export_onnx
from featherfall.models.gaf import GAF
from featherfall.signals.gaf import gaf, with_magnitude

LENGTH = 50
OPTIONS: list[dict[str, Any]] = [
    {},
    {"method": "difference", "size": 32},
    {"size": 70},
    {"range": (-2.0, 3.0)},
    {"range": (-2.0, 2.0), "size": 32, "method": "difference"},
    {"magnitude": True, "size": 33},
]


class Images(nn.Module):
    """Takes clips as our networks do."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.gaf = GAF(**options)

    def forward(self, clip: Mapping[str, Tensor]) -> Tensor:
        return self.gaf(clip["accelerometer"].transpose(1, 2))


def clips() -> np.ndarray:
    """(8, LENGTH, 3): noise, and everything that may go wrong."""
    values = np.random.default_rng(0).normal(size=(8, LENGTH, 3)).astype(np.float32)
    values[1] = 0.1  # constant
    values[2] = np.nan
    values[3, :7], values[3, 20:24, 1], values[3, -1] = np.nan, np.inf, -np.inf
    values[4] = values[4].clip(-1, 1)  # saturated: many maxima
    values[5, :, 0], values[5, 10] = np.nan, np.nan
    values[6] = 1000 + 1e-3 * values[6]
    values[7] = np.tile(np.asarray([0.1, 0.7], np.float32), LENGTH // 2)[:, None]  # averages out
    return values


def expected(values: np.ndarray, magnitude: bool = False, **options: Any) -> np.ndarray:
    series = values.swapaxes(1, 2)
    with np.errstate(invalid="ignore"):
        return gaf(with_magnitude(series) if magnitude else series, **options)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_values_of_the_function(options: dict[str, Any]) -> None:
    values = clips()
    images = torch_logits(Images(**options), {"accelerometer": values})
    assert images.dtype == np.float32
    np.testing.assert_allclose(images, expected(values, **options), atol=1e-5, rtol=0)


@pytest.mark.parametrize("options", [OPTIONS[i] for i in (1, 3, 5)], ids=str)
def test_exported_the_same_for_any_number_of_windows(options: dict[str, Any], tmp_path: Path) -> None:
    values = clips()
    export_onnx(Images(**options), {"accelerometer": values[:2]}, tmp_path / "gaf.onnx")
    for part in (values, values[3:4]):
        images = onnx_logits(tmp_path / "gaf.onnx", {"accelerometer": part})
        np.testing.assert_allclose(images, expected(part, **options), atol=1e-5, rtol=0)
    assert (tmp_path / "gaf.onnx").stat().st_size < 20_000


def test_any_leading_shape_and_no_gradient() -> None:
    series = torch.randn(2, 4, 3, LENGTH, requires_grad=True)
    images = GAF(size=16, magnitude=True)(series)
    assert images.shape == (2, 4, 4, 16, 16) and not images.requires_grad
    assert not list(GAF().parameters())


def test_what_the_function_refuses() -> None:
    with pytest.raises(UserError, match="method 'mtf'"):
        GAF(method="mtf")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="size -1"):
        GAF(size=-1)
