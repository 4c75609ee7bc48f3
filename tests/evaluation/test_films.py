from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.runtime.people import person

from featherfall.core.recording import FallTimes, Recording, Stream, Video
from featherfall.evaluation.films import Film, Outcome, Poses, Share, films_of, load_poses, outcome, save_poses, summarise, wilson
from featherfall.runtime.observation import AnalysisResult, Fall


def film(fall: bool = True, impact: float | None = 3.0) -> Film:
    return Film("urfd/unnamed/fall/01/cam0", fall, Video(Path("x.mp4")), impact, exact=True)


def watched(*falls: Fall, seconds: float = 12.0, highest: float = 0.9) -> AnalysisResult:
    return AnalysisResult("fall" if falls else "not_fall", falls, (), np.array([[1.0, 0, 0.1], [2.0, 0, highest]]), seconds, 100)


def test_wilson_by_hand() -> None:
    """47 of 50: p = .94, z^2 = 3.84146: (.94 + .0384146 +- 1.959964 sqrt(.001128 + .000384146)) / 1.0768292."""
    low, high = wilson(47, 50)
    assert (low, high) == pytest.approx((0.837750, 0.979390), abs=2e-4)
    assert wilson(0, 18) == pytest.approx((0.0, 0.175870), abs=1e-5)  # 3.84146 / 21.84146
    assert wilson(0, 0) == (0.0, 1.0)
    assert str(Share(47, 50)) == "47 of 50 (94% [84, 98])" and str(Share(0, 0)) == "none"


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share(pair: tuple[int, int]) -> None:
    low, high = wilson(*pair)
    assert 0 <= low <= pair[0] / pair[1] + 1e-12 and pair[0] / pair[1] - 1e-12 <= high <= 1


def test_a_fall_in_time_with_its_delay() -> None:
    one = outcome(film(), watched(Fall(0, 2.5, 3.8, 2.6, 0.9, still_down_s=10.8)), last=12.0, still_down_s=7.0)
    assert one.detected and one.in_time and one.delay == pytest.approx(0.8) and one.still_down and not one.got_up and one.highest == 0.9
    assert one.to_row()["delay_s"] == "0.80" and one.to_row()["still_down"] == 1


def test_an_event_elsewhere_is_detected_but_not_in_time() -> None:
    one = outcome(film(), watched(Fall(0, 9.0, 9.5, 9.0, 0.8)), last=12.0, still_down_s=7.0)
    assert one.detected and one.in_time is False and one.delay is None
    assert one.still_down is None  # the film ends before


def test_daily_life_and_unknown_impacts() -> None:
    daily = outcome(film(fall=False, impact=None), watched(Fall(0, 1.0, 2.0, 1.0, 0.8)), last=12.0, still_down_s=7.0)
    assert not daily.detected and daily.in_time is None and daily.still_down is None and daily.events == (2.0,)
    assert outcome(film(impact=None), watched(), last=12.0, still_down_s=7.0).in_time is None


def test_summary_counts() -> None:
    def one(fall: bool, events: int, in_time: bool | None, delay: float | None, down: bool | None) -> Outcome:
        return Outcome("f", fall, 1800.0, (3.0,) * events, fall and events > 0, in_time, delay, 0.5, down, False)

    found = summarise(
        [
            one(True, 1, True, 0.5, True),
            one(True, 1, True, 1.5, None),
            one(True, 0, False, None, None),
            one(True, 2, None, None, False),
            one(False, 0, None, None, None),
            one(False, 3, None, None, None),
        ]
    )
    assert (found.detected, found.in_time, found.false_alarms, found.still_down) == (Share(3, 4), Share(2, 3), Share(1, 2), Share(1, 2))
    assert found.delay == "1.0 s (0.5 to 1.5)" and found.hours == 1.0


def test_films_of_a_recording() -> None:
    times = np.arange(100) / 20
    values = np.ones((100, 3), dtype=np.float32)
    values[60] = 4
    worn = {"wrist_accelerometer": Stream(times, values, "g", 20.0)}
    videos = {"cam2": Video(Path("b.mp4")), "cam1": Video(Path("a.mp4"))}
    stated = Recording("d", "S1", "fall", "1", worn, FallTimes(onset=1.0, impact=2.0), videos=videos)
    assert [(one.name, one.impact, one.exact) for one in films_of(stated)] == [
        ("d/S1/fall/1/cam1", 2.0, True),
        ("d/S1/fall/1/cam2", 2.0, True),
    ]
    (guessed, _) = films_of(Recording("d", "S1", "fall", "1", worn, FallTimes(), videos=videos))
    assert guessed.impact == 3.0 and guessed.fall and not guessed.exact
    (daily, _) = films_of(Recording("d", "S1", "walk", "1", worn, None, videos=videos))
    assert not daily.fall and daily.impact is None


def test_keypoints_are_kept(tmp_path: Path) -> None:
    people = person(100, 200), person(300, 220, score=0.2)
    poses = Poses(480, 640, ((0.0, people), (0.1, ()), (0.2, people[:1])))
    save_poses(tmp_path / "one.npz", poses)
    again = load_poses(tmp_path / "one.npz")
    assert (again.height, again.width, again.seconds) == (480, 640, 0.2)
    assert [(time, len(found)) for time, found in again.pictures] == [(0.0, 2), (0.1, 0), (0.2, 1)]
    np.testing.assert_array_equal(again.pictures[0][1][1].joints, people[1].joints)
    np.testing.assert_array_equal(again.pictures[0][1][1].box, people[1].box)
    assert (tmp_path / "one.npz").stat().st_size < 5000
    save_poses(tmp_path / "empty.npz", Poses(480, 640, ()))
    assert load_poses(tmp_path / "empty.npz").pictures == ()
