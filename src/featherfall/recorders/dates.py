"""Dates and times of day as recorders write them, read by columns: one row of each pattern is understood, the others follow it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

DayOrder = Literal["dmy", "mdy"]
DAY = 86_400.0
WIDTH = 48  # bytes of a date that are looked at; the longest known, with a zone's name, has 45
MAX_PATTERNS = 64  # of one block of rows; days and hours of one or two digits, and months by name, make a few

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# German, French, Spanish, Italian, Portuguese and Dutch names where they differ in their first three letters.
_OTHER_MONTHS = {
    "mär": 3, "mrz": 3, "mai": 5, "okt": 10, "dez": 12, "fév": 2, "avr": 4, "jui": 6, "aoû": 8, "déc": 12, "ene": 1, "abr": 4, "ago": 8,
    "dic": 12, "gen": 1, "mag": 5, "giu": 6, "lug": 7, "set": 9, "ott": 10, "fev": 2, "out": 10, "maa": 3, "mei": 5,
}  # fmt: skip
_DAY = r"""
    (?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?
    (?: (?P<y>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})
      | (?P<a>\d{1,2})(?P<sep2>[-/.])(?P<b>\d{1,2})(?P=sep2)(?P<y2>\d{4}|\d{2})
      | (?P<d3>\d{1,2})\.?[-\s./](?P<mon>[^\W\d_]{3,12})\.?[-\s./,]+(?P<y3>\d{4}|\d{2})
      | (?P<mon2>[^\W\d_]{3,12})\.?\s+(?P<d4>\d{1,2}),?\s+(?P<y4>\d{4})
      | (?P<y5>(?:19|20)\d\d)(?P<m5>[01]\d)(?P<d5>[0-3]\d)
    )
"""
_TIME = r"""
    (?: (?P<H>\d{1,2})[:\-h](?P<M>\d{2})[:\-m](?P<S>\d{2})(?:[.,:_](?P<f>\d{1,9}))?
      | (?P<M2>\d{1,2}):(?P<S2>\d{2})[.,](?P<f2>\d{1,9})
      | (?P<H3>\d{1,2}):(?P<M3>\d{2})
      | (?P<H4>[0-2]\d)(?P<M4>[0-5]\d)(?P<S4>[0-5]\d)(?:[.,]?(?P<f4>\d{1,9}))?
    )
    (?:\s*(?P<half>[ap]\.?m\.?))?
    (?:\s*(?P<zone>Z|UTC|GMT)(?![a-z]))?
    (?:\s*(?P<sign>[-+])(?P<zh>\d{2}):?(?P<zm>\d{2})?)?
    (?:\s*\[[^\]]*\]?|\s+\(?[A-Za-z][\w/+-]*\)?)?
