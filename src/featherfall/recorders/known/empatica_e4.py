"""Empatica E4: ACC.csv, alone or in the folder or zip of a session; row 1 the start, row 2 the rate, then counts of 1/64 g.

Layout: info.txt of the sessions that Empatica's site exports: `1551453301.000000, 1551453301.000000, 1551453301.000000`, `32.000000,
32.000000, 32.000000`, `-1,65,5`. BVP, EDA, HR and TEMP have one column with the same first rows.
"""

from __future__ import annotations

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.recorders.capture import Capture, Table
from featherfall.recorders.readings import one_table
from featherfall.recorders.recorder import SensorFile

_HEAD_ROWS = 2
_SINCE_2010 = 1.26e9  # seconds since 1970; what is smaller is no start of an E4


@register("recorder", "empatica-e4", title="Empatica E4")
def empatica_e4(capture: Capture) -> SensorFile | None:
    """Empatica E4: ACC.csv or the zip of a session."""
    return one_table(capture, _read)


def _read(table: Table) -> SensorFile | None:
    head = _head(table)
    if head is None:
        return None
    if len(table.first) != 3:
        raise UserError(f"{table.where}: Empatica E4: one value a row, not acceleration; give ACC.csv or the zip of the session")
    start, rate = head
    series = table.series("accelerometer", (0, 1, 2), "g", rate=rate, start=start, scale=1 / 64, placement="wrist", skip=_HEAD_ROWS)
    return SensorFile("empatica-e4", "Empatica E4", (series,))


def _head(table: Table) -> tuple[float, float] | None:
    """Return start and rate of an E4 file: equal numbers in row 1 and in row 2; None for another program's table."""
    if table.columns or table.preamble or len(table.lines) <= _HEAD_ROWS or len(table.first) not in (1, 3):
        return None
    try:
        start, rate = (np.array([float(field) for field in line.split(table.delimiter)]) for line in table.lines[:_HEAD_ROWS])
    except ValueError:
        return None
    same = len(start) == len(rate) == len(table.first) and np.ptp(start) == 0 and np.ptp(rate) == 0
    return (float(start[0]), float(rate[0])) if same and start[0] > _SINCE_2010 and 1 <= rate[0] <= 256 else None
