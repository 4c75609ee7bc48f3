"""Empatica EmbracePlus: accelerometer.csv as Empatica's example script writes it from the raw Avro files.

Layout: Empatica's "how to access raw data" example, found in many public repositories: `unix_timestamp,x,y,z`, microseconds since 1970;
in g where the script converts, in counts of 1/2048 g where it does not.
"""

from __future__ import annotations

from dataclasses import replace

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.recorders.capture import Capture, Table
from featherfall.recorders.readings import at_rest, near, one_table
from featherfall.recorders.recorder import SensorFile

_COUNTS = 2048  # a g: 16 bits for +-16 g


@register("recorder", "embraceplus", title="Empatica EmbracePlus")
def embraceplus(capture: Capture) -> SensorFile | None:
    """Empatica EmbracePlus: accelerometer.csv; raw Avro files are refused with the way to convert them."""
    names = [name for name in capture.names if name.lower().endswith(".avro")]
    if names or (len(capture.names) == 1 and capture.head(size=4) == b"Obj\x01"):
        raise UserError(
            f"{capture.path}: Empatica EmbracePlus: raw Avro data; convert it with the Python example of Empatica's support pages "
            "and give accelerometer.csv"
        )
    return one_table(capture, _read)


def _read(table: Table) -> SensorFile | None:
    if table.has("timestamp_unix", "participant_full_id"):
        raise UserError(f"{table.where}: Empatica EmbracePlus: measures per minute, not acceleration; download the raw data instead")
    if not table.has("unix_timestamp", "x", "y", "z") or "gyro" in table.name.lower():
        return None
    series = table.series("accelerometer", ("x", "y", "z"), "g", time="unix_timestamp", time_unit="us", placement="wrist")
    if near(at_rest(series), _COUNTS):
        series = replace(series, unit="count", counts_per_g=float(_COUNTS))
    return SensorFile("embraceplus", "Empatica EmbracePlus", (series,))
