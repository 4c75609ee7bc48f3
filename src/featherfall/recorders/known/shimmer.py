r"""Shimmer sensors (Consensys and older software): `sep=\t` or `"sep=,"`, a row of names, in old files a row CAL / RAW, a row of units.

Layout: files of Consensys in public repositories: `Shimmer_5F42_Timestamp_Unix_CAL`, `Shimmer_5F42_Accel_WR_X_CAL`, ... with the units
`ms`, `m/(s^2)`, `deg/s`; of older software: the rows `Shimmer`, `Accelerometer X`, `CAL`, `m/(sec^2)`. A delimiter ends each row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.recorders.capture import Capture, Table
from featherfall.recorders.readings import one_table
from featherfall.recorders.recorder import Sensor, SensorFile, Series

# Wide range first: the low-noise sensor ends at 2 g and clips a fall.
_NAMES: tuple[tuple[Sensor, str, str], ...] = (
    ("accelerometer", r"accel(?:erometer)?[ _]wr[ _]{}|wide[ _]range[ _]accelerometer[ _]{}", "m/s2"),
    ("accelerometer", r"(?:low[ _]noise[ _])?accel(?:erometer)?[ _](?:ln[ _])?{}", "m/s2"),
    ("gyroscope", r"gyro(?:scope)?[ _]{}", "deg/s"),
)


@register("recorder", "shimmer", title="Shimmer")
def shimmer(capture: Capture) -> SensorFile | None:
    """Shimmer: calibrated CSV of Consensys and older software; raw values are refused."""
    return one_table(capture, _read)


def _read(table: Table) -> SensorFile | None:
    names = _names(table)
    series = _series(table, names) if names else ()
    if not series and any(re.search(r"accel", name, re.IGNORECASE) for name in names):
        raise UserError(f"{table.where}: Shimmer: raw values of its converter; export calibrated (CAL) data in Consensys")
    return SensorFile("shimmer", "Shimmer", series) if series else None


def _names(table: Table) -> list[str]:
    """Return the names of the columns, each with CAL or RAW; empty for another program's table."""
    rows = [[field.strip().strip('"') for field in line.split(table.delimiter)] for line in table.lines[:6]]
    for i, row in enumerate(rows):
        stamped = any(re.search(r"(^|_)timestamp", field, re.IGNORECASE) for field in row)
        if stamped and any(re.search(r"_(CAL|RAW|UNCAL)$", field) for field in row):
            return row
        if stamped and i + 1 < len(rows) and set(rows[i + 1]) - {""} <= {"CAL", "RAW", "UNCAL"} and "CAL" in rows[i + 1]:
            return [f"{name}_{form}" if form else name for name, form in zip(row, rows[i + 1], strict=False)]
    return []


def _series(table: Table, names: Sequence[str]) -> tuple[Series, ...]:
    found: dict[str, Series] = {}
    clock = _clock(names)
    for sensor, pattern, unit in _NAMES:
        at = [_find(names, rf"(?:^|.*_)(?:{pattern.format(*(axis,) * pattern.count('{}'))})_CAL") for axis in "XYZ"]
        if clock and sensor not in found and None not in at:
            found[sensor] = table.series(sensor, [i for i in at if i is not None], unit, time=clock[0], time_unit=clock[1])
    return tuple(found.values())


def _clock(names: Sequence[str]) -> tuple[int, str] | None:
    """Return the column of the times and its unit: milliseconds, or dates in Consensys' "formatted" column."""
    for pattern, unit in ((r".*Timestamp_Unix_CAL", "ms"), (r".*FormattedUnix_CAL", "date"), (r".*Timestamp(_\w+)?_CAL", "ms")):
        at = _find(names, pattern)
        if at is not None:
            return at, unit
    return None


def _find(names: Sequence[str], pattern: str) -> int | None:
    return next((i for i, name in enumerate(names) if re.fullmatch(pattern, name, re.IGNORECASE)), None)
