"""Time stamps of a table's rows as seconds: numbers whose unit is stated or found out, dates, times of day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from featherfall.core.errors import UserError
from featherfall.recorders.dates import DAY, DayOrder, is_compact, read_dates, understand

SLOWEST, FASTEST = 1.0, 20_000.0  # Hz; outside of it, the time's unit is wrong
USUAL = 10.0, 2000.0  # Hz; recorders of movement lie within
# unit -> (seconds, seconds from its zero to 1970); days are those of Excel and of MATLAB
UNITS = {
    "s": (1.0, 0.0), "ms": (1e-3, 0.0), "us": (1e-6, 0.0), "ns": (1e-9, 0.0),
    "excel days": (DAY, -25_569 * DAY), "matlab days": (DAY, -719_529 * DAY),
}  # fmt: skip
_LATEST = 1e11  # s; 3,000 years
_LARGEST = 1e22  # no clock's number, in any unit
_EPOCH = 9.4e8, 2.6e9  # s since 1970: 2000 to 2052, the years in which a wearable's clock may stand


def guess_unit(stamps: np.ndarray) -> str:
    """Return the unit of numbers by their size, where they are a date, else by the rate that they would give.

    Arguments:
        stamps: (N,) of the first rows, N >= 1.
    Returns: of `UNITS`; "s" where nothing says otherwise.
    """
    stamps = stamps[np.abs(stamps) < _LARGEST]
    steps = np.diff(stamps)
    steps = -steps if len(steps) and np.median(steps) < 0 else steps  # the newest first
    steps = steps[steps > 0]
    if not len(stamps):
        return "s"
    middle = float(np.median(stamps))
    step = float(np.median(steps)) if len(steps) else 0.0
    fitting = [unit for unit, (seconds, _) in UNITS.items() if step and SLOWEST <= 1 / (step * seconds) <= FASTEST]
    for unit, (seconds, zero) in UNITS.items():
        if _EPOCH[0] <= middle * seconds + zero <= _EPOCH[1] and (unit in fitting or unit in ("s", "ms")):
            return unit
    if not step or "s" in fitting:
        return "s"
    usual = [unit for unit in fitting if "days" not in unit and USUAL[0] <= 1 / (step * UNITS[unit][0]) <= USUAL[1]]
    return usual[0] if usual else "s"


@dataclass
class StampReader:
    """Turns the stamps of one table to seconds, block after block.

    Attributes:
        where: file, for messages.
        unit: of numbers, a key of `UNITS`; "date" for dates and times of day, or digits that are one.
        order: of day and month.
    """

    where: str
    unit: str
    order: DayOrder | None = None
    _added: float = 0.0  # s of the midnights that have passed
    _last: float | None = None
    _found: set[str] = field(default_factory=set)

    def numbers(self, stamps: np.ndarray) -> np.ndarray:
        """Return (N,) s of (N,) numbers; NaN for one that is no time of any clock, as damage leaves it, among others that are."""
        seconds, zero = UNITS[self.unit]
        times = np.asarray(stamps * seconds + zero)
        wild = np.abs(times) > _LATEST
        return np.where(wild, np.nan, times) if wild.any() and not wild[np.isfinite(stamps)].all() else times

    def dates(self, columns: Sequence[np.ndarray], row: int) -> np.ndarray:
        """Return (N,) s of dates.

        Arguments:
            columns: (N,) bytes each: date and time, or one column of dates and one of times.
            row: of the first, for messages.
        Raises: `UserError` for text that is no date.
        """
        total = np.zeros(len(columns[0]))
        for cells in columns:
            seconds, period = read_dates(cells, self.order)
            bad = np.flatnonzero(np.isnan(seconds) & ~_empty(cells))
            if len(bad):
                text = bytes(cells[bad[0]]).decode("latin-1")[:40]
                raise UserError(
                    f"{self.where}: row {row + int(bad[0])}: the time is {text!r}, not a date like 2024-05-01T12:00:00.020; correct it"
                )
            total += self._unwrapped(seconds, period) if period and len(columns) == 1 else seconds
        return total

    def _unwrapped(self, seconds: np.ndarray, period: float) -> np.ndarray:
        """Return times of day that go on after midnight; a step back by less than half a day is none of these."""
        known = np.flatnonzero(~np.isnan(seconds))
        if not len(known):
            return seconds
        before = np.concatenate([[self._last if self._last is not None else seconds[known[0]]], seconds[known][:-1]])
        passed = np.cumsum(seconds[known] - before < -period / 2) * period + self._added
        out = seconds.copy()
        out[known] += passed
        self._added, self._last = float(passed[-1]), float(seconds[known[-1]])
        return out


def stamp_unit(cells: Sequence[str], stated: str | None, where: str) -> str:
    """Return the unit of a column of stamps: stated, that of a date, or by the numbers' size and rate.

    Arguments:
        cells: of the first rows, with a decimal point.
        where: file, for messages.
    Raises: `UserError` for a stated unit in which the stamps have a rate that no worn sensor has.
    """
    if stated in ("date", "iso"):
        return "date"
    filled = [cell for cell in cells if cell]
    if filled and all(is_compact(cell) for cell in filled[:20]):
        return "date"
    if filled and not _is_number(filled[0]) and understand(filled[0]) is not None:
        return "date"
    stamps = np.array([float(cell) if _is_number(cell) else np.nan for cell in filled])
    if stated is None:
        return guess_unit(stamps)
    _refuse_unit(stamps, stated, where)
    return stated


def odd_rate(times: np.ndarray) -> float | None:
    """Return the rate (Hz) of (N,) increasing s, N >= 2, that no worn sensor has; None for any other rate.

    A sensor of .05 Hz or of 50 kHz is one whose times are in another unit. Long pauses and packets are neither.
    """
    steps = np.diff(times)
    rates = [len(steps) / float(times[-1] - times[0]), 1 / float(np.median(steps[steps > 0]))]
    return None if max(rates) >= SLOWEST and min(rates) <= FASTEST else rates[1]


def fitting_unit(rate: float, unit: str) -> str | None:
    """Return the unit in which times that have `rate` Hz when read in `unit` would have a worn sensor's rate."""
    known = ((other, seconds) for other, (seconds, _) in UNITS.items() if "days" not in other)
    return next((other for other, seconds in known if USUAL[0] <= rate * UNITS[unit][0] / seconds <= USUAL[1]), None)


def _refuse_unit(stamps: np.ndarray, unit: str, where: str) -> None:
    stamps = stamps[np.abs(stamps) < _LARGEST]
    if len(stamps) < 3 or not stamps[-1] > stamps[0]:
        return
    rate = odd_rate(stamps * UNITS[unit][0])
    if rate is None:
        return
    fitting = fitting_unit(rate, unit)
    hint = f"state the time's unit, probably --time-unit {fitting}" if fitting else "check the time column and its unit"
    raise UserError(f"{where}: {rate:.3g} samples per second with times in {unit!r}, which no worn sensor gives; {hint}")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _empty(cells: np.ndarray) -> np.ndarray:
    stripped = np.char.strip(cells)
    return np.isin(np.char.lower(stripped), (b"", b"nan", b"na", b"null", b"none", b"n/a", b"-", b"nat"))
