"""The former name of `evaluate`, until `featherfall.api` calls it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from featherfall.datasets import Dataset
from featherfall.evaluation.evaluate import evaluate
from featherfall.runtime import Bundle


def evaluate_bundle(bundle: Bundle, dataset: Dataset, progress: Callable[[int, int], None] | None = None) -> dict[str, Any]:
    """As `evaluate`."""
    return evaluate(bundle, dataset, progress=progress)
