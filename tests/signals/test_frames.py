from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featherfall.core.errors import UserError
from featherfall.core.recording import Stream
from featherfall.core.window import Window
from featherfall.signals.frames import covered_share, cut_parts, cut_recording


def ramp(seconds: float, rate: float, *, start: float = 0.0, clock: str = "shared", speed: float = 1.0) -> Stream:
    """A stream whose value is its own time since 0, times `speed`."""
    times = start + np.arange(round(seconds * rate) + 1) / rate
    return Stream(times, (speed * times)[:, None].astype(np.float32), "1", rate, clock=clock)


def knock(seconds: float, rate: float, at: float) -> Stream:
    """An accelerometer at rest, hit once."""
    times = np.arange(round(seconds * rate) + 1) / rate
    values = np.zeros((len(times), 3), np.float32)
    values[:, 2] = 1 + 3 * np.exp(-(((times - at) / 0.05) ** 2))
    return Stream(times, values, "g", rate)


def test_trial_spans_the_whole_reference() -> None:
    cut = cut_recording({"a": ramp(4.0, 50)}, Window(kind="trial", length=101), "a")
    assert cut.inputs["a"].shape == (1, 101, 1)
    np.testing.assert_allclose(cut.inputs["a"][0, 5:-5, 0], np.linspace(0, 4, 101)[5:-5], atol=0.01)
    np.testing.assert_allclose([cut.start_s[0], cut.end_s[0], cut.centre_s[0]], [0, 4, 2])
    assert cut.valid.all()


def test_sliding_windows_of_two_rates_tell_the_same_time() -> None:
    streams = {"a": ramp(10.0, 100), "b": ramp(10.0, 37)}
    cut = cut_recording(streams, Window(kind="sliding", length=100, rate=50, stride_s=1.0), "a")
    assert cut.inputs["a"].shape == cut.inputs["b"].shape == (10, 100, 1)  # 501 samples: 9 strides and the window that ends with the signal
    np.testing.assert_allclose(cut.inputs["a"], cut.inputs["b"], atol=0.02)
    np.testing.assert_allclose(cut.inputs["b"][3, 0, 0], cut.start_s[3], atol=0.02)
    np.testing.assert_allclose(cut.end_s - cut.start_s, 99 / 50)
    np.testing.assert_allclose(cut.centre_s - cut.start_s, 1.0)
    assert cut.valid.all()


@pytest.mark.parametrize("at", [0.3, 5.0, 9.8])
def test_impact_window_has_its_peak_where_stated(at: float) -> None:
    window = Window(kind="impact", length=100, rate=50, before_s=0.5, threshold_g=2.0)
    cut = cut_recording({"a": knock(10.0, 50, at)}, window, "a")
    assert cut.inputs["a"].shape == (1, 100, 3)
    np.testing.assert_allclose(cut.centre_s, [at], atol=0.021)
    np.testing.assert_allclose(cut.start_s, cut.centre_s - 0.5)
    assert np.linalg.norm(cut.inputs["a"][0], axis=1).argmax() == 25
    seconds = cut.start_s[0] + np.arange(100) / 50
    np.testing.assert_array_equal(cut.valid[0], (seconds > -0.001) & (seconds < 10.001))


def test_rest_triggers_nothing() -> None:
    cut = cut_recording({"a": knock(10.0, 50, 99.0)}, Window(kind="impact", length=100), "a")
    assert cut.inputs["a"].shape == (0, 100, 3)
    assert cut.valid.shape == (0, 100)


@pytest.mark.parametrize("own", ["a", "b"])
def test_a_stream_with_its_own_clock_is_read_at_the_same_relative_position(own: str) -> None:
    streams = {
        "a": ramp(4.0, 50, clock="own" if own == "a" else "shared"),
        "b": ramp(8.0, 30, start=100.0, clock="own" if own == "b" else "shared"),
    }
    cut = cut_recording(streams, Window(kind="sliding", length=64, rate=50, stride_s=0.5), "a")
    np.testing.assert_allclose((cut.inputs["b"] - 100) / 2, cut.inputs["a"], atol=0.03)


def test_a_shared_stream_that_starts_late_is_invalid_before() -> None:
    cut = cut_recording({"a": ramp(4.0, 50), "b": ramp(2.0, 50, start=2.0)}, Window(kind="trial", length=100), "a")
    seconds = np.linspace(0, 4, 100)
    assert not cut.valid[0, seconds < 1.9].any()
    assert cut.valid[0, seconds > 2].all()


def test_a_short_recording_is_one_padded_window() -> None:
    cut = cut_recording({"a": ramp(1.0, 50)}, Window(kind="sliding", length=100, rate=50), "a")
    assert cut.inputs["a"].shape == (1, 100, 1)
    assert cut.valid[0].sum() == 51
    assert (cut.inputs["a"][0, 50:] == cut.inputs["a"][0, 50]).all()


