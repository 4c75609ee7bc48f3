"""Live samples: uneven packets and gaps in, complete windows out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.runtime.drop import write_camera_bundle
from tests.runtime.tiny import INPUT, LENGTH, motion, write_bundle

from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.runtime.bundle import read_manifest
from featherfall.runtime.sources.source import Samples
from featherfall.runtime.sources.stream import SampleStream
from featherfall.signals.frames import RecordingWindows

SLIDING = {"kind": "sliding", "length": LENGTH, "rate": 50.0, "stride_s": 0.5}


def manifest(folder: Path, **changes: Any) -> Manifest:
    return read_manifest(write_bundle(folder / "b", **changes))


def packet(times: np.ndarray, impacts: tuple[tuple[float, float], ...] = ()) -> Samples:
    return Samples(times, {"accelerometer": motion(times, impacts)})


def cut(stream: SampleStream, samples: Samples) -> RecordingWindows | None:
    stream.add(samples)
    return stream.windows()


def test_it_holds_the_last_seconds(tmp_path: Path) -> None:
    stream = SampleStream(manifest(tmp_path))
    times = np.arange(100 * 50) / 50
    for part in np.array_split(times, 37):
        stream.add(packet(part))
    assert stream.now == times[-1] and stream.times[0] == pytest.approx(times[-1] - 60, abs=0.021)
    np.testing.assert_allclose(stream.values["accelerometer"], motion(stream.times))
    stream.reset()
    assert stream.now == 0 and stream.windows() is None


def test_samples_that_come_twice_or_late_are_dropped(tmp_path: Path) -> None:
    stream = SampleStream(manifest(tmp_path))
    stream.add(packet(np.array([0.0, 1.0, 1.0, 5.0, 3.0, 4.0])))
    stream.add(packet(np.array([4.5, 5.0, 5.5])))
    assert stream.times.tolist() == [0.0, 1.0, 5.0, 5.5]


def test_only_complete_windows_are_cut(tmp_path: Path) -> None:
    """An impact's window is complete when its last sample is here; until then it is not given out."""
    stream = SampleStream(manifest(tmp_path))
    times = np.arange(12 * 50) / 50
    found = {}
    for end in range(2, 13):
        stream.add(packet(times[(times >= end - 1 if end > 2 else times >= 0) & (times < end)], ((8.0, 4.0),)))
        windows = stream.windows()
        found[end] = [] if windows is None else windows.centre_s.tolist()
        assert windows is None or (windows.end_s <= stream.now).all()
    assert found[8] == [] and found[9] == pytest.approx([8.0], abs=0.03)
    soon = SampleStream(manifest(tmp_path / "again"))
    windows = cut(soon, packet(times[times < 8.5], ((8.0, 4.0),)))
    assert windows is None or not len(windows.centre_s)


def test_less_than_a_window_is_nothing(tmp_path: Path) -> None:
    stream = SampleStream(manifest(tmp_path))
    stream.add(packet(np.arange(60) / 50))
    assert stream.windows() is None
    stream.add(packet(np.arange(60, 70) / 50))
    assert stream.windows() is None  # nothing is an impact
    few = SampleStream(manifest(tmp_path / "few"))
    few.add(packet(np.arange(9) * 1.0))
    assert few.windows() is None


def test_a_gap_is_not_valid(tmp_path: Path) -> None:
    stream = SampleStream(manifest(tmp_path, window=SLIDING))
    times = np.arange(12 * 50) / 50
    windows = cut(stream, packet(times[(times < 5) | (times > 9)]))
    assert windows is not None
    valid = windows.valid.mean(axis=1)
    assert (valid[(windows.start_s > 5) & (windows.end_s < 9)] == 0).all() and (valid[windows.end_s < 4.9] == 1).all()


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (Samples(np.arange(2.0), {}), "the watch gives no accelerometer, which the model needs"),
        (Samples(np.arange(2.0), {"accelerometer": np.zeros((2, 2))}), r"the watch: accelerometer has shape \(2, 2\); give \(2, 3\)"),
        (Samples(np.arange(100) / 50, {"accelerometer": np.full((100, 3), np.nan)}), "the watch gives no accelerometer"),
        (Samples(np.arange(100) / 50, {"accelerometer": np.full((100, 3), 1e39)}), "the watch gives no accelerometer"),
        (
            Samples(np.arange(100) / 50, {"accelerometer": 9.8 * motion(np.arange(100) / 50)}),
            "the watch: .* so the unit is m/s2, not g; state the unit",
        ),
    ],
)
def test_what_a_device_gives_is_checked(tmp_path: Path, samples: Samples, message: str) -> None:
    stream = SampleStream(manifest(tmp_path), name="the watch")
    with np.errstate(over="raise"), pytest.raises(UserError, match=message):
        cut(stream, samples)


def test_units_are_stated_by_input(tmp_path: Path) -> None:
    stream = SampleStream(manifest(tmp_path), "m/s2")
    times = np.arange(200) / 50
    windows = cut(stream, Samples(times, {"accelerometer": 9.80665 * motion(times, ((2.0, 4.0),))}))
    assert windows is not None and len(windows.centre_s) == 1
    assert np.linalg.norm(windows.inputs["accelerometer"][0], axis=1).max() == pytest.approx(4.0, abs=0.05)
    wrong = SampleStream(read_manifest(tmp_path / "b"), {"accelerometer": "deg/s"})
    with pytest.raises(UserError, match="accelerometer is in 'deg/s', which does not measure what 'g' does"):
        cut(wrong, packet(times))


def test_bundles_that_take_no_live_samples(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"takes no live samples \(kind keypoints\); give one for worn sensors"):
        SampleStream(read_manifest(write_camera_bundle(tmp_path / "camera")))
    with pytest.raises(UserError, match="bundle 'tiny' takes whole recordings, live samples have no end"):
        SampleStream(manifest(tmp_path, inputs=[INPUT], window={"kind": "trial", "length": LENGTH}))


def test_a_corrupt_sample_is_left_out(tmp_path: Path) -> None:
    stream = SampleStream(manifest(tmp_path, window=SLIDING))
    times = np.arange(400) / 50
    samples = packet(times)
    samples.values["accelerometer"][200, 0] = 50.0
    windows = cut(stream, samples)
    assert windows is not None and np.abs(windows.inputs["accelerometer"]).max() < 1.2
    windows = cut(SampleStream(manifest(tmp_path / "real", window=SLIDING)), packet(times, ((4.0, 8.0),)))
    assert windows is not None and np.abs(windows.inputs["accelerometer"]).max() > 7


def test_a_swing_of_the_arm_is_no_missing_gravity(tmp_path: Path) -> None:
    times = np.arange(600) / 50
    swing = motion(times)
    swing[:75] = 0.02 * np.random.default_rng(0).standard_normal((75, 3))
    stream = SampleStream(manifest(tmp_path, window=SLIDING))
    early = times < 3
    assert cut(stream, Samples(times[early], {"accelerometer": swing[early]})) is not None
    removed = np.concatenate([swing[:75]] * 8)
    removed[100:160, 2] += 3 * np.sin(np.arange(60))
    stream = SampleStream(manifest(tmp_path / "linear", window=SLIDING))
    with pytest.raises(UserError, match="stream: accelerometer: gravity is missing"):
        cut(stream, Samples(times, {"accelerometer": removed}))
