from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from featherfall.runtime.perceive.boxes import Found, PersonBox, in_pixels
from featherfall.runtime.track.boxes import BoxCost, FallenShare, box_cost, covered
from featherfall.runtime.track.tracker import KEEP, Track, Tracker

PATIENCE = BoxCost().memory


def found(x: float, y: float = 0.5, width: float = 0.1, height: float = 0.4, name: str = "person", aspect: float = 1.0) -> PersonBox:
    """Middle and sides as fractions of a picture that is 1000 pixels high."""
    box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    scores = (0.1, 0.9) if name == "fall" else (0.9, 0.1)
    return in_pixels(Found(name, 0.9, box, scores), 1, 1000, round(1000 * aspect))


def tracker_of_boxes() -> Tracker[PersonBox]:
    return Tracker(BoxCost())


def track_of(box: PersonBox) -> Track[PersonBox]:
    (track,) = tracker_of_boxes().update(0.0, [box])
    return track


def test_two_people_who_pass_each_other_keep_their_numbers() -> None:
    tracker = tracker_of_boxes()
    for k in range(20):
        left, right = found(0.2 + 0.01 * k, 0.4), found(0.8 - 0.01 * k, 0.6)
        pair = [left, right] if k % 2 else [right, left]
        tracks = {track.id: track.last for track in tracker.update(0.1 * k, pair)}
        assert (tracks[0], tracks[1]) == (right, left)


def test_who_falls_keeps_the_number() -> None:
    tracker = tracker_of_boxes()
    first = tracker.update(0.0, [found(0.5)])[0]
    tracker.update(0.1, [found(0.52, 0.55, 0.2, 0.35)])
    last = tracker.update(0.2, [found(0.55, 0.65, 0.4, 0.12, "fall")])[0]
    assert last is first and last.last.share == pytest.approx(0.9)


def test_who_falls_is_said_twice_and_is_one_person() -> None:
    """The detector sees somebody lie there now, and weakly still stand there."""
    tracker = tracker_of_boxes()
    (first,) = tracker.update(0.0, [found(0.5)])
    lies, stands = found(0.52, 0.62, 0.15, 0.13, "fall"), replace(found(0.5), score=0.2)
    assert tracker.update(0.1, [lies, stands]) == [first] and first.last is lies
    assert tracker.update(0.2, [lies, stands]) == [first] and len(tracker.tracks) == 1


def test_who_lies_behind_a_helper_keeps_the_number() -> None:
    tracker = tracker_of_boxes()
    fallen, helper = found(0.5, 0.7, 0.3, 0.1, "fall"), found(0.1, 0.5, 0.3, 0.6)
    first, second = tracker.update(0.0, [fallen, helper])
    for k in range(1, 11):  # the helper comes and stands in front
        helper = found(0.1 + 0.04 * k, 0.5, 0.3, 0.6)
        tracks = tracker.update(0.1 * k, [helper, fallen])
        assert {track.id: track.last for track in tracks} == {first.id: fallen, second.id: helper}
    assert BoxCost().doubtful([helper, fallen]) == [False, True]


def test_a_box_far_away_or_of_another_size_is_somebody_else() -> None:
    tracker = tracker_of_boxes()
    first = tracker.update(0.0, [found(0.2)])[0]
    assert tracker.update(0.1, [found(0.8)])[0] is not first
    assert tracker.update(0.2, [found(0.2, height=0.95, width=0.4)])[0] is not first
    assert box_cost(first, 0.1, found(0.8)) == np.inf and box_cost(first, 0.1, found(0.2)) == 0


def test_who_is_lost_for_long_is_new() -> None:
    tracker = tracker_of_boxes()
    first = tracker.update(0.0, [found(0.5)])[0]
    assert tracker.update(PATIENCE, [found(0.52)])[0] is first
    tracker.update(2 * PATIENCE + 0.1, [])
    assert tracker.tracks == [] and tracker.update(2 * PATIENCE + 0.2, [found(0.5)])[0].id == 1


def test_a_track_forgets() -> None:
    track = track_of(found(0.5))
    for k in range(1, 200):
        track.add(0.1 * k, found(0.5))
    assert track.times[0] >= track.seen - KEEP and len(track.times) == len(track.sightings)


def test_distances_are_of_the_picture_not_of_the_square() -> None:
    square, wide = (track_of(found(0.5, aspect=aspect)) for aspect in (1.0, 1.8))
    assert box_cost(square, 0.1, found(0.68)) < box_cost(wide, 0.1, found(0.68, aspect=1.8))


@pytest.mark.parametrize(
    ("gap", "sizes", "same"),
    [
        (0.1, 0.53, True),
        (0.1, 0.57, False),
        (0.6, 0.78, True),
        (0.6, 0.82, False),
        (1.0, 0.98, True),
        (1.9, 0.98, True),
        (1.9, 1.02, False),
    ],
)
def test_how_far_somebody_gets_grows_with_the_time_unseen(gap: float, sizes: float, same: bool) -> None:
    """Half a size at once and as much for every second, one size at most."""
    tracker = tracker_of_boxes()
    (first,) = tracker.update(0.0, [found(0.2)])
    (second,) = tracker.update(gap, [found(0.2 + sizes * float(np.hypot(0.1, 0.4)))])
    assert (second is first) == same


@pytest.mark.parametrize(("grown", "same"), [(2.15, True), (2.25, False), (1 / 2.15, True), (1 / 2.25, False)])
def test_a_body_changes_its_size_only_so_fast(grown: float, same: bool) -> None:
    tracker = tracker_of_boxes()
    (first,) = tracker.update(0.0, [found(0.5)])
    (second,) = tracker.update(0.1, [found(0.5, width=0.1 * grown, height=0.4 * grown)])
    assert (second is first) == same


