from __future__ import annotations

import numpy as np

from featherfall.runtime.sources.packed import pack


def packet(rng: np.random.Generator, count: int, channels: int = 3) -> tuple[np.ndarray, np.ndarray]:
    return np.sort(rng.uniform(0, 9, count)), rng.normal(0, 2, (count, channels))


def test_packets_of_any_length_have_the_figures_that_each_has_alone() -> None:
    rng = np.random.default_rng(0)
    packets = [packet(rng, count) for count in (50, 1, 50, 7, 50, 0, 1)]
    for (times, values), one in zip(packets, pack(packets, 3), strict=True):
        np.testing.assert_array_equal(one.times, times)
        np.testing.assert_array_equal(one.values, values.astype(np.float32))
        steps = np.diff(times)
        assert (one.shortest, one.longest) == (min(steps, default=np.inf), max(steps, default=-np.inf))
        assert one.is_finite and one.values.dtype == np.float32
        if len(times):
            assert (one.begin, one.end) == (times[0], times[-1])
            np.testing.assert_allclose(one.peak, (np.linalg.norm(values, axis=1) ** 2).max(), rtol=1e-5)


def test_the_peak_is_of_the_first_input_and_missing_values_are_seen_in_every_one() -> None:
    rng = np.random.default_rng(1)
    (times, values), (others, broken) = packet(rng, 20, 6), packet(rng, 20, 6)
    values[:, 3:] *= 100
    broken[4, 5] = np.nan
    first, second = pack([(times, values), (others, broken)], 3)
    np.testing.assert_allclose(first.peak, (values[:, :3] ** 2).sum(axis=1).max(), rtol=1e-5)
    assert first.is_finite and not second.is_finite
