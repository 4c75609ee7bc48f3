"""Random appearance of a person and their room."""

# ruff: noqa: RUF009 (a colour is a constant, however it is written)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..world.body import SimulatedPerson

LinearColour = tuple[float, float, float]


def linear_colour(code: int) -> LinearColour:
    """Convert 0xRRGGBB to linear light, three numbers from 0 to 1 (gamma 2, whose inverse is a fast square root)."""
    red, green, blue = ((code >> shift & 255) / 255 for shift in (16, 8, 0))
    return (red**2, green**2, blue**2)


@dataclass(frozen=True)
class Appearance:
    """Colours (linear light, 0 to 1) and styles of a person and their room.

    Attributes:
        skin, hair, shirt, trousers, shoes: of the person.
        long_hair: to the shoulders, else short.
        long_sleeves: to the wrist, else above the elbow.
        wall, floor, fabric, wood, rug: of the room.
        tiles: a tiled floor, else planks.
    """

    skin: LinearColour = linear_colour(0xE3B091)
    hair: LinearColour = linear_colour(0x3A2A20)
    shirt: LinearColour = linear_colour(0x2F6DA8)
    trousers: LinearColour = linear_colour(0x3B3F4A)
    shoes: LinearColour = linear_colour(0x8A3B2E)
    long_hair: bool = False
    long_sleeves: bool = False
    wall: LinearColour = linear_colour(0xE9E3D6)
    floor: LinearColour = linear_colour(0xC29A6B)
    fabric: LinearColour = linear_colour(0x7C8F86)
    wood: LinearColour = linear_colour(0x9B6B42)
    rug: LinearColour = linear_colour(0xB9AE9C)
    tiles: bool = False


_SKIN = (0xF1CBB0, 0xE8B998, 0xE3B091, 0xD49E7A, 0xB97F58, 0x96613F, 0x704730, 0x523425)
_HAIR = (0x1E1815, 0x3A2A20, 0x5A3D26, 0x8A6239, 0xC7A063, 0x7B3B20)
_GREY = (0xA7A29B, 0xD3CFC8, 0x7E7A75)
_SHIRT = (0x2F6DA8, 0xB33A3A, 0x3E8E5A, 0xD8A12B, 0x6B4C9A, 0xE6E4DF, 0x2E8C8C, 0xC9683A, 0x54606E, 0xA94472)
_TROUSERS = (0x3B3F4A, 0x2E4468, 0x6B5A45, 0x4A4A4A, 0x8C8069, 0x25272C)
_SHOES = (0x8A3B2E, 0x2B2320, 0xD9D6CF, 0x5C4433, 0x35506B)
_WALL = (0xE9E3D6, 0xDFE5E4, 0xE7DCD3, 0xDDE3D3, 0xEDE8DF, 0xD9DDE6)
_FLOOR = (0xC29A6B, 0xA87B50, 0xD3B48A, 0x8D6545)
_TILES = (0xC9C3B8, 0xB8BCBE, 0xD2C4AE)
_FABRIC = (0x7C8F86, 0x8A7F9A, 0x6E86A3, 0xA3836E, 0x8B8B84)
_WOOD = (0x9B6B42, 0x7A5233, 0xB98D5E, 0xCBB79A)
_RUG = (0xB9AE9C, 0x9A6A63, 0x7D90A0, 0xA79B78)


def draw_appearance(rng: np.random.Generator, person: SimulatedPerson | None = None) -> Appearance:
    """Draw a random appearance; with `person`, grey hair comes with age and long hair is more frequent for women."""

    def pick(codes: tuple[int, ...]) -> LinearColour:
        return linear_colour(codes[int(rng.integers(len(codes)))])

    grey = person is not None and rng.random() < (person.age - 45) / 25
    tiles = bool(rng.random() < 0.3)
    return Appearance(
        skin=pick(_SKIN),
        hair=pick(_GREY if grey else _HAIR),
        shirt=pick(_SHIRT),
        trousers=pick(_TROUSERS),
        shoes=pick(_SHOES),
        long_hair=bool(rng.random() < (0.6 if person is not None and person.sex == "female" else 0.08)),
        long_sleeves=bool(rng.random() < 0.5),
        wall=pick(_WALL),
        floor=pick(_TILES if tiles else _FLOOR),
        fabric=pick(_FABRIC),
        wood=pick(_WOOD),
        rug=pick(_RUG),
        tiles=tiles,
    )
