from __future__ import annotations

from typing import Any

import pytest

from featherfall.core.checked import check
from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.core.window import Window


def manifest(**changes: Any) -> dict[str, Any]:
    return {
        "name": "wrist",
        "kind": "window",
        "task": "fall",
        "inputs": [{"name": "accelerometer", "unit": "g", "channels": ["x", "y", "z"]}],
        "window": {"kind": "sliding", "length": 128},
        "labels": ["other", "fall"],
        "positive": "fall",
        "models": [{"file": "model.onnx", "precision": "float32", "bytes": 10}],
        "sha256": {"model.onnx": "00"},
        **changes,
    }


def test_a_manifest_survives_json() -> None:
    first = check(Manifest, manifest(), "manifest.json")
    assert Manifest.model_validate_json(first.model_dump_json()) == first


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"positive": "Fall"}, r"positive class 'Fall' is not among the labels \['other', 'fall'\]"),
        ({"sha256": {}}, r"no sha256 for model\.onnx"),
        ({"format": 3}, r"bundle format 3 is not known .* update featherfall"),
        ({"temperature": 0}, r"key 'temperature'"),
        ({"labels": ["fall"]}, r"key 'labels'"),
        ({"windw": {}}, r"unknown key 'windw'; did you mean 'window'"),
    ],
)
def test_inconsistency_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        check(Manifest, manifest(**changes), "manifest.json")


def test_window_counts_samples() -> None:
    window = Window(kind="impact", length=100, rate=50, before_s=0.5, spacing_s=0.25, stride_s=0.001)
    assert (window.seconds, window.before, window.spacing, window.stride) == (2.0, 25, 12, 1)
    assert Window(kind="impact", length=100).before == 50
    with pytest.raises(UserError, match=r"before_s 2\.0 puts the peak outside a window of 100 samples"):
        check(Window, {"kind": "impact", "length": 100, "before_s": 2.0}, "recipe.yaml")


@pytest.mark.parametrize(
    ("old", "kind"),
    [
        ({}, "window"),
        ({"inputs": [{"name": "keypoints", "unit": "1", "channels": ["nose.x"]}]}, "keypoints"),
        ({"inputs": [{"name": "camera", "unit": "rgb8", "channels": ["red"], "frames": 8, "size": 32}]}, "film"),
        ({"inputs": [{"name": "camera", "unit": "rgb8", "channels": ["red"], "frames": 1, "size": 32}]}, "picture"),
        ({"task": "detect", "inputs": [{"name": "camera", "unit": "rgb8", "channels": ["red"], "frames": 1, "size": 32}]}, "detector"),
    ],
)
def test_format_1_is_read(old: dict[str, Any], kind: str) -> None:
    values = manifest(format=1, **old)
    del values["kind"]
    renewed = check(Manifest, values, "manifest.json")
    assert (renewed.format, renewed.kind, renewed.task) == (2, kind, "fall") and renewed.models[0].format == "onnx"
