"""Confirming a possible fall: both sides of each limit. Times are of eighths of a second, so that sums are exact."""

from __future__ import annotations

import numpy as np
import pytest
from tests.runtime.people import person

from featherfall.runtime.decide.confirm import Confirmation
from featherfall.runtime.decide.incidents import Decider, DecisionSettings, decide
from featherfall.runtime.decide.posture import Posture
from featherfall.runtime.observation import FrameResult, Notice, TrackedPerson

STEP = 0.125
POSTURES = {"u": Posture.upright, "d": Posture.lying, "o": Posture.low, "?": Posture.unknown}


def confirmation(course: str, since: float = 1.0) -> Confirmation:
    """Of a posture every eighth of a second from `since` - .5 s + an eighth on; "." is nobody."""
    out = Confirmation(since)
    for k, how in enumerate(course):
        if how != ".":
            out.add(since - 0.5 + (k + 1) * STEP, POSTURES[how])
    return out


@pytest.mark.parametrize(
    ("course", "upright"),
    [("", False), ("uudd", False), ("uuud", True), ("uuoo", False), ("dduuu", True), ("duudd", False), ("uuu?", True), ("?", False)],
)
def test_most_of_the_last_half_second_is_upright(course: str, upright: bool) -> None:
    assert confirmation(course).is_upright == upright


def test_the_last_half_second_is_that_in_which_the_person_was_seen() -> None:
    """Who is lost stays as they were."""
    for course, upright in (("uuuu....", True), ("dddd....", False), ("uuuu....d", False), ("uuuu..ud", False)):
        assert confirmation(course).is_upright == upright


def test_a_fall_is_confirmed_after_a_second_unless_the_person_is_upright() -> None:
    down, up = confirmation("dddddddd"), confirmation("dddduuuu")
    assert [down.is_given(time) for time in (1.875, 2.0, 9.0)] == [False, True, True]
    assert not up.is_given(2.0)


def test_who_is_upright_is_refused_from_half_a_second_after_the_sign_on() -> None:
    assert [confirmation("uuuu").is_refused(time) for time in (1.375, 1.5)] == [False, True]
    assert not confirmation("dddd").is_refused(9.0)


SETTINGS = DecisionSettings("keypoints", 0.5, 2.0, lies_for_s=None)
UP, DOWN = person(300, 300), person(300, 385, turn=np.pi / 2)


def film(course: str, scores: dict[float, float]) -> list[FrameResult]:
    """Of a picture every eighth of a second from 0 s on; scores: of the windows that end at a time."""
    out = []
    for k, how in enumerate(course):
        pose = {"u": UP, "d": DOWN}.get(how)
        people = () if pose is None else (TrackedPerson(0, pose, None, True, 0.0, pose.middle, pose.size),)
        out.append(FrameResult(k * STEP, people, {0: scores[k * STEP]} if k * STEP in scores else {}, 480, 640))
    return out


STANDS = 24 * "u"  # 3 s
SIGN = {3.375: 0.9, 3.5: 0.9}  # the second window that counts is the sign


def test_a_fall_is_reported_a_second_after_its_first_sign() -> None:
    """With the highest probability by then; still down counts from the sign."""
    falls, notices = decide(film(STANDS + 80 * "d", {3.25: 0.6, 3.5: 0.7, 3.75: 0.9, 4.0: 0.7}), SETTINGS)
    assert notices == (Notice("possible fall", 4.5, 0, 0.9, sign_s=3.5), Notice("still down", 10.5, 0, 0.9, sign_s=3.5))
    (fall,) = falls
    assert (fall.start_s, fall.sign_s, fall.raised_s, fall.peak_s, fall.kind) == (2.25, 3.5, 4.5, 2.75, "fall")


@pytest.mark.parametrize(("down", "count"), [(8, 0), (10, 0), (11, 1)])
def test_who_is_up_again_within_a_second_has_not_fallen(down: int, count: int) -> None:
    """The sign comes after half a second down: most of the last half second before 4.5 s is upright, or not."""
    assert len(decide(film(STANDS + down * "d" + 80 * "u", SIGN), SETTINGS)[0]) == count


