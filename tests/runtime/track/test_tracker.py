from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from featherfall.runtime.perceive.boxes import PersonBox
from featherfall.runtime.track.tracker import Track, Tracker


class Near:
    """A cost by distance alone; boxes of a low score are doubtful."""

    limit, memory = 1.0, 2.0

    def __call__(self, track: Track[PersonBox], time: float, box: PersonBox) -> float:
        return float(np.hypot(*(track.last.middle - box.middle))) / 100

    def doubtful(self, boxes: Sequence[PersonBox]) -> list[bool]:
        return [box.score < 0.5 for box in boxes]


def box(right: float, score: float = 0.9) -> PersonBox:
    return PersonBox(np.array([right - 20.0, 0, right + 20, 100]), 0.0, score)


def test_tracks_come_in_the_order_of_people() -> None:
    tracker = Tracker(Near())
    assert [track.id for track in tracker.update(0.0, [box(0), box(300)])] == [0, 1]
    assert [track.id for track in tracker.update(0.1, [box(600), box(310), box(10)])] == [2, 1, 0]


def test_the_doubtful_continue_what_nobody_else_does_and_begin_nothing() -> None:
    tracker = Tracker(Near())
    first, second = tracker.update(0.0, [box(0), box(300)])
    assert tracker.update(0.1, [box(300, 0.1), box(20), box(0, 0.1), box(600, 0.1)]) == [second, first]
    assert first.last.middle[0] == 20 and len(tracker.tracks) == 2  # not the nearer, doubtful one


def test_pairs_at_the_least_total_up_to_the_limit() -> None:
    tracker = Tracker(Near())
    first, second = tracker.update(0.0, [box(0), box(90)])
    assert tracker.update(0.1, [box(50), box(140)]) == [first, second]  # the nearest first would give 50 to the second, and 140 to nobody
    (third,) = tracker.update(0.2, [box(290)])
    assert third.id == 2


def test_tracks_end_after_memory() -> None:
    tracker = Tracker(Near())
    (first,) = tracker.update(0.0, [box(0)])
    assert tracker.update(2.0, [box(0)]) == [first]
    assert tracker.update(4.1, [box(0)])[0].id == 1 and tracker.tracks[0].born == 4.1


def test_times_should_increase() -> None:
    tracker = Tracker(Near())
    tracker.update(1.0, [box(0)])
    with pytest.raises(ValueError, match=r"times should increase: 1\.0 s comes after 1\.0 s"):
        tracker.update(1.0, [])
