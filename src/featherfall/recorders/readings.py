"""What the recorders in `known/` share: groups of columns, series from JSON, the magnitude at rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from featherfall.core.documents import parse_json
from featherfall.core.errors import UserError
from featherfall.recorders.capture import Capture, Table
from featherfall.recorders.names import shown
from featherfall.recorders.recorder import Block, Sensor, SensorFile, Series
from featherfall.signals.quality.gravity import QUIET_SHARE, GravityMeter

_REST_ROWS = 30_000  # looked at for the magnitude at rest: five minutes at 100 Hz
_JSON_VALUES = 4_000_000  # in 16 MB of samples


@dataclass(frozen=True)
class Columns:
    """Columns that a recorder gives to one sensor.

    Attributes:
        names: in the order of the channels.
        unit: None where the header or the file itself tells it.
        times: names of the columns with its time stamps, the best first; empty for those of the whole table.
    """

    sensor: Sensor
    names: tuple[str, ...]
    unit: str | None = None
    times: tuple[tuple[str, str | None], ...] = ()


def axis_columns(pattern: str, letters: str = "XYZ") -> tuple[str, ...]:
    """ "acc_{}" -> ("acc_X", "acc_Y", "acc_Z")."""
    return tuple(pattern.format(letter) for letter in letters)


def tables(capture: Capture) -> tuple[Table, ...]:
    """Return all text tables of a file, folder or zip, in the order of their names."""
    found = (capture.table(name) for name in capture.names)
    return tuple(table for table in found if table is not None)


def readings(
    table: Table, groups: Sequence[Columns], times: Sequence[tuple[str, str | None]], placement: str = "", rate: float | None = None
) -> tuple[Series, ...]:
    """Return a series for each group whose columns the table has.

    Arguments:
        times: names of columns with time stamps and their units (None finds it out), the best first.
        rate: samples per second of a table without time stamps, Hz.
    """
    series = []
    for group in groups:
        stamp = next((one for one in (*group.times, *times) if table.has(one[0])), None)
        if table.has(*group.names) and (stamp or rate):
            name, unit = stamp or (None, None)
            series.append(
                table.series(
                    group.sensor, group.names, group.unit, time=name, time_unit=unit, rate=None if stamp else rate, placement=placement
                )
            )
    return tuple(series)


def header_unit(table: Table, column: str) -> str | None:
    """Return the unit that the header gives to a column; None for a column that is not there, or has none."""
    return table.units[table.column(column)] if table.has(column) else None


def changed(series: Series, change: Callable[[Block], Block], **facts: Any) -> Series:
    """Return a series whose blocks are changed one by one, e.g. to other rows or axes, and whose facts are replaced."""

    def blocks() -> Iterator[Block]:
        return (change(block) for block in series.blocks())

    return replace(series, blocks=blocks, **facts)


def from_arrays(
    sensor: Sensor, times: Any, values: Any, unit: str | None, where: str, *, channels: tuple[str, ...] = ("x", "y", "z"), **facts: Any
) -> Series:
    """Return a series of samples that are in memory, e.g. from JSON.

    Arguments:
        times: (N,) s.
        values: (N, C) of the channels, numbers or text that says one; None for a missing one.
        where: start of an error message.
    Raises: `UserError` for values that are not numbers.
    """
    try:
        stamps, samples = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(f"{where}: the values of the {sensor} are not all numbers, one an axis; export the recording again") from error
    if stamps.ndim != 1 or samples.shape != (len(stamps), len(channels)):
        raise UserError(f"{where}: the {sensor} has samples without a time or an axis; export the recording again")
    return Series(sensor, channels, unit, lambda: iter((Block(1, stamps, samples),)), **facts)


def at_rest(series: Series, quiet: bool = False) -> float | None:
    """Return the magnitude of the values while the sensor moves least, as written in the file; None for a file without values.

    With gravity it is that of gravity in the unit of the file; without, next to nothing. The first minutes are looked at.

    Arguments:
        quiet: only of stretches in which it hardly moves at all; None without enough of them. Calm stretches of a lively recording without
            gravity may well show 1 m/s2.
    """
    meter, seen = GravityMeter(), 0
    for block in series.blocks():
        meter.add(block.times, block.values)
        seen += len(block.times)
        if seen >= _REST_ROWS:
            break
    evidence = meter.evidence()
    if evidence is None:
        return None
    if quiet and not evidence.quiet_share >= QUIET_SHARE:
        return None
    return evidence.calm if np.isnan(evidence.quiet) else evidence.quiet


def near(value: float | None, expected: float, share: float = 0.15) -> bool:
    """Return whether a magnitude at rest is that of gravity in some unit, within what sensors are off without calibration."""
    return value is not None and abs(value - expected) <= share * expected


def seconds(date: str, form: str) -> float | None:
    """Return the seconds since 1970 of a date without a zone, which counts as UTC; None where it does not match `form` of `strptime`."""
    try:
        return datetime.strptime(date.strip(), form).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def document(capture: Capture, *marks: str) -> Any:
    """Return the parsed JSON of a file whose first 64 kB hold one of these texts; None for any other file.

    A file of one JSON value a line becomes a list of them.
    """
    head = capture.head().lstrip(b"\xef\xbb\xbf \r\n\t")
    if head[:1] not in (b"{", b"[") or not any(mark.encode() in head for mark in marks):
        return None
    text = capture.text().strip()
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and all(line.startswith("{") and line.rstrip().endswith("}") for line in (lines[0], lines[-1])):
        return [parse_json(line, capture.path) for line in lines]
    return parse_json(text, capture.path, most=_JSON_VALUES)


def records(value: Any, key: str) -> Iterator[dict[str, Any]]:
    """Return the objects in a parsed JSON value that have this key, in the order of the file."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if key in one:
                yield one
            waiting.extend(reversed([inner for inner in one.values() if isinstance(inner, dict | list)]))
        elif isinstance(one, list):
            waiting.extend(reversed([inner for inner in one if isinstance(inner, dict | list)]))


