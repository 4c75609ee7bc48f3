"""Garmin watches that log their accelerometer (Connect IQ, SensorLogging): the CSV that FitCSVTool of the FIT SDK makes of the .fit file.

Layout: documentation of FitCSVTool and profile of the FIT SDK: `Type,Local Number,Message,Field 1,Value 1,Units 1,...` and rows `Data,3,
accelerometer_data,timestamp,"1042456789",s,timestamp_ms,"120",ms,sample_time_offset,"0|40|...",ms,calibrated_accel_x,"12.1|...",...`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.recorders.capture import Capture
from featherfall.recorders.readings import from_arrays
from featherfall.recorders.recorder import SensorFile

_EPOCH = 631_065_600.0  # seconds from 1970 to 31 December 1989, where Garmin's time starts
_FIRST = (b"Type,Local Number,Message,Field 1", b"accelerometer_data.")  # of the whole file, of the option --data accelerometer_data
_FIELDS = ("accel_x", "accel_y", "accel_z")


@register("recorder", "garmin", title="Garmin")
def garmin(capture: Capture) -> SensorFile | None:
    """Garmin: accelerometer messages in the CSV of FitCSVTool; .fit files are refused with the way to convert them."""
    head = capture.head() if len(capture.names) == 1 else b""
    if head[8:12] == b".FIT":
        raise UserError(
            f"{capture.path}: Garmin: a .fit file; convert it with FitCSVTool of Garmin's FIT SDK (java -jar FitCSVTool.jar FILE.fit)"
        )
    if not head.removeprefix(b"\xef\xbb\xbf").replace(b'"', b"").startswith(_FIRST):
        return None
    messages = list(_messages(capture))
    if not messages:
        raise UserError(f"{capture.path}: Garmin: no accelerometer_data in it; log the sensor with a Connect IQ app (SensorLogging)")
    where = f"{capture.path}: Garmin"
    calibrated = f"calibrated_{_FIELDS[0]}" in messages[0]
    names = [f"calibrated_{name}" if calibrated else name for name in _FIELDS]
    times, values = [], []
    for message in messages:
        start = _numbers(message, "timestamp", where)[0] + _EPOCH + _numbers(message, "timestamp_ms", where)[0] / 1e3
        parts = [_numbers(message, name, where) for name in ("sample_time_offset", *names)]
        size = min(map(len, parts))
        times.append(start + parts[0][:size] / 1e3)
        values.append(np.stack([part[:size] for part in parts[1:]], axis=1))
    # Values that the watch calibrates are in mg by the FIT profile's own field, in g by its unit: the file says which.
    unit = _unit(messages[0], names[0]) if calibrated else "count"
    series = from_arrays("accelerometer", np.concatenate(times), np.concatenate(values), unit, where, placement="wrist")
    return SensorFile("garmin", "Garmin", (series,))


def _messages(capture: Capture) -> Iterator[dict[str, tuple[str, str]]]:
    """Yield fields by name, each with its text and unit, of every accelerometer message."""
    lines = capture.text().removeprefix("\ufeff").splitlines()
    if lines[0].replace('"', "").startswith("accelerometer_data."):
        names = [re.fullmatch(r"accelerometer_data\.(\w+)(?:\[(.*)\])?", name) for name in next(csv.reader(lines[:1]))]
        for row in csv.reader(lines[1:]):
            yield {name[1]: (value, name[2] or "") for name, value in zip(names, row, strict=False) if name and value}
        return
    for row in csv.reader(line for line in lines if "accelerometer_data" in line):
        if row[:1] == ["Data"] and row[2:3] == ["accelerometer_data"]:
            yield {name: (value, unit) for name, value, unit in zip(row[3::3], row[4::3], row[5::3], strict=False)}


def _numbers(message: dict[str, tuple[str, str]], name: str, where: str) -> np.ndarray:
    """Return the numbers of a field, delimited by "|"; a missing one is 0."""
    try:
        return np.array([float(part) for part in message.get(name, ("0", ""))[0].split("|")])
    except ValueError as error:
        raise UserError(f"{where}: the field {name} is not a list of numbers; convert the .fit file again") from error


def _unit(message: dict[str, tuple[str, str]], name: str) -> str | None:
    unit = message[name][1].strip().lower()
    return unit if unit in ("g", "mg") else "m/s2" if unit in ("m/s^2", "m/s2") else None
