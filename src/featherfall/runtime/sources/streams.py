"""Convert a sensor's numbers, from any source, to a stream in the unit that a bundle needs, and check that they are plausible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.core.recording import Stream
from featherfall.core.tables import dead_axes, nearest
from featherfall.core.units import check_gravity, to_internal
from featherfall.recorders.names import is_known, split_unit

MAX_VALUE = 1e7  # larger than any sensor's values in any unit; such values are marks for "missing", or broken rows


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
    """Return the unit that column names state in brackets, else the stated one, else the bundle's.

    Raises: `UserError` for two that contradict each other.
    """
    units = {unit for name in names if (unit := split_unit(name)[1])}
    if need.name in stated:  # brackets may hold other things than units: "x (left)"
        units = {unit for unit in units if is_known(unit)} | {stated[need.name]}
    if len(units) > 1:
        raise UserError(f"{where}: two units for {need.name!r}: {', '.join(sorted(units))}; make header and unit agree")
    return units.pop() if units else need.unit


def sensor_stream(where: str, need: Input, raw: np.ndarray, times: np.ndarray, unit: str) -> Stream:
    """Convert one input's samples to the bundle's unit, and check that they change, and that an accelerometer measures gravity.

    Arguments:
        where: file or object, for the message.
        raw: (N, C) float64 in `unit`, finite, N >= 2. times: (N,) s, strictly increasing.
    Raises: `UserError`.
    """
    sample, axis = np.unravel_index(np.abs(raw).argmax(), raw.shape)
    if abs(raw[sample, axis]) > MAX_VALUE:
        raise UserError(
            f"{where}: sample {sample + 1}: {need.name!r} {need.channels[axis]} is {raw[sample, axis]:g}; correct or delete the row"
        )
    dead = dead_axes(raw, float(times[-1] - times[0]))
    if dead:
        axes = ", ".join(need.channels[axis] for axis in dead)
        raise UserError(f"{where}: {need.name!r} never changes on {axes} (always {raw[0, dead[0]]:g}); check the sensor or the columns")
    try:
        values, inside = to_internal(raw, unit)
    except UserError as error:
        raise UserError(f"{where}: {need.name!r}: {error}") from error
    if inside != need.unit:
        raise UserError(f"{where}: {need.name!r} is stated in {unit!r}, which does not measure what {need.unit!r} does; correct the unit")
    if inside == "g" and values.shape[1] == 3:
        check_gravity(values, f"{where}: {need.name}", unit)
    rate = (len(times) - 1) / float(times[-1] - times[0])
    return Stream(times, values, inside, rate, need.placement, tuple(need.channels))
