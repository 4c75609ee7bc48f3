from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from featherfall.core.errors import UserError
from featherfall.core.placement import place_of, refuse_elsewhere, same_place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("wrist", "wrist"),
        ("left wrist", "wrist"),
        ("Watch", "wrist"),
        ("Right-Forearm", "wrist"),
        ("belt", "waist"),
        ("low back", "waist"),
        ("right pocket", "thigh"),
        ("left upper arm", "upper arm"),
        ("arm", "upper arm"),
        ("lower_leg", "ankle"),
        ("neck", "neck"),
        ("dog collar", "dog collar"),
        ("left dog collar", "dog collar"),
        ("left", ""),
        ("", ""),
    ],
)
def test_places(text: str, place: str) -> None:
    assert place_of(text) == place


def test_two_places_in_one_text_are_neither() -> None:
    assert place_of("wrist or ankle") == "wrist or ankle"


def test_same_place() -> None:
    assert same_place("wrist", "left watch") is True
    assert same_place("wrist", "waist") is False
    assert same_place("wrist", "") is None and same_place("", "wrist") is None


def test_a_sensor_worn_elsewhere_is_refused_with_both_ways_out() -> None:
    for found in ("left wrist", "Watch", ""):
        refuse_elsewhere("walk.csv", "wrist", found)
    refuse_elsewhere("walk.csv", "", "pocket")
    with pytest.raises(UserError, match=r"^walk\.csv: worn at the pocket, .* choose a model for the thigh; .*, add --placement-ok$"):
        refuse_elsewhere("walk.csv", "right wrist", "pocket")


@given(st.text(max_size=30))
def test_a_place_is_its_own_place(text: str) -> None:
    assert place_of(place_of(text)) == place_of(text)
