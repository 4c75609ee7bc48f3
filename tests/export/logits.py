"""Logits of classifiers, by torch and by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from torch import nn

from featherfall.export.onnx import onnx_outputs, torch_outputs


def torch_logits(model: nn.Module, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    return torch_outputs(model, inputs)[0]


def onnx_logits(path: Path, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    return onnx_outputs(path, inputs)[0]
