"""A detector's people for tests, without a detector."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from featherfall.core.manifest import Manifest
from featherfall.runtime.bundle import Bundle
from featherfall.runtime.observation import Observation
from featherfall.runtime.perceive.boxes import Found, in_pixels

LABELS = ("person", "fall")  # of the boxes' scores, in this order


def detector_without_model() -> Bundle:
    """Return a detector's bundle for who gives boxes."""
    model = {"file": "none.onnx", "precision": "float32", "bytes": 1}
    manifest = Manifest.model_validate(
        {
            "name": "boxes",
            "task": "fall",
            "kind": "detector",
            "inputs": [{"name": "camera", "unit": "rgb8", "channels": ["red", "green", "blue"], "frames": 1, "size": 32}],
            "window": {"kind": "trial", "length": 8},
            "labels": LABELS,
            "positive": "fall",
            "models": [model],
            "sha256": {"none.onnx": "0"},
        }
    )
    return Bundle(Path("boxes"), manifest, manifest.models[0], cast(Any, None))


def observation(time: float, found: list[Found], height: int, width: int) -> Observation:
    """Return what a detector finds in a picture, best first."""
    positive = LABELS.index("fall")
    return Observation(time, tuple(in_pixels(one, positive, height, width) for one in found), height, width)