def test_squats_are_no_falls() -> None:
    """Eight of a second and a half, each with a sign at its lowest point."""
    squat = 4 * "d" + 8 * "u"
    assert decide(film(STANDS + 8 * squat, {3.25 + 1.5 * k: 0.96 for k in range(8)}), SETTINGS) == ((), ())


def test_a_fall_after_what_was_none_is_found() -> None:
    """Down for a moment at 3 s, for good from 5 s on."""
    (fall,), _ = decide(film(STANDS + 4 * "d" + 12 * "u" + 80 * "d", {3.25: 0.96, 5.5: 0.97}), SETTINGS)
    assert (fall.sign_s, fall.raised_s, fall.confidence) == (5.5, 6.5, 0.97)


@pytest.mark.parametrize(("course", "count"), [("dd", 1), ("", 0)])
def test_who_is_lost_down_has_fallen_and_who_is_lost_upright_has_not(course: str, count: int) -> None:
    """The window holds what was seen before."""
    assert len(decide(film(STANDS + course + course + 40 * ".", SIGN), SETTINGS)[0]) == count


@pytest.mark.parametrize(("last", "raised"), [(4.0, 4.0), (3.875, None), (4.375, 4.375), (5.0, 4.5)])
def test_a_film_that_ends_first_reports_who_has_been_down_for_a_second(last: float, raised: float | None) -> None:
    """Most of the last .4 s was upright until 3 s, the third picture down."""
    decider, course = Decider(SETTINGS), STANDS + 80 * "d"
    for frame in film(course[: round(last / STEP) + 1], SIGN):
        decider.step(frame)
    decider.finish()
    assert [fall.raised_s for fall in decider.falls] == ([] if raised is None else [raised])
    assert (decider.unsettled(last) == (3.5, "the first sign of a fall")) == (raised is None)


@pytest.mark.parametrize(("probability", "count"), [(0.94, 0), (0.95, 1)])
def test_a_film_that_ends_first_reports_what_leaves_little_doubt(probability: float, count: int) -> None:
    assert len(decide(film(STANDS + 5 * "d", {3.375: probability, 3.5: probability}), SETTINGS)[0]) == count
    assert decide(film(STANDS + "dddd" + "uuu", {3.375: probability, 3.5: probability}), SETTINGS) == ((), ())


def test_a_film_that_ends_with_somebody_upright_again_leaves_nothing_open() -> None:
    decider = Decider(SETTINGS)
    for frame in film(STANDS + "dddd" + "uuu", SIGN):
        decider.step(frame)
    assert decider.finish() == [] and decider.unsettled(3.75) is None


def test_live_nothing_is_said_before_the_end() -> None:
    decider = Decider(SETTINGS)
    said = [decider.step(frame) for frame in film(STANDS + 10 * "d", SIGN)]
    assert not any(said) and decider.falls == []
    assert [one.kind for one in decider.finish()] == ["possible fall"] and len(decider.falls) == 1
    assert decider.finish() == []


def test_still_down_is_a_confirmation() -> None:
    """A wait shorter than the confirmation's."""
    short = DecisionSettings("keypoints", 0.5, 2.0, lies_for_s=None, still_down_s=0.5)
    _, notices = decide(film(STANDS + 40 * "d", SIGN), short)
    assert [(one.kind, one.time_s) for one in notices] == [("possible fall", 4.5), ("still down", 4.5)]


def test_no_time_lies_before_the_film() -> None:
    """A window whose first half repeats the first pose."""
    (fall,), _ = decide([*film("uu" + 40 * "d", {0.625: 0.96})], SETTINGS)
    assert fall.start_s == fall.peak_s == 0.0


def test_one_fall_is_one_event_while_the_person_is_down() -> None:
    """Signs 6 s apart, when still down has not been reached."""
    late = DecisionSettings("keypoints", 0.5, 2.0, lies_for_s=None, still_down_s=30.0)
    course = STANDS + 100 * "d"
    assert len(decide(film(course, SIGN | {9.5: 0.8}), late)[0]) == 1
