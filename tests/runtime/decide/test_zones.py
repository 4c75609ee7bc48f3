"""Zones in which people lie."""

from __future__ import annotations

import numpy as np
import pytest

from featherfall.core.errors import UserError
from featherfall.runtime.decide.zones import Zone, in_a_zone

SQUARE = Zone(((0.25, 0.5), (0.75, 0.5), (0.75, 1.0), (0.25, 1.0)))
BAY = Zone.parse("0,0 1,0 1,1 0.5,0.25 0,1")  # a W: the middle of its lower side is cut out


@pytest.mark.parametrize(
    ("zone", "right", "down", "inside"),
    [
        (SQUARE, 400, 300, True),
        (SQUARE, 190, 300, False),
        (SQUARE, 210, 300, True),
        (SQUARE, 590, 300, True),
        (SQUARE, 610, 300, False),
        (SQUARE, 400, 190, False),
        (SQUARE, 400, 210, True),
        (BAY, 400, 50, True),
        (BAY, 400, 200, False),
        (BAY, 40, 200, True),
        (BAY, 760, 200, True),
    ],
)
def test_a_point_is_inside_a_polygon_or_not(zone: Zone, right: float, down: float, inside: bool) -> None:
    assert zone.holds(np.array([right, down]), 400, 800) == inside


def test_any_zone_will_do() -> None:
    point = np.array([400.0, 300.0])
    assert in_a_zone([BAY, SQUARE], point, 400, 800) and not in_a_zone([BAY], point, 400, 800) and not in_a_zone([], point, 400, 800)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.1,0.2 0.3,0.4", "a zone of 2 corners; give 3 to 64"),
        ("0.1,0.2 0.3,0.4 1.1,0.5", "a zone's corner lies outside the picture; give shares of its width and height, 0 to 1"),
        ("0.1,0.2 0.3,0.4 nan,0.5", "outside the picture"),
        ("0.1,0.2 0.3 0.4,0.5", "is no zone; give its corners, e.g. '0.1,0.5 0.4,0.5 0.4,0.9 0.1,0.9'"),
        ("bed", "'bed' is no zone"),
        (" ".join(["0.1,0.2"] * 65), "a zone of 65 corners"),
    ],
)
def test_what_is_no_zone_is_refused(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Zone.parse(text)


def test_a_zone_of_text() -> None:
    assert Zone.parse(" 0.25,0.5  0.75,0.5 0.75,1 0.25,1") == SQUARE
