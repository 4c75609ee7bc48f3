"""Clocks aligned by motion."""

from __future__ import annotations

import numpy as np
import pytest

from featherfall.signals.align import align, correlation, motion_of_acceleration, motion_of_joints


def busy(times: np.ndarray, seed: int = 0) -> np.ndarray:
    """Motion that comes and goes, (N,) >= 0."""
    random = np.random.default_rng(seed)
    return sum((np.exp(-(((times - at) / 0.4) ** 2)) * random.uniform(0.5, 2) for at in random.uniform(0, 40, 25)), np.zeros(len(times)))


@pytest.mark.parametrize("offset", [-7.3, 0.0, 4.2])
def test_finds_the_offset(offset: float) -> None:
    watch, film = np.arange(0, 40, 1 / 50), np.arange(5, 35, 1 / 15)
    found = align(watch, 3 * busy(watch), film, busy(film + offset) + 0.01)
    assert found is not None and found.sure
    assert found.offset_s == pytest.approx(offset, abs=0.15)


def test_other_motion_is_not_aligned() -> None:
    watch, film = np.arange(0, 40, 1 / 50), np.arange(0, 40, 1 / 15)
    sure = [found.sure for seed in range(10) if (found := align(watch, busy(watch), film, busy(film, seed + 1)))]
    assert len(sure) == 10 and sum(sure) <= 1


def test_steps_fit_everywhere() -> None:
    times = np.arange(0, 40, 1 / 50)
    walk = 1 + np.sin(2 * np.pi * times / 2.0)
    found = align(times, walk, times, walk)
    assert found is not None and found.correlation > 0.99 and not found.sure  # the next step fits as well


def test_too_short_or_still() -> None:
    times = np.arange(0, 3, 0.1)
    assert align(times, busy(times), times, busy(times)) is None
    assert align(np.zeros(0), np.zeros(0), times, busy(times)) is None
    longer = np.arange(0, 20, 0.1)
    still = align(longer, np.ones(200), longer, busy(longer))
    assert still is not None and not still.sure
    assert correlation(np.ones(5), np.arange(5.0)) == 0


def test_within() -> None:
    times = np.arange(0, 40, 0.1)
    found = align(times, busy(times), times - 9, busy(times), within_s=5)
    assert found is None or abs(found.offset_s) <= 5


def test_motion_of_acceleration() -> None:
    times = np.arange(0, 4, 0.02)
    values = np.zeros((200, 3))
    values[:, 2] = 1
    assert motion_of_acceleration(times, values) == pytest.approx(0, abs=1e-12)
    values[100, 2] = 4
    assert motion_of_acceleration(times, values).argmax() == 100


def test_motion_of_joints() -> None:
    joints = np.zeros((3, 2, 2))
    joints[1, 0], joints[2, 0] = [3, 4], [3, 4]  # one of two joints moves by 5 within half a second
    np.testing.assert_allclose(motion_of_joints(np.array([0, 0.5, 1.0]), joints), [5, 5, 0])
    np.testing.assert_allclose(motion_of_joints(np.array([0, 0.5, 1.0]), joints, np.array([[1, 0.0]] * 3)), [10, 10, 0])
