from __future__ import annotations

import numpy as np
import pytest
from tests.clips.tiny import facts, store_of

from featherfall.clips.labels import IGNORED, check_classes, classes, clip_labels
from featherfall.core.errors import UserError
from featherfall.core.recipe import Labels
from featherfall.core.recording import FallTimes

FALL = Labels(by="fall", positive="fall", margin_s=1.0)


def test_activities_in_alphabetical_order() -> None:
    store = store_of([facts("S1", "walk"), facts("S1", "sit"), facts("S2", "walk")], [[1, 2], [3], [4]])
    labels = Labels(by="activity")
    assert classes(store, labels) == ["sit", "walk"]
    assert clip_labels(store, labels).tolist() == [1, 1, 0, 1]


def test_classes_of_falls_carry_their_names() -> None:
    store = store_of([facts("S1")], [[1.0]])
    assert classes(store, FALL) == ["not_fall", "fall"]
    assert classes(store, Labels(by="fall", positive="accident", negative="daily life")) == ["daily life", "accident"]


@pytest.mark.parametrize(
    ("times", "first", "last"),
    [
        (FallTimes(10, 11, 12), 10, 13),
        (FallTimes(10, 11, None), 10, 12),
        (FallTimes(None, 11, None), 10, 12),  # a peak may stand a sample before the noted impact
        (FallTimes(None, 11, 12), 10, 13),
        (FallTimes(10, None, None), 10, 11),
        (FallTimes(10, None, 12), 10, 13),
    ],
)
def test_windows_from_onset_to_a_margin_after_the_end_are_the_falls(times: FallTimes, first: float, last: float) -> None:
    store = store_of([facts("S1", "trip", fall=times)], [[0, first - 0.01, first, (first + last) / 2, last, last + 0.01]])
    assert clip_labels(store, FALL).tolist() == [IGNORED, IGNORED, 1, 1, 1, IGNORED]


def test_where_nobody_noted_the_times_every_window_is_the_falls() -> None:
    store = store_of([facts("S1", "trip", fall=FallTimes()), facts("S1", "walk")], [[0, 50], [3]])
    assert clip_labels(store, FALL).tolist() == [1, 1, 0]


def test_no_clips_no_labels() -> None:
    for labels in (FALL, Labels(by="activity")):
        assert clip_labels(store_of([facts("S1")], [[]]), labels).shape == (0,)


def test_a_class_absent_from_training_is_refused() -> None:
    check_classes(["not_fall", "fall"], np.asarray([0, 1, 0]), "tiny")
    with pytest.raises(UserError, match=r"tiny, fold 1: no training clip of class sit, walk;"):
        check_classes(["fall", "sit", "walk"], np.asarray([0, 0]), "tiny, fold 1")
