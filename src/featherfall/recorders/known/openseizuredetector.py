"""OpenSeizureDetector: JSON of its database and of its phone app; 5 seconds a data point, 25 Hz, in mg.

Layout: Data_Structure.md and files of github.com/OpenSeizureDetector/OpenSeizureDatabase: events with "datapoints", each with "dataTime",
"rawData" (magnitude) and "rawData3D" (x1, y1, z1, x2, ...). Older versions and some watches give the magnitude alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from featherfall.core.documents import parse_json
from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.recorders.capture import Capture
from featherfall.recorders.readings import document, from_arrays, records, seconds
from featherfall.recorders.recorder import SensorFile

_RATE = 25.0
_SLACK = 3.0  # seconds that the time of a data point, a whole second at which it was sent, may be off
_DATES = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%d-%m-%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S")


@register("recorder", "openseizuredetector", title="OpenSeizureDetector")
def openseizuredetector(capture: Capture) -> SensorFile | None:
    """OpenSeizureDetector: JSON with three axes; magnitudes alone are refused."""
    parsed = document(capture, '"rawData"', '"rawData3D"', '"datapoints"', '"dataJSON"')
    parsed = _unpacked(parsed, str(capture.path)) or parsed
    points = list(records(parsed, "rawData3D"))
    where = f"{capture.path}: OpenSeizureDetector"
    samples = [_samples(point["rawData3D"], where) for point in points]
    if not any(len(values) for values in samples):
        if not points and not any(records(parsed, "rawData")):
            return None
        raise UserError(f"{where}: the magnitude alone, not three axes; record with a watch app that sends 3D data")
    times = _times(points, [len(values) for values in samples])
    notes = ("several events, each a recording of its own",) if np.any(np.abs(np.diff(times)) > 60) else ()
    series = from_arrays("accelerometer", times, np.concatenate(samples), "mg", where, placement="wrist")
    return SensorFile("openseizuredetector", "OpenSeizureDetector", (series,), notes)


def _unpacked(parsed: Any, where: str) -> list[Any]:
    """Return the data points that old files hold as JSON within JSON."""
    packed = [(point, point["dataJSON"]) for point in records(parsed, "dataJSON") if isinstance(point["dataJSON"], str)]
    inner = [(point, parse_json(text, where)) for point, text in packed if "rawData" in text]
    return [{"dataTime": point.get("dataTime"), **one} for point, one in inner if isinstance(one, dict)]


def _samples(raw: Any, where: str) -> np.ndarray:
    """Return (N, 3) samples of a data point, without the zeros that fill it up."""
    try:
        flat = np.asarray(raw if isinstance(raw, list) else [], dtype=np.float64)
        values = flat.reshape(-1, 3)
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(f"{where}: rawData3D is not a list of numbers, three a sample; download the file again") from error
    used = np.flatnonzero(values.any(axis=1))
    return values[: used[-1] + 1] if len(used) else values[:0]


def _times(points: list[dict[str, Any]], sizes: list[int]) -> np.ndarray:
    """Return the times of all samples, s: data points follow each other without a gap while their stamps agree with that."""
    end = 0.0
    times = []
    for point, size in zip(points, sizes, strict=True):
        stamp = next((date for form in _DATES if (date := seconds(str(point.get("dataTime", "")), form)) is not None), end)
        start = end if abs(stamp - end) < _SLACK else stamp
        times.append(start + np.arange(size) / _RATE)
        end = start + size / _RATE
    return np.concatenate(times)
