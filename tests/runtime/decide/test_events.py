from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.runtime.tiny import write_bundle

from featherfall.core.manifest import Decision
from featherfall.runtime.bundle import read_manifest
from featherfall.runtime.decide.events import Event, counting, events, merge_groups, recording_label, usable

HALF = Decision(threshold=0.5, merge_s=5.0)


def test_no_windows_no_events() -> None:
    assert events(np.array([]), np.array([]), np.array([]), HALF) == []


def test_one_event_from_neighbouring_windows() -> None:
    centre, probability = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.1, 0.6, 0.9, 0.9])
    assert events(centre, centre + 0.5, probability, HALF) == [Event(start_s=2.0, peak_s=3.0, confidence=0.9, raised_s=2.5)]


def test_merging_reaches_from_the_previous_counting_window() -> None:
    centre = np.array([0.0, 4.0, 8.0, 13.0, 18.5])  # steps 4, 4, 5 (still one event), 5.5
    found = events(centre, centre, np.full(5, 0.8), HALF)
    assert [event.start_s for event in found] == [0.0, 18.5]


def test_windows_between_that_do_not_count_neither_join_nor_part() -> None:
    centre, probability = np.array([0.0, 3.0, 6.0]), np.array([0.7, 0.2, 0.7])
    assert len(events(centre, centre, probability, HALF)) == 2
    assert len(events(centre, centre, probability, Decision(threshold=0.5, merge_s=6.0))) == 1


def test_threshold_is_reached_by_equality_and_nan_never_counts() -> None:
    assert counting(np.array([0.5, np.nan, 0.49], dtype=np.float32), HALF).tolist() == [True, False, False]


def test_event_as_json() -> None:
    assert Event(1.23456789, 2.0, 0.123456789, 3.0).to_json()["start_s"] == 1.234568
    assert Event(1.0, 2.0, 0.75, 3.0).to_json() == {"start_s": 1.0, "peak_s": 2.0, "confidence": 0.75, "raised_s": 3.0, "state": "detected"}


@st.composite
def windows(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    steps = draw(st.lists(st.floats(0.0, 12.0), max_size=40))
    probability = draw(st.lists(st.floats(0.0, 1.0), min_size=len(steps), max_size=len(steps)))
    return np.cumsum(steps), np.array(probability)


@given(windows(), st.floats(0, 1), st.floats(0, 10))
def test_every_counting_window_lies_in_exactly_one_event(case: tuple[np.ndarray, np.ndarray], threshold: float, merge_s: float) -> None:
    centre, probability = case
    decision = Decision(threshold=threshold, merge_s=merge_s)
    chosen = np.flatnonzero(counting(probability, decision))
    parts = merge_groups(centre[chosen], merge_s)
    found = events(centre, centre + 1, probability, decision)
    assert len(found) == len(parts)
    assert [int(i) for part in parts for i in part] == list(range(len(chosen)))
    for event, part in zip(found, parts, strict=True):
        assert event.start_s == centre[chosen[part[0]]]
        assert event.raised_s == event.start_s + 1
        assert event.confidence == probability[chosen[part]].max() >= threshold
        assert event.start_s <= event.peak_s <= centre[chosen[part[-1]]]


@given(windows(), st.floats(0, 10))
def test_events_are_ordered_and_more_than_merge_s_apart(case: tuple[np.ndarray, np.ndarray], merge_s: float) -> None:
    found = events(case[0], case[0], case[1], Decision(threshold=0.5, merge_s=merge_s))
    for earlier, later in itertools.pairwise(found):
        assert earlier.peak_s < later.start_s
        assert later.start_s - earlier.peak_s > merge_s


@given(windows(), st.floats(0, 1), st.floats(0, 1))
def test_raising_the_threshold_never_adds_counting_windows(case: tuple[np.ndarray, np.ndarray], one: float, other: float) -> None:
    low, high = sorted([one, other])
    more, fewer = (counting(case[1], Decision(threshold=threshold)) for threshold in (low, high))
    assert not (fewer & ~more).any()


def test_windows_of_mostly_gap_are_not_usable_unless_cut_around_an_impact() -> None:
    valid, probabilities = np.array([1.0, 0.5, 0.49, 1.0]), np.full((4, 2), 0.5)
    probabilities[3, 1] = np.nan
    assert usable(valid, probabilities, "sliding").tolist() == usable(valid, probabilities, "trial").tolist() == [True, True, False, False]
    assert usable(valid, probabilities, "impact").tolist() == [True, True, True, False]


def test_labels_of_whole_recordings(tmp_path: Path) -> None:
    probabilities = np.array([[0.45, 0.45, 0.1], [0.45, 0.2, 0.35], [0.0, 0.0, 1.0]], np.float32)
    first, every, none = np.array([True, True, False]), np.ones(3, bool), np.zeros(3, bool)
    falls = read_manifest(write_bundle(tmp_path / "falls", labels=["walk", "sit", "fall"]))
    activities = read_manifest(write_bundle(tmp_path / "activities", task="activity", labels=["walk", "sit", "fall"], positive=None))
    assert recording_label(falls, probabilities, every, True) == "fall" and recording_label(falls, probabilities, every, False) == "walk"
    assert (
        recording_label(activities, probabilities, first, False) == "walk"
        and recording_label(activities, probabilities, every, False) == "fall"
    )
    assert recording_label(falls, probabilities, none, False) is None and recording_label(activities, probabilities, none, False) is None
    alerting = activities.model_copy(update={"positive": "fall"})
    assert recording_label(alerting, probabilities, first, True) == "walk"  # an activity bundle names the best class whatever the events
    two = read_manifest(write_bundle(tmp_path / "two"))
    empty = np.zeros((0, 2), np.float32)
    assert recording_label(two, empty, np.zeros(0, bool), False) == "other"  # no impact at all
    assert recording_label(two, probabilities[:, :2], none, False) is None


@pytest.mark.parametrize("together", [2, 3, 1 << 16])
@pytest.mark.parametrize("sure", range(5))
def test_every_window_counts_for_the_label_however_many_are_taken_at_once(
    together: int, sure: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("featherfall.runtime.decide.events._TOGETHER", together)
    activities = read_manifest(write_bundle(tmp_path / "two", task="activity", labels=["sit", "walk"], positive=None))
    probabilities = np.full((5, 2), [0.6, 0.4], np.float32)
    assert recording_label(activities, probabilities, np.ones(5, bool), False) == "sit"
    probabilities[sure] = 1e-6, 1 - 1e-6
    assert recording_label(activities, probabilities, np.ones(5, bool), False) == "walk"
    assert recording_label(activities, probabilities, np.arange(5) != sure, False) == "sit"
