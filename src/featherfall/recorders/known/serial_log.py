"""What a serial monitor shows of a sketch: labelled values, `ax: 0.12 ay: -0.30 az: 9.81`, or values behind the Arduino IDE's time.

Layout: examples of the Arduino libraries for the MPU-6050, ADXL345 and LSM6DS3; of the IDE, `12:34:56.789 -> 12,-30,1002`. The unit is that
of the text (`m/s^2`); whole numbers may be counts. Plain tables are read as such, not here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.recorders.capture import Capture
from featherfall.recorders.counts import as_counts
from featherfall.recorders.readings import from_arrays
from featherfall.recorders.recorder import SensorFile

_AXES = tuple(re.compile(rf"(?:a(?:cc(?:el(?:eration|erometer)?)?|c)?[ _.-]?)?{axis}", re.IGNORECASE) for axis in "xyz")
# Labels of times and their seconds; a number without a unit is millis() where it is whole, else seconds.
_TIMES = {"time": None, "t": None, "timestamp": None, "ms": 1e-3, "millis": 1e-3, "time_ms": 1e-3, "us": 1e-6, "micros": 1e-6}
_NUMBER = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_LABELLED = re.compile(rf"([A-Za-z][A-Za-z _.-]*?)\s*[:=]\s*({_NUMBER})")
_CLOCK = re.compile(r"(\d\d):(\d\d):(\d\d[.,]\d+)\s*->")
_PLAIN = re.compile(rf"{_NUMBER}(?:[\s,;]+{_NUMBER}){{2,9}}")
_LINES = 50  # by which a log is recognised
_DAY = 86_400.0


@register("recorder", "serial-log", title="serial log", rank=1)
def serial_log(capture: Capture) -> SensorFile | None:
    """Serial log of an Arduino or ESP32 sketch: labelled values, or values behind the IDE's time, one sample a line."""
    head = capture.head()[: 1 << 14].decode("utf-8", "replace").splitlines()[:_LINES]
    if not head or sum(_axes(line) is not None for line in head) < max(3, len(head) // 2):
        return None
    where = f"{capture.path}: serial log"
    rows = list(_rows(capture.text().splitlines()))
    stamps = np.array([row[0] for row in rows])
    values = np.array([row[1] for row in rows])
    if np.isnan(stamps).all() and capture.stated.rate:
        stamps = np.arange(len(stamps)) / capture.stated.rate
    if np.isnan(stamps).all():
        raise UserError(
            f"{where}: no time on its lines; print millis() with each sample, e.g. ms: 1234 ax: 0.12 ay: -0.30 az: 9.81, "
            "or state how many samples a second it has with --rate HZ"
        )
    unit = "m/s2" if any(re.search(r"m/s(\^|\*\*)?2|m/s²", line) for line in head) else None
    series = from_arrays("accelerometer", stamps, values, unit, where)
    counted = as_counts(series) if unit is None else None
    return SensorFile("serial-log", "serial log", (counted[0] if counted else series,), (counted[1],) if counted else ())


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
            yield float(named[label]) * (_TIMES[label] or (1e-3 if named[label].isdigit() else 1.0)), axes
        elif clock:
            time = int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3].replace(",", "."))
            passed += _DAY if time < last - _DAY / 2 else 0.0
            last = time
            yield time + passed, axes
        else:
            yield float("nan"), axes


def _axes(line: str) -> list[float] | None:
    """Return x, y and z of a line; None for a line without them."""
    text = line[:500].strip()
    found = [(label.strip().split(",")[-1], value) for label, value in _LABELLED.findall(text)]
    values = [next((float(value) for label, value in found if axis.fullmatch(label)), None) for axis in _AXES]
    if None not in values:
        return [one for one in values if one is not None]
    clock = _CLOCK.match(text)
    if clock is None or not _PLAIN.fullmatch(rest := text[clock.end() :].strip(" ,;\t")):
        return None
    numbers = [float(one) for one in re.findall(_NUMBER, rest)]
    # Three axes, or six with the gyroscope's behind them; one number more is the sketch's own time before them.
    first = 1 if len(numbers) in (4, 7, 10) else 0
    return numbers[first : first + 3]
