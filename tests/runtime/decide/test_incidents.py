from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.runtime.people import person

from featherfall.core.errors import UserError
from featherfall.runtime.decide.evidence import Past
from featherfall.runtime.decide.incidents import Decider, DecisionSettings, Incident, decide
from featherfall.runtime.observation import Fall, FrameResult, Notice, TrackedPerson
from featherfall.runtime.perceive.boxes import PersonBox
from featherfall.runtime.perceive.pose import Pose


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


def tracked(number: int, sighting: Pose) -> TrackedPerson:
    return TrackedPerson(number, sighting, None, True, 0.0, sighting.middle, sighting.size)


def test_which_signs_belong_to_an_incident() -> None:
    """Within `merge_s` of the last one; while the person is still down, whenever; of the same person, or in the same place."""
    people = [tracked(k, person(right, 300)) for k, right in enumerate((200, 290, 600))]
    past = Past()
    past.add(0.0, people[0])
    incident = Incident.begin(Fall(0, 0.0, 1.0, 0.0, 0.9), past, 1.0)
    assert [incident.is_of(one) for one in people] == [True, True, False]  # .47 sizes away, 2.1
    assert incident.goes_on(6.0, merge_s=5.0) and not incident.goes_on(6.1, merge_s=5.0)
    incident.fall.still_down_s = 8.0
    assert incident.goes_on(20.0, merge_s=5.0)
    incident.fall.up_s = 21.0
    assert not incident.goes_on(22.0, merge_s=5.0)


UP, DOWN = np.array([450.0, 300, 550, 700]), np.array([300.0, 620, 700, 720])


def box(number: int, sides: np.ndarray, share: float, born: float, start: np.ndarray | None = None) -> TrackedPerson:
    sighting = PersonBox(sides, share, 0.9)
    return TrackedPerson(number, sighting, share, True, born, sighting.middle if start is None else start, sighting.size)


def up(number: int = 0, born: float = 0.0, right: float = 0.0) -> TrackedPerson:
    return box(number, UP + np.array([right, 0, right, 0]), 0.1, born)


def down(number: int = 0, born: float = 0.0, right: float = 0.0) -> TrackedPerson:
    return box(number, DOWN + np.array([right, 0, right, 0]), 0.9, born)


def trace(*parts: tuple[float, list[TrackedPerson]]) -> list[FrameResult]:
    """Parts of a film, each until a time, at ten pictures a second."""
    out: list[FrameResult] = []
    for until, people in parts:
        while len(out) < round(10 * until):
            scores = {one.id: one.probability or 0.0 for one in people}
            out.append(FrameResult(len(out) / 10, tuple(people), scores, 720, 1280))
    return out


BOXES = DecisionSettings("boxes", 0.5, 0.0)


def test_a_box_that_is_lost_is_still_down_where_somebody_lies() -> None:
    """The track ends, and a new one begins down in the place."""
    film = trace((3, [up()]), (6, [down()]), (9, []), (12, [down(1, 9.0, right=60)]))
    falls, notices = decide(film, BOXES)
    assert [one.kind for one in notices] == ["possible fall", "still down"] and falls[0].track == 0
    assert falls[0].still_down_s == pytest.approx(falls[0].raised_s + 7, abs=0.11)
    elsewhere, _ = decide(trace((3, [up()]), (4.2, [down()]), (9, []), (12, [down(1, 9.0, right=600)])), BOXES)
    assert elsewhere[0].state == "possible fall"  # seen down for .7 s, and never again


def test_a_box_that_begins_upright_in_the_place_has_got_up_unless_somebody_was_near() -> None:
    start = (3, [up()]), (6, [down()])
    (alone,), _ = decide(trace(*start, (9, []), (12, [up(1, 9.0)])), BOXES)
    assert alone.state == "got up" and alone.up_s == pytest.approx(9.5, abs=0.11)  # the silence before counts as half a second
    helper = up(2, 5.0, right=350)
    (helped,), _ = decide(trace(*start, (8, [helper]), (9, []), (16, [up(1, 9.0)])), BOXES)
    assert helped.state == "still down"


