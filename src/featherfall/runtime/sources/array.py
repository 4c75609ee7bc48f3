"""Samples in memory: an array, arrays by input, or a table of columns such as a DataFrame (pandas and polars are not imported)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input, Manifest
from featherfall.core.recording import Note, Recording
from featherfall.core.registry import register
from featherfall.core.tables import nearest
from featherfall.recorders.choice import refuse_shared
from featherfall.recorders.names import UNIT_SECONDS, Header, match_channels, match_time, time_unit
from featherfall.recorders.times import fitting_unit, odd_rate
from featherfall.runtime.sources.source import Recorded
from featherfall.runtime.sources.streams import by_input, sensor_stream, unit_of
from featherfall.signals.clock.notes import ClockNotes
from featherfall.signals.clock.rows import put_in_order
from featherfall.signals.quality.check import CheckWords


@dataclass(frozen=True)
class ArrayOptions:
    """Properties of the samples that an array does not hold.

    Attributes:
        rate: samples per second, Hz. Needed without times, refused with them.
        times: (N,) seconds, or datetime64; strictly increasing.
        unit: unit of the samples, or units by input name; without it those in the column names ("ax [m/s2]"), else the bundle's.
        columns: of a table: names in the order of the channels, or these by input name; without it found by name.
        time: of a table: the name of the time column; without it found by name, unless `rate` or `times` are given.
        time_unit: "s", "ms", "us" or "ns"; without it that in the column's name, else "s".
    """

    rate: float | None = None
    times: Any = None
    unit: str | Mapping[str, str] | None = None
    columns: Sequence[str] | Mapping[str, Sequence[str]] | None = None
    time: str | None = None
    time_unit: str | None = None


@register("source", "array", gives="samples")
def open_array(data: Any, manifest: Manifest, **options: Any) -> Recorded:
    """An array (N, channels), a mapping of arrays by input, or a table of columns (DataFrame)."""
    return Recorded("array", read_array(data, manifest.inputs, ArrayOptions(**options)))


def read_array(data: Any, inputs: Sequence[Input], options: ArrayOptions) -> Recording:
    """Make a recording of samples in memory.

    Arguments:
        data: (N, C) numbers, the channels of all inputs side by side; {input name: (N, C)}; or a table whose columns are found by name.
        inputs: the manifest's; each becomes a stream in the manifest's unit.
    Samples that are not in order of time are treated as `signals.clock.rows` says; notes tell of it.

    Raises: `UserError`, one line, for a wrong shape, dtype, unit or rate, for missing columns, and for NaN.
    """
    units = by_input("unit", options.unit, inputs)
    names: dict[str, list[str]] = {}
    times = None if options.times is None else _numbers("times", options.times)
    if _is_table(data, inputs):
        names, values, found = _of_table(data, inputs, options)
        times = found if times is None else times
    elif isinstance(data, Mapping):
        values = {need.name: _matrix(f"array {need.name!r}", data[need.name], [need])[need.name] for need in inputs}
    else:
        values = _matrix("array", data, inputs)
    count = len(values[inputs[0].name])
    for need in inputs:
        if len(values[need.name]) != count:
            raise UserError(
                f"array {need.name!r}: {len(values[need.name])} samples, {inputs[0].name!r} has {count}; give both at the same times"
            )
        _refuse_missing(need, values[need.name])
    clock = _clock(count, times, options)
    faults = ClockNotes()
    begins: tuple[float, ...] = ()
    if times is not None:
        ordered, faults = put_in_order("array", clock, np.concatenate([values[need.name] for need in inputs], axis=1))
        values = _by_input(ordered.values, inputs)
        clock = _checked(ordered.times, options)
        begins = tuple(begin - float(ordered.times[0]) for begin in faults.begins)
    streams = {}
    for need in inputs:
        unit = unit_of("array", need, names.get(need.name, []), units)
        state_unit = "unit='{unit}'" if len(inputs) == 1 else f"unit={{{{{need.name!r}: '{{unit}}'}}}}"
        words = CheckWords("array", need.name, "sample", state_unit)
        streams[need.name] = replace(sensor_stream("array", need, values[need.name], clock, unit, words), begins=begins)
    notes = tuple(Note("file", line) for line in faults.lines())
    return Recording(dataset="", subject="", activity="", trial="array", streams=streams, notes=notes)


def _is_table(data: Any, inputs: Sequence[Input]) -> bool:
    """Return whether `data` has named columns: a DataFrame, or a mapping whose keys are not the bundle's inputs."""
    if isinstance(data, Mapping):
        return not all(need.name in data for need in inputs)
    return hasattr(data, "columns") and hasattr(data, "__getitem__")


def _of_table(
    data: Any, inputs: Sequence[Input], options: ArrayOptions
) -> tuple[dict[str, list[str]], dict[str, np.ndarray], np.ndarray | None]:
    """Return column names and (N, C) values by input, and (N,) times or None."""
    header = Header(tuple(str(name) for name in _columns(data)), len(_columns(data)))
    stated = by_input("columns", options.columns, inputs)
    places = {need.name: _places(header, need, stated.get(need.name)) for need in inputs}
    refuse_shared("table", places, header, "give columns={...} for each")
    names = {name: [header.names[i] for i in found] for name, found in places.items()}
    values = {
        need.name: np.column_stack([_numbers(f"column {header.names[i]!r}", data[_columns(data)[i]]) for i in places[need.name]])
        for need in inputs
    }
    return names, values, _table_times(data, header, options)


