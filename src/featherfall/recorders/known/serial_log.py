"""What a serial monitor or terminal shows of a sketch that labels its values: `ax: 0.12 ay: -0.30 az: 9.81`, `X=12,Y=-30,Z=1002`.

Layout: examples of the Arduino libraries for the MPU-6050, ADXL345 and LSM6DS3, and the time that the Arduino IDE puts before each line,
`12:34:56.789 -> `. The unit is in the text (`m/s^2`, `g`) or follows from the magnitude at rest. Tables are read as such, not here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.recorders.capture import Capture
from featherfall.recorders.readings import from_arrays
from featherfall.recorders.recorder import SensorFile

_AXES = tuple(re.compile(rf"(?:a(?:cc(?:el(?:eration|erometer)?)?|c)?[ _.-]?)?{axis}", re.IGNORECASE) for axis in "xyz")
_TIMES = {"time": None, "t": None, "timestamp": None, "ms": 1e-3, "millis": 1e-3, "time_ms": 1e-3, "us": 1e-6, "micros": 1e-6}
_LABELLED = re.compile(r"([A-Za-z][A-Za-z _.-]*?)\s*[:=]\s*([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)")
_CLOCK = re.compile(r"(\d\d):(\d\d):(\d\d[.,]\d+)\s*->")
_LINES = 50  # by which a log is recognised
_DAY = 86_400.0


@register("recorder", "serial-log", title="serial log", rank=1)
def serial_log(capture: Capture) -> SensorFile | None:
    """Serial log of an Arduino or ESP32 sketch: labelled values, one sample a line."""
    head = capture.head()[: 1 << 14].decode("utf-8", "replace").splitlines()[:_LINES]
    if not head or sum(_axes(line) is not None for line in head) < max(3, len(head) // 2):
        return None
    where = f"{capture.path}: serial log"
    rows = list(_rows(capture.text().splitlines()))
    stamps = np.array([row[0] for row in rows])
    values = np.array([row[1] for row in rows])
    if np.isnan(stamps).all():
        raise UserError(f"{where}: no time on its lines; print millis() with each sample, e.g. ms: 1234 ax: 0.12 ay: -0.30 az: 9.81")
    unit = "m/s2" if any(re.search(r"m/s(\^|\*\*)?2|m/s²", line) for line in head) else None
    return SensorFile("serial-log", "serial log", (from_arrays("accelerometer", stamps, values, unit, where),))


def _rows(lines: list[str]) -> Iterator[tuple[float, list[float]]]:
    """Yield time (s; NaN where a line has none) and x, y, z of each line that has them; a line cut short is a gap."""
    passed, last = 0.0, 0.0
    for line in lines:
        axes = _axes(line)
        if axes is None:
            continue
        clock = _CLOCK.match(line.strip())
        named = {label.strip().lower(): value for label, value in _LABELLED.findall(line)}
        label = next((one for one in _TIMES if one in named), None)
        if label is not None:
            # A sketch's own number without a unit is millis() where whole, else seconds.
            yield float(named[label]) * (_TIMES[label] or (1e-3 if named[label].isdigit() else 1.0)), axes
        elif clock:
            time = int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3].replace(",", "."))
            passed += _DAY if time < last - _DAY / 2 else 0.0
            last = time
            yield time + passed, axes
        else:
            yield float("nan"), axes


def _axes(line: str) -> list[float] | None:
    """Return x, y and z of a line with their labels; None for a line without them."""
    found = [(label.strip().split(",")[-1], value) for label, value in _LABELLED.findall(line[:500])]
    values = [next((float(value) for label, value in found if axis.fullmatch(label)), None) for axis in _AXES]
    return [one for one in values if one is not None] if None not in values else None
