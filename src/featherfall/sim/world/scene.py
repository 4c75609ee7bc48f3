"""A furnished room: cuboids that bodies collide with and cameras see."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cuboid:
    """A box in the room.

    Attributes:
        name: "seat", "backrest", "mattress", "table", "step", ...
        centre: (3,) m in the world; the floor is z = 0.
        size: (3,) m, full edge lengths.
        yaw: rad, its turn about z.
        solid: whether bodies collide with it (else it is only seen).
        soft: whether it gives way, like a mattress.
    """

    name: str
    centre: tuple[float, float, float]
    size: tuple[float, float, float]
    yaw: float = 0.0
    solid: bool = True
    soft: bool = False


@dataclass(frozen=True)
class Scene:
    """The boxes of a room, and the spans (m) of its floor: x from `x[0]` to `x[1]`, y likewise. `mat` softens the floor as in a study."""

    boxes: tuple[Cuboid, ...] = ()
    x: tuple[float, float] = (-3.0, 3.0)
    y: tuple[float, float] = (-3.0, 3.0)
    mat: bool = False