@pytest.mark.parametrize(("gap", "same"), [(1.95, True), (2.05, False)])
def test_a_track_ends_after_two_seconds_unseen(gap: float, same: bool) -> None:
    tracker = tracker_of_boxes()
    (first,) = tracker.update(0.0, [found(0.5)])
    assert (tracker.update(gap, [found(0.5)]) == [first]) == same


@pytest.mark.parametrize(("inside", "people"), [(0.55, 2), (0.65, 1)])
def test_who_is_covered_by_a_better_box_is_nobody_new(inside: float, people: int) -> None:
    """Two boxes of .1 x .4 whose common part is `inside` of each."""
    assert len(tracker_of_boxes().update(0.0, [found(0.5), found(0.5 + 0.1 * (1 - inside))])) == people


def test_unlikeness_by_hand() -> None:
    """Half of 1 - IoU, half of the distance over the reach."""
    track = track_of(found(0.5))
    reach = 0.5 * (1 + 0.2) * np.hypot(0.1, 0.4)
    assert box_cost(track, 0.2, found(0.55)) == pytest.approx(0.5 * 0.05 / reach + 0.5 * (1 - 1 / 3))
    assert box_cost(track, 0.2, found(0.5, 0.6)) == pytest.approx(0.5 * 0.1 / reach + 0.5 * (1 - 0.3 / 0.5))
    reach = 0.5 * (1 + 0.2) * np.hypot(0.2, 0.4)
    track = track_of(found(0.5, aspect=2.0))
    assert box_cost(track, 0.2, found(0.55, aspect=2.0)) == pytest.approx(0.5 * 0.1 / reach + 0.5 * (1 - 1 / 3))


def test_a_box_without_a_size_is_nobodys() -> None:
    track = track_of(found(0.5, width=0.0, height=0.0))
    assert box_cost(track, 0.1, found(0.5)) == np.inf


def test_a_track_holds_ten_seconds() -> None:
    track = track_of(found(0.5))
    for k in range(1, 200):
        track.add(0.1 * k, found(0.5))
    assert track.seen - track.times[0] == pytest.approx(10, abs=0.11) and len(track.times) == len(track.sightings)


def pixels(left: float, top: float, right: float, bottom: float, share: float = 0.0) -> PersonBox:
    return PersonBox(np.array([left, top, right, bottom], float), share, 0.9)


def test_the_covered_share_is_of_the_smaller_box() -> None:
    large, small = pixels(10, 20, 110, 60), pixels(90, 40, 130, 90)  # 4,000 and 2,000 pixels; 20 x 20 are shared
    assert covered(small, large) == covered(large, small) == pytest.approx(0.2)
    assert covered(large, pixels(200, 20, 300, 90)) == 0  # beside each other
    assert covered(large, pixels(200, 200, 300, 290)) == 0
    assert covered(pixels(0, 0, 0.5, 1), pixels(0, 0, 1, 1)) == pytest.approx(1.0)  # less than a pixel


def test_a_duplicate_of_a_duplicate_is_none_of_its_own() -> None:
    """The second lies in the first; the third in the second, hardly in the first: it is somebody."""
    boxes = [pixels(0, 0, 100, 100), pixels(35, 0, 135, 100), pixels(75, 0, 175, 100)]
    assert covered(boxes[1], boxes[0]) == pytest.approx(0.65) and covered(boxes[2], boxes[1]) == pytest.approx(0.6)
    assert BoxCost().doubtful(boxes) == [False, True, False]
    assert BoxCost().doubtful([boxes[0], boxes[2], boxes[1]]) == [False, False, True]


def test_the_cost_of_a_box_that_was_last_seen_at_another_time_than_zero() -> None:
    """A 300 x 400 box (500 diagonal) moves by 100: .5 s unseen it may move by 375; a third of both is shared."""
    track = tracker_of_boxes().update(8.0, [pixels(0, 0, 300, 400)])[0]
    moved = pixels(100, 0, 400, 400)
    assert box_cost(track, 8.5, moved) == pytest.approx(0.5 * 100 / 375 + 0.5 * (1 - 200 / 400))
    assert box_cost(track, 8.0, pixels(250, 0, 550, 400)) == pytest.approx(0.5 + 0.5 * (1 - 50 / 550))  # just as far as it may
    assert box_cost(track, 8.0, pixels(251, 0, 551, 400)) == np.inf


def test_boxes_continue_up_to_a_cost_of_one() -> None:
    assert (BoxCost().limit, BoxCost().memory) == (1.0, 2.0)


def test_the_share_is_smoothed_over_three_tenths_of_a_second() -> None:
    """From .2 towards 1: after .3 s by 1 - 1/e; a gap counts as half a second at most."""
    tracker, share = tracker_of_boxes(), FallenShare()
    (track,) = tracker.update(4.0, [pixels(0, 0, 100, 200, 0.2)])
    assert share.update(track) == 0.2
    tracker.update(4.3, [pixels(0, 0, 100, 200, 1.0)])
    second = 0.2 + 0.8 * (1 - np.exp(-1))
    assert share.update(track) == pytest.approx(second)
    tracker.update(6.0, [pixels(0, 0, 100, 200, 0.0)])
    assert share.update(track) == pytest.approx(second * np.exp(-0.5 / 0.3))


def test_the_share_of_a_track_that_has_ended_is_forgotten() -> None:
    tracker, share = tracker_of_boxes(), FallenShare()
    (track,) = tracker.update(0.0, [pixels(0, 0, 100, 200, 0.2)])
    share.update(track)
    share.keep([track])
    tracker.update(0.1, [pixels(0, 0, 100, 200, 1.0)])
    assert share.update(track) < 0.5
    share.keep([])
    assert share.update(track) == 1.0  # as if seen first
