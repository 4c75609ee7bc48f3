"""What other devices would have recorded: by hand, and what must not change."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featherfall.core.errors import UserError
from featherfall.core.recording import Stream
from featherfall.signals.disturb import clipped_at, other_wrist, resampled_to, rotated, rotation, with_packets_lost

seeds = st.integers(0, 2**32 - 1)


def stream(count: int = 101, rate: float = 50.0, unit: str = "g", seed: int = 0) -> Stream:
    values = np.random.default_rng(seed).normal(0, 2, (count, 3)).astype(np.float32)
    return Stream(3.0 + np.arange(count) / rate, values, unit, rate, "wrist", ("x", "y", "z"))


def test_a_quarter_turn_about_z_by_hand() -> None:
    one = Stream(np.arange(2.0), np.float32([[1, 0, 0], [0, 2, 5]]), "g", 1.0)
    np.testing.assert_allclose(rotated(one, rotation([0, 0, 3], 90)).values, [[0, 1, 0], [-2, 0, 5]], atol=1e-6)


@given(seeds, st.floats(-360, 360))
def test_a_turn_keeps_sizes_and_can_be_undone(seed: int, degrees: float) -> None:
    axis = np.random.default_rng(seed).normal(size=3)
    one, turn = stream(20, seed=seed), rotation(axis, degrees)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(turn) == pytest.approx(1)
    np.testing.assert_allclose(turn @ (axis / np.linalg.norm(axis)), axis / np.linalg.norm(axis), atol=1e-9)
    turned = rotated(one, turn)
    np.testing.assert_allclose(np.linalg.norm(turned.values, axis=1), np.linalg.norm(one.values, axis=1), rtol=1e-4)
    np.testing.assert_allclose(rotated(turned, turn.T).values, one.values, atol=1e-4)


def test_the_other_wrist_by_hand() -> None:
    values = np.float32([[1, 2, 3]] * 2)
    assert other_wrist(Stream(np.arange(2.0), values, "g", 1.0)).values[0].tolist() == [-1, 2, 3]
    assert other_wrist(Stream(np.arange(2.0), values, "deg/s", 1.0)).values[0].tolist() == [1, -2, -3]
    np.testing.assert_array_equal(other_wrist(other_wrist(stream())).values, stream().values)
    with pytest.raises(UserError, match="'quaternion' cannot be mirrored"):
        other_wrist(Stream(np.arange(2.0), values, "quaternion", 1.0))
    with pytest.raises(UserError, match="it needs three axes"):
        rotated(Stream(np.arange(2.0), values[:, :2], "g", 1.0), np.eye(3))


@pytest.mark.parametrize("rate", [20.0, 50.0, 200.0])
def test_another_rate_keeps_begin_and_slow_signals(rate: float) -> None:
    times = 3.0 + np.arange(501) / 50
    slow = np.sin(2 * np.pi * 0.5 * times)
    out = resampled_to(Stream(times, np.stack([slow] * 3, axis=1).astype(np.float32), "g", 50.0), rate)
    assert out.rate == rate and out.times[0] == 3.0 and out.times[-1] == pytest.approx(13.0) and len(out.times) == 10 * rate + 1
    inside = (out.times > 3.5) & (out.times < 12.5)
    np.testing.assert_allclose(out.values[inside, 0], np.sin(np.pi * out.times[inside]), atol=0.02)


def test_a_lower_rate_has_no_alias() -> None:
    times = np.arange(501) / 50
    fast = np.stack([np.sin(2 * np.pi * 19 * times)] * 3, axis=1).astype(np.float32)  # would look like 1 Hz at 20 Hz
    out = resampled_to(Stream(times, fast, "g", 50.0), 20.0)
    assert np.abs(out.values[20:-20]).max() < 0.1


def test_gaps_stay_gaps_and_too_short_stays_as_it_is() -> None:
    one = stream(101)
    keep = (one.times < 3.5) | (one.times > 4.5)
    times = resampled_to(Stream(one.times[keep], one.values[keep], "g", 50.0), 100.0).times
    assert not ((times > 3.52) & (times < 4.48)).any()
    two = stream(2)
    assert resampled_to(two, 20.0) is two


def test_clipping_by_hand() -> None:
    one = Stream(np.arange(2.0), np.float32([[1, -3, 2], [2.5, 0, -2]]), "g", 1.0)
    assert clipped_at(one, 2.0).values.tolist() == [[1, -2, 2], [2, 0, -2]]


@given(seeds, st.floats(0, 1))
def test_lost_packets_are_whole_and_the_rest_is_as_recorded(seed: int, share: float) -> None:
    one = stream(500)
    out = with_packets_lost(one, share, np.random.default_rng(seed), 0.5)
    assert out.times[0] == one.times[0] and out.times[-1] == one.times[-1]
    np.testing.assert_array_equal(out.values, one.values[np.isin(one.times, out.times)])
    kept = np.bincount(np.floor((out.times - 3.0) / 0.5).astype(int), minlength=20)
    assert set(kept.tolist()) <= {0, 25}


def test_how_much_is_lost() -> None:
    one = stream(50_000)
    assert len(with_packets_lost(one, 0.3, np.random.default_rng(0)).times) / 50_000 == pytest.approx(0.7, abs=0.03)
    assert len(with_packets_lost(one, 0.0, np.random.default_rng(0)).times) == 50_000
    assert len(with_packets_lost(one, 1.0, np.random.default_rng(0)).times) == 50  # the first and the last packet


@pytest.mark.parametrize(
    "change",
    [
        lambda one: rotated(one, rotation([1, 2, 3], 40)),
        other_wrist,
        lambda one: resampled_to(one, 20.0),
        lambda one: clipped_at(one, 2.0),
        lambda one: with_packets_lost(one, 0.5, np.random.default_rng(0)),
    ],
)
def test_the_stream_given_is_not_changed(change: Callable[[Stream], Stream]) -> None:
    one, like = stream(), stream()
    out = change(one)
    np.testing.assert_array_equal(one.values, like.values)
    np.testing.assert_array_equal(one.times, like.times)
    assert (out.unit, out.placement, out.channels) == (one.unit, one.placement, one.channels)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda one: resampled_to(one, 0.0), "rate 0; give a positive"),
        (lambda one: clipped_at(one, -1.0), "range -1; give a positive"),
        (lambda one: with_packets_lost(one, 1.5, np.random.default_rng(0)), "packet loss 1.5; give a share"),
    ],
)
def test_senseless_settings(wrong: Callable[[Stream], Stream], says: str) -> None:
    with pytest.raises(UserError, match=says):
        wrong(stream())