def only_binary(capture: Capture, endings: tuple[str, ...], mark: bytes) -> str | None:
    """Return the name of the only file with one of these endings and first bytes; None where there is none.

    Raises: `UserError` where there are several.
    """
    names = [name for name in capture.names if name.lower().endswith(endings) and capture.head(name, len(mark)) == mark]
    if len(names) > 1:
        raise UserError(f"{capture.path}: holds {len(names)} recordings; give one of them, e.g. {shown(names[0])}")
    return names[0] if names else None


def whole_pieces(capture: Capture, name: str, size: int, skip: int = 0) -> Iterator[bytes]:
    """Yield a binary file in pieces of some megabytes that are multiples of `size` bytes; what is left at the end is dropped.

    Arguments:
        skip: bytes at the beginning that are left out.
    """
    rest, left = b"", skip
    for piece in capture.members[name].pieces():
        data = rest + piece
        cut, left = min(left, len(data)), max(left - len(data), 0)
        data = data[cut:]
        whole = len(data) // size * size
        rest = data[whole:]
        if whole:
            yield data[:whole]


def one_table(capture: Capture, read: Callable[[Table], SensorFile | None]) -> SensorFile | None:
    """Return what the only table says that a recorder knows; None where it knows none.

    Arguments:
        read: returns what a table holds, None for another program's, and raises `UserError` for one that is known but of no use.
    Raises: `UserError` where there are several, and that of `read` where no other table is of use.
    """
    found: list[tuple[str, SensorFile]] = []
    refusal: UserError | None = None
    for table in tables(capture):
        try:
            file = read(table)
        except UserError as error:
            refusal = refusal or error
        else:
            found += [(table.name, file)] if file else []
    if len(found) > 1:
        raise UserError(f"{capture.path}: {len(found)} recordings of {found[0][1].title}; give one of them, e.g. {shown(found[0][0])}")
    if not found and refusal is not None:
        raise refusal
    return found[0][1] if found else None
