"""Movella DOT (Xsens DOT) and Xsens MTw: CSV below a few lines about the device, or tab-separated text below `//` lines.

Layout: exports in public repositories: `PacketCounter,SampleTimeFine,Euler_X,...,Quat_W,...,FreeAcc_X,...,Acc_X,...,Gyr_X,...,Status`
below `sep=,`, `DeviceTag:`, `OutputRate:,60Hz`; MT Manager's text has `// Update Rate: 100.0Hz`. FreeAcc is without gravity and in the
frame of the Earth, z up (manual of the Xsens DOT): with the orientation, the acceleration that the sensor feels follows from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from featherfall.core.registry import register
from featherfall.core.units import STANDARD_GRAVITY
from featherfall.recorders.capture import Capture, Table
from featherfall.recorders.readings import axis_columns, changed, one_table
from featherfall.recorders.recorder import Block, Sensor, SensorFile, Series
from featherfall.recorders.total import to_sensor

_ACC, _FREE, _GYR = axis_columns("Acc_{}"), axis_columns("FreeAcc_{}"), axis_columns("Gyr_{}")
_EULER = axis_columns("Euler_{}")
_QUATERNIONS = (axis_columns("Quat_{}", "WXYZ"), axis_columns("Quaternion_{}", "WXYZ"))  # of the app, of the server
_CLOCKS = ("SampleTimeFine", "Timestamp")
_TURN = 2**32 * 1e-6  # seconds after which the counter of microseconds starts again


@register("recorder", "movella-dot", title="Movella DOT")
def movella_dot(capture: Capture) -> SensorFile | None:
    """Movella DOT (Xsens DOT) and MTw: Acc, or FreeAcc with quaternion or Euler angles."""
    return one_table(capture, _read)


def _read(table: Table) -> SensorFile | None:
    if not (table.has("PacketCounter") or table.has("Timestamp", "Address")) or not (table.has(*_ACC) or table.has(*_FREE)):
        return None
    notes: tuple[str, ...] = ()
    quaternion = next((names for names in _QUATERNIONS if table.has(*names)), None)
    if table.has(*_ACC):
        acceleration = _series(table, "accelerometer", _ACC, "m/s2")
    elif quaternion:
        acceleration = _felt(_series(table, "linear acceleration", _FREE + quaternion, "m/s2"), lambda angles: angles)
        notes = ("gravity added to FreeAcc by the quaternion",)
    elif table.has(*_EULER):
        acceleration = _felt(_series(table, "linear acceleration", _FREE + _EULER, "m/s2"), _from_euler)
        notes = ("gravity added to FreeAcc by the Euler angles",)
    else:
        acceleration = _series(table, "linear acceleration", _FREE, "m/s2")
    more = (_series(table, "gyroscope", _GYR, "deg/s"),) if table.has(*_GYR) else ()
    return SensorFile(
        "movella-dot", "Movella DOT", (acceleration, *more), notes, "record in a mode with acceleration, quaternion or Euler angles"
    )


def _series(table: Table, sensor: Sensor, names: tuple[str, ...], unit: str) -> Series:
    stated = re.search(r"(?:Update ?Rate|OutputRate):[,;\t ]*([\d.]+) ?Hz", "\n".join(table.lines[:20]), re.IGNORECASE)
    clock = next((name for name in _CLOCKS if table.has(name)), None)
    if stated is not None and (
        table.lines[0].startswith("//") or clock is None
    ):  # SampleTimeFine of MT Manager does not count microseconds
        return table.series(sensor, names, unit, rate=float(stated[1]), channels=names)
    return _unwrapped(table.series(sensor, names, unit, time=clock, time_unit="us", channels=names))


def _unwrapped(series: Series) -> Series:
    def blocks() -> Iterator[Block]:
        last, turns = None, 0
        for block in series.blocks():
            times = np.concatenate([[block.times[0] if last is None else last], block.times])
            ahead = np.cumsum(np.diff(times) < -_TURN / 2) + turns
            yield replace(block, times=block.times + ahead * _TURN)
            last, turns = times[-1], int(ahead[-1]) if len(ahead) else turns

    return replace(series, blocks=blocks, channels=("x", "y", "z"))


def _felt(series: Series, quaternion: Callable[[np.ndarray], np.ndarray]) -> Series:
    """Return what the sensor feels: FreeAcc and the upward push of the ground, turned into the frame of the sensor."""

    def change(block: Block) -> Block:
        return replace(block, values=to_sensor(quaternion(block.values[:, 3:]), block.values[:, :3] + (0.0, 0.0, STANDARD_GRAVITY)))

    return changed(series, change, sensor="accelerometer")


def _from_euler(angles: np.ndarray) -> np.ndarray:
    """Return (N, 4) w, x, y, z of (N, 3) roll, pitch and yaw in degrees, turned about z, y, x in this order."""
    (cr, cp, cy), (sr, sp, sy) = np.cos(np.deg2rad(angles).T / 2), np.sin(np.deg2rad(angles).T / 2)
    return np.stack(
        [cr * cp * cy + sr * sp * sy, sr * cp * cy - cr * sp * sy, cr * sp * cy + sr * cp * sy, cr * cp * sy - sr * sp * cy], axis=1
    )
