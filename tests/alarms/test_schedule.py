from __future__ import annotations

import zoneinfo
from datetime import datetime

import pytest

from featherfall.alarms.schedule import Period, off_until, zone_of

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def at(*local: int) -> float:
    return datetime(*local, tzinfo=BERLIN).timestamp()  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("now", "end"),
    [
        (at(2026, 5, 28, 12), at(2026, 5, 28, 22)),
        (at(2026, 5, 28, 21, 59), at(2026, 5, 28, 22)),
        (at(2026, 5, 28, 22), None),
        (at(2026, 5, 29, 6, 59), None),
        (at(2026, 5, 29, 7), at(2026, 5, 29, 22)),
        (at(2026, 3, 28, 23), None),  # over the night in which the clocks skip an hour
        (at(2026, 3, 29, 7), at(2026, 3, 29, 22)),
        (at(2026, 10, 25, 6, 59), None),  # and the one in which they repeat one
    ],
)
def test_nights(now: float, end: float | None) -> None:
    assert off_until([Period(start="22:00", end="07:00")], now, BERLIN) == end


def test_days_are_those_of_the_start() -> None:
    weekend = [Period(start="20:00", end="08:00", days=["fri"]), Period(start="00:00", end="00:00", days=["sun"])]
    assert off_until(weekend, at(2026, 5, 29, 19), BERLIN) == at(2026, 5, 29, 20)  # a Friday
    assert off_until(weekend, at(2026, 5, 30, 7), BERLIN) is None
    assert off_until(weekend, at(2026, 5, 30, 8), BERLIN) == at(2026, 5, 31, 0)
    assert off_until(weekend, at(2026, 5, 31, 23, 59), BERLIN) is None
    assert off_until(weekend, at(2026, 6, 1), BERLIN) == at(2026, 6, 5, 20)


def test_a_start_in_the_hour_that_is_skipped() -> None:
    assert off_until([Period(start="02:30", end="04:00")], at(2026, 3, 29, 1), BERLIN) == at(2026, 3, 29, 3)


def test_no_periods_are_always_on_and_zones_are_known() -> None:
    assert off_until([], 0.0, None) is None and zone_of("") is None and zone_of("Europe/Berlin") == BERLIN
    for name in ("Nowhere", "../../etc/passwd", "\0"):
        with pytest.raises(ValueError, match="unknown time zone"):
            zone_of(name)
