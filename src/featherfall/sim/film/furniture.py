"""The contents of a room: the scene's boxes with their surfaces, and decoration along the walls."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..world.scene import Cuboid, Scene
from .appearance import Appearance, LinearColour, linear_colour


class SurfacedBox(NamedTuple):
    """A box and its surface: colour, whether it emits light, and whether it shows wood grain."""

    box: Cuboid
    colour: LinearColour
    glows: bool = False
    grain: bool = False


def _scale_colour(tint: LinearColour, by: float) -> LinearColour:
    """Return a lighter or darker colour."""
    return (tint[0] * by, tint[1] * by, tint[2] * by)


WHITE, DARK, METAL = linear_colour(0xF4F2EC), linear_colour(0x4A4640), linear_colour(0x9AA0A6)


def add_furniture(scene: Scene, appearance: Appearance) -> list[SurfacedBox]:
    """Return the scene's boxes, their missing legs, and furniture along the walls wherever no box of the scene stands."""
    bare = not any(box.name.lower() in ("leg", "frame") for box in scene.boxes)
    items = [item for box in scene.boxes for item in _surface_box(box, appearance, bare)]
    for thing in (_window, _door, _wall_pictures):
        items += thing(scene, appearance)
    for thing in (_sideboard, _shelf, _sofa):
        group = thing(scene, appearance)
        if all(_is_clear(item.box, box) for item in group for box in scene.boxes):
            items += group
    return items


def _is_clear(one: Cuboid, other: Cuboid) -> bool:
    return max(abs(one.centre[axis] - other.centre[axis]) - (one.size[axis] + max(other.size[:2])) / 2 for axis in (0, 1)) > 0.3


def _item(
    centre: tuple[float, float, float], size: tuple[float, float, float], tint: LinearColour, glows: bool = False, grain: bool = False
) -> SurfacedBox:
    return SurfacedBox(Cuboid("decoration", centre, size, solid=False), tint, glows, grain)


def _along(side: tuple[float, float], share: float) -> float:
    """Return a place on a wall, by its share of the wall's length from the middle."""
    return sum(side) / 2 + (side[1] - side[0]) * share


def _window(scene: Scene, appearance: Appearance) -> list[SurfacedBox]:
    """Return a window with a sill and curtains in the wall at +y."""
    x, y = _along(scene.x, 0.22), scene.y[1]
    sky = [_item((x + side, y, 1.62), (0.62, 0.05, 1.22), linear_colour(0xD5E6F2), glows=True) for side in (-0.335, 0.335)]
    drapes = [_item((x + side, y - 0.03, 1.50), (0.26, 0.10, 1.80), appearance.rug) for side in (-0.88, 0.88)]
    return [_item((x, y, 1.62), (1.42, 0.04, 1.34), WHITE), _item((x, y - 0.04, 0.93), (1.5, 0.14, 0.035), WHITE), *sky, *drapes]


def _door(scene: Scene, appearance: Appearance) -> list[SurfacedBox]:
    """Return a door in the wall at -x."""
    x, y = scene.x[0], _along(scene.y, 0.25)
    panels = [
        _item((x + 0.02, y, z), (0.055, 0.62, tall), _scale_colour(appearance.wood, 0.85), grain=True)
        for z, tall in ((0.55, 0.75), (1.5, 0.85))
    ]
    frame, leaf = (
        _item((x, y, 1.03), (0.05, 1.02, 2.1), WHITE),
        _item((x + 0.015, y, 1.01), (0.05, 0.88, 2.02), appearance.wood, grain=True),
    )
    return [frame, leaf, *panels, _item((x + 0.07, y - 0.36, 1.02), (0.06, 0.12, 0.025), METAL)]


def _wall_pictures(scene: Scene, appearance: Appearance) -> list[SurfacedBox]:
    """Return a framed picture for each wall except the door's."""
    items = []
    for centre, size, tint in (
        ((_along(scene.x, -0.2), scene.y[1], 1.65), (0.7, 0.05, 0.5), 0x7B9AA8),
        ((scene.x[1], _along(scene.y, -0.2), 1.65), (0.05, 0.5, 0.66), 0xB9805E),
        ((_along(scene.x, 0.22), scene.y[0], 1.65), (0.85, 0.05, 0.6), 0x8A9B74),
    ):
        wide, deep, tall = size
        inner = (max(wide - 0.1, 0.06), max(deep - 0.1, 0.06), tall - 0.1)
        mount = (max(wide - 0.04, 0.055), max(deep - 0.04, 0.055), tall - 0.04)
        items += [_item(centre, size, DARK), _item(centre, mount, WHITE), _item(centre, inner, linear_colour(tint))]
    return items


