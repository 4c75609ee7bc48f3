"""Films with their falls, and what a bundle that watches them finds: falls found, in time, still down, false alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from featherfall.core.recording import Recording, Video
from featherfall.evaluation.events import USUAL
from featherfall.evaluation.intervals import Share
from featherfall.runtime.observation import AnalysisResult

# A camera sees the fall begin: an event that comes more than a second before the impact is of something else.
BEFORE_IMPACT_S = 1.0


@dataclass(frozen=True, eq=False)
class LabelledFilm:
    """One film to be evaluated.

    Attributes:
        name: unique, e.g. "urfd/unnamed/fall/01/cam0".
        fall: whether somebody falls in it.
        impact: s on the film's clock; None where nobody falls or nobody knows when.
        exact: whether the impact is stated by the dataset, not estimated from a sensor.
    """

    name: str
    fall: bool
    video: Video
    impact: float | None
    exact: bool


def films_of(recording: Recording) -> list[LabelledFilm]:
    """Return the films of a recording, by view.

    Where only the end of a fall is stated, it stands for the impact. Where neither is, the impact is estimated as the highest peak of the
    acceleration that the recording has.
    """
    fall = recording.fall
    impact = None if fall is None else fall.impact if fall.impact is not None else fall.end
    exact = impact is not None
    worn = [stream for name, stream in recording.streams.items() if name.endswith("accelerometer")]
    if fall is not None and impact is None and worn:
        impact = float(worn[0].times[np.argmax(np.linalg.norm(worn[0].values, axis=1))])
    return [
        LabelledFilm(f"{recording.dataset}/{recording.id}/{view}", fall is not None, video, impact, exact)
        for view, video in sorted(recording.videos.items())
    ]


@dataclass(frozen=True)
class FilmOutcome:
    """The outcome of one film.

    Attributes:
        film: its name.
        seconds: from the first picture to the last.
        events: times at which possible falls were raised, s.
        detected: a fall film with an event.
        in_time: a fall film of known impact with an event from 1 s before to 5 s after it; None where the impact is unknown.
        delay_s: from impact to the first such event.
        highest: the highest probability of any window of a person; None without a window.
        still_down: whether somebody was found still down; None where no event leaves the film time enough for it.
        got_up: whether a fallen one was found to have got up.
        on_person: a fall film with an event on the person who moves in it (`evaluation.on_person`); None where that cannot be told.
    """

    film: str
    fall: bool
    seconds: float
    events: tuple[float, ...]
    detected: bool
    in_time: bool | None
    delay_s: float | None
    highest: float | None
    still_down: bool | None
    got_up: bool
    on_person: bool | None = None

    def to_row(self) -> dict[str, Any]:
        """Return it as a row of a table: numbers, strings, None; times to the hundredth of a second."""
        row = asdict(self) | {"events": len(self.events), "first_event_s": self.events[0] if self.events else None}
        digits = {"seconds": 2, "first_event_s": 2, "delay_s": 2, "highest": 4}
        return {name: round(value, digits[name]) if name in digits and value is not None else value for name, value in row.items()}


def film_outcome(
    film: LabelledFilm, result: AnalysisResult, last: float, still_down_s: float, on_person: bool | None = None
) -> FilmOutcome:
    """Compare a film with its result.

    Arguments:
        last: time of the film's last picture, s.
        still_down_s: s after the first sign of a fall, after which somebody is still down.
        on_person: see `FilmOutcome`.
    """
    events = tuple(fall.raised_s for fall in result.falls)
    impact = film.impact
    near = [] if impact is None else [time for time in events if impact - BEFORE_IMPACT_S <= time <= impact + USUAL.after_impact_s]
    room = [fall for fall in result.falls if fall.sign_s + still_down_s <= last]
    return FilmOutcome(
        film=film.name,
        fall=film.fall,
        seconds=result.seconds,
        events=events,
        detected=film.fall and bool(events),
        in_time=bool(near) if film.fall and impact is not None else None,
        delay_s=near[0] - impact if near and impact is not None else None,
        highest=float(result.curve[:, 2].max()) if len(result.curve) else None,
        still_down=any(fall.still_down_s is not None for fall in room) if film.fall and room else None,
        got_up=any(fall.up_s is not None for fall in result.falls),
        on_person=on_person if film.fall else None,
    )


@dataclass(frozen=True)
class FilmSummary:
    """Of many films.

    Attributes:
        falls_found: fall films with an event.
        falls_on_person: fall films with an event on the person who falls, of those of which that can be told.
        falls_in_time: those whose event is near the impact, of all with a known impact.
        falls_still_down: of fall films whose event leaves time enough.
        daily_films_alarmed: films without a fall that have an event.
        delays: s, of all falls that are in time.
        hours, daily_hours: of all films, and of those without a fall.
    """

    falls_found: Share
    falls_on_person: Share
    falls_in_time: Share
    falls_still_down: Share
    daily_films_alarmed: Share
    delays: tuple[float, ...]
    hours: float
    daily_hours: float

    @property
    def shares(self) -> dict[str, Share]:
        """By name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, Share)}


def summarise_films(outcomes: Sequence[FilmOutcome]) -> FilmSummary:
    """Return the counts over all films."""
    falls = [one for one in outcomes if one.fall]
    others = [one for one in outcomes if not one.fall]
    return FilmSummary(
        falls_found=Share.of(one.detected for one in falls),
        falls_on_person=Share.of(one.on_person for one in falls),
        falls_in_time=Share.of(one.in_time for one in falls),
        falls_still_down=Share.of(one.still_down for one in falls),
        daily_films_alarmed=Share.of(bool(one.events) for one in others),
        delays=tuple(one.delay_s for one in falls if one.delay_s is not None),
        hours=sum(one.seconds for one in outcomes) / 3600,
        daily_hours=sum(one.seconds for one in others) / 3600,
    )
