"""The former name of `evaluate` for detectors, until `featherfall.api` calls it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from featherfall.datasets import Dataset
from featherfall.evaluation.evaluate import evaluate
from featherfall.runtime.perceive.detector import BoxDetector


def evaluate_detector(detector: BoxDetector, dataset: Dataset, progress: Callable[[int, int], None] | None = None) -> dict[str, Any]:
    """As `evaluate`."""
    return evaluate(detector.bundle, dataset, progress=progress)
