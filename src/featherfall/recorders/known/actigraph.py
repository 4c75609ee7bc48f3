"""ActiGraph (ActiLife): raw CSV with ten header lines, with or without a row of names, with or without time stamps.

Layout: the header that read.gt3x, MIMSunit and others write and read: `------------ Data File Created By ActiGraph GT3X+ ActiLife v6.13.3
Firmware v1.7.2 date format M/d/yyyy at 100 Hz  Filter Normal -----------`, `Start Time 18:40:00`, `Start Date 9/17/2019`, `Epoch Period
(hh:mm:ss) 00:00:00`. The rows are equally spaced from the start, at the rate of the header.
"""

from __future__ import annotations

import re

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.recorders.capture import Capture, Table
from featherfall.recorders.layout import cell_kind
from featherfall.recorders.readings import axis_columns, one_table, seconds
from featherfall.recorders.recorder import SensorFile

_FIRST = re.compile(r"-+ ?Data (?:Table )?File Created By ActiGraph (?P<device>.*?) (?:ActiLife|CentrePoint|date format)", re.IGNORECASE)

_TURNS = axis_columns("Gyroscope {}")
_NAMES = (axis_columns("Accelerometer {}"), axis_columns("{}"), axis_columns("Axis {}"))


@register("recorder", "actigraph", title="ActiGraph")
def actigraph(capture: Capture) -> SensorFile | None:
    """ActiGraph: raw CSV of ActiLife, ten header lines; counts per epoch are refused."""
    return one_table(capture, _read)


def _read(table: Table) -> SensorFile | None:
    first = _FIRST.match(table.lines[0].lstrip('"')) if table.lines else None
    if first is None:
        return None
    head = "\n".join(table.lines[:12])
    rate = re.search(r" at (\d+(?:[.,]\d+)?) ?Hz", head)
    epoch = re.search(r"Epoch Period \(hh:mm:ss\) (\d+:\d+:\d+)", head)
    if table.has("Axis1") or rate is None or (epoch and epoch[1].strip("0:")):
        every = f" of {epoch[1]}" if epoch and epoch[1].strip("0:") else ""
        raise UserError(
            f"{table.where}: ActiGraph: activity counts per epoch{every}, not acceleration; "
            "export the raw data in ActiLife (the .gt3x file as raw CSV)"
        )
    columns = next((names for names in _NAMES if table.has(*names)), None) or _unnamed(table)
    hertz, start = float(rate[1].replace(",", ".")), _start(head)
    series = [table.series("accelerometer", columns, "g", rate=hertz, start=start)]
    if table.has(*_TURNS):  # the GT9X's other file
        series.append(table.series("gyroscope", _TURNS, "deg/s", rate=hertz, start=start))
    return SensorFile("actigraph", f"ActiGraph {first['device']}", tuple(series))


def _unnamed(table: Table) -> tuple[int, ...]:
    """Return the places of x, y and z in rows without names: the first three numbers, behind a time stamp if there is one."""
    first = 0 if cell_kind(table.first[0], table.decimal) == "number" else 1
    return (first, first + 1, first + 2)


def _start(head: str) -> float:
    """Return the start in seconds since 1970, 0 where the header does not state it in its own format of dates."""
    form = re.search(r"date format ([dMy/.\-]+)", head)
    time, date = re.search(r"Start Time (\S+)", head), re.search(r"Start Date (\S+)", head)
    if not (form and time and date):
        return 0.0
    pattern = re.sub(r"y+", "%Y", re.sub(r"M+", "%m", re.sub(r"d+", "%d", form[1])))
    return seconds(f"{date[1].strip(',;')} {time[1].strip(',;')}", f"{pattern} %H:%M:%S") or 0.0
