from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from tests.recorders.reading import answer, of, read, samples
from tests.recorders.samples import write

from featherfall.core.errors import UserError


def packet(milliseconds: int, size: int = 4, key: str = "ArrayAcc") -> dict[str, object]:
    return {"Timestamp": milliseconds, key: [{"x": 0.0, "y": 0.0, "z": 9.8}] * size}


def test_one_packet_a_line_with_both_sensors(tmp_path: Path) -> None:
    lines = [json.dumps({"IMU6": packet(80 * i) | {"ArrayGyro": [{"x": 1, "y": 2, "z": 3}] * 4}}) for i in range(20)]
    file = read("movesense", write(tmp_path / "a.json", lines))
    assert of(file, "accelerometer").unit == "m/s2" and of(file, "gyroscope").unit == "deg/s"
    np.testing.assert_allclose(samples(of(file, "gyroscope"))[0], np.arange(80) / 50)


def test_a_gap_stays_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"acc": packet(stamp)} for stamp in (0, 80, 160, 5000, 5080)]))
    times, _ = samples(of(read("movesense", path), "accelerometer"))
    np.testing.assert_allclose(times, np.concatenate([np.arange(12) / 50, 5 + np.arange(8) / 50]))


def test_faults_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for text in (
        json.dumps([{"acc": packet(0)}]),
        json.dumps([{"acc": packet(0) | {"ArrayAcc": ["x"]}}, {"acc": packet(80)}, {"acc": packet(160)}]),
    ):
        path.write_text(text)
        assert isinstance(answer("movesense", path), UserError)
    path.write_text('[{"acc": {"Timestamp": 1, "ArrayAcc": [{"x": 0.1')
    error = answer("movesense", path)
    assert isinstance(error, UserError) and "JSON" in str(error)
