from __future__ import annotations

import numpy as np
import pytest
from tests.runtime.people import person

from featherfall.runtime.decide.incidents import Fall, Incident, Person, continues
from featherfall.runtime.track.poses import Tracker


def test_state_and_json() -> None:
    fall = Fall(3, 1.23456, 2.5, 1.4, 0.875)
    assert fall.state == "possible fall"
    assert fall.to_json() == {
        "track": 3, "start_s": 1.235, "raised_s": 2.5, "peak_s": 1.4, "confidence": 0.875, "still_down_s": None, "up_s": None,
        "state": "possible fall",
    }  # fmt: skip
    fall.still_down_s = 9.5
    assert fall.state == "still down"
    fall.up_s = 12.0
    assert fall.state == "got up"


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
    (lost,) = Tracker().update(0.5, [person(100, 300)])
    assert continues(lost, time, person(right, down, height=height, turn=turn)) == same


def test_which_windows_belong_to_an_incident() -> None:
    """Within `merge` of the last one; while the person is still down, whenever; of the same person, or in the same place."""
    tracker = Tracker()
    track, near, far = tracker.update(0.0, [person(200, 300), person(290, 300), person(600, 300)])
    people = [Person(one.id, [one]) for one in (track, near, far)]
    incident = Incident.begin(Fall(0, 0.0, 1.0, 0.0, 0.9), people[0], 1.0)
    assert [incident.is_of(one) for one in people] == [True, True, False]  # .47 sizes away, 2.1
    assert incident.goes_on(6.0, merge=5.0) and not incident.goes_on(6.1, merge=5.0)
    incident.fall.still_down_s = 8.0
    assert incident.goes_on(20.0, merge=5.0)
    incident.fall.up_s = 21.0
    assert not incident.goes_on(22.0, merge=5.0)


@pytest.mark.parametrize(
    ("gap", "right", "same"),
    [(0.1, 0.53, True), (0.1, 0.57, False), (1.9, 0.97, True), (1.9, 1.03, False), (2.1, 0, False)],
)
def test_how_far_who_was_lost_may_be_grows_with_the_time(gap: float, right: float, same: bool) -> None:
    """Half a size at once and half for every second, one size at most, for two seconds."""
    pose = person(100, 300)
    (lost,) = Tracker().update(0.0, [pose])
    assert continues(lost, gap, person(100 + right * pose.size, 300)) == same


@pytest.mark.parametrize(("up", "same"), [(0.28, True), (0.32, False)])
def test_who_was_lost_rises_only_so_far(up: float, same: bool) -> None:
    pose = person(100, 300)
    (lost,) = Tracker().update(0.0, [pose])
    assert continues(lost, 0.5, person(100, 300 - up * pose.size)) == same


@pytest.mark.parametrize(("grown", "same"), [(2.4, True), (2.6, False), (0.42, True), (0.38, False)])
def test_who_was_lost_is_of_like_size(grown: float, same: bool) -> None:
    (lost,) = Tracker().update(0.0, [person(100, 300)])
    assert continues(lost, 1.5, person(100, 300 + 80 * (grown - 1), height=200 * grown)) == same
