"""What a recorder says of a file: which sensors it holds, in which unit, at which placement, and how to read their rows.

A recorder is one file in `known/`, or a plugin: a function that looks at an opened file, folder or zip and returns what it holds, or None
where another program wrote it::

    @register("recorder", "phyphox", title="phyphox")
    def phyphox(capture: Capture) -> SensorFile | None:
        \"\"\"phyphox: one table a sensor; comma, semicolon or tab.\"\"\"

`recognise` asks every recorder. One whose layout several programs write registers a `rank` above 0 and is asked after those of one program;
the generic reading of tables (`known/table.py`) comes last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

Sensor = Literal["accelerometer", "linear acceleration", "gravity", "gyroscope", "magnetometer", "orientation"]
Clock = Literal["sampled", "burst"]


@dataclass(frozen=True, eq=False)
class Block:
    """Consecutive rows of one sensor.

    Attributes:
        row: of the first of them in the file, as an editor counts (1 is the first line).
        times: (N,) float64 s as stamped: s since 1970 for dates, from any origin otherwise; unsorted and repeated as the file has them.
        values: (N, C) float64 in the series' unit; NaN where a cell is empty or says NaN. Rows of NaN alone may stand between samples where
            sensors of other rates share a table: what is a gap, the times of the others say.
    """

    row: int
    times: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class Series:
    """One sensor's samples in a file.

    Attributes:
        sensor: what is measured. "accelerometer" includes gravity, "linear acceleration" does not.
        channels: names, in the order of the columns of `Block.values`: x, y, z; w, x, y, z of a quaternion.
        unit: of `core.units`; "count" for raw numbers of a converter; None where neither the file nor its recorder says.
        blocks: reads the rows from the beginning, in blocks of bounded size; each call starts anew.
        placement: where it was worn, as far as the file says; else "".
        rate: samples per second where the file states it instead of stamping each row, Hz.
        clock: "burst" where the recorder is known to stamp packets instead of samples.
        counts_per_g: of the unit "count", where the file states it.
        made_of: of a series that was computed from others: which ones.
        remarks: returns lines for the user of what the last reading left out, e.g. "3 rows that are empty were left out".
    """

    sensor: Sensor
    channels: tuple[str, ...]
    unit: str | None
    blocks: Callable[[], Iterator[Block]]
    placement: str = ""
    rate: float | None = None
    clock: Clock = "sampled"
    counts_per_g: float | None = None
    made_of: str = ""
    remarks: Callable[[], tuple[str, ...]] = tuple


@dataclass(frozen=True, eq=False)
class SensorFile:
    """What a recorder has recognised.

    Attributes:
        recorder: registered name.
        title: for the line that says what was recognised: "Sensor Logger, watch".
        series: the sensors; several of one kind where the file has several placements.
        notes: lines for the user, e.g. what was left out.
        mend: what to do where the file has acceleration without gravity and nothing to add it from, for the refusal: "give the folder or
            zip with Gravity.csv".
    """

    recorder: str
    title: str
    series: tuple[Series, ...]
    notes: tuple[str, ...] = ()
    mend: str = ""
