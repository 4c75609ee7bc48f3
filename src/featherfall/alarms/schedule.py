"""Hours of the week in which alarms are on."""

from __future__ import annotations

import zoneinfo
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated, Literal

from pydantic import Field

from featherfall.core.checked import Checked

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Period(Checked):
    """From one time of day to another, on some days; one that ends before it starts goes on into the next day.

    start, end: local time, "22:00"; equal ones are a whole day.
    days: of the start.
    """

    start: _Clock
    end: _Clock
    days: list[Weekday] = Field(default=list(WEEK), min_length=1, max_length=7)

    @property
    def minutes(self) -> tuple[int, int]:
        """Start and length in minutes."""
        start, end = (int(text[:2]) * 60 + int(text[3:]) for text in (self.start, self.end))
        return start, (end - start) % 1440 or 1440

    def covers(self, local: datetime) -> bool:
        """Return whether a local time lies in it; the hour that the clocks repeat in autumn counts twice, as one reads it."""
        start, length = self.minutes
        minute = local.hour * 60 + local.minute
        for back in (0, 1):
            day = WEEK[(local.weekday() - back) % 7]
            if day in self.days and start <= minute + 1440 * back < start + length:
                return True
        return False


def zone_of(name: str) -> tzinfo | None:
    """Return a time zone; None for "", the host's. Raises `ValueError` for an unknown one."""
    if not name:
        return None
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"unknown time zone {name!r}; give one as 'Europe/Berlin'") from None


def off_until(periods: Sequence[Period], now: float, zone: tzinfo | None) -> float | None:
    """Return when the next period starts, s since 1970, to the minute; None while one is running, and where there are none.

    Arguments:
        now: s since 1970.
        zone: None takes the host's.
    """
    if not periods or any(one.covers(_local(now, zone)) for one in periods):
        return None
    minute = now - now % 60 + 60
    while not any(one.covers(_local(minute, zone)) for one in periods):  # minute by minute, as clocks are set: at most a week
        minute += 60
    return minute


def _local(time: float, zone: tzinfo | None) -> datetime:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=time)
    return moment.astimezone(zone)
