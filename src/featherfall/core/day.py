"""A long recording of known activities: simulated as one, or joined from recordings of one activity each."""

from __future__ import annotations

from dataclasses import dataclass

from featherfall.core.recording import FallTimes, Recording


@dataclass(frozen=True)
class DayActivity:
    """One activity of a day.

    Attributes:
        activity: its name.
        start, end: s of the day.
        fall: its fall, on the day's clock; `FallTimes()` is a fall of unknown times.
        subject: who did it.
        recording: id of the recording that it was, with its dataset; "" where the day was recorded (or simulated) as one.
    """

    activity: str
    start: float
    end: float
    fall: FallTimes | None
    subject: str = ""
    recording: str = ""


@dataclass(frozen=True, eq=False)
class Day:
    """A day's recording and its true activities, in order of time.

    silent_s: seconds of it in which nothing was recorded, between joined recordings.
    """

    recording: Recording
    activities: tuple[DayActivity, ...]
    silent_s: float = 0.0

    @property
    def hours(self) -> float:
        """Recorded hours."""
        return (self.recording.duration - self.silent_s) / 3600


def shifted(fall: FallTimes | None, seconds: float) -> FallTimes | None:
    """Return the fall on a clock that shows so many seconds more."""
    if fall is None:
        return None
    return FallTimes(*(None if time is None else time + seconds for time in (fall.onset, fall.impact, fall.end)))
