"""A taught bundle ships only where it is no worse, and better in something."""

from __future__ import annotations

import numpy as np
import pytest

from featherfall.pipeline.teach_guard import HeldOut, compare_held_out, interval

FELL = np.array([True, True, True, False, False, False])


def held(alarmed: str, highest: list[float] | None = None) -> HeldOut:
    """alarmed: "x" where an event is raised."""
    return HeldOut(FELL, np.array([one == "x" for one in alarmed]), np.array(highest or [0.6] * 3 + [0.4] * 3))


@pytest.mark.parametrize(
    ("before", "after", "better", "why"),
    [
        ("xx----", "xxx---", True, "falls 2 -> 3 of 3, alarms 0 -> 0"),
        ("xxx-xx", "xxx-x-", True, "alarms 2 -> 1"),
        ("xx----", "x-x---", False, "misses a fall that was found before"),
        ("xx-x--", "xxx-x-", False, "raises an alarm that was not raised before"),
        ("xxx---", "xxx---", False, "nothing is better for sure"),
    ],
)
def test_counts(before: str, after: str, better: bool, why: str) -> None:
    found = compare_held_out(held(before), held(after))
    assert found.better is better and why in found.why


def test_surer_is_better() -> None:
    surer = held("xxx---", [0.9, 0.95, 0.9, 0.1, 0.05, 0.1])
    assert compare_held_out(held("xxx---"), surer).better
    assert not compare_held_out(surer, held("xxx---")).better


def test_losses_are_bounded() -> None:
    assert held("------", [0, 1, 0.5, 0, 1, 0.5]).losses() == pytest.approx([-np.log(1e-3), 0, np.log(2), 0, -np.log(1e-3), np.log(2)])
    assert held("xx-x--").to_json() == {"falls": 3, "found": 2, "others": 3, "alarms": 1, "loss": pytest.approx(0.5108, abs=1e-4)}


def test_interval() -> None:
    low, high = interval(np.full(9, -0.5))
    assert low == high == -0.5
