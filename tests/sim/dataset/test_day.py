"""A simulated day: continuous, as long as asked, with its falls where it says."""

from __future__ import annotations

import numpy as np
import pytest

from featherfall.sim.dataset.day import ACTIVITIES_AN_HOUR, simulate_day


def test_a_day_is_one_recording_with_its_falls() -> None:
    told: list[float] = []
    day = simulate_day(0.5, falls=2, seed=3, report=told.append)
    assert day.hours == pytest.approx(0.5, rel=0.1)
    assert len(day.activities) == 0.5 * ACTIVITIES_AN_HOUR
    assert told == sorted(told) and told[-1] == 1.0
    stream = day.recording.streams["accelerometer"]
    assert (np.diff(stream.times) > 0).all() and np.diff(stream.times).max() < 0.5
    size = np.linalg.norm(stream.values, axis=1)
    assert np.median(size) == pytest.approx(1.0, abs=0.03)
    falls = [one for one in day.activities if one.fall]
    assert len(falls) == 2
    for one in falls:
        assert one.fall is not None and one.fall.impact is not None
        assert one.start < one.fall.impact < one.end
        near = np.abs(stream.times - one.fall.impact) < 1.5
        assert size[near].max() > 1.6
    ends = [one.end for one in day.activities]
    assert all(later.start > end for end, later in zip(ends, day.activities[1:], strict=False))


def test_the_same_seed_gives_the_same_day() -> None:
    first, second = simulate_day(0.1, 1, seed=5), simulate_day(0.1, 1, seed=5)
    np.testing.assert_array_equal(first.recording.streams["accelerometer"].values, second.recording.streams["accelerometer"].values)
    assert first.activities == second.activities
