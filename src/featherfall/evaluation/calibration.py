"""Calibration of probabilities."""

from __future__ import annotations

import numpy as np

from featherfall.runtime.bundle import softmax

_LEAST = 1e-30  # float32 holds probabilities down to 1e-38; a model is never that certain for a reason
# Windows that are all right fit a temperature of 0, those that are wrong more often than not an infinite one. Students of softened targets
# need about 1/2, overconfident networks 2 to 3: beyond these bounds is what a handful of windows happens to say.
_TEMPERATURES = (0.25, 10.0)
_STEPS = 40  # of a bisection: to 11 digits


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


def scaled(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return the softmax of the logits divided by a temperature, from the softmax of the logits; (M, classes) -> (M, classes).

    That a softmax leaves the logits' common offset open changes nothing.
    """
    if temperature == 1:
        return probabilities
    logits = np.log(np.maximum(probabilities.astype(np.float64), _LEAST)) / temperature
    return softmax(logits).astype(probabilities.dtype)


def unscaled(probability: np.ndarray, temperature: float) -> np.ndarray:
    """Return the probability that `scaled` turns into this one, of two classes: p^T / (p^T + (1 - p)^T)."""
    if temperature == 1:
        return probability
    one, other = probability**temperature, (1 - probability) ** temperature
    return np.asarray(one / (one + other))


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Return the temperature with the lowest mean negative log-likelihood of the labels, between 1/4 and 10; 1 without windows.

    The likelihood is convex in 1 / temperature, so its slope, which is the mean logit expected minus the mean logit of the true class, has
    one zero, found by bisection.

    Arguments:
        probabilities: (M, classes) at temperature 1, of windows that were left out of training. labels: (M,) int.
        weights: (M,) of the windows; None for equal ones.
    Source: Guo et al. 2017, arXiv 1706.04599.
    """
    if not len(labels):
        return 1.0
    logits = np.log(np.maximum(probabilities.astype(np.float64), _LEAST))
    true = logits[np.arange(len(labels)), labels]

    def slope(inverse: float) -> float:
        return float(np.average((softmax(logits * inverse) * logits).sum(axis=1) - true, weights=weights))

    high, low = (1 / temperature for temperature in _TEMPERATURES)
    for _ in range(_STEPS):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return 1 / float(np.sqrt(low * high))
