"""Simulated signals of a worn accelerometer, in g."""

from __future__ import annotations

import numpy as np

RATE = 50.0


def clock(seconds: float, rate: float = RATE) -> np.ndarray:
    return np.arange(round(seconds * rate)) / rate


def still(seconds: float = 10.0, rate: float = RATE, noise: float = 0.004, seed: int = 0) -> np.ndarray:
    """Return (N, 3): at rest, tilted."""
    random = np.random.default_rng(seed)
    return np.array([0.1, -0.3, 0.95]) + noise * random.standard_normal((round(seconds * rate), 3))


def moving(seconds: float = 10.0, rate: float = RATE, size: float = 0.8, seed: int = 0) -> np.ndarray:
    """Return (N, 3) acceleration without gravity: smooth and random, about `size` g."""
    random = np.random.default_rng(seed)
    raw = random.standard_normal((round(seconds * rate) + 8, 3))
    smooth = np.apply_along_axis(lambda axis: np.convolve(axis, np.ones(9) / 9, "valid"), 0, raw)
    return np.asarray(size * smooth / smooth.std())


def day(seed: int = 0) -> np.ndarray:
    """Return (N, 3) of 40 s with gravity: at rest, lively, at rest in another posture."""
    lively = moving(20.0, seed=seed) + np.array([0.0, 0.6, 0.8])
    return np.concatenate([still(10.0, seed=seed), lively, still(10.0, seed=seed + 1)[:, [1, 2, 0]]])
