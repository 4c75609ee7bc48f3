"""Clocks of two recordings of one person, aligned by how much the person moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STEP_S = 0.1
SMOOTH = 5  # steps: half a second, as long as a step or the impact of a fall
LEAST_OVERLAP_S = 5.0
ELSEWHERE_S = 1.5  # from the best offset on another one is a rival; nearer ones are the same peak
# Of the score at the best offset, and of its lead over the best rival. Walking repeats itself, so that a rival may be nearly as good; of
# motions that have nothing to do with each other, the best of 600 offsets scores below 3.6 in 19 of 20 cases.
LEAST_SCORE, LEAST_LEAD = 4.5, 0.75
INDEPENDENT_S = 1.0  # about how long a motion lasts: so many seconds count as one value of the correlation


@dataclass(frozen=True)
class Alignment:
    """How two clocks fit.

    Attributes:
        offset_s: to be added to the other clock's times, s.
        correlation: Pearson's r of the two motions at this offset.
        score: by how many standard errors it differs from 0 (Fisher's z), which counts how long both overlap.
        lead: by how much the score is more than at the best offset elsewhere; all of it where no other is possible.
    """

    offset_s: float
    correlation: float
    score: float
    lead: float

    def __str__(self) -> str:
        return f"best {self.offset_s:+.1f} s, r {self.correlation:.2f}, score {self.score:.1f}, the next best {self.score - self.lead:.1f}"

    @property
    def sure(self) -> bool:
        """Whether the offset is to be believed."""
        return self.score >= LEAST_SCORE and self.lead >= LEAST_LEAD


def align(
    times: np.ndarray, motion: np.ndarray, other_times: np.ndarray, other_motion: np.ndarray, within_s: float = 30.0
) -> Alignment | None:
    """Return the offset at which two motions agree best; None where they cannot overlap for `LEAST_OVERLAP_S`.

    Both are averaged over steps of .1 s and smoothed over half a second; square roots keep an impact from deciding alone.

    Arguments:
        times: (N,) s, increasing. motion: (N,) how much the person moves, >= 0, in any unit. other_times, other_motion: (M,), the same on
            another clock, by another sensor.
        within_s: the largest offset that is looked for, s.
    """
    first, second = _even(times, motion), _even(other_times, other_motion)
    least = round(LEAST_OVERLAP_S / STEP_S)
    between = float(times[0] - other_times[0]) if len(times) and len(other_times) else 0.0
    found: list[tuple[float, float, float]] = []
    for shift in range(least - len(second), len(first) - least + 1):  # second[0] lies at first[shift]
        offset = shift * STEP_S + between
        mine, theirs = first[max(shift, 0) : shift + len(second)], second[max(-shift, 0) : len(first) - shift]
        if abs(offset) <= within_s and len(mine) >= least:
            r = correlation(mine, theirs)
            found.append((offset, r, float(np.arctanh(np.clip(r, -0.99, 0.99))) * np.sqrt(len(mine) * STEP_S / INDEPENDENT_S - 3)))
    if not found:
        return None
    offsets, correlations, scores = np.asarray(found).T
    best = int(scores.argmax())
    rivals = scores[np.abs(offsets - offsets[best]) > ELSEWHERE_S]
    lead = float(scores[best] - max(rivals.max(initial=0.0), 0.0))
    return Alignment(float(offsets[best]), float(correlations[best]), float(scores[best]), lead)


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return Pearson's r of two (N,) series; 0 where one is constant."""
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else 0.0


def motion_of_acceleration(times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return (N,) how far the magnitude of (N, 3) acceleration is from its mean over the second around."""
    size = np.linalg.norm(values, axis=1)
    width = max(round(len(times) / max(float(times[-1] - times[0]), 1e-9)), 1)
    slow = np.convolve(np.pad(size, width, "edge"), np.ones(width) / width, "same")[width : width + len(size)]
    away: np.ndarray = np.abs(size - slow)
    return away


def motion_of_joints(times: np.ndarray, joints: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Return (N,) the mean speed of the joints (N, J, D), a second; the first is that of the second. weights: (N, J) of the joints."""
    moved = np.linalg.norm(np.diff(joints, axis=0), axis=2)
    known = np.isfinite(moved) if weights is None else np.isfinite(moved) * np.minimum(weights[1:], weights[:-1])
    speed = (np.nan_to_num(moved) * known).sum(axis=1) / np.maximum(known.sum(axis=1), 1e-9) / np.diff(times)
    return np.concatenate([speed[:1], speed])


def _even(times: np.ndarray, motion: np.ndarray) -> np.ndarray:
    """Return the motion's square root at even steps from the first time on, smoothed."""
    if not len(times):
        return np.zeros(0)
    step = ((times - times[0]) / STEP_S).astype(np.int64)
    count = np.bincount(step)
    mean = np.bincount(step, weights=motion) / np.maximum(count, 1)
    steps = np.arange(len(count))
    filled = np.interp(steps, steps[count > 0], mean[count > 0])
    return np.convolve(np.sqrt(np.maximum(filled, 0.0)), np.ones(SMOOTH) / SMOOTH, "same")
