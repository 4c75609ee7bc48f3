from __future__ import annotations

from typing import Any

import pytest
import torch

from featherfall.core.errors import UserError
from featherfall.core.skeletons import AZURE_32, KINECT_20, channel_names
from featherfall.models import build_network
from featherfall.models.fusion import branches_of

XYZ = ("x", "y", "z")
CHANNELS = {"accelerometer": XYZ, "watch_gyroscope": XYZ, "skeleton": channel_names(KINECT_20), "depth_skeleton": channel_names(AZURE_32)}


@pytest.mark.parametrize(
    ("kind", "inputs", "options"),
    [
        ("inertial", ["accelerometer"], {"layers": [[8, 3, 2]], "dropout": 0.1}),
        ("skeleton", ["depth_skeleton"], {"every": 3}),
        ("fusion", ["skeleton", "accelerometer"], {"branch_dropout": 0.0}),
        ("fusion", ["accelerometer", "watch_gyroscope"], {}),
    ],
)
def test_from_words_to_logits(kind: str, inputs: list[str], options: dict[str, Any]) -> None:
    model = build_network(kind, inputs, CHANNELS, 5, **options).eval()
    assert model({name: torch.randn(2, 40, len(CHANNELS[name])) for name in inputs}).shape == (2, 5)


def test_branches_of() -> None:
    assert branches_of(["accelerometer", "depth_skeleton", "watch_gyroscope"]) == {
        "inertial": ["accelerometer", "watch_gyroscope"],
        "skeleton": ["depth_skeleton"],
    }


@pytest.mark.parametrize(
    ("kind", "inputs", "options", "message"),
    [
        ("inertial", ["accelerometer"], {"layer": 3}, "layer"),
        ("inertial", ["skeleton"], {}, "not 'skeleton'"),
        ("skeleton", ["skeleton", "accelerometer"], {}, r"\['skeleton', 'accelerometer'\]"),
        ("skeleton", ["accelerometer"], {}, "unknown skeleton of 1 joints"),
        ("fusion", ["skeleton", "accelerometer"], {"dropouts": 0.5}, "dropouts"),
    ],
)
def test_errors_name_the_model_and_the_fault(kind: str, inputs: list[str], options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=rf"model '{kind}' .*{message}"):
        build_network(kind, inputs, CHANNELS, 5, **options)