def test_one_sample_is_too_few() -> None:
    single = Stream(np.zeros(1), np.zeros((1, 3), np.float32), "g", 50.0)
    with pytest.raises(UserError, match=r"stream 'a' has 1 sample\(s\); at least 2 are needed"):
        cut_recording({"a": single}, Window(kind="trial", length=10), "a")


def worn(seed: int, *, clock: str = "shared", pauses: tuple[float, ...] = ()) -> Stream:
    """An accelerometer with uneven steps at some rate between 15 and 180 Hz, paused as stated."""
    rng = np.random.default_rng(seed)
    count, rate = int(rng.integers(2, 700)), float(rng.uniform(15, 180))
    steps = rng.uniform(0.5, 1.5, count) / rate
    for pause in pauses:
        steps[rng.integers(count)] += pause
    return Stream(rng.uniform(-5, 5) + np.cumsum(steps), rng.normal(0, 1.2, (count, 3)).astype(np.float32), "g", rate, clock=clock)


@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(["trial", "sliding", "impact"]),
    own=st.sampled_from(["shared", "own"]),
    pauses=st.lists(st.floats(0.1, 1e9), max_size=3).map(tuple),
    block=st.integers(1, 300),
    length=st.integers(8, 120),
)
def test_parts_hold_exactly_the_windows_of_the_whole(
    seed: int, kind: str, own: str, pauses: tuple[float, ...], block: int, length: int
) -> None:
    streams = {"a": worn(seed, pauses=pauses), "b": worn(seed + 1, clock=own)}
    window = Window(kind=kind, length=length, rate=50, stride_s=0.3, spacing_s=0.2)
    whole = cut_recording(streams, window, "a")
    parts = list(cut_parts(streams, window, "a", block=block))
    for name in ("valid", "start_s", "end_s", "centre_s"):
        np.testing.assert_array_equal(np.concatenate([getattr(part, name) for part in parts]), getattr(whole, name))
    for name in streams:
        np.testing.assert_array_equal(np.concatenate([part.inputs[name] for part in parts]), whole.inputs[name])


@given(seed=st.integers(0, 2**32 - 1), pauses=st.lists(st.floats(4.0, 1e9), min_size=1, max_size=3).map(tuple))
def test_no_window_lies_across_a_pause_longer_than_itself(seed: int, pauses: tuple[float, ...]) -> None:
    stream = worn(seed, pauses=pauses)
    cut = cut_recording({"a": stream}, Window(kind="sliding", length=150, rate=50, stride_s=0.5), "a")
    before = np.searchsorted(stream.times, cut.start_s + 1e-5, side="right")
    after = np.searchsorted(stream.times, cut.start_s + 149 / 50 - 1e-5, side="left")
    for first, last in zip(before, after, strict=True):
        assert (np.diff(stream.times[max(first - 1, 0) : last]) < 4.0).all()


def test_two_stretches_are_cut_as_two_recordings() -> None:
    first, second = knock(10.0, 50, 4.0), knock(8.0, 50, 5.0)
    joined = Stream(np.concatenate([first.times, second.times + 5e8]), np.concatenate([first.values, second.values]), "g", 50.0)
    window = Window(kind="impact", length=100, rate=50)
    cut, apart = cut_recording({"a": joined}, window, "a"), [cut_recording({"a": one}, window, "a") for one in (first, second)]
    np.testing.assert_allclose(cut.inputs["a"], np.concatenate([one.inputs["a"] for one in apart]), atol=1e-5)
    np.testing.assert_allclose(cut.centre_s - [0, 5e8], [4.0, 5.0], atol=0.021)


@pytest.mark.parametrize("kind", ["trial", "sliding", "impact"])
def test_a_gap_takes_no_memory(kind: str) -> None:
    stream = knock(20.0, 100, 4.0)
    times = np.where(stream.times > 9, stream.times + 1.7e9, stream.times)
    tracemalloc.start()
    cut = cut_recording({"a": Stream(times, stream.values, "g", 100.0)}, Window(kind=kind, length=100, rate=50), "a")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10e6
    assert len(cut.centre_s) < 50


def test_single_samples_between_gaps_give_no_window() -> None:
    times = np.concatenate([[0.0], 1e6 + np.arange(100) / 50, [2e6]])
    cut = cut_recording({"a": Stream(times, np.ones((102, 3), np.float32), "g", 50.0)}, Window(kind="sliding", length=100, rate=50), "a")
    np.testing.assert_allclose(cut.start_s, [1e6])


@pytest.mark.parametrize(("begins", "share"), [((), 20 / 80), ((70.0,), 1.0)])
def test_a_pause_of_unknown_length_is_not_missing(begins: tuple[float, ...], share: float) -> None:
    first, second = knock(10.0, 50, 4.0), knock(10.0, 50, 5.0)
    times, values = np.concatenate([first.times, second.times + 70]), np.concatenate([first.values, second.values])
    stream = Stream(times, values, "g", 50.0, begins=begins)
    assert covered_share({"a": stream}, Window(kind="impact", length=100, rate=50), "a") == pytest.approx(share, abs=0.01)
