from __future__ import annotations

import numpy as np
import pytest

from featherfall.evaluation.detection import (
    GroundTruth,
    average_precision,
    choose_threshold,
    detection_metrics,
    match_boxes,
    precision_of,
    recall_at,
)
from featherfall.runtime.perceive.boxes import Found

LABELS = ["person", "fall"]
BOX = (0.1, 0.1, 0.5, 0.5)
SHIFTED = (0.1, 0.1, 0.5, 0.4)  # IoU .75 with BOX
AWAY = (0.6, 0.6, 0.9, 0.9)


def found(name: str, score: float, box: tuple[float, float, float, float]) -> Found:
    return Found(name, score, box, (score, 0.0) if name == "person" else (0.0, score))


def truth(*shown: tuple[str, tuple[float, float, float, float]]) -> GroundTruth:
    return GroundTruth(tuple(name for name, _ in shown), np.asarray([box for _, box in shown]).reshape(-1, 4))


def test_average_precision_by_hand() -> None:
    # Hits at ranks 1 and 3 of 2 positives: precision 1 up to recall .5 (51 points), then 2/3 (50 points).
    ap = average_precision(np.array([0.9, 0.8, 0.7]), np.array([True, False, True]), 2)
    assert ap == pytest.approx((51 * 1 + 50 * 2 / 3) / 101)
    # One of two positives found: precision 1 at recalls 0 to .5, nothing beyond.
    assert average_precision(np.array([0.9]), np.array([True]), 2) == pytest.approx(51 / 101)
    assert average_precision(np.array([]), np.array([], bool), 3) == 0
    assert np.isnan(average_precision(np.array([0.5]), np.array([False]), 0))


def test_each_true_box_is_matched_once_by_the_best_score() -> None:
    both = [found("fall", 0.5, BOX), found("fall", 0.9, SHIFTED)]
    assert match_boxes(both, np.asarray([BOX]), 0.5).tolist() == [-1, 0]
    assert match_boxes(both, np.asarray([BOX]), 0.8).tolist() == [0, -1]  # the better score does not overlap enough
    assert match_boxes(both, np.asarray([BOX, AWAY]), 0.5).tolist() == [-1, 0]
    assert match_boxes([], np.asarray([BOX]), 0.5).tolist() == []


def test_matching_takes_the_free_box_of_the_highest_overlap() -> None:
    pair = np.asarray([SHIFTED, BOX])
    assert match_boxes([found("fall", 0.9, BOX), found("fall", 0.8, BOX)], pair, 0.5).tolist() == [1, 0]


def test_map_counts_by_class_and_overlap() -> None:
    real = [truth(("fall", BOX)), truth(("person", AWAY))]
    seen = [[found("fall", 0.9, SHIFTED)], [found("person", 0.8, AWAY)]]
    metrics = detection_metrics(seen, real, LABELS, "fall", 0.5)
    assert metrics["map50"] == 1
    assert metrics["map"] == pytest.approx((0.6 + 1.0) / 2)  # .75 passes .5 to .75: six of ten
    assert metrics["recall"] == metrics["precision"] == metrics["picture_accuracy"] == 1
    assert metrics["recall_fall"] == metrics["recall_person"] == 1


def test_the_wrong_class_is_missed_and_a_false_alarm() -> None:
    metrics = detection_metrics([[found("fall", 0.9, BOX)]], [truth(("person", BOX))], LABELS, "fall", 0.5)
    assert metrics["recall"] == metrics["precision"] == metrics["f1"] == metrics["map50"] == 0
    assert metrics["picture_accuracy"] == 0 and "recall_fall" not in metrics


def test_the_threshold_drops_boxes_but_not_from_map() -> None:
    real = [truth(("fall", BOX), ("person", AWAY))]
    seen = [[found("fall", 0.9, BOX), found("person", 0.2, AWAY)]]
    metrics = detection_metrics(seen, real, LABELS, "fall", 0.5)
    assert metrics["recall"] == 0.5 and metrics["map50"] == 1
    assert choose_threshold(seen, real, LABELS, "fall") <= 0.2


def test_recall_at_a_precision_by_hand() -> None:
    real = [truth(("fall", BOX)), truth(("person", AWAY)), truth(("person", BOX))]
    seen = [[found("fall", 0.9, BOX)], [found("fall", 0.8, BOX), found("person", 0.7, AWAY)], [found("person", 0.1, AWAY)]]
    # Right, wrong, right, wrong: precision 1, 1/2, 2/3, 1/2 at recall 1/3, 1/3, 2/3, 2/3.
    assert recall_at(0.5, seen, real, LABELS) == pytest.approx(2 / 3)
    assert recall_at(0.7, seen, real, LABELS) == pytest.approx(1 / 3)
    assert recall_at(0.5, [[], [], []], real, LABELS) == 0


def test_a_class_that_no_picture_shows_does_not_count() -> None:
    assert np.isnan(precision_of([[]], [truth()], "fall", 0.5))
    metrics = detection_metrics([[], [found("fall", 0.9, BOX)]], [truth(), truth(("fall", BOX))], LABELS, "fall", 0.5)
    assert metrics["map50"] == 1 and "map50_person" not in metrics