def _table_times(data: Any, header: Header, options: ArrayOptions) -> np.ndarray | None:
    """Return (N,) s of the column that `time` states, or that is named like a time, or of a DataFrame's index of dates; None where a rate
    or times are given."""
    if options.time is None and (options.rate is not None or options.times is not None):
        return None
    at = match_time(header) if options.time is None else header.position(options.time)
    if at is not None:
        values = _numbers(f"column {header.names[at]!r}", data[_columns(data)[at]])
        return values * UNIT_SECONDS.get(options.time_unit or time_unit(header.names[at]) or "s", 1.0)
    if options.time is not None:
        raise UserError(f"table: no time column {options.time!r}; {nearest(options.time, header.names)}")
    index = getattr(data, "index", None)
    if str(getattr(index, "dtype", "")).startswith("datetime64"):
        return _numbers("index", index)
    raise UserError(f"table: no time column found; it has {header}; give time='NAME', or rate=HZ")


def _columns(data: Any) -> list[Any]:
    return list(data if isinstance(data, Mapping) else data.columns)


def _places(header: Header, need: Input, stated: Sequence[str] | None) -> list[int]:
    if stated is None:
        found = match_channels(header, need.name, need.channels)
        if found is None:
            wanted = ", ".join("..." for _ in need.channels)
            raise UserError(
                f"table: no columns found for {need.name!r} ({', '.join(need.channels)}); it has {header}; "
                f"give columns={{{need.name!r}: [{wanted}]}}"
            )
        return found
    if len(stated) != len(need.channels):
        raise UserError(
            f"columns gives {len(stated)} name(s) for {need.name!r}, which has {len(need.channels)} channels: {', '.join(need.channels)}"
        )
    places = [header.position(str(name)) for name in stated]
    for name, place in zip(stated, places, strict=True):
        if place is None:
            raise UserError(f"table: no column {name!r} for {need.name!r}; {nearest(str(name), header.names)}")
    return [place for place in places if place is not None]


def _numbers(what: str, values: Any) -> np.ndarray:
    """Return float64 of the same shape; dates as seconds."""
    if hasattr(values, "to_numpy") and str(getattr(values, "dtype", "")).startswith("datetime64"):
        values = values.to_numpy(dtype="datetime64[ns]")  # dates with a zone would come as objects
    try:
        array = np.asarray(values)
    except (TypeError, ValueError) as error:
        raise UserError(f"{what}: not an array of numbers ({str(error).splitlines()[0]}); give floats") from error
    if array.dtype.kind == "M":
        return np.asarray((array - array.ravel()[:1]) / np.timedelta64(1, "s"), dtype=np.float64)
    if array.dtype.kind not in "iuf":
        raise UserError(f"{what}: dtype {array.dtype}; give floats")
    return array.astype(np.float64)


def _matrix(what: str, data: Any, inputs: Sequence[Input]) -> dict[str, np.ndarray]:
    """Split an array (N, all channels) into (N, C) by input."""
    array = _numbers(what, data)
    channels = sum(len(need.channels) for need in inputs)
    if array.ndim != 2 or array.shape[1] != channels:
        names = "; ".join(f"{need.name}: {', '.join(need.channels)}" for need in inputs)
        raise UserError(f"{what}: shape {array.shape}; give (samples, {channels}), with the channels of {names}")
    return _by_input(array, inputs)


def _by_input(array: np.ndarray, inputs: Sequence[Input]) -> dict[str, np.ndarray]:
    ends = np.cumsum([len(need.channels) for need in inputs])
    return {need.name: part for need, part in zip(inputs, np.split(array, ends[:-1], axis=1), strict=True)}


def _refuse_missing(need: Input, values: np.ndarray) -> None:
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        sample, axis = map(int, bad[0])
        raise UserError(
            f"array: sample {sample + 1}: {need.name!r} {need.channels[axis]} is {values[sample, axis]:g}; drop the sample or fill it"
        )


def _clock(count: int, times: np.ndarray | None, options: ArrayOptions) -> np.ndarray:
    """Return (count,) s, as they are given."""
    if count < 2:
        raise UserError(f"array: {count} sample(s); at least 2 are needed")
    if times is None:
        if options.rate is None:
            raise UserError("array: no times; give rate=HZ, or times=(N,) seconds")
        if not 0 < options.rate < float("inf"):
            raise UserError(f"array: rate {options.rate:g}; give a positive number of samples per second")
        return np.arange(count) / options.rate
    if options.rate is not None:
        raise UserError("array: both rate and times; give one of them")
    if times.shape != (count,):
        raise UserError(f"array: times have shape {times.shape}; give ({count},), one for each sample")
    return times


def _checked(times: np.ndarray, options: ArrayOptions) -> np.ndarray:
    """Return (N,) increasing s, from 0; raises `UserError` where no worn sensor gives such a rate."""
    if len(times) < 2:
        raise UserError(f"array: {len(times)} sample(s) with times of their own; at least 2 are needed")
    rate = odd_rate(times)
    if rate is not None:
        fitting = fitting_unit(rate, options.time_unit or "s")
        hint = f"give time_unit={fitting!r}" if fitting else "check the times and their unit"
        raise UserError(f"array: {rate:.3g} samples per second, which no worn sensor gives; {hint}")
    return np.asarray(times - times[0])
