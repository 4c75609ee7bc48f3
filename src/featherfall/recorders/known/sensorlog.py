"""SensorLog for iPhone and Apple Watch (Bernd Thomas): one table with all sensors, delimited by commas, semicolons or tabs.

Layout: exports in public repositories: `loggingTime(txt),loggingSample(N),accelerometerTimestamp_sinceReboot(s),
accelerometerAccelerationX(G),...,motionUserAccelerationX(G),...,motionGravityX(G),...,motionRoll(rad),...`; old versions lack the units.
"""

from __future__ import annotations

import numpy as np

from featherfall.core.registry import register
from featherfall.recorders.capture import Capture, Table
from featherfall.recorders.readings import Columns, axis_columns, changed, one_table, readings
from featherfall.recorders.recorder import Block, SensorFile

_MOTION = (("motionTimestamp_sinceReboot", "s"),)
_COLUMNS = (
    Columns("accelerometer", axis_columns("accelerometerAcceleration{}"), "g", (("accelerometerTimestamp_sinceReboot", "s"),)),
    Columns("linear acceleration", axis_columns("motionUserAcceleration{}"), "g", _MOTION),
    Columns("gravity", axis_columns("motionGravity{}"), "g", _MOTION),
    Columns("gyroscope", axis_columns("motionRotationRate{}"), "rad/s", _MOTION),
)
_ATTITUDE = Columns("gravity", ("motionRoll", "motionPitch"), "g", _MOTION)


@register("recorder", "sensorlog", title="SensorLog")
def sensorlog(capture: Capture) -> SensorFile | None:
    """SensorLog for iPhone and Apple Watch: one table with all sensors."""
    return one_table(capture, _read)


def _read(table: Table) -> SensorFile | None:
    times = [("accelerometerTimestamp_sinceReboot", "s"), ("loggingTime", "date")]
    watch = table.has("deviceID") and any("watch" in field.lower() for field in table.first)
    worn = "wrist" if watch else ""
    series = readings(table, _COLUMNS, times, worn) if any(table.has(name) for name, _ in times) else ()
    kinds = {one.sensor for one in series}
    if "linear acceleration" in kinds and not kinds & {"gravity", "accelerometer"} and table.has(*_ATTITUDE.names):
        series += tuple(changed(one, _gravity, channels=("x", "y", "z")) for one in readings(table, (_ATTITUDE,), times, worn))
    mend = "log Accelerometer too, in the settings of SensorLog"
    return SensorFile("sensorlog", "SensorLog, watch" if watch else "SensorLog", series, mend=mend) if series else None


def _gravity(block: Block) -> Block:
    """Return the direction of gravity from Core Motion's roll and pitch: flat on its back, a phone has (0, 0, -1) g."""
    roll, pitch = block.values.T
    values = np.stack([np.cos(pitch) * np.sin(roll), -np.sin(pitch), -np.cos(pitch) * np.cos(roll)], axis=1)
    return Block(block.row, block.times, values)
