from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.api.detector import SIZE, write_detector
from tests.runtime.tiny import LENGTH, write_bundle

from featherfall.api.windows import check_windows
from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest

GOOD = np.ones((2, LENGTH, 3))
BAD = GOOD.copy()
BAD[1, 5, 2] = np.inf


def manifest(folder: Path, **changes: Any) -> Manifest:
    return Manifest.model_validate(json.loads((write_bundle(folder, **changes) / "manifest.json").read_text()))


@pytest.mark.parametrize(
    ("windows", "message"),
    [
        (GOOD[0], r"'accelerometer' has shape \(64, 3\); give \(windows, 64, 3\): channels x, y, z in g"),
        (GOOD[:, :60], r"has shape \(2, 60, 3\); give \(windows, 64, 3\)"),
        (GOOD.astype(str), "has dtype <U32; give floats"),
        (GOOD.astype(bool), "has dtype bool; give floats"),
        (BAD, r"'accelerometer' z is inf in window 1, sample 5; leave the window out or fill it"),
        ({"gyroscope": GOOD}, r"no accelerometer; bundle 'tiny' takes accelerometer"),
    ],
)
def test_wrong_windows_are_one_line(tmp_path: Path, windows: Any, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        check_windows(manifest(tmp_path / "bundle"), windows)
    assert "\n" not in str(caught.value)


def test_two_inputs(tmp_path: Path) -> None:
    inputs = [{"name": name, "unit": "g", "channels": ["x", "y", "z"]} for name in ("left", "right")]
    two = manifest(tmp_path / "bundle", inputs=inputs)
    values = np.arange(2 * LENGTH * 6, dtype=float).reshape(2, LENGTH, 6)
    checked = check_windows(two, values)
    np.testing.assert_array_equal(checked["right"], values[:, :, 3:])
    assert checked["left"].dtype == np.float32
    with pytest.raises(UserError, match=r"shape \(2, 64, 3\); give a dictionary with the keys left, right"):
        check_windows(two, GOOD)
    with pytest.raises(UserError, match="2 of left, 1 of right; give the same number of each"):
        check_windows(two, {"left": GOOD, "right": GOOD[:1]})


def test_a_joint_may_be_missing(tmp_path: Path) -> None:
    inputs = [{"name": "skeleton", "unit": "m", "channels": ["x", "y", "z"]}]
    windows = np.full((1, LENGTH, 3), np.nan)
    assert np.isnan(check_windows(manifest(tmp_path / "bundle", inputs=inputs), windows)["skeleton"]).all()


def test_pictures_are_uint8(tmp_path: Path) -> None:
    film = Manifest.model_validate(json.loads((write_detector(tmp_path / "bundle") / "manifest.json").read_text()))
    pictures = np.zeros((1, 1, SIZE, SIZE, 3), np.uint8)
    assert check_windows(film, pictures)["picture"].dtype == np.uint8
    with pytest.raises(UserError, match="has dtype float64; give uint8 RGB, 0 to 255"):
        check_windows(film, pictures.astype(float))
