from __future__ import annotations

from dataclasses import replace

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


def test_recordings_without_an_activity_have_no_class() -> None:
    store = store_of([facts("S1", "walk"), facts("S1", ""), facts("S2", "sit")], [[1], [3, 4], [4]])
    assert classes(store, Labels(by="activity")) == ["sit", "walk"]
    assert clip_labels(store, Labels(by="activity")).tolist() == [1, IGNORED, IGNORED, 0]
    assert clip_labels(store, FALL).tolist() == [0, IGNORED, IGNORED, 0]


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


def test_of_falls_without_times_the_windows_at_the_highest_peak_are_falls() -> None:
    # 25 Hz, windows of 50 samples, each peak one second (25 samples) after its window's start.
    values = np.zeros((7, 50, 3), np.float32)
    for clip, peak in enumerate([2.0, 5.0, 3.0, 2.5, 9.0, 1.0, 7.0]):
        values[clip, 25, 2] = peak
    recordings = [facts("S1", "trip", fall=FallTimes()), facts("S1", "walk"), facts("S2", "trip", fall=FallTimes(2, 3, 4))]
    store = replace(store_of(recordings, [[1, 4, 4.9, 5.1], [3], [1, 3]], {"accelerometer": values}), rate=25.0)
    near = FALL.model_copy(update={"untimed_s": 1.0})
    assert clip_labels(store, near, "accelerometer").tolist() == [IGNORED, 1, 1, IGNORED, 0, IGNORED, 1]
    assert clip_labels(store, FALL).tolist() == [1, 1, 1, 1, 0, IGNORED, 1]


def test_a_fall_without_windows_has_no_highest_peak() -> None:
    store = replace(store_of([facts("S1", "trip", fall=FallTimes())], [[]]), rate=25.0)
    assert clip_labels(store, FALL.model_copy(update={"untimed_s": 1.0}), "accelerometer").tolist() == []