"""
_BOTH = re.compile(rf"\s*{_DAY}(?:(?:\s*[T_]\s*|,?\s+|:){_TIME})?\s*", re.VERBOSE | re.IGNORECASE)
_COMPACT = re.compile(rf"\s*(?P<y>(?:19|20)\d\d)(?P<m>[01]\d)(?P<d>[0-3]\d){_TIME}\s*", re.VERBOSE | re.IGNORECASE)
_CLOCK = re.compile(rf"\s*{_TIME}\s*", re.VERBOSE | re.IGNORECASE)


@dataclass(frozen=True)
class Pattern:
    """What stands where in all dates that have digits and letters at the same places.

    Attributes:
        slices: of the groups of digits, by field: y, m, d, H, M, S, f, zh, zm; and a, b of dates whose day or month may come first.
        month: by its name; 0 where it is a number.
        noon: hours to add after noon (12 for pm), None without am and pm.
        east: sign of the zone's offset from UTC; 0 without one.
        period: seconds after which the stamps begin again: a day, or an hour where hours are missing; 0 for dates.
        whole: whether it has a date and a time; a date without a time gives 0:00.
    """

    slices: dict[str, tuple[int, int]]
    month: int = 0
    noon: int | None = None
    east: int = 0
    period: float = 0.0
    whole: bool = True


def is_date(text: str) -> bool:
    """Return whether a cell holds a date or a time of day."""
    return 5 <= len(text) <= WIDTH + 16 and any(map(str.isdigit, text)) and understand(text) is not None


def is_compact(text: str) -> bool:
    """Return whether digits are a date and time, as 20240501120000 or 20240501120000020, rather than a number."""
    return text.isdecimal() and len(text) in (14, 17) and _COMPACT.fullmatch(text) is not None


def understand(text: str) -> Pattern | None:
    """Return the pattern of a date or time of day; None where it is neither."""
    text = text[:WIDTH]
    found = _BOTH.fullmatch(text) or _COMPACT.fullmatch(text) or _CLOCK.fullmatch(text)
    if found is None:
        return None
    groups = {name: found.span(name) for name, value in found.groupdict().items() if value is not None}
    slices = {_FIELDS[name]: span for name, span in groups.items() if name in _FIELDS}
    month = 0
    if name := found.groupdict().get("mon") or found.groupdict().get("mon2"):
        short = name.lower()[:3]
        month = _MONTHS.index(short) + 1 if short in _MONTHS else _OTHER_MONTHS.get(short, 0)
        if short == "jui" and name.lower().startswith("juil"):
            month = 7
        if not month:
            return None
    half = found.groupdict().get("half")
    day = "y" in slices
    clock = "M" in slices
    return Pattern(
        slices=slices,
        month=month,
        noon=None if half is None else 12 * half.lower().startswith("p"),
        east={"+": 1, "-": -1}.get(found.groupdict().get("sign") or "", 0),
        period=0.0 if day else DAY if "H" in slices else 3600.0,
        whole=day and clock,
    )


_FIELDS = {
    **dict.fromkeys(("y", "y2", "y3", "y4", "y5"), "y"), **dict.fromkeys(("m", "m5"), "m"), **dict.fromkeys(("d", "d3", "d4", "d5"), "d"),
    "a": "a", "b": "b", **dict.fromkeys(("H", "H3", "H4"), "H"), **dict.fromkeys(("M", "M2", "M3", "M4"), "M"),
    **dict.fromkeys(("S", "S2", "S4"), "S"), **dict.fromkeys(("f", "f2", "f4"), "f"), "zh": "zh", "zm": "zm",
}  # fmt: skip


def day_order(texts: Sequence[str]) -> DayOrder | None:
    """Return the order of day and month in dates such as 31/12/2024, where one of them shows it; None where both orders fit all.

    Dots separate day, month and year in that order; with other marks, a number above 12 is a day. Dates that are the same either way
    need no order.
    """
    pairs = set()
    for text in texts:
        pattern = understand(text)
        if pattern is None or "a" not in pattern.slices:
            continue
        start, stop = pattern.slices["a"]
        first, second = int(text[start:stop]), int(text[slice(*pattern.slices["b"])])
        if text[stop] == "." or first > 12:
            return "dmy"
        if second > 12:
            return "mdy"
        pairs.add((first, second))
    return "dmy" if all(first == second for first, second in pairs) else None


def read_dates(cells: np.ndarray, order: DayOrder | None = None) -> tuple[np.ndarray, float]:
    """Return seconds of dates.

    Arguments:
        cells: (N,) bytes ("S") in Latin-1 or UTF-8, one date each.
        order: of day and month where both are numbers before the year.
    Returns: (N,) float64 seconds since 1970 as if dates without a zone were UTC, or since midnight (or the full hour) for times of day; NaN
        where a cell is no date. And the period after which times of day begin again, s; 0 for dates.
    """
    cells = np.ascontiguousarray(cells, dtype=f"S{WIDTH}")
    out = np.full(len(cells), np.nan)
    table = cells.view(np.uint8).reshape(len(cells), WIDTH)
    used = int(np.flatnonzero(table.any(axis=0)).max(initial=0)) + 1 if len(cells) else 1
    shapes = _SHAPE[table[:, :used]]
    left = np.arange(len(cells))
    period = 0.0
    for _ in range(MAX_PATTERNS):
        if not len(left):
            break
        sample = cells[left[0]]
        same = (shapes[left] == shapes[left[0]]).all(axis=1)
        pattern = understand(_text(sample))
        if pattern is not None:
            out[left[same]] = _seconds(table[left[same]], pattern, order)
            period = max(period, pattern.period)
        left = left[~same]
    for i in left:  # a column of every pattern there is: no recorder's, but right all the same
        pattern = understand(_text(cells[i]))
        if pattern is not None:
            out[i] = _seconds(table[i : i + 1], pattern, order)[0]
    return out, period


# Digits share a shape; letters and marks are their own.
_SHAPE = np.arange(256, dtype=np.uint8)
_SHAPE[48:58] = 48


def _text(cell: bytes) -> str:
    return bytes(cell).decode("latin-1")  # one character a byte, so that positions in the text are those in the table


def _seconds(table: np.ndarray, pattern: Pattern, order: DayOrder | None) -> np.ndarray:
    """Return (N,) seconds of N dates of one pattern; table: (N, WIDTH) uint8."""
    value = {name: _whole(table, *span) for name, span in pattern.slices.items()}
    clock = np.zeros(len(table))
    good = np.ones(len(table), dtype=bool)
    if "M" in value:
        hours = value.get("H", np.zeros(len(table), dtype=np.int64))
        good &= (hours <= 24) & (value["M"] < 60) & (value.get("S", hours * 0) <= 60)
        if pattern.noon is not None:
            hours = hours % 12 + pattern.noon
        clock = hours * 3600.0 + value["M"] * 60.0 + value.get("S", 0)
        if "f" in value:
            start, stop = pattern.slices["f"]
            clock += value["f"] / 10.0 ** (stop - start)
    if pattern.east:
        clock -= pattern.east * (value["zh"] * 3600.0 + value.get("zm", 0) * 60.0)
    if "y" in value:
        days, real = _days(value, pattern, order)
        good &= real
        clock += days * DAY
    return np.where(good, clock, np.nan)


def _days(value: dict[str, np.ndarray], pattern: Pattern, order: DayOrder | None) -> tuple[np.ndarray, np.ndarray]:
    """Return (N,) days since 1970, and whether the calendar has such a day."""
    year = np.where(value["y"] < 100, value["y"] + 2000, value["y"])
    if "a" in value:
        day, month = (value["a"], value["b"]) if order != "mdy" else (value["b"], value["a"])
    else:
        day, month = value["d"], value.get("m", np.full(len(year), pattern.month))
    real = (month >= 1) & (month <= 12) & (day >= 1) & (year >= 1)
    safe = np.where(real, (year - 1970) * 12 + month - 1, 0)
    first = safe.astype("datetime64[M]")
    length = ((first + 1).astype("datetime64[D]") - first.astype("datetime64[D]")).astype(np.int64)
    return first.astype("datetime64[D]").astype(np.int64) + day - 1.0, real & (day <= length)


def _whole(table: np.ndarray, start: int, stop: int) -> np.ndarray:
    digits = table[:, start:stop].astype(np.int64) - 48
    return digits @ (10 ** np.arange(stop - start - 1, -1, -1, dtype=np.int64))
