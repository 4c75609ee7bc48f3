from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from tests.recorders.reading import answer, of, read, samples

from featherfall.core.errors import UserError


def point(date: str, samples: int = 125, **more: object) -> dict[str, object]:
    return {"dataTime": date, "rawData": [1000.0] * 125, "rawData3D": [0, 0, 1000] * samples + [0] * 3 * (125 - samples), **more}


def written(tmp_path: Path, *points: dict[str, object]) -> Path:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"events": [{"id": 1, "datapoints": list(points)}]}))
    return path


def test_points_follow_each_other_though_they_are_stamped_in_whole_seconds(tmp_path: Path) -> None:
    path = written(tmp_path, *[point(f"2024-07-12T05:56:{second:02}Z") for second in (1, 7, 11, 16)])
    times, _ = samples(of(read("openseizuredetector", path), "accelerometer"))
    np.testing.assert_allclose(np.diff(times), 0.04, atol=1e-6)


def test_events_hours_apart_are_recordings_of_their_own(tmp_path: Path) -> None:
    path = written(tmp_path, point("12-07-2024 05:56:01"), point("12-07-2024 08:56:01", samples=50))
    file = read("openseizuredetector", path)
    times, values = samples(of(file, "accelerometer"))
    assert len(times) == 175 and times[125] - times[0] == 3 * 3600 and file.notes
    assert (values[:, 2] == 1000).all()


def test_data_points_as_json_within_json(tmp_path: Path) -> None:
    points = [
        {"dataTime": f"2024-07-12T05:56:{second:02}Z", "dataJSON": json.dumps({"rawData3D": [0, 0, 1000] * 125})} for second in (1, 6)
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"datapoints": points}]))
    times, _ = samples(of(read("openseizuredetector", path), "accelerometer"))
    assert len(times) == 250 and np.ptp(np.diff(times)) < 1e-5


def test_magnitudes_alone_are_refused(tmp_path: Path) -> None:
    for raw in ([], [0] * 375, None):
        error = answer("openseizuredetector", written(tmp_path, {**point("2024-07-12T05:56:01Z"), "rawData3D": raw}))
        assert isinstance(error, UserError) and "magnitude" in str(error)
    old = {key: value for key, value in point("2024-07-12T05:56:01Z").items() if key != "rawData3D"}
    assert isinstance(answer("openseizuredetector", written(tmp_path, old)), UserError)


def test_faults_are_named(tmp_path: Path) -> None:
    for raw in ([1, 2], ["x", "y", "z"], [[1, 2, 3], [4]]):
        error = answer("openseizuredetector", written(tmp_path, {**point("2024-07-12T05:56:01Z"), "rawData3D": raw}))
        assert isinstance(error, UserError) and "rawData3D" in str(error)
