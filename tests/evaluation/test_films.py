from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from featherfall.core.recording import FallTimes, Recording, Stream, Video
from featherfall.evaluation.films import FilmOutcome, LabelledFilm, film_outcome, films_of, summarise_films
from featherfall.evaluation.intervals import Share
from featherfall.runtime.observation import AnalysisResult, Fall
from featherfall.runtime.verdict import Verdict


def film(fall: bool = True, impact: float | None = 3.0) -> LabelledFilm:
    return LabelledFilm("urfd/unnamed/fall/01/cam0", fall, Video(Path("x.mp4")), impact, exact=True)


def watched(*falls: Fall, seconds: float = 12.0, highest: float = 0.9) -> AnalysisResult:
    return AnalysisResult(Verdict("fall" if falls else "not_fall"), falls, (), np.array([[1.0, 0, 0.1], [2.0, 0, highest]]), seconds, 100)


def test_a_fall_in_time_with_its_delay() -> None:
    one = film_outcome(film(), watched(Fall(0, 2.5, 3.8, 2.6, 0.9, still_down_s=10.8)), last=12.0, still_down_s=7.0)
    assert one.detected and one.in_time and one.delay_s == pytest.approx(0.8) and one.still_down and not one.got_up and one.highest == 0.9
    assert one.to_row()["delay_s"] == 0.8 and one.to_row()["still_down"] is True and one.to_row()["events"] == 1


def test_an_event_elsewhere_is_detected_but_not_in_time() -> None:
    one = film_outcome(film(), watched(Fall(0, 9.0, 9.5, 9.0, 0.8)), last=12.0, still_down_s=7.0)
    assert one.detected and one.in_time is False and one.delay_s is None
    assert one.still_down is None  # the film ends before


def test_daily_life_and_unknown_impacts() -> None:
    daily = film_outcome(film(fall=False, impact=None), watched(Fall(0, 1.0, 2.0, 1.0, 0.8)), last=12.0, still_down_s=7.0)
    assert not daily.detected and daily.in_time is None and daily.still_down is None and daily.events == (2.0,)
    assert film_outcome(film(impact=None), watched(), last=12.0, still_down_s=7.0).in_time is None


def test_summary_counts() -> None:
    def one(fall: bool, events: int, in_time: bool | None, delay: float | None, down: bool | None) -> FilmOutcome:
        on_person = events == 1 if fall else None
        return FilmOutcome("f", fall, 1800.0, (3.0,) * events, fall and events > 0, in_time, delay, 0.5, down, False, on_person)

    found = summarise_films(
        [
            one(True, 1, True, 0.5, True),
            one(True, 1, True, 1.5, None),
            one(True, 0, False, None, None),
            one(True, 2, None, None, False),
            one(False, 0, None, None, None),
            one(False, 3, None, None, None),
        ]
    )
    assert found.shares == {
        **{"falls_found": Share(3, 4), "falls_on_person": Share(2, 4), "falls_in_time": Share(2, 3)},
        **{"falls_still_down": Share(1, 2), "daily_films_alarmed": Share(1, 2)},
    }
    assert found.delays == (0.5, 1.5) and (found.hours, found.daily_hours) == (3.0, 1.0)


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
