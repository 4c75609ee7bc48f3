"""Occlusion noise: furniture hides legs, furniture is detected as a person (ghost), a bystander's pose replaces the person's.

Shapes: T frames, 17 joints; (T, 17, 3) keypoints are right, down (picture heights), score.
"""

from __future__ import annotations

import numpy as np

from featherfall.core.recording import FallTimes

from .estimator import KNEES_AND_ANKLES, correlated_noise

# Shares of the recordings with each kind of noise; their effect on the students is measured in docs/camera.md ("What it costs").
GHOST_SHARE, BYSTANDER_SHARE, FURNITURE_SHARE = 0.25, 0.15, 0.2


def hide_behind_furniture(keypoints: np.ndarray, true: np.ndarray, size: np.ndarray, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Place joints below a line, between the standing person's knees and hips, on that line, with low scores.

    The line hides the joints below it for a random stretch of the recording, or all of it.
    """
    line = np.percentile(true[:, KNEES_AND_ANKLES, 1].max(axis=1), 60) - rng.uniform(0.2, 0.5) * float(np.median(size))
    begin, end = np.sort(rng.uniform(-0.5, 1.5, 2)) * len(true)
    frame = np.arange(len(true))
    hidden = (true[..., 1] > line) & ((frame >= begin) & (frame < end))[:, None]
    out = keypoints.copy()
    guess = line + 0.06 * size[:, None] * correlated_noise(hidden.shape, 0.3, rate, rng)
    out[..., 1] = np.where(hidden & np.isfinite(out[..., 1]), np.minimum(guess, out[..., 1] + 0.02), out[..., 1])
    out[..., 2] = np.where(hidden, out[..., 2] * rng.uniform(0.1, 0.5), out[..., 2])
    return out


def ghost_pose(shape: np.ndarray, size: np.ndarray, width: float, rate: float, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return a false pose (count, 17, 3) seen in furniture: a person's shape, squeezed and moved, that only jitters.

    Arguments:
        shape: (17, 2) of any person.
    """
    middle = np.nanmean(shape, axis=0)
    squeezed = (shape - middle) * rng.uniform([0.4, 0.25], [1.2, 1.1])
    place = np.array([rng.uniform(0.05, 0.95) * width, rng.uniform(0.35, 0.95)])
    jitter = rng.uniform(0.002, 0.02) * float(np.median(size)) * correlated_noise((count, 17, 2), 0.3, rate, rng)
    score = rng.uniform(0.12, 0.4) * np.exp(0.4 * rng.normal(size=17) + 0.2 * correlated_noise((count, 17), 0.3, rate, rng))
    return np.concatenate([squeezed + place + jitter, np.clip(score, 0.02, 0.95)[..., None]], axis=-1)


def noise_interval(count: int, rate: float, fall: FallTimes | None, rng: np.random.Generator) -> slice:
    """Draw when another pose takes over: any time, half of them until the end; in a fall, only after the impact or before the onset."""
    seconds = count / rate
    begin = rng.uniform(0, seconds)
    end = seconds if rng.random() < 0.5 else begin + rng.uniform(0.3, 3.0)
    if rng.random() < 0.3:
        begin, end = 0.0, rng.uniform(0.3, 0.7) * seconds
    if fall is not None:
        assert fall.onset is not None and fall.impact is not None
        if rng.random() < 0.3 and fall.onset > 1.5:
            begin, end = 0.0, rng.uniform(0.3, fall.onset - 1.0)
        else:
            begin, end = fall.impact + rng.uniform(0.3, 2.0), seconds
    return slice(round(begin * rate), round(min(end, seconds) * rate))
