"""A watch on a table, and one that is worn."""

from __future__ import annotations

import numpy as np

from featherfall.signals.quality.wear import WearMeter


def fed(values: np.ndarray, meter: WearMeter | None = None, start: float = 0.0) -> WearMeter:
    meter = meter or WearMeter()
    for at in range(0, len(values), 100):  # blocks of 4 s at 25 Hz
        meter.add(start + (at + np.arange(len(values[at : at + 100]))) / 25, values[at : at + 100])
    return meter


def test_half_an_hour_without_a_move_is_not_worn() -> None:
    rng = np.random.default_rng(0)
    table = np.array([0.0, 0.0, 1.0]) + rng.normal(0, 0.003, (50_000, 3))
    assert fed(table[:44_000]).is_worn and not fed(table[:46_000]).is_worn
    meter = fed(table)
    assert 1990 < meter.still_s <= 2000
    meter.add(np.array([2001.0, 2002.0]), np.array([[0.3, 0.4, 0.9], [0.0, 0.9, 0.4]]))
    assert meter.is_worn and meter.still_s <= 1.0


def test_a_sleeper_turns_now_and_then() -> None:
    rng = np.random.default_rng(1)
    asleep = np.array([0.0, 0.6, 0.8]) + rng.normal(0, 0.004, (100_000, 3))
    for at in range(0, len(asleep), 20_000):
        asleep[at:] += rng.normal(0, 0.1, 3)  # every 13 minutes
    assert fed(asleep).is_worn
