"""The benchmark of other devices, on a tiny bundle and dataset."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from tests.conftest import tiny_dataset
from tests.runtime.tiny import recording, write_bundle

from featherfall import datasets
from featherfall.core.recording import Stream
from featherfall.runtime import load_bundle


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    file = Path(__file__).parents[2] / "benchmarks" / "robustness.py"
    spec = importlib.util.spec_from_file_location("robustness", file)
    assert spec is not None and spec.loader is not None
    module = sys.modules["robustness"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_sensors_of_one_device_are_changed_alike(benchmark: ModuleType) -> None:
    worn = recording(gyroscope=Stream(np.arange(1000) / 50, np.ones((1000, 3), np.float32), "deg/s", 50.0))
    lost = benchmark.disturbed(worn, benchmark.CHANGES["loss"][40.0])
    first, second = lost.streams.values()
    assert 300 < len(first.times) < 900
    np.testing.assert_array_equal(first.times, second.times)
    again = benchmark.disturbed(worn, benchmark.CHANGES["loss"][40.0])
    np.testing.assert_array_equal(again.streams["accelerometer"].times, first.times)
    limited = benchmark.disturbed(worn, benchmark.CHANGES["clip"][2.0]).streams
    assert limited["gyroscope"] is worn.streams["gyroscope"]
    assert len(benchmark.CHANGES["rotation"]) == 7 and set(benchmark.CHANGES["rate"]) >= {20.0, 200.0}


def test_table_and_plot(benchmark: ModuleType, tmp_path: Path) -> None:
    """Falls of 4 g are found above 2.5 g, and so they are not where the sensor ends at 1.4 g."""
    data = tiny_dataset(tmp_path / "data", subjects=2, streams=["accelerometer"])
    bundle = load_bundle(write_bundle(tmp_path / "bundle", window={"kind": "impact", "length": 64, "rate": 50.0}))
    changes = {
        "clip": {1.4: lambda stream, _: benchmark.clipped_at(stream, 1.4), 16.0: lambda stream, _: stream},
        "wrist": benchmark.CHANGES["wrist"],
    }
    rows = benchmark.robustness(bundle, benchmark.in_memory(datasets.open("folder", data)), changes)
    assert [(row["change"], row["level"], row["found"]) for row in rows] == [
        ("none", None, 2),
        ("clip", 1.4, 0),
        ("clip", 16.0, 2),
        ("wrist", 1.0, 2),
    ]
    text = benchmark.table(rows)
    assert "| as recorded | 2 of 2 |" in text and "| clip 1.4 g | 0 of 2 |" in text and "| other wrist |" in text
    curve = [{"share": share, "roles": {"alone": {"mean": mean}}} for share, mean in ((0.5, 0.8), (1.0, 0.9))]
    assert benchmark.learning_table(curve).splitlines()[2:] == ["| 50% | 80.0 |", "| 100% | 90.0 |"]
    benchmark.draw(tmp_path / "plot.png", rows, curve, "tiny")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    json.dumps(rows)
