"""One incident, picture by picture: both sides of each of its limits. Times are of eighths of a second, so that sums are exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.runtime.boxes import detector_without_model
from tests.runtime.drop import write_camera_bundle

from featherfall.runtime.bundle import read_manifest
from featherfall.runtime.decide.evidence import DOWN_SHARE, BoxEvidence, KeypointEvidence, Past
from featherfall.runtime.decide.incidents import DecisionSettings, Incident
from featherfall.runtime.decide.posture import Posture
from featherfall.runtime.observation import Fall, FrameResult, TrackedPerson
from featherfall.runtime.perceive.boxes import PersonBox

STEP = 0.125
SETTINGS = DecisionSettings("boxes", 0.5, 0.0, merge_s=5.0, still_down_s=2.0)
LYING, STANDING = 0.9, 0.1


def somebody(
    number: int, share: float | None, right: float = 0.0, born: float = 0.0, start: float | None = None, alive: bool = True
) -> TrackedPerson:
    """Of 500 pixels, so many pixels to the right of the place of the fall, where their track began unless said otherwise."""
    middle, began = np.array([1000.0 + right, 500]), np.array([1000.0 + (right if start is None else start), 500])
    sighting = PersonBox(np.concatenate([middle - np.array([150, 200]), middle + np.array([150, 200])]), share or 0.0, 0.9)
    return TrackedPerson(number, sighting, share, alive, born, began, sighting.size)


class Film:
    """An incident that person 0 raises at 0 s."""

    def __init__(self) -> None:
        past = Past()
        past.add(0.0, somebody(0, LYING))
        self.evidence = BoxEvidence()
        self.incident = Incident.begin(Fall(0, 0.0, 0.0, 0.0, 0.9), past, 0.0, self.evidence)
        self.incident.reported = True
        self.time = 0.0

    def at(self, time: float, *people: TrackedPerson) -> bool:
        """One picture; whether the person is found still down."""
        self.time = time
        return self.incident.follow(FrameResult(time, people, {}, 1000, 2000), SETTINGS, self.evidence)

    def until(self, end: float, *people: TrackedPerson) -> list[float]:
        """Pictures every eighth of a second; the times at which the person is found still down."""
        return [time for time in np.arange(self.time + STEP, end + STEP / 2, STEP).tolist() if self.at(time, *people)]

    @property
    def state(self) -> str:
        return self.incident.fall.state


@pytest.mark.parametrize(("end", "up"), [(1.875, None), (2.0, 2.0), (3.0, 2.0)])
def test_who_is_upright_for_a_second_on_end_has_got_up(end: float, up: float | None) -> None:
    film = Film()
    film.until(1.0, somebody(0, LYING))
    film.until(end, somebody(0, STANDING))
    assert film.incident.fall.up_s == up
    assert film.until(6.0) == []


def test_upright_again_and_again_is_not_on_end() -> None:
    film = Film()
    for second in (1.0, 2.0, 3.0):
        film.until(second - STEP, somebody(0, STANDING))
        film.at(second, somebody(0, LYING))
    assert film.incident.fall.up_s is None


@pytest.mark.parametrize(("down", "told"), [(0.875, []), (1.0, [2.0])])
def test_a_second_seen_down_and_the_wait_make_still_down(down: float, told: list[float]) -> None:
    """Told once, at the end of the wait, although nobody is seen by then."""
    film = Film()
    film.until(down, somebody(0, LYING))
    assert film.until(4.0) == told
    assert film.incident.fall.still_down_s == (told[0] if told else None)


def test_who_was_upright_last_is_not_still_down() -> None:
    film = Film()
    film.until(1.5, somebody(0, LYING))
    film.at(1.625, somebody(0, STANDING))
    assert film.until(4.0) == [] and film.state == "possible fall"


def test_what_cannot_be_told_changes_nothing() -> None:
    film = Film()
    film.until(1.0, somebody(0, LYING))
    assert film.until(2.0, somebody(0, None)) == [2.0]
    assert film.incident.last is Posture.lying


@pytest.mark.parametrize(("silence", "later", "told"), [(2.0, 2.4375, False), (2.0, 2.5, True), (2.5, 2.9375, False), (2.5, 3.0, True)])
def test_a_silence_counts_as_half_a_second_seen_down(silence: float, later: float, told: bool) -> None:
    film = Film()
    assert not film.at(silence, somebody(0, LYING))
    assert film.at(later, somebody(0, LYING)) == told


def got_up() -> Film:
    """Down for a second, up from 2 s on."""
    film = Film()
    film.until(1.0, somebody(0, LYING))
    film.until(2.0, somebody(0, STANDING))
    assert film.state == "got up"
    return film


@pytest.mark.parametrize(("end", "state"), [(2.375, "got up"), (2.5, "possible fall")])
def test_half_a_second_down_is_down_again(end: float, state: str) -> None:
    film = got_up()
    film.until(end, somebody(0, LYING))
    assert film.state == state


@pytest.mark.parametrize(("gap", "state"), [(0.4375, "got up"), (0.5, "possible fall"), (0.5625, "got up")])
def test_a_moment_down_after_a_silence_is_not_down_again(gap: float, state: str) -> None:
    film = got_up()
    film.at(2.0 + gap, somebody(0, LYING))
    assert film.state == state


def test_what_follows_that_moment_counts() -> None:
    film = got_up()
    film.at(3.0, somebody(0, LYING))
    film.until(3.375, somebody(0, LYING))
    assert film.state == "got up"
    film.until(3.5, somebody(0, LYING))
    assert film.state == "possible fall"


@pytest.mark.parametrize(("begin", "state"), [(4.5, "possible fall"), (4.625, "got up")])
def test_down_again_is_the_same_fall_for_as_long_as_signs_are(begin: float, state: str) -> None:
    """5 s after the only sign."""
    film = got_up()
    film.until(begin, somebody(0, STANDING))
    film.until(begin + 0.5, somebody(0, LYING))
    assert film.state == state


@pytest.mark.parametrize(("end", "told"), [(2.875, []), (3.0, [4.5])])
def test_down_again_begins_the_wait_and_what_was_seen_down_anew(end: float, told: list[float]) -> None:
    """Down again at 2.5 s, with half a second seen down."""
    film = got_up()
    film.until(end, somebody(0, LYING))
    assert film.until(6.0) == told


@pytest.mark.parametrize(("gap", "handed"), [(0.5, False), (0.5625, True)])
def test_another_track_may_show_who_was_lost_for_half_a_second(gap: float, handed: bool) -> None:
    film = Film()
    film.until(1.0, somebody(0, LYING))
    film.at(1.0 + gap, somebody(1, LYING, born=1.25))
    assert (film.incident.person == 1) == handed
    assert film.incident.known == ({0, 1} if handed else {0})


@pytest.mark.parametrize(
    ("right", "start", "born", "handed"),
    [(300, 300, 1.25, True), (301, 300, 1.25, False), (300, 301, 1.25, False), (0, 0, 1.0, False), (0, 0, 1.125, True)],
)
def test_it_is_handed_over_to_who_began_and_lies_in_the_place(right: float, start: float, born: float, handed: bool) -> None:
    """.6 sizes are 300 pixels; the person was last seen at 1 s."""
    film = Film()
    film.until(1.0, somebody(0, LYING))
    film.at(2.0, somebody(1, LYING, right, born, start))
    assert (film.incident.person == 1) == handed


def test_the_place_is_where_somebody_lay_last() -> None:
    film = Film()
    film.until(1.0, somebody(0, LYING, right=200))
    film.at(1.125, somebody(0, STANDING, right=-500))
    film.at(2.0, somebody(1, LYING, 500, born=1.5))
    assert film.incident.person == 1
    film.at(3.0, somebody(2, LYING, 801, born=2.5))
    assert film.incident.person == 1


@pytest.mark.parametrize(("right", "born", "alone"), [(600, 4.0, False), (600, 4.125, True), (601, 4.0, True)])
def test_who_begins_upright_is_the_fallen_one_unless_somebody_was_near_lately(right: float, born: float, alone: bool) -> None:
    """Somebody came within 1.2 sizes (600 pixels) at 1 s; 3 s later that is forgotten."""
    film = Film()
    film.at(1.0, somebody(0, LYING), somebody(7, STANDING, right))
    film.at(4.5, somebody(1, STANDING, born=born))
    assert (film.incident.person == 1) == alone


def test_what_has_never_moved_is_no_company() -> None:
    film = Film()
    film.at(1.0, somebody(0, LYING), somebody(7, STANDING, 100, alive=False))
    film.at(2.0, somebody(1, STANDING, born=1.5))
    assert film.incident.person == 1


def test_who_begins_in_the_place_is_no_company_of_their_own() -> None:
    film = Film()
    film.until(1.0, somebody(0, LYING))
    film.until(1.5, somebody(1, STANDING, born=1.125))
    assert film.incident.person == 0
    film.until(3.0, somebody(1, STANDING, born=1.125))
    assert film.incident.person == 1 and film.state == "got up"


def test_who_came_before_the_fallen_one_was_lost_does_not_take_over() -> None:
    film = Film()
    film.until(1.0, somebody(0, LYING), somebody(7, LYING, 100, born=0.5))
    film.until(3.0, somebody(7, LYING, 100, born=0.5))
    assert film.incident.person == 0


@pytest.mark.parametrize(("right", "mine"), [(300, True), (301, False)])
def test_signs_in_the_place_belong_to_it(right: float, mine: bool) -> None:
    assert Film().incident.is_of(somebody(5, LYING, right)) == mine
    assert Film().incident.is_of(somebody(0, LYING, 900))


def test_without_an_answer_it_is_over_after_three_waits() -> None:
    film = Film()
    film.until(1.0, somebody(0, LYING, right=10))
    assert [film.incident.is_over(time, SETTINGS) for time in (7.0, 7.125)] == [False, True]  # 1 + 3 x 2
    film.incident.clock = 3.0
    assert [film.incident.is_over(time, SETTINGS) for time in (9.0, 9.125)] == [False, True]


def test_after_getting_up_it_is_over_with_the_signs() -> None:
    film = got_up()
    assert [film.incident.is_over(time, SETTINGS) for time in (5.0, 5.125)] == [False, True]
    film.incident.fall.up_s, film.incident.counted = None, 20.0
    assert not film.incident.is_over(25.0, SETTINGS) and film.incident.is_over(25.125, SETTINGS)


def test_settings_of_bundles(tmp_path: Path) -> None:
    manifest = read_manifest(write_camera_bundle(tmp_path / "camera"))
    decision = manifest.decision.model_copy(update={"threshold": 0.7, "merge_s": 4.0})
    settings = DecisionSettings.of(manifest.model_copy(update={"decision": decision}), still_down_s=9.0)
    assert settings == DecisionSettings("keypoints", 0.7, manifest.window.seconds, 4.0, 9.0)
    assert settings.evidence() == KeypointEvidence(0.7, manifest.window.seconds)
    boxes = DecisionSettings.of(detector_without_model().manifest)
    assert boxes == DecisionSettings("boxes", DOWN_SHARE, 0.0) == DecisionSettings("boxes", DOWN_SHARE, 0.0, merge_s=5.0, still_down_s=7.0)
    assert isinstance(boxes.evidence(), BoxEvidence)
