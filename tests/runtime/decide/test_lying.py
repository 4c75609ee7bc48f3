"""Somebody who lies where one does not lie: both sides of each limit. Times are of eighths of a second, so that sums are exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.runtime.people import person

from featherfall.core.errors import UserError
from featherfall.runtime.decide.evidence import BoxEvidence, KeypointEvidence, Past
from featherfall.runtime.decide.incidents import Decider, DecisionSettings, decide
from featherfall.runtime.decide.lying import LyingEvidence
from featherfall.runtime.decide.zones import Zone
from featherfall.runtime.observation import Fall, FrameResult, Notice, Sighting, TrackedPerson
from featherfall.runtime.perceive.boxes import PersonBox
from featherfall.runtime.perceive.pose import make_pose

STEP = 0.125
HEIGHT, WIDTH = 480, 640
UP = person(300, 200)  # 192 pixels in size, feet at 296
SIGHTINGS: dict[str, Sighting] = {
    "u": UP,
    "d": person(300, 285, turn=np.pi / 2),
    "b": person(300, 240, turn=np.pi / 2),  # on a bed, 45 pixels higher
    "s": person(300, 200, height=130),  # upright and smaller, the feet higher: sits
    "?": person(300, 200, score=0.0),
}


def film(
    course: str, moves: bool = True, scores: dict[float, float] | None = None, sightings: dict[str, Sighting] = SIGHTINGS
) -> list[FrameResult]:
    """Of a picture every eighth of a second from 0 s on; "." is nobody. scores: of the windows that end at a time."""
    out = []
    for k, how in enumerate(course):
        one, time = sightings.get(how), k * STEP
        share = one.share if isinstance(one, PersonBox) else None
        people = () if one is None else (TrackedPerson(0, one, share, moves, 0.0, one.middle, one.size),)
        found = {0: share} if share is not None else {0: scores[time]} if scores and time in scores else {}
        out.append(FrameResult(time, people, found, HEIGHT, WIDTH))
    return out


def laid_down(course: str, zones: tuple[Zone, ...] = (), moves: bool = True) -> list[float]:
    """The times of signs that somebody has lain down."""
    lying, past, times = LyingEvidence(KeypointEvidence(0.5, 2.0), zones), Past(), list[float]()
    for frame in film(course, moves):
        for one in frame.people:
            past.add(frame.time, one)
        times += [sign.peak_s for sign in lying.signs(frame, {0: past})]
    return times


STANDS = 24 * "u"  # until 2.875 s


def test_half_a_second_on_the_floor_is_a_sign_and_each_picture_after_it() -> None:
    assert laid_down(STANDS + 6 * "d") == [3.375, 3.5, 3.625]
    assert laid_down(STANDS + 10 * "dddu") == []


@pytest.mark.parametrize(("up", "found"), [(8, False), (9, True)])
def test_who_was_not_upright_for_a_second_has_not_gone_down_here(up: int, found: bool) -> None:
    assert bool(laid_down(up * "u" + 8 * "d")) == found


def test_a_bed_is_higher_than_the_floor() -> None:
    assert laid_down(STANDS + 80 * "b") == []


def found_lying(pose: Sighting) -> bool:
    lying, past, signs = LyingEvidence(KeypointEvidence(0.5, 2.0), ()), Past(), 0
    for frame in film(STANDS + 8 * "d", sightings=SIGHTINGS | {"d": pose}):
        past.add(frame.time, frame.people[0])
        signs += len(lying.signs(frame, {0: past}))
    return signs > 0


@pytest.mark.parametrize(("down", "found"), [(247, False), (248, False), (249, True), (250, True)])
def test_the_lowest_point_is_a_tenth_of_the_size_higher_at_most(down: float, found: bool) -> None:
    """19.2 pixels over 296; the lowest joint lies 28 pixels under the hips."""
    assert found_lying(person(300, down, turn=np.pi / 2)) == found


@pytest.mark.parametrize(("sunk", "found"), [(47, False), (49, True)])
def test_the_middle_sinks_by_a_quarter_of_the_size(sunk: float, found: bool) -> None:
    """48.1 pixels; somebody near, whose trunk is level and whose feet are low."""
    lying = person(300, 0, turn=np.pi / 2)
    joints = lying.joints + np.array([0, UP.middle[1] + sunk - lying.middle[1]])
    joints[[13, 14]] += (0, 55)  # knees
    joints -= (0, make_pose(joints, lying.scores).middle[1] - UP.middle[1] - sunk)
    assert found_lying(make_pose(joints, lying.scores)) == found


def test_the_floor_is_where_the_person_stood_at_full_length() -> None:
    """Who sits before lying down is seen smaller, and their feet higher."""
    assert laid_down(STANDS + 24 * "s" + 8 * "b") == []
    assert laid_down(STANDS + 24 * "s" + 8 * "d") != []


def test_the_floor_is_where_the_person_stood_in_the_last_second() -> None:
    """They came from nearer to the camera, where feet are lower."""
    signs = LyingEvidence(KeypointEvidence(0.5, 2.0), ())
    past, found = Past(), 0
    for frame in film(24 * "n" + 10 * "u" + 8 * "d", sightings=SIGHTINGS | {"n": person(300, 260)}):
        past.add(frame.time, frame.people[0])
        found += len(signs.signs(frame, {0: past}))
    assert found > 0


def test_a_zone_is_where_one_lies() -> None:
    around, beside = Zone.parse("0.3,0.5 0.6,0.5 0.6,0.7 0.3,0.7"), Zone.parse("0.6,0.5 0.9,0.5 0.9,0.7 0.6,0.7")
    course = STANDS + 8 * "d"
    assert laid_down(course, (around,)) == laid_down(course, (beside, around)) == [] and laid_down(course, (beside,)) != []


def test_what_has_never_moved_lies_nowhere() -> None:
    assert laid_down(STANDS + 80 * "d", moves=False) == []


def test_who_stood_still_before_has_been_upright() -> None:
    """The track is of a person from the fall on."""
    lying, past = LyingEvidence(KeypointEvidence(0.5, 2.0), ()), Past()
    signs = []
    for frame in [*film(STANDS, moves=False), *film(STANDS + 8 * "d")[24:]]:
        past.add(frame.time, frame.people[0])
        signs += lying.signs(frame, {0: past})
    assert signs[0].start_s == 2.875


def test_unknown_postures_say_nothing() -> None:
    assert laid_down(STANDS + "dd??ddd") == [3.5, 3.625, 3.75] and laid_down(STANDS + 80 * "?") == []


SETTINGS = DecisionSettings("keypoints", 0.5, 2.0)


def said(course: str, settings: DecisionSettings = SETTINGS, **options: dict[float, float]) -> tuple[tuple[Fall, ...], tuple[Notice, ...]]:
    return decide(film(course, **options), settings)  # type: ignore[arg-type]


def test_who_lies_for_eight_seconds_raises_an_alarm_and_is_still_down() -> None:
    (fall,), notices = said(STANDS + 160 * "d")
    assert notices == (Notice("lying", 11.375, 0, 0.0, sign_s=3.375), Notice("still down", 11.5, 0, 0.0, sign_s=3.375))
    assert (fall.kind, fall.start_s, fall.sign_s, fall.raised_s, fall.state) == ("lying", 2.875, 3.375, 11.375, "still down")
    later = replace(SETTINGS, still_down_s=10.0)
    assert [(one.kind, one.time_s) for one in said(STANDS + 160 * "d", later)[1]] == [("lying", 11.375), ("still down", 13.375)]
    assert said(STANDS + 160 * "d", replace(SETTINGS, lies_for_s=None)) == ((), ())


@pytest.mark.parametrize(("down", "count"), [(67, 0), (68, 1)])
def test_a_household_chooses_the_time(down: int, count: int) -> None:
    assert len(said(STANDS + down * "d" + 80 * "u")[0]) == count
    assert len(said(STANDS + (down - 32) * "d" + 80 * "u", replace(SETTINGS, lies_for_s=4.0))[0]) == count


@pytest.mark.parametrize("seconds", [0.0, 61.0, float("nan")])
def test_an_impossible_time_is_refused(seconds: float) -> None:
    with pytest.raises(UserError, match="give 1 to 60"):
        replace(SETTINGS, lies_for_s=seconds)


def test_who_gets_up_in_time_raises_none() -> None:
    assert said(STANDS + 40 * "d" + 80 * "u") == ((), ())
    assert said(STANDS + 40 * "d" + 8 * "u" + 60 * "d") == ((), ())  # the wait begins anew


@pytest.mark.parametrize(("down", "count"), [(30, 1), (29, 0)])
def test_two_fifths_of_the_time_seen_down(down: int, count: int) -> None:
    """From the sign, at .5 s, on: 3.2 s; of the silence before the last picture half a second counts."""
    assert len(said(STANDS + down * "d" + 60 * ".")[0]) == count


def test_the_sign_of_a_fall_takes_the_place_of_lying() -> None:
    (fall,), notices = said(STANDS + 160 * "d", scores={3.875: 0.9, 4.0: 0.9})
    assert (fall.kind, fall.sign_s, fall.raised_s, fall.confidence) == ("fall", 4.0, 5.0, 0.9)
    assert [one.kind for one in notices] == ["possible fall", "still down"]


def test_a_film_that_ends_before_has_somebody_who_lies() -> None:
    decider = Decider(SETTINGS)
    for frame in film(STANDS + 40 * "d"):
        decider.step(frame)
    assert decider.finish() == [] and decider.unsettled(7.875) == (2.875, "somebody lay down, in no zone for it")
    for frame in film(STANDS + 40 * "d" + 16 * "u")[64:]:
        decider.step(frame)
    assert decider.unsettled(9.875) is None


def test_boxes_too() -> None:
    """A fall that takes too long for boxes (`evidence.CHANGE`): up, unseen for 4 s, down."""
    up, down = (
        PersonBox(np.array(sides, float), share, 0.9) for sides, share in (((280, 100, 340, 300), 0.1), ((200, 240, 400, 310), 0.9))
    )
    course: dict[str, Sighting] = {"u": up, "d": down, "b": PersonBox(np.array((200, 190, 400, 260), float), 0.9, 0.9)}
    settings = DecisionSettings("boxes", 0.5, 0.0)
    assert isinstance(settings.evidence(), BoxEvidence)
    (fall,), _ = decide(film(STANDS + 32 * "." + 80 * "d", sightings=course), settings)
    assert fall.kind == "lying"
    assert decide(film(STANDS + 32 * "." + 80 * "b", sightings=course), settings) == ((), ())
