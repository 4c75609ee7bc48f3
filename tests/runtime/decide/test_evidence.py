"""Signs of a fall: both sides of each limit. Times are of eighths of a second, so that sums are exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.runtime.people import person

from featherfall.runtime.decide.evidence import BoxEvidence, KeypointEvidence, Past, Sign, has_left, motion
from featherfall.runtime.decide.posture import Posture
from featherfall.runtime.observation import FrameResult, TrackedPerson
from featherfall.runtime.perceive.boxes import PersonBox
from featherfall.runtime.perceive.pose import make_pose

STEP = 0.125
UP, DOWN = (450, 300, 550, 700), (300, 620, 700, 720)  # 400 high; the middle sinks by 170


def lower(box: tuple[int, ...], top: float, bottom: float) -> tuple[float, ...]:
    return (box[0], box[1] + top, box[2], box[3] + bottom)


class Film:
    """One person's boxes and shares."""

    def __init__(self) -> None:
        self.evidence, self.time = BoxEvidence(), -STEP

    def at(self, time: float, share: float | None = None, box: tuple[float, ...] = UP, ongoing: frozenset[int] = frozenset()) -> list[Sign]:
        """One picture, of nobody where there is no share."""
        self.time = time
        people: tuple[TrackedPerson, ...] = ()
        if share is not None:
            sighting = PersonBox(np.asarray(box, float), share, 0.9)
            people = (TrackedPerson(0, sighting, share, True, 0.0, sighting.middle, sighting.size),)
        return self.evidence.signs(FrameResult(time, people, {one.id: one.probability or 0.0 for one in people}, 720, 1280), {}, ongoing)

    def until(self, end: float, share: float, box: tuple[float, ...]) -> list[Sign]:
        """A picture every eighth of a second; the signs in them."""
        return [sign for time in np.arange(self.time + STEP, end + STEP / 2, STEP).tolist() for sign in self.at(time, share, box)]


def fallen(up: float = 2.0, box: tuple[float, ...] = DOWN) -> list[Sign]:
    """Signs of somebody who is up until a time and down for a second from an eighth later on."""
    film = Film()
    film.until(up, 0.1, UP)
    return film.until(up + 1, 0.9, box)


def test_half_a_second_down_is_a_sign_and_each_picture_after_it() -> None:
    signs = fallen()
    assert [sign.peak_s for sign in signs] == [2.625, 2.75, 2.875, 3.0]
    assert signs[0] == Sign(0, 0.9, 2.125, 2.625)


def test_just_under_half_a_second_down_is_none() -> None:
    film = Film()
    film.until(2.0, 0.1, UP)
    assert film.at(2.125, 0.9, DOWN) == film.at(2.5625, 0.9, DOWN) == []
    assert film.at(2.625, 0.9, DOWN) != []


def test_half_of_the_share_is_down() -> None:
    film = Film()
    film.until(2.0, 0.4375, UP)
    assert film.until(3.0, 0.4375, DOWN) == []
    film.until(5.0, 0.4375, UP)
    assert [sign.probability for sign in film.until(6.0, 0.5, DOWN)] == [0.5] * 4


@pytest.mark.parametrize(("up", "signs"), [((0.0, 0.5, 0.79), 0), ((0.0, 0.5, 0.8), 1), ((0.0, 2.0, 2.29), 0), ((0.0, 2.0, 2.31), 1)])
def test_eight_tenths_of_a_second_seen_up_and_of_a_silence_half_a_second(up: tuple[float, ...], signs: int) -> None:
    film = Film()
    for time in up:
        film.at(time, 0.1, UP)
    film.at(up[-1] + 0.125, 0.9, DOWN)
    assert len(film.at(up[-1] + 0.75, 0.9, DOWN)) == signs


@pytest.mark.parametrize(("gap", "signs"), [(3.0, 1), (3.125, 0)])
def test_from_up_to_down_in_three_seconds(gap: float, signs: int) -> None:
    film = Film()
    film.until(2.0, 0.1, UP)
    film.at(2.0 + gap, 0.9, DOWN)
    assert len(film.at(2.5 + gap, 0.9, DOWN)) == signs


