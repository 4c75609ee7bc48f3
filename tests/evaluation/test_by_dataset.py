"""Figures dataset by dataset, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from tests.clips.tiny import facts

from featherfall.core.manifest import Decision
from featherfall.core.recording import FallTimes
from featherfall.evaluation.by_dataset import Score, by_dataset, over_datasets
from featherfall.evaluation.metrics import fall_metrics
from featherfall.evaluation.predictions import RecordingPredictions


def predicted(dataset: str, trial: int, probability: float, *, falls: bool) -> RecordingPredictions:
    """A recording of half an hour with one window."""
    fall = FallTimes() if falls else None
    recording = facts(f"{dataset}-S1", "trip" if falls else "walk", str(trial), fall, seconds=1800.0, dataset=dataset)
    probabilities = np.asarray([[1 - probability, probability]])
    return RecordingPredictions(recording, np.asarray([3.0]), np.asarray([5.0]), probabilities, np.asarray([int(falls)]))


def seed(found: float) -> list[RecordingPredictions]:
    return [
        *(predicted("weda-fall", trial, probability, falls=True) for trial, probability in enumerate((0.9, found))),
        *(predicted("weda-fall", trial, probability, falls=False) for trial, probability in enumerate((0.7, 0.2), start=2)),
        predicted("up-fall", 0, 0.8, falls=True),
        predicted("up-fall", 1, 0.1, falls=False),
        *(predicted("wisdm-watch", trial, probability, falls=False) for trial, probability in enumerate((0.9, 0.1, 0.2, 0.9))),
    ]


def score_at(threshold: float) -> Score:
    return lambda some: fall_metrics(some, 1, Decision(threshold=threshold))


def test_rows_by_hand() -> None:
    """Of WEDA's two falls one is found, and one of two walks alarms; its found fall scores above both walks, the other above one."""
    up, weda, wisdm = by_dataset(seed(0.5), 1, score_at(0.6))
    assert weda == {
        "dataset": "weda-fall",
        "recordings": 4,
        "falls": 2,
        "false_alarms": 1,
        "hours": 1.0,
        "f1": pytest.approx(0.5),
        "auc": pytest.approx(0.75),
        "sensitivity": 0.5,
        "precision": 0.5,
        "false_alarms_per_hour": 1.0,
    }
    assert (up["f1"], up["auc"], up["false_alarms_per_hour"]) == (1.0, 1.0, 0.0)
    assert (wisdm["falls"], wisdm["f1"], wisdm["auc"], wisdm["precision"]) == (0, None, None, None)  # nobody falls: no figure of falls
    assert (wisdm["false_alarms"], wisdm["hours"], wisdm["false_alarms_per_hour"]) == (2, 2.0, 1.0)


def test_over_seeds_each_dataset_counts_alike() -> None:
    found = over_datasets({"alone": [seed(0.5), seed(0.8)]}, 1, score_at(0.6))
    up, weda, wisdm = found["datasets"]["alone"]
    assert weda["f1"]["per_seed"] == pytest.approx([0.5, 0.8]) and weda["f1"]["mean"] == pytest.approx(0.65)
    assert wisdm["false_alarms"] == [2, 2] and wisdm["f1"]["mean"] is None and up["falls"] == 1
    means = found["dataset_means"]["alone"]
    assert means["f1"]["per_seed"] == pytest.approx([0.75, 0.9])  # of WEDA-FALL and UP-Fall
    assert means["false_alarms_per_hour"]["mean"] == pytest.approx(0.5)


def test_one_dataset_is_no_pool() -> None:
    assert over_datasets({"alone": [seed(0.5)[:4]]}, 1, score_at(0.6)) == {}
