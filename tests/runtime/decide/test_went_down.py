"""Who has gone down just before a film ends: both sides of each limit. Times are of eighths of a second, so that sums are exact."""

from __future__ import annotations

import numpy as np
import pytest
from tests.runtime.people import person

from featherfall.runtime.decide.evidence import BoxEvidence, KeypointEvidence, Past
from featherfall.runtime.decide.incidents import Decider, DecisionSettings
from featherfall.runtime.observation import FrameResult, TrackedPerson
from featherfall.runtime.perceive.boxes import PersonBox

STEP = 0.125
KEYPOINTS = KeypointEvidence(0.5, 2.0)
SIGHTINGS = {"u": person(500, 500), "d": person(500, 560, turn=np.pi / 2), "?": person(500, 500, score=0.0)}  # up, down, unknown


def tracked(how: str, number: int = 0, alive: bool = True) -> TrackedPerson:
    pose = SIGHTINGS[how]
    return TrackedPerson(number, pose, None, alive, 0.0, pose.middle, pose.size)


def past(course: str, before: float = 0.0) -> tuple[Past, float]:
    """A past of a picture every eighth of a second, and the time of the last. before: s upright before it, so that the size is known."""
    out = Past()
    for k, how in enumerate("u" * round(before / STEP) + course):
        out.add(k * STEP, tracked(how))
    return out, out.seen


@pytest.mark.parametrize(
    ("course", "ago"),
    [
        ("udd", 2),
        ("ud", None),  # postures of single pictures are sometimes wrong
        ("udu", None),
        ("udud", None),
        ("uddddd", 5),
        ("ud?d", 3),  # what is unknown counts for neither
        ("udd?", 3),
        ("uud??", None),
    ],
)
def test_two_known_pictures_down_after_one_up(course: str, ago: int | None) -> None:
    seen, end = past(course, before=4.0)
    assert KEYPOINTS.went_down(seen, end) == (None if ago is None else end - ago * STEP)


@pytest.mark.parametrize(("down", "unsettled"), [(15, True), (16, True), (17, False)])
def test_upright_two_seconds_before_the_end_at_most(down: int, unsettled: bool) -> None:
    seen, end = past("d" * down, before=4.0)
    assert KEYPOINTS.went_down(seen, end) == (4.0 - STEP if unsettled else None)


def test_who_was_never_seen_upright_has_not_gone_down() -> None:
    assert KEYPOINTS.went_down(*past("ddd")) is KEYPOINTS.went_down(*past("???")) is None


UP, DOWN = (450, 300, 550, 700), (300, 620, 700, 720)  # 400 high; the middle sinks by 170


def boxed(share: float, box: tuple[int, ...] = UP, number: int = 0) -> TrackedPerson:
    sighting = PersonBox(np.asarray(box, float), share, 0.9)
    return TrackedPerson(number, sighting, share, True, 0.0, sighting.middle, sighting.size)


def boxes(*down: tuple[int, ...]) -> tuple[BoxEvidence, Past]:
    """Two seconds up, then a picture down for each box."""
    evidence, seen = BoxEvidence(), Past()
    for k, one in enumerate([*[boxed(0.1)] * 17, *(boxed(0.9, box) for box in down)]):
        seen.add(k * STEP, one)
        evidence.signs(FrameResult(k * STEP, (one,), {0: one.probability or 0.0}, 720, 1280), {}, frozenset())
    return evidence, seen


@pytest.mark.parametrize(("time", "last_up"), [(2.125, 2.0), (2.5, 2.0), (2.625, None), (3.0, None)])
def test_a_box_that_is_down_for_less_than_half_a_second(time: float, last_up: float | None) -> None:
    evidence, seen = boxes(DOWN)
    assert evidence.went_down(seen, time) == last_up


def test_a_box_that_is_up_has_not_sunk_or_is_of_nobody_known() -> None:
    up, seen = boxes()
    assert up.went_down(seen, seen.seen) is None
    level, seen = boxes(UP)
    assert level.went_down(seen, seen.seen) is None
    assert BoxEvidence().went_down(seen, seen.seen) is None


def decided(*people: tuple[str, bool]) -> tuple[Decider, float]:
    """A decider after people's courses, all as long; and the time of the last picture. Each: the course, whether it is a person."""
    decider, end = Decider(DecisionSettings("keypoints", 0.5, 2.0)), 0.0
    for k in range(32 + len(people[0][0])):
        end = k * STEP
        shown = tuple(tracked(("u" * 32 + course)[k], number, alive) for number, (course, alive) in enumerate(people))
        decider.step(FrameResult(end, shown, {}, 720, 1280))
    return decider, end


def test_anybody_who_has_gone_down_counts() -> None:
    decider, end = decided(("uuu", True), ("udd", True))
    assert decider.went_down(end) == end - 2 * STEP


def test_furniture_does_not() -> None:
    decider, end = decided(("udd", False))
    assert decider.went_down(end) is None


@pytest.mark.parametrize(("later", "here"), [(0.5, True), (0.625, False)])
def test_who_was_seen_half_a_second_before_is_still_here(later: float, here: bool) -> None:
    decider, end = decided(("udd", True))
    assert decider.went_down(end + later) == (end - 2 * STEP if here else None)
