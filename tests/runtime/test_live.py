"""Windows of live samples: each once, and the same as those of the whole recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.runtime.tiny import LENGTH, motion, recording, write_bundle

from featherfall.core.recording import Recording, Stream
from featherfall.runtime import live as module
from featherfall.runtime import load_bundle
from featherfall.runtime.bundle import Bundle
from featherfall.runtime.live import LiveWindows
from featherfall.runtime.sources.source import Samples
from featherfall.runtime.sources.stream import SampleStream

IMPACTS = ((3.0, 1.9), (8.0, 4.0), (16.0, 4.0))
SLIDING = {"kind": "sliding", "length": LENGTH, "rate": 50.0, "stride_s": 0.5}
TIMES = np.arange(1000) / 50


def live(bundle: Bundle, parts: list[np.ndarray]) -> LiveWindows:
    out = LiveWindows(SampleStream(bundle.manifest), bundle.probabilities)
    for part in parts:
        out.add(Samples(part, {"accelerometer": motion(part, IMPACTS)}))
    return out


@pytest.mark.parametrize("packets", [2, 20, 77, 1000])
def test_any_packets_give_the_windows_of_the_recording(tmp_path: Path, packets: int) -> None:
    bundle = load_bundle(write_bundle(tmp_path / "b"))
    whole = bundle.predict(recording(impacts=IMPACTS))
    prediction = live(bundle, np.array_split(TIMES, packets)).prediction
    np.testing.assert_allclose(prediction.centre_s, whole.centre_s, atol=1e-9)
    np.testing.assert_allclose(prediction.probabilities, whole.probabilities, atol=1e-5)
    assert [vars(one) for one in prediction.events] == [pytest.approx(vars(one), abs=1e-5) for one in whole.events]
    assert len(prediction.events) == 2 and prediction.label == "fall"


@pytest.mark.parametrize("window", [None, SLIDING], ids=["impact", "sliding"])
@pytest.mark.parametrize("rate", [25.0, 50.0, 100.0])
def test_what_a_network_does_to_packets_changes_no_window(tmp_path: Path, rate: float, window: dict[str, object] | None) -> None:
    """Packets of any size, some twice, some in bursts after a pause, with a gap in the recording: what is cut is what `predict` cuts."""
    bundle = load_bundle(write_bundle(tmp_path / "b", **({} if window is None else {"window": window})))
    rng = np.random.default_rng(7)
    times = np.arange(round(40 * rate)) / rate + rng.uniform(0, 0.2 / rate, round(40 * rate))
    times = times[(times < 12.0) | (times > 21.0)]
    values = motion(times, ((3.0, 1.9), (8.0, 4.0), (25.0, 4.0), (33.5, 4.0)))
    whole = bundle.predict(Recording("", "", "", "", {"accelerometer": Stream(times - times[0], values, "g", rate, "left wrist")}))
    out = LiveWindows(SampleStream(bundle.manifest), bundle.probabilities)
    events = []
    for part in np.array_split(np.arange(len(times)), np.sort(rng.choice(np.arange(1, len(times)), 60, replace=False))):
        for _ in range(1 + (rng.random() < 0.2)):
            events += out.new_events(Samples(times[part], {"accelerometer": values[part]}))
    prediction = out.finish()
    np.testing.assert_allclose(prediction.centre_s - times[0], whole.centre_s[whole.usable], atol=1e-6)
    np.testing.assert_allclose(prediction.probabilities, whole.probabilities[whole.usable], atol=2e-3 if rate > 50 else 1e-4)
    assert len(prediction.events) == len(whole.events) == 3 and out.stream.gaps == 1 and out.stream.gap_s == pytest.approx(9, abs=0.1)
    assert out.stream.repeated > 0


def test_an_impact_counts_once_though_the_grid_moves(tmp_path: Path) -> None:
    bundle = load_bundle(write_bundle(tmp_path / "b"))
    uneven = np.sort(np.random.default_rng(0).uniform(0, 20, 900))  # every packet begins the grid somewhere between two samples of before
    prediction = live(bundle, np.array_split(uneven, 200)).prediction
    np.testing.assert_allclose(prediction.centre_s, [3.0, 8.0, 16.0], atol=0.08)


@pytest.mark.parametrize("packets", [20, 123])
def test_sliding_windows_come_every_stride_and_not_in_gaps(tmp_path: Path, packets: int) -> None:
    bundle = load_bundle(write_bundle(tmp_path / "b", window=SLIDING))
    whole = TIMES[(TIMES < 6) | (TIMES > 10)]
    prediction = live(bundle, np.array_split(whole, packets)).prediction
    steps = np.diff(prediction.centre_s)
    assert np.isclose(steps, 0.5).mean() > 0.9 and np.sort(steps)[-2] < 1.0 and prediction.usable.all()
    middle = (prediction.start_s + prediction.end_s) / 2
    assert not ((middle > 6.2) & (middle < 9.8)).any() and (middle > 10.5).any()


@pytest.mark.parametrize("size", [1, 10, 130])
@pytest.mark.parametrize(
    "stamps",
    [
        pytest.param(np.concatenate([TIMES[:600], TIMES]), id="restart"),
        pytest.param(np.concatenate([TIMES[:600], TIMES + 1.7e9]), id="set"),
        pytest.param(np.concatenate([TIMES[:600], TIMES + 1e6]), id="pause"),
        pytest.param(np.concatenate([TIMES[:600], [4e9], TIMES + 12]), id="wild"),
        pytest.param((np.arange(1600) / 50 + 53.536) % 65.536, id="wrap"),
    ],
)
def test_a_fall_is_found_after_the_clock_has_jumped(tmp_path: Path, stamps: np.ndarray, size: int) -> None:
    bundle = load_bundle(write_bundle(tmp_path / "b"))
    values = np.concatenate(
        [motion(TIMES[: len(stamps) - 1000]), motion(TIMES, ((8.0, 4.0),)) + 0.001]
    )  # a sensor never gives the same noise twice
    out = LiveWindows(SampleStream(bundle.manifest), bundle.probabilities)
    for at in range(0, len(stamps), size):
        out.add(Samples(stamps[at : at + size], {"accelerometer": values[at : at + size]}))
    assert len(out.prediction.events) == 1


def test_the_trace_is_bounded_and_can_be_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TRACE", 5)
    bundle = load_bundle(write_bundle(tmp_path / "b", window=SLIDING))
    out = live(bundle, np.array_split(TIMES, 100))
    assert len(out.prediction.centre_s) == len(out.prediction.probabilities) == 5 and out.prediction.end_s[-1] > 19.5
    out.reset()
    assert not len(out.prediction.centre_s) and out.prediction.events == () and out.stream.now == 0


def test_another_threshold_needs_no_model(tmp_path: Path) -> None:
    prediction = load_bundle(write_bundle(tmp_path / "b")).predict(recording(impacts=IMPACTS))
    assert [event.start_s for event in prediction.events_at(0.5)] == [event.start_s for event in prediction.events]
    assert len(prediction.events_at(0.0)) == 2  # within 5 s of one another two impacts are one event
    assert prediction.events_at(1.0) == ()
    np.testing.assert_allclose(prediction.curve()[:, 0], [3.0, 8.0, 16.0], atol=0.03)


def test_each_event_is_new_once_though_the_trace_forgets_its_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the first window of an old event leaves the trace, what is left of the event is no new one."""
    monkeypatch.setattr(module, "TRACE", 4)
    bundle = load_bundle(write_bundle(tmp_path / "b"))
    out = LiveWindows(SampleStream(bundle.manifest), bundle.probabilities)
    impacts = ((3.0, 4.0), (5.0, 4.0), (9.0, 1.9), (11.0, 1.9), (13.0, 1.9), (15.0, 1.9), (17.0, 4.0))
    new = [out.new_events(Samples(part, {"accelerometer": motion(part, impacts)})) for part in np.array_split(TIMES, 40)]
    assert [round(event.start_s) for some in new for event in some] == [3, 17]
