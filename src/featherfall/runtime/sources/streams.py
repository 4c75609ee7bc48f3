"""Convert a sensor's numbers, from any source, to a stream in the unit that a bundle needs, and check that they are plausible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.core.recording import Stream
from featherfall.core.tables import dead_axes, nearest
from featherfall.core.units import quantity, to_internal
from featherfall.recorders.names import split_unit
from featherfall.signals.quality.check import CheckWords, check_samples


def by_input(option: str, stated: Any, inputs: Sequence[Input]) -> dict[str, Any]:
    """Return {input name: value} of an option that may be given without a name where the bundle has one input.

    Raises: `UserError` for an unknown input, and for a bare value where there are several inputs.
    """
    if stated is None:
        return {}
    names = [need.name for need in inputs]
    if not isinstance(stated, Mapping):
        if len(inputs) > 1:
            raise UserError(f"{option}: the bundle has {len(inputs)} inputs; give a dictionary with the keys {', '.join(names)}")
        return {names[0]: stated}
    for name in stated:
        if name not in names:
            raise UserError(f"{option} {name}: the bundle has no input {name!r}; {nearest(name, names)}")
    return dict(stated)


def unit_of(where: str, need: Input, names: Sequence[str], stated: Mapping[str, str]) -> str:
    """Return the stated unit, else the one that column names have in brackets, else the bundle's.

    Raises: `UserError` for column names that contradict each other.
    """
    if need.name in stated:
        return stated[need.name]
    units = {unit for name in names if (unit := split_unit(name)[1])}
    if len(units) > 1:
        raise UserError(f"{where}: two units for {need.name!r}: {', '.join(sorted(units))}; make header and unit agree")
    return units.pop() if units else need.unit


def sensor_stream(where: str, need: Input, raw: np.ndarray, times: np.ndarray, unit: str, words: CheckWords | None = None) -> Stream:
    """Convert one input's samples to the bundle's unit, and check them as `signals.quality.check` does.

    Arguments:
        where: file or object, for the message.
        raw: (N, C) float64 in `unit`, finite, N >= 2. times: (N,) s, strictly increasing.
        words: of messages; None for those of the command line.
    Returns: the stream without corrupt samples, with notes.
    Raises: `UserError`.
    """
    dead = dead_axes(raw, float(times[-1] - times[0]))
    if dead:
        axes = ", ".join(need.channels[axis] for axis in dead)
        raise UserError(f"{where}: {need.name!r} never changes on {axes} (always {raw[0, dead[0]]:g}); check the sensor or the columns")
    try:
        measured = quantity(unit)
    except UserError as error:
        raise UserError(f"{where}: {need.name!r}: {error}") from error
    if measured != quantity(need.unit):
        raise UserError(f"{where}: {need.name!r} is stated in {unit!r}, which does not measure what {need.unit!r} does; correct the unit")
    words = words or CheckWords(where, need.name, "sample", f"--unit {need.name}={{unit}}")
    times, raw, notes = check_samples(times, raw, unit, words, need.channels)
    values, inside = to_internal(raw, unit)
    rate = (len(times) - 1) / float(times[-1] - times[0])
    return Stream(times, values, inside, rate, need.placement, tuple(need.channels), notes=notes)
