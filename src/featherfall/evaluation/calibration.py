"""Calibration of probabilities."""

from __future__ import annotations

import numpy as np


def ece(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> float:
    """Return the expected calibration error of the top class: mean |confidence - accuracy| over equal-width bins, weighted by their counts.

    Arguments:
        probabilities: (M, classes). labels: (M,) int.
    Source: Guo et al. 2017, arXiv 1706.04599.
    """
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [abs(confidence[bin_of == b].mean() - right[bin_of == b].mean()) * (bin_of == b).mean() for b in np.unique(bin_of)]
    return float(sum(gaps))


def brier(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean squared distance of probabilities from the true class's indicator, summed over classes: 0 (certain, right) to 2."""
    truth = np.eye(probabilities.shape[1])[labels]
    return float(((probabilities - truth) ** 2).sum(axis=1).mean())