@pytest.mark.parametrize(
    ("top", "bottom", "signs"),
    [(80, 80, 4), (79, 79, 0), (0, 160, 4), (0, 158, 0), (80, 0, 4), (79, 0, 0)],
)
def test_the_top_or_the_middle_must_sink_by_a_fifth_of_the_height(top: float, bottom: float, signs: int) -> None:
    assert len(fallen(box=lower(UP, top, bottom))) == signs


@pytest.mark.parametrize(("lately", "signs"), [(4, 4), (5, 0)])
def test_sunk_is_from_the_middle_one_of_the_last_seconds_boxes_up(lately: int, signs: int) -> None:
    """Of the last eight pictures, four or five are of a box that is 80 lower; the lying one is 125 lower, 85 than the mean of both."""
    film = Film()
    film.until(4.0, 0.1, UP)
    film.until(4.0 + lately * STEP, 0.1, lower(UP, 80, 80))
    assert len(film.until(film.time + 1, 0.9, lower(UP, 125, 125))) == signs


def test_up_in_between_begins_anew() -> None:
    film = Film()
    film.until(2.0, 0.1, UP)
    film.until(2.375, 0.9, DOWN)
    film.at(2.5, 0.1, UP)
    assert [sign.start_s for sign in film.until(3.25, 0.9, DOWN)] == [2.625, 2.625]


@pytest.mark.parametrize(("unseen", "signs"), [(10.0, 1), (10.125, 0)])
def test_who_is_unseen_for_ten_seconds_is_forgotten(unseen: float, signs: int) -> None:
    """Who is not forgotten was up for long enough."""
    film = Film()
    film.until(2.0, 0.1, UP)
    film.at(2.0 + unseen)
    film.at(13.0, 0.1, UP)
    film.at(13.125, 0.9, DOWN)
    assert len(film.at(13.625, 0.9, DOWN)) == signs


def test_who_has_fallen_gives_a_sign_whenever_down() -> None:
    film = Film()
    assert film.at(0.0, 0.9, DOWN) == []
    assert film.at(0.125, 0.9, DOWN, frozenset({0})) == [Sign(0, 0.9, 0.0, 0.125)]
    assert film.at(0.25, 0.1, UP, frozenset({0})) == []


def test_the_posture_of_a_box_is_its_share() -> None:
    for share, expected in ((0.5, Posture.lying), (0.4375, Posture.upright), (None, Posture.unknown)):
        sighting = PersonBox(np.asarray(DOWN, float), 0.9, 0.9)
        assert BoxEvidence().posture(TrackedPerson(0, sighting, share, True, 0.0, sighting.middle, 1.0), 1.0) is expected
    pose = person(300, 300)
    assert BoxEvidence().posture(TrackedPerson(0, pose, 0.9, True, 0.0, pose.middle, 1.0), 1.0) is Posture.unknown
    assert KeypointEvidence(0.5, 2.0).posture(TrackedPerson(0, pose, 0.9, True, 0.0, pose.middle, 1.0), pose.size) is Posture.upright


def seen(*shares: float, right: float = 500.0, alive: bool = True) -> Past:
    """Of 100 pixels, an eighth of a second apart from 0 s on, with the share of the box that has changed."""
    past = Past()
    for count, share in enumerate(shares):
        pose = replace(make_pose(person(0, 300).joints + np.array([right, 0]), np.ones(17)), motion=share)
        past.add(count * STEP, TrackedPerson(0, pose, None, alive, 0.0, pose.middle, 100.0))
    return past


def test_motion_is_the_third_highest_but_one_of_the_window() -> None:
    past = seen(0.9, 0.9, 0.1, 0.4, 0.3, 0.2)
    assert motion(past, 0.25) == 0.3  # of .4, .3 and .2
    assert motion(past, 0.125) == 0.4 and motion(past, 0.126) == 0.3
    assert motion(past, 0.5) == 0.25 and motion(past, 9.0) == 0.0


