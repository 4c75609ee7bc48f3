from __future__ import annotations

from dataclasses import replace

import numpy as np

from featherfall.runtime.perceive.boxes import Found
from featherfall.runtime.track.boxes import KEEP, PATIENCE, BoxTrack, BoxTracker, apart, unlikeness


def found(x: float, y: float = 0.5, width: float = 0.1, height: float = 0.4, name: str = "person") -> Found:
    box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    return Found(name, 0.9, box, (0.1, 0.9) if name == "fall" else (0.9, 0.1))


def test_two_people_who_pass_each_other_keep_their_numbers() -> None:
    tracker = BoxTracker()
    for k in range(20):
        left, right = found(0.2 + 0.01 * k, 0.4), found(0.8 - 0.01 * k, 0.6)
        pair = [left, right] if k % 2 else [right, left]
        tracks = {track.id: track.last for track in tracker.update(0.1 * k, pair)}
        assert (tracks[0], tracks[1]) == (right, left)


def test_who_falls_keeps_the_number() -> None:
    tracker = BoxTracker()
    first = tracker.update(0.0, [found(0.5)])[0]
    tracker.update(0.1, [found(0.52, 0.55, 0.2, 0.35)])
    last = tracker.update(0.2, [found(0.55, 0.65, 0.4, 0.12, "fall")])[0]
    assert last is first and last.last.name == "fall"


def test_who_falls_is_said_twice_and_is_one_person() -> None:
    """The detector sees somebody lie there now, and weakly still stand there."""
    tracker = BoxTracker()
    (first,) = tracker.update(0.0, [found(0.5)])
    lies, stands = found(0.52, 0.62, 0.15, 0.13, "fall"), replace(found(0.5), score=0.2)
    assert tracker.update(0.1, [lies, stands]) == [first] and first.last is lies
    assert tracker.update(0.2, [lies, stands]) == [first] and len(tracker.tracks) == 1


def test_who_lies_behind_a_helper_keeps_the_number() -> None:
    tracker = BoxTracker()
    fallen, helper = found(0.5, 0.7, 0.3, 0.1, "fall"), found(0.1, 0.5, 0.3, 0.6)
    first, second = tracker.update(0.0, [fallen, helper])
    for k in range(1, 11):  # the helper comes and stands in front
        helper = found(0.1 + 0.04 * k, 0.5, 0.3, 0.6)
        tracks = tracker.update(0.1 * k, [helper, fallen])
        assert {track.id: track.last for track in tracks} == {first.id: fallen, second.id: helper}
    assert apart([helper, fallen]) == ([helper], [fallen])


def test_a_box_far_away_or_of_another_size_is_somebody_else() -> None:
    tracker = BoxTracker()
    first = tracker.update(0.0, [found(0.2)])[0]
    assert tracker.update(0.1, [found(0.8)])[0] is not first
    assert tracker.update(0.2, [found(0.2, height=0.95, width=0.4)])[0] is not first
    assert unlikeness(first, 0.1, found(0.8)) == np.inf and unlikeness(first, 0.1, found(0.2)) == 0


def test_who_is_lost_for_long_is_new() -> None:
    tracker = BoxTracker()
    first = tracker.update(0.0, [found(0.5)])[0]
    assert tracker.update(PATIENCE, [found(0.52)])[0] is first
    tracker.update(2 * PATIENCE + 0.1, [])
    assert tracker.tracks == [] and tracker.update(2 * PATIENCE + 0.2, [found(0.5)])[0].id == 1


def test_a_track_forgets() -> None:
    track = BoxTrack(0, 0.0)
    for k in range(200):
        track.add(0.1 * k, found(0.5))
    assert track.times[0] >= track.seen - KEEP and len(track.times) == len(track.found)


def test_distances_are_of_the_picture_not_of_the_square() -> None:
    track = BoxTrack(0, 0.0)
    track.add(0.0, found(0.5))
    assert unlikeness(track, 0.1, found(0.68), aspect=1.0) < unlikeness(track, 0.1, found(0.68), aspect=1.8)
