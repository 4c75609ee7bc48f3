"""GENEActiv: CSV of the GENEActiv PC Software, 100 header lines, then rows without names; commas or tabs.

Layout: header as omconvert and GGIR write and read it: `Device Type,GENEActiv`, `Measurement Frequency,100 Hz`, `Device Location Code,left
wrist`; rows `2015-06-22 00:56:03:711,x,y,z,light,button,temperature` in g.
"""

from __future__ import annotations

import re

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.recorders.capture import Capture, Table
from featherfall.recorders.readings import one_table
from featherfall.recorders.recorder import SensorFile

_TYPE = re.compile(r'"?Device Type"?[,;\t] ?"?GENEActiv', re.IGNORECASE)
_EPOCH_COLUMNS = 12  # time, means of x, y, z, light, button, temperature, sum of vector magnitudes, deviations of x, y, z, peak light


@register("recorder", "geneactiv", title="GENEActiv")
def geneactiv(capture: Capture) -> SensorFile | None:
    """GENEActiv: CSV with 100 header lines; means per epoch are refused."""
    return one_table(capture, _read)


def _read(table: Table) -> SensorFile | None:
    if not any(_TYPE.match(line) for line in table.lines[:5]):
        return None
    if len(table.first) >= _EPOCH_COLUMNS:
        raise UserError(
            f"{table.where}: GENEActiv: means per epoch, no acceleration; convert the .bin file to raw CSV with GENEActiv PC Software"
        )
    where = re.search(r"Device Location Code[,;\t] ?([^,;\t\n]*)", "\n".join(table.lines[:100]))
    placement = where[1].strip().lower() if where else ""
    accelerometer = table.series("accelerometer", (1, 2, 3), "g", time=0, time_unit="date", placement=placement)
    return SensorFile("geneactiv", "GENEActiv", (accelerometer,))
