"""Lines of numbers, as microcontrollers print them: "t,x,y,z" or "x,y,z", separated by commas, semicolons, tabs or blanks."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.runtime.sources.packets import Packet, Reading
from featherfall.runtime.sources.payloads.payload import MOST_BYTES, MOST_SAMPLES

RATE = 50.0  # Hz, of lines without times


@register("payload", "lines", title="Lines of numbers")
def lines(body: bytes, topic: str) -> Iterator[Packet]:
    """Lines of numbers: "t,x,y,z" (t in s) or "x,y,z" at 50 Hz; lines with letters are passed over."""
    if len(body) > MOST_BYTES:
        raise UserError(f"{len(body):,} bytes; a message has at most {MOST_BYTES:,}, send more often")
    rows: list[list[float]] = []
    for line in body.decode("utf-8", "replace").splitlines()[:MOST_SAMPLES]:
        row = _numbers(line)
        if row and (not rows or len(row) == len(rows[0])):
            rows.append(row)
    if not rows:
        raise UserError('no line of three or four numbers ("t,x,y,z" or "x,y,z")')
    table = np.array(rows)
    if table.shape[1] == 4:
        yield Packet(topic, (Reading("accelerometer", table[:, 0], table[:, 1:], None),))
    else:
        yield Packet(topic, (Reading("accelerometer", None, table, None, RATE),))


def _numbers(line: str) -> list[float]:
    """Return the three or four finite numbers of a line; none of any other line."""
    fields = [field for field in re.split(r"[,;\s]+", line.strip()[:200]) if field]
    if len(fields) not in (3, 4):
        return []
    try:
        row = [float(field) for field in fields]
    except ValueError:
        return []
    return row if all(abs(value) < 1e18 for value in row) else []
