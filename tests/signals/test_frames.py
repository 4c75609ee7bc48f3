from __future__ import annotations

import numpy as np
import pytest

from featherfall.core.errors import UserError
from featherfall.core.recording import Stream
from featherfall.core.window import Window
from featherfall.signals.frames import cut_recording


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
