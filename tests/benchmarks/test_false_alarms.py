"""False alarms with their signals, on a tiny bundle and dataset."""

from __future__ import annotations

import csv
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from tests.conftest import IMPACT_S, tiny_dataset
from tests.runtime.tiny import write_bundle

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.runtime import load_bundle


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    file = Path(__file__).parents[2] / "benchmarks" / "false_alarms.py"
    spec = importlib.util.spec_from_file_location("false_alarms", file)
    assert spec is not None and spec.loader is not None
    module = sys.modules["false_alarms"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_false_alarm_with_its_signal(benchmark: ModuleType, tmp_path: Path) -> None:
    """Sitting down hits with 2 g, for which the model gives about e^-2: an alarm at a threshold of .05; falls are none."""
    data = tiny_dataset(tmp_path / "data", subjects=2, streams=["accelerometer"])
    bundle = load_bundle(write_bundle(tmp_path / "bundle", window={"kind": "impact", "length": 64, "rate": 50.0}))
    dataset = datasets.open("folder", data)
    assert benchmark.false_alarms(bundle, dataset)[0] == []
    alarms, hours = benchmark.false_alarms(benchmark.at_threshold(bundle, 0.05), dataset)
    assert [(one.activity, one.person) for one in sorted(alarms, key=lambda one: one.person)] == [("sit", "S1"), ("sit", "S2")]
    assert hours == pytest.approx(6 * 74 / 25 / 3600)
    first = alarms[0]
    assert first.at_s == pytest.approx(IMPACT_S, abs=0.05) and first.peak == pytest.approx(2.0, abs=0.2) and first.recorded == 1.0
    size = np.linalg.norm(first.values, axis=1)
    assert abs(first.times[size.argmax()]) < 0.05 and alarms[0].probability >= alarms[1].probability
    benchmark.write_csv(tmp_path / "alarms.csv", alarms)
    with open(tmp_path / "alarms.csv", newline="") as file:
        assert [row["activity"] for row in csv.DictReader(file)] == ["sit", "sit"]
    (sheet,) = benchmark.draw_sheets(tmp_path, alarms)
    assert sheet.read_bytes().startswith(b"\x89PNG")
    text = benchmark.summary(bundle, dataset, alarms, hours)
    assert "2 false alarms" in text and "by activity: sit 2" in text and "0 of them in windows" in text


def test_real_recordings_are_not_drawn_into_the_project(benchmark: ModuleType, tmp_path: Path) -> None:
    benchmark.refuse_inside(tmp_path)
    with pytest.raises(UserError, match="lies in the project"):
        benchmark.refuse_inside(Path(__file__).parent / "out")