def _sideboard(scene: Scene, appearance: Appearance) -> list[SurfacedBox]:
    """Return a sideboard with a lamp at +x."""
    x, y = scene.x[1], _along(scene.y, 0.23)
    doors = [
        _item((x - 0.41, y + side, 0.45), (0.02, 0.38, 0.56), _scale_colour(appearance.wood, 1.15), grain=True) for side in (-0.4, 0, 0.4)
    ]
    return [
        _item((x - 0.2, y, 0.44), (0.40, 1.3, 0.68), appearance.wood, grain=True),
        _item((x - 0.2, y, 0.05), (0.34, 1.2, 0.10), DARK),
        _item((x - 0.2, y + 0.35, 0.90), (0.05, 0.05, 0.25), METAL),
        _item((x - 0.2, y + 0.35, 1.10), (0.24, 0.24, 0.22), linear_colour(0xFFF3D6), glows=True),
        *doors,
    ]


def _shelf(scene: Scene, appearance: Appearance) -> list[SurfacedBox]:
    """Return a shelf with books at -x."""
    x, y = scene.x[0], _along(scene.y, -0.24)
    shelf = [_item((x + 0.16, y, z), (0.30, 0.9, 0.03), appearance.wood) for z in (0.04, 0.42, 0.80, 1.18)]
    shelf += [_item((x + 0.16, y + side, 0.6), (0.32, 0.03, 1.2), appearance.wood) for side in (-0.46, 0.46)]
    shelf.append(_item((x + 0.02, y, 0.6), (0.02, 0.9, 1.18), _scale_colour(appearance.wood, 0.5)))
    tints = (0x8C3B3B, 0x35567A, 0xC7B48A, 0x4F6F52, 0xD8D2C4, 0x6A4A6E, 0xB7793F)
    for level, base in enumerate((0.055, 0.435, 0.815)):
        at, count = -0.43, 0
        while at < 0.30 - 0.12 * level:
            thick, tall = 0.035 + 0.012 * (count * 7 % 4), 0.22 + 0.02 * (count * 5 % 4)
            shelf.append(
                _item((x + 0.15, y + at + thick / 2, base + tall / 2), (0.2, thick, tall), linear_colour(tints[(count * 3 + level) % 7]))
            )
            at, count = at + thick + 0.004, count + 1
    return shelf


def _sofa(scene: Scene, appearance: Appearance) -> list[SurfacedBox]:
    """Return a sofa at -y."""
    x, y = _along(scene.x, -0.24), scene.y[0]
    dim = _scale_colour(appearance.fabric, 0.8)
    return [
        _item((x, y + 0.45, 0.20), (1.5, 0.80, 0.28), dim),
        _item((x, y + 0.14, 0.50), (1.5, 0.22, 0.62), dim),
        *[_item((x + side, y + 0.45, 0.32), (0.18, 0.84, 0.50), dim) for side in (-0.80, 0.80)],
        *[_item((x + side, y + 0.52, 0.40), (0.69, 0.64, 0.14), appearance.fabric) for side in (-0.355, 0.355)],
        _item((x - 0.5, y + 0.33, 0.62), (0.38, 0.14, 0.34), appearance.rug),
    ]


def _surface_box(box: Cuboid, appearance: Appearance, legs: bool) -> list[SurfacedBox]:
    """Return a box of the scene with the surface that its name suggests and, with `legs`, legs where it floats."""
    name = box.name.lower()
    if any(word in name for word in ("mattress", "bed", "pillow")):
        tint, grain = linear_colour(0xECEBE6), False
    elif any(word in name for word in ("seat", "backrest", "back", "sofa", "cushion")):
        tint, grain = appearance.fabric, False
    elif any(word in name for word in ("step", "stair", "kerb")):
        tint, grain = linear_colour(0xA9A59D), False
    elif any(word in name for word in ("mat", "pad")):
        tint, grain = linear_colour(0x4F7391), False
    else:
        tint, grain = appearance.wood, True
    items = [SurfacedBox(box, tint, False, grain)]
    bottom = box.centre[2] - box.size[2] / 2
    if legs and 0.08 < bottom < 1.0 and any(word in name for word in ("seat", "table", "mattress", "bed", "desk", "stool", "bench")):
        cosine, sine = np.cos(box.yaw), np.sin(box.yaw)
        for side in (-1, 1):
            for end in (-1, 1):
                x, y = side * (box.size[0] / 2 - 0.035), end * (box.size[1] / 2 - 0.035)
                at = (box.centre[0] + cosine * x - sine * y, box.centre[1] + sine * x + cosine * y, bottom / 2)
                items.append(SurfacedBox(Cuboid("leg", at, (0.045, 0.045, bottom), box.yaw, False), appearance.wood, False, True))
    return items
