from __future__ import annotations

import numpy as np
import pytest
from tests.runtime.people import person

from featherfall.runtime.perceive.pose import Pose
from featherfall.runtime.track.people import People, Person, continues
from featherfall.runtime.track.poses import PoseCost
from featherfall.runtime.track.tracker import Track, Tracker


def track_of(pose: Pose, time: float = 0.0) -> Track[Pose]:
    (track,) = Tracker(PoseCost()).update(time, [pose])
    return track


@pytest.mark.parametrize(
    ("time", "right", "down", "turn", "height", "same"),
    [
        (1.0, 160, 380, np.pi / 2, 200.0, True),  # lost while falling, found on the floor beside
        (2.6, 160, 380, np.pi / 2, 200.0, False),  # too late
        (1.0, 420, 380, np.pi / 2, 200.0, False),  # too far away
        (1.0, 110, 200, 0.0, 200.0, False),  # higher than before
        (1.0, 110, 330, 0.0, 60.0, False),  # a child
    ],
)
def test_who_is_lost_while_falling_is_found_on_the_floor(
    time: float, right: float, down: float, turn: float, height: float, same: bool
) -> None:
    lost = track_of(person(100, 300), 0.5)
    assert continues(lost, time, person(right, down, height=height, turn=turn)) == same


@pytest.mark.parametrize(
    ("gap", "right", "same"),
    [(0.1, 0.53, True), (0.1, 0.57, False), (1.9, 0.97, True), (1.9, 1.03, False), (0.0, 0, False), (2.0, 0.9, True), (2.1, 0, False)],
)
def test_how_far_who_was_lost_may_be_grows_with_the_time(gap: float, right: float, same: bool) -> None:
    """Half a size at once and half for every second, one size at most, for two seconds."""
    pose = person(100, 300)
    lost = track_of(pose)
    assert continues(lost, gap, person(100 + right * pose.size, 300)) == same


@pytest.mark.parametrize(("up", "same"), [(0.28, True), (0.32, False)])
def test_who_was_lost_rises_only_so_far(up: float, same: bool) -> None:
    pose = person(100, 300)
    lost = track_of(pose)
    assert continues(lost, 0.5, person(100, 300 - up * pose.size)) == same


@pytest.mark.parametrize(("grown", "same"), [(2.4, True), (2.6, False), (0.42, True), (0.38, False)])
def test_who_was_lost_is_of_like_size(grown: float, same: bool) -> None:
    lost = track_of(person(100, 300))
    assert continues(lost, 1.5, person(100, 300 + 80 * (grown - 1), height=200 * grown)) == same


class Film:
    """Tracks and people of poses, picture by picture."""

    def __init__(self) -> None:
        self.tracker: Tracker[Pose] = Tracker(PoseCost())
        self.people = People()

    def __call__(self, time: float, *poses: Pose) -> list[Person]:
        return self.people.update(time, self.tracker.update(time, poses), self.tracker.tracks)


def test_a_track_that_begins_where_somebody_was_lost_has_their_past() -> None:
    film = Film()
    film(0.0, person(100, 300))
    (fallen,) = film(1.9, person(190, 380, turn=np.pi / 2))
    assert fallen.id == 0 and fallen.track.id == 1 and len(fallen.sightings(0.0)[0]) == 2


def test_who_is_seen_again_takes_back_the_number() -> None:
    """Somebody is lost and a stranger begins near; then both are seen: two people, two numbers."""
    film = Film()
    film(0.0, person(100, 300))
    (stranger,) = film(1.5, person(160, 330))
    assert stranger.id == 0 and stranger.track.id == 1
    first, second = film(1.6, person(100, 300), person(160, 330))
    assert (first.id, second.id) == (0, 1) and first.tracks[-1].id == 0
    assert [track.id for track in second.tracks] == [1] and len(film.people) == 2


def test_people_are_forgotten_with_their_tracks() -> None:
    film = Film()
    film(0.0, person(100, 300))
    for k in range(1, 110):
        film(0.1 * k)
    assert len(film.people) == 0


def test_a_newcomer_beside_somebody_who_is_seen_is_another_person() -> None:
    film = Film()
    film(0.0, person(100, 300))
    first, second = film(0.1, person(100, 300), person(190, 380, turn=np.pi / 2))
    assert (first.id, second.id) == (0, 1) and len(film.people) == 2


def test_who_is_unseen_is_kept_for_ten_seconds() -> None:
    """At 20 s and later on the film's clock, too."""
    film = Film()
    film(20.0, person(100, 300))
    film(20.1, person(110, 300))
    for time in (24.0, 27.0, 30.0):
        film(time, person(900, 300))
    assert 0 in {one.id for one in film.people}
    film(30.2, person(900, 300))
    assert 0 not in {one.id for one in film.people}


def test_the_time_since_somebody_was_lost_counts_at_any_time_of_the_film() -> None:
    assert continues(track_of(person(100, 300), 8.0), 8.5, person(160, 380, turn=np.pi / 2))
