"""Furniture as boxes: chairs, beds, tables, steps."""

from __future__ import annotations

import numpy as np

from .scene import Cuboid

_Point = tuple[float, float]


def _offset(at: _Point, heading: float, forward: float, left: float = 0.0) -> _Point:
    """Return the place so many metres ahead and to the left of another that faces `heading` (rad)."""
    c, s = float(np.cos(heading)), float(np.sin(heading))
    return at[0] + c * forward - s * left, at[1] + s * forward + c * left


def make_chair(at: _Point, heading: float, seat: float, backrest: bool = True) -> tuple[Cuboid, ...]:
    """Return a chair `seat` m high whose seat's middle is at `at`, facing `heading`; a stool without backrest."""
    block = Cuboid("seat", (*at, seat - 0.03), (0.44, 0.46, 0.06), heading)
    legs = tuple(
        Cuboid("leg", (*_offset(at, heading, x, y), (seat - 0.06) / 2), (0.04, 0.04, seat - 0.06), heading, solid=False)
        for x in (-0.19, 0.19)
        for y in (-0.2, 0.2)
    )
    if not backrest:
        return (block, *legs)
    rest = Cuboid("backrest", (*_offset(at, heading, -0.24), seat + 0.27), (0.05, 0.44, 0.44), heading)
    return (block, rest, *legs)


def make_bed(at: _Point, heading: float, height: float) -> tuple[Cuboid, ...]:
    """Return a bed whose middle is at `at`, its foot end towards `heading`, the mattress' top `height` m high."""
    return (
        Cuboid("mattress", (*at, height - 0.1), (2.05, 0.95, 0.2), heading, soft=True),
        Cuboid("frame", (*at, (height - 0.2) / 2 + 0.04), (2.05, 0.9, height - 0.28), heading),
        Cuboid("headboard", (*_offset(at, heading, -1.06), height / 2 + 0.2), (0.06, 0.98, height + 0.4), heading, solid=False),
    )


def make_table(at: _Point, heading: float, height: float) -> tuple[Cuboid, ...]:
    """Return a table whose middle is at `at`."""
    top = Cuboid("table", (*at, height - 0.02), (0.75, 1.2, 0.04), heading)
    legs = tuple(
        Cuboid("leg", (*_offset(at, heading, x, y), (height - 0.04) / 2), (0.05, 0.05, height - 0.04), heading, solid=False)
        for x in (-0.33, 0.33)
        for y in (-0.55, 0.55)
    )
    return (top, *legs)


def make_walking_frame(at: _Point, heading: float, height: float) -> tuple[Cuboid, ...]:
    """Return a walking frame whose middle is at `at`: light enough that it holds nobody who sinks."""
    bars = [((0.0, side * 0.27, height - 0.02), (0.4, 0.04, 0.04)) for side in (-1, 1)]
    bars += [((x, side * 0.27, height / 2), (0.03, 0.03, height)) for x in (-0.18, 0.18) for side in (-1, 1)]
    bars.append(((0.18, 0.0, height - 0.1), (0.03, 0.54, 0.03)))
    return tuple(Cuboid("frame", (*_offset(at, heading, x, y), z), size, heading, solid=False) for (x, y, z), size in bars)


def make_step(at: _Point, heading: float, height: float, depth: float = 0.6) -> tuple[Cuboid, ...]:
    """Return a step whose front edge is at `at`, climbed towards `heading`."""
    return (Cuboid("step", (*_offset(at, heading, depth / 2), height / 2), (depth, 1.0, height), heading),)
