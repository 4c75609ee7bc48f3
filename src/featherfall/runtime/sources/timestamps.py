"""Convert a file's time stamps to seconds from 0."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path
from typing import Literal

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.tables import check_times, read_text
from featherfall.recorders.names import UNIT_SECONDS
from featherfall.signals.clock.straighten import straighten_times

TimeUnit = Literal["s", "ms", "us", "ns", "iso"]
Clock = Literal["sampled", "burst"]
_SLOWEST, _FASTEST = 1.0, 20_000.0  # Hz; outside of it, the time's unit is wrong


def guess_unit(field: str) -> TimeUnit:
    """ "iso" for a field like 2024-05-01..., "s" for any other."""
    return "iso" if len(field) >= 10 and field[4] == field[7] == "-" else "s"


def straighten(path: Path, raw: np.ndarray, unit: str, header: bool, clock: Clock) -> np.ndarray:
    """Return the times of a sensor's rows.

    Arguments:
        raw: (N,) float64 as written (seconds for "iso"), N >= 2.
        header: whether the file has a header row, to name rows as an editor counts them.
        clock: "burst" when rows come in packets, so that stamps repeat or cluster while the sensor samples evenly.
    Returns: (N,) float64 seconds from 0, strictly increasing.
    Raises: `UserError` for times that decrease or repeat, or whose rate no worn sensor has.
    """
    times: np.ndarray = (raw - raw[0]) * UNIT_SECONDS.get(unit, 1.0)
    check_times(times, path, header=header, bursts=clock == "burst")
    if times[-1] == 0:
        raise UserError(f"{path}: every row has the same time; check the time column, or give the rate with --rate HZ")
    _refuse_odd_rate(path, times, unit)
    if clock == "burst":
        times = straighten_times(times)
    times -= times[0]
    return times


def read_dates(path: Path, header: bool, at: int) -> np.ndarray:
    """Return (N,) seconds since 1970 of a column of ISO 8601 dates; dates without a zone are read as UTC, which has no daylight saving."""
    lines = read_text(path).rstrip().splitlines()
    first = int(header)
    return np.fromiter((_seconds(path, row, line, at) for row, line in enumerate(lines[first:], start=first + 1)), dtype=np.float64)


def _seconds(path: Path, row: int, line: str, at: int) -> float:
    field = next(csv.reader([line]), [])[at : at + 1]
    try:
        moment = datetime.datetime.fromisoformat("".join(field).strip())
    except ValueError:
        found = repr(field[0][:40]) if field else "missing"
        raise UserError(f"{path}: row {row}: the time is {found}, not a date like 2024-05-01T12:00:00.020; correct it") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()


def _refuse_odd_rate(path: Path, times: np.ndarray, unit: str) -> None:
    rate = odd_rate(times)
    if rate is None:
        return
    fitting = fitting_unit(rate, unit)
    hint = f"state the time's unit, probably --time-unit {fitting}" if fitting else "check the time column and its unit"
    raise UserError(f"{path}: {rate:.3g} samples per second with times in {unit!r}, which no worn sensor gives; {hint}")


def odd_rate(times: np.ndarray) -> float | None:
    """Return the rate (Hz) of (N,) s, N >= 2, that no worn sensor has; None for any other rate.

    A sensor of .05 Hz or of 50 kHz is one whose times are in another unit. Long pauses and packets are neither.
    """
    steps = np.diff(times)
    rates = [len(steps) / float(times[-1] - times[0]), 1 / float(np.median(steps[steps > 0]))]
    return None if max(rates) >= _SLOWEST and min(rates) <= _FASTEST else rates[1]


def fitting_unit(rate: float, unit: str) -> str | None:
    """Return the unit in which times that have `rate` Hz when read in `unit` would have a worn sensor's rate."""
    return next((other for other, second in UNIT_SECONDS.items() if 10 <= rate * UNIT_SECONDS.get(unit, 1.0) / second <= 2000), None)
