"""The last seconds in bounded memory, in one piece."""

from __future__ import annotations

import numpy as np

from featherfall.runtime.sources.ring import Ring


def test_it_holds_the_last_seconds_whatever_the_packets() -> None:
    rng = np.random.default_rng(0)
    ring, times = Ring(3, 5.0, 10_000), np.cumsum(rng.uniform(0.01, 0.03, 3000))
    values = rng.normal(size=(3000, 3)).astype(np.float32)
    at = 0
    while at < len(times):
        after = min(at + int(rng.integers(1, 90)), len(times))
        ring.add(times[at:after], values[at:after])
        first = int(np.searchsorted(times, times[after - 1] - 5.0, side="right"))
        np.testing.assert_array_equal(ring.times, times[first:after])
        np.testing.assert_array_equal(ring.values, values[first:after])
        at = after
    assert ring.nbytes <= 20 * 3 * (len(ring) + 90)


def test_samples_without_end_at_one_time_are_bounded() -> None:
    ring = Ring(1, 1e9, 100)
    for k in range(50):
        ring.add(np.arange(30) + 30.0 * k, np.zeros((30, 1)))
    assert len(ring) == 100 and ring.times[-1] == 1499 and ring.nbytes < 12 * 300
    ring.add(2000 + np.arange(250.0), np.zeros((250, 1)))
    assert len(ring) == 100 and ring.times[0] == 2150