def test_an_unseen_person_was_seen_down_when_time_is_up() -> None:
    (fall,), _ = decide(trace((3, [up()]), (6, [down()]), (12, [])), BOXES)
    assert fall.state == "still down" and fall.still_down_s == pytest.approx(10.5, abs=0.11)


def test_down_again_is_half_a_second_on_end_and_no_moment_after_a_silence() -> None:
    before = (3, [up()]), (6, [down()]), (7.5, [up()])
    (once,), _ = decide(trace(*before, (8.6, []), (8.7, [down()]), (9, [up()])), BOXES)
    assert once.state == "got up"
    (again,), _ = decide(trace(*before, (8.2, [down()]), (9, [])), BOXES)
    assert again.state == "possible fall"


def test_two_falls_in_one_place_are_one_and_elsewhere_two() -> None:
    for right, count in ((150, 1), (600, 2)):
        second = [(3.0, [up(), up(1, 0.0, right)]), (5.0, [down(), up(1, 0.0, right)]), (8.0, [down(), down(1, 0.0, right)])]
        assert len(decide(trace(*second), BOXES)[0]) == count


def pose(number: int, time: float, score: float | None) -> TrackedPerson:
    """Somebody who falls over at 2 s."""
    sighting = person(300, 300) if time < 2 else person(360, 385, turn=np.pi / 2)
    return TrackedPerson(number, sighting, score, True, 0.0, sighting.middle, sighting.size)


def test_another_threshold_decides_the_same_trace_again() -> None:
    scores = {23: 0.6, 25: 0.8, 27: 0.7}
    film = [FrameResult(k / 10, (pose(0, k / 10, scores.get(k)),), {0: scores[k]} if k in scores else {}, 480, 640) for k in range(100)]
    settings = DecisionSettings("keypoints", 0.5, 2.0)
    found = {threshold: decide(film, replace(settings, threshold=threshold)) for threshold in (0.5, 0.75, 0.9)}
    assert [falls[0].raised_s if falls else None for falls, _ in found.values()] == [2.3, 2.5, None]
    assert [falls[0].confidence for falls, _ in found.values() if falls] == [0.8, 0.8]
    assert found[0.5][0][0].peak_s == 1.5 and found[0.5][0][0].start_s == pytest.approx(1.3)
    assert found[0.5] == decide(film, settings)  # nothing of a decision stays behind
    assert found[0.5][1][0] == Notice("possible fall", 2.3, 0, 0.6)


def test_an_incident_is_forgotten_and_memory_is_bounded() -> None:
    decider = Decider(BOXES)
    for frame in trace((3, [up()]), (4.2, [down()]), (40, [])):
        decider.step(frame)
    assert len(decider.falls) == 1 and decider._incidents == [] and decider._past == {}


def test_an_impossible_wait_is_refused() -> None:
    with pytest.raises(UserError, match="still down after 0 s; give more than 0"):
        DecisionSettings("boxes", 0.5, 0.0, still_down_s=0)


START = (3, [up()]), (6, [down()])  # raised at 3.5 s
SIZE = float(np.hypot(100, 400))  # of the body, pixels, up or down


@pytest.mark.parametrize(("seconds", "state"), [(0.9, "possible fall"), (1.1, "got up")])
def test_who_is_up_for_a_second_on_end_has_got_up(seconds: float, state: str) -> None:
    (fall,), _ = decide(trace(*START, (6 + seconds, [up()]), (6.3 + seconds, [down()])), BOXES)
    assert fall.state == state