@pytest.mark.parametrize(
    ("right", "time", "left"), [(14, 0.25, True), (15, 0.25, False), (986, 0.25, True), (985, 0.25, False), (14, 0.2, False)]
)
def test_who_is_lost_at_the_edge_has_left(right: float, time: float, left: bool) -> None:
    """.15 sizes are 15 pixels; unseen for .2 s."""
    assert has_left(seen(0.5, right=right), time, 1000) == left


def test_the_time_unseen_counts_from_the_last_sighting() -> None:
    past = seen(0.5, 0.5, 0.5, right=14)  # last seen at .25 s
    assert not has_left(past, 0.375, 1000) and has_left(past, 0.5, 1000)


@pytest.mark.parametrize(
    ("past", "probability", "found"),
    [
        (seen(0.1, 0.1), 0.5, True),
        (seen(0.1, 0.1), 0.4999, False),
        (seen(0.09, 0.09), 0.5, False),
        (seen(0.1, 0.1, alive=False), 0.5, False),
        (seen(0.1, 0.1, right=10), 0.5, False),
    ],
)
def test_windows_that_are_signs(past: Past, probability: float, found: bool) -> None:
    signs = KeypointEvidence(0.5, 2.0).signs(FrameResult(0.5, (), {0: probability}, 480, 1000), {0: past}, frozenset({0}))
    assert signs == ([Sign(0, probability, -0.5, -0.5)] if found else [])


def signs_of(course: dict[float, dict[int, float]]) -> list[tuple[float, int]]:
    """Time and person of each sign; course: probabilities by person, by time."""
    evidence, past = KeypointEvidence(0.5, 2.0), seen(*(0.5,) * 33)
    frames = [FrameResult(time, (), scores, 480, 1000) for time, scores in course.items()]
    return [(frame.time, sign.person) for frame in frames for sign in evidence.signs(frame, {0: past, 1: past}, frozenset())]


def test_a_second_window_within_a_second_is_a_sign_and_one_alone_only_where_it_leaves_little_doubt() -> None:
    assert signs_of({1.0: {0: 0.5}, 2.0: {0: 0.5}, 2.25: {0: 0.9}}) == [(2.0, 0), (2.25, 0)]
    assert signs_of({1.0: {0: 0.9}, 2.125: {0: 0.9}}) == [] == signs_of({1.0: {0: 0.9}, 1.25: {1: 0.9}})
    assert signs_of({1.0: {0: 0.94}, 3.0: {0: 0.95}}) == [(3.0, 0)]
    assert signs_of({1.0: {0: 0.9}, 1.25: {0: 0.4}, 1.5: {0: 0.9}}) == [(1.5, 0)]


def test_motion_counts_from_the_windows_beginning() -> None:
    past = seen(0.9, 0.9, 0.9, 0.0, 0.0, 0.0)
    for time, found in ((2.125, True), (2.25, False)):  # two of three, one of three
        assert len(KeypointEvidence(0.5, 2.0).signs(FrameResult(time, (), {0: 0.9}, 480, 1000), {0: past}, frozenset({0}))) == found


def test_a_past_is_of_ten_seconds() -> None:
    past = seen(0.1, 0.1, 0.1)
    past.add(10.125, past.last)
    assert list(past.times) == [0.125, 0.25, 10.125] and len(past.people) == 3
    past.add(10.25, later := replace(past.last, size=200.0))
    assert past.seen == 10.25 and past.last is later


def test_a_window_of_somebody_who_is_not_remembered_is_no_sign() -> None:
    """A window may be scored when its person was last seen longer ago than the past is kept; a live camera must go on."""
    frame = FrameResult(20.0, (), {2: 0.99}, 720, 1280)
    assert KeypointEvidence(0.75, 2.7).signs(frame, {}, frozenset()) == []
