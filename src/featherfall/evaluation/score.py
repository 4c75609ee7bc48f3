"""The metrics of a recipe's task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from featherfall.core.manifest import Decision
from featherfall.evaluation.events import USUAL, Tolerance
from featherfall.evaluation.metrics import Metrics, activity_metrics, confusions, fall_metrics
from featherfall.evaluation.predictions import RecordingPredictions

MAIN = {"fall": "f1", "activity": "accuracy"}  # the metric by which a task's claims are made


def task_metrics(
    predictions: Sequence[RecordingPredictions],
    task: str,
    classes: Sequence[str],
    positive: str | None,
    decision: Decision,
    tolerance: Tolerance = USUAL,
) -> tuple[Metrics, dict[str, Any]]:
    """Return all metrics of a task, and the counts behind them (falls only)."""
    if task == "activity":
        return activity_metrics(predictions, classes), {"recordings": len(predictions), "confused": confusions(predictions, classes)}
    assert positive is not None
    return fall_metrics(predictions, list(classes).index(positive), decision, tolerance)