@pytest.mark.parametrize(("seconds", "found"), [(0.8, False), (1.1, True)])
def test_who_was_seen_down_for_a_second_in_all_is_still_down(seconds: float, found: bool) -> None:
    (fall,), _ = decide(trace((3, [up()]), (3.5 + seconds, [down()]), (12, [])), BOXES)
    assert (fall.still_down_s is not None) == found


@pytest.mark.parametrize(("seconds", "state"), [(0.4, "got up"), (0.6, "possible fall")])
def test_who_is_down_for_half_a_second_after_getting_up_is_down_again(seconds: float, state: str) -> None:
    (fall,), _ = decide(trace(*START, (7.5, [up()]), (7.5 + seconds, [down()])), BOXES)
    assert fall.state == state


@pytest.mark.parametrize(("merge_s", "count"), [(2.0, 2), (6.0, 1)])
def test_a_fall_after_getting_up_is_another_one_after_a_while(merge_s: float, count: int) -> None:
    """Down until 6 s, and again from 9 s on."""
    assert len(decide(trace(*START, (9, [up()]), (12, [down()])), replace(BOXES, merge_s=merge_s))[0]) == count


@pytest.mark.parametrize(("unseen", "still"), [(0.4, False), (0.7, True)])
def test_another_track_takes_over_half_a_second_after_the_fallen_one_was_lost(unseen: float, still: bool) -> None:
    """Seen down for .6 s before; the new track is seen once, which counts as .5 s."""
    born = 4.1 + unseen
    film = trace((3, [up()]), (4.2, [down()]), (born, []), (born + 0.1, [down(1, born)]), (9, [up(2, 0.0, 700)]), (12, []))
    assert (decide(film, BOXES)[0][0].still_down_s is not None) == still


@pytest.mark.parametrize(("right", "taken"), [(0.55, True), (0.65, False)])
def test_a_track_that_takes_over_begins_within_the_place(right: float, taken: bool) -> None:
    lost = (3, [up()]), (4, [down()]), (6, [])
    film = trace(*lost, (12, [down(1, 6.0, right * SIZE)]))
    assert (decide(film, BOXES)[0][0].still_down_s is not None) == taken


@pytest.mark.parametrize(("right", "state"), [(1.15, "possible fall"), (1.25, "got up")])
def test_company_is_somebody_within_a_size_or_so(right: float, state: str) -> None:
    near = up(2, 0.0, float(np.sqrt((right * SIZE) ** 2 - 170**2)))  # whose middle is 170 pixels higher
    (fall, *_), _ = decide(trace((3, [up(), near]), (4, [down(), near]), (5, [near]), (7, []), (9, [up(1, 7.0)])), BOXES)
    assert fall.state == state


@pytest.mark.parametrize(("ago", "state"), [(2.8, "possible fall"), (3.3, "got up")])
def test_company_is_recent_for_three_seconds(ago: float, state: str) -> None:
    near, born = up(2, 0.0, 300), 4.9 + ago
    (fall, *_), _ = decide(trace((3, [up(), near]), (4, [down(), near]), (5, [near]), (born, []), (9.5, [up(1, born)])), BOXES)
    assert fall.state == state


@pytest.mark.parametrize(("wait", "known"), [(20.8, True), (21.3, False)])
def test_an_incident_waits_three_times_as_long_as_for_still_down(wait: float, known: bool) -> None:
    """Seen last at 3.9 s; who is found down in the place after that is nobody's any more."""
    decider = Decider(BOXES)
    for frame in trace((3, [up()]), (4, [down()]), (3.9 + wait, [])):
        decider.step(frame)
    assert bool(decider._incidents) == known


def test_a_long_silence_is_half_a_second_seen_down() -> None:
    """After it was raised seen down for .6 s or .4 s, unseen for 3 s and seen once more, which counts as .5 s."""
    for until, found in ((4.2, True), (4.0, False)):
        (fall,), _ = decide(trace((3, [up()]), (until, [down()]), (7, []), (7.1, [down()]), (12, [])), BOXES)
        assert (fall.still_down_s is not None) == found
