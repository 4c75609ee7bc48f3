from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.runtime.people import person

from featherfall.core.errors import UserError
from featherfall.runtime.decide.evidence import HISTORY, KeypointEvidence, Past
from featherfall.runtime.decide.incidents import Decider, DecisionSettings, Incident, decide
from featherfall.runtime.observation import Fall, FrameResult, Notice, TrackedPerson
from featherfall.runtime.perceive.boxes import PersonBox
from featherfall.runtime.perceive.pose import Pose


def test_state_and_json() -> None:
    fall = Fall(3, 1.23456, 2.5, 1.4, 0.875)
    assert fall.state == "possible fall"
    assert fall.to_json() == {
        "track": 3, "start_s": 1.235, "raised_s": 2.5, "peak_s": 1.4, "confidence": 0.875, "still_down_s": None, "up_s": None,
        "sign_s": 2.5, "kind": "fall", "state": "possible fall",
    }  # fmt: skip
    fall.still_down_s = 9.5
    assert fall.state == "still down"
    fall.up_s = 12.0
    assert fall.state == "got up"


def tracked(number: int, sighting: Pose) -> TrackedPerson:
    return TrackedPerson(number, sighting, None, True, 0.0, sighting.middle, sighting.size)


def test_which_signs_belong_to_an_incident() -> None:
    """Until the person has got up, and within `merge_s` of the last one; of the same person, or in the same place."""
    people = [tracked(k, person(right, 300)) for k, right in enumerate((200, 290, 600))]
    past = Past()
    past.add(0.0, people[0])
    incident = Incident.begin(Fall(0, 0.0, 1.0, 0.0, 0.9), past, 1.0, KeypointEvidence(0.5, 2.0))
    assert [incident.is_of(one) for one in people] == [True, True, False]  # .47 sizes away, 2.1
    assert incident.goes_on(20.0, merge_s=5.0)
    incident.fall.up_s = 4.0
    assert incident.goes_on(6.0, merge_s=5.0) and not incident.goes_on(6.1, merge_s=5.0)


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
    assert falls[0].still_down_s == pytest.approx(falls[0].sign_s + 7, abs=0.11)
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
    scores = {21: 0.6, 23: 0.6, 25: 0.8, 26: 0.8, 27: 0.7}
    film = [FrameResult(k / 10, (pose(0, k / 10, scores.get(k)),), {0: scores[k]} if k in scores else {}, 480, 640) for k in range(100)]
    settings = DecisionSettings("keypoints", 0.5, 2.0)
    found = {threshold: decide(film, replace(settings, threshold=threshold)) for threshold in (0.5, 0.75, 0.9)}
    assert [falls[0].sign_s if falls else None for falls, _ in found.values()] == [2.3, 2.6, None]
    assert [falls[0].raised_s for falls, _ in found.values() if falls] == [3.3, 3.6]
    assert [falls[0].confidence for falls, _ in found.values() if falls] == [0.8, 0.8]
    assert found[0.5][0][0].peak_s == 1.5 and found[0.5][0][0].start_s == pytest.approx(1.1)
    assert found[0.5] == decide(film, settings)  # nothing of a decision stays behind
    assert found[0.5][1][0] == Notice("possible fall", 3.3, 0, 0.8, sign_s=2.3)


def test_an_incident_is_forgotten_and_memory_is_bounded() -> None:
    decider = Decider(BOXES)
    for frame in trace((3, [up()]), (4.2, [down()]), (40, [])):
        decider.step(frame)
    assert len(decider.falls) == 1 and decider._incidents == [] and decider._past == {}


def test_an_impossible_wait_is_refused() -> None:
    with pytest.raises(UserError, match="still down after 0 s; give more than 0"):
        DecisionSettings("boxes", 0.5, 0.0, still_down_s=0)


@pytest.mark.parametrize(("merge_s", "count"), [(2.0, 2), (6.0, 1)])
def test_a_fall_after_getting_up_is_another_one_after_a_while(merge_s: float, count: int) -> None:
    """Down until 6 s, and again from 9 s on."""
    assert len(decide(trace((3, [up()]), (6, [down()]), (9, [up()]), (12, [down()])), replace(BOXES, merge_s=merge_s))[0]) == count


def test_who_shows_the_fallen_one_gives_further_signs() -> None:
    """From the picture after its first; it was never up, and its share is higher. Of equal shares the first is the peak."""
    film = trace((3, [up()]), (4, [down()]), (5, []), (6, [box(1, DOWN, 0.95, 5.0)]))
    (fall,), _ = decide(film, BOXES)
    assert (fall.sign_s, fall.peak_s, fall.confidence) == (3.5, 5.1, 0.95)


def test_for_how_long_the_only_person_has_been_upright() -> None:
    def upright_for(*parts: tuple[float, list[TrackedPerson]]) -> float:
        decider = Decider(DecisionSettings("boxes", 0.5, 2.0))
        frames = trace(*parts)
        for frame in frames:
            decider.step(frame)
        return decider.upright_for(frames[-1].time)

    assert upright_for((3.0, [up()])) == pytest.approx(3.0, abs=0.15)
    assert upright_for((3.0, [up()]), (5.0, [down()]), (6.0, [up()])) == pytest.approx(1.0, abs=0.15)
    assert upright_for((3.0, [up()]), (4.0, [down()])) == 0.0
    assert upright_for((3.0, [up(), up(1, right=400.0)])) == 0.0
    assert upright_for((3.0, [up()]), (4.0, [])) == 0.0
    assert upright_for((30.0, [up()])) == pytest.approx(HISTORY, abs=0.15)
