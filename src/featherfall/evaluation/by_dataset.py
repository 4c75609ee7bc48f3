"""Figures of fall detection dataset by dataset, where a run or an evaluation is of several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from featherfall.evaluation.curve import Row, auc
from featherfall.evaluation.intervals import mean_with_interval
from featherfall.evaluation.metrics import Metrics
from featherfall.evaluation.predictions import RecordingPredictions

FIGURES = ("f1", "auc", "sensitivity", "precision", "false_alarms_per_hour")
_OF_FALLS = ("f1", "auc", "sensitivity", "precision")  # which need falls to be measured

Predictions = Sequence[RecordingPredictions]
Score = Callable[[Predictions], tuple[Metrics, Mapping[str, Any]]]  # as `metrics.fall_metrics`


def by_dataset(predictions: Predictions, positive: int, score: Score) -> list[Row]:
    """Return a row for each dataset, in order of names: "dataset", "recordings", "falls", "false_alarms" (events), "hours" and `FIGURES`.

    Figures that nothing measures are None: of a dataset without falls all but the false alarms per hour.
    """
    rows = []
    for name in sorted({one.recording.dataset for one in predictions}):
        mine = [one for one in predictions if one.recording.dataset == name]
        metrics, counts = score(mine)
        row: Row = {"dataset": name, "recordings": len(mine), "falls": counts["falls"]}
        row |= {"false_alarms": counts.get("false_events"), "hours": counts.get("hours")}
        known = {**metrics, "auc": auc(mine, positive)}
        rows.append(row | {figure: known.get(figure) if counts["falls"] or figure not in _OF_FALLS else None for figure in FIGURES})
    return rows


def over_datasets(roles: Mapping[str, Sequence[Predictions]], positive: int, score: Score) -> dict[str, Any]:
    """Return what `metrics.json` holds of several datasets; {} of one.

    "datasets": by role a row for each dataset, as `by_dataset`, the figures as means over seeds with intervals, and "false_alarms" by seed.
    "dataset_means": by role the mean of each figure over the datasets with falls, each counted alike; with leave-one-dataset-out these are
    the figures to choose by.

    Arguments:
        roles: the predictions of each role's seeds, all folds pooled.
    """
    rows = {role: [by_dataset(predictions, positive, score) for predictions in seeds] for role, seeds in roles.items()}
    if max(len(datasets) for seeds in rows.values() for datasets in seeds) < 2:
        return {}
    return {
        "datasets": {role: [_over_seeds(same) for same in zip(*seeds, strict=True)] for role, seeds in rows.items()},
        "dataset_means": {role: {name: _mean(seeds, name) for name in FIGURES} for role, seeds in rows.items()},
    }


def _over_seeds(same: Sequence[Row]) -> Row:
    first = {name: same[0][name] for name in ("dataset", "recordings", "falls", "hours")}
    figures = {name: mean_with_interval([row[name] for row in same]) for name in FIGURES}
    return first | {"false_alarms": [row["false_alarms"] for row in same]} | figures


def _mean(seeds: Sequence[Sequence[Row]], name: str) -> dict[str, Any]:
    """Return the mean of a figure over the datasets with falls, by seed; None where one of them has none."""
    means = []
    for rows in seeds:
        values = [row[name] for row in rows if row["falls"]]
        means.append(None if not values or None in values else sum(values) / len(values))
    return mean_with_interval(means)
