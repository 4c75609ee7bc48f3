"""Class names taken for fall, not fall or nothing."""

from __future__ import annotations

import pytest

from featherfall.core.checked import check
from featherfall.core.class_names import ClassNames, normal
from featherfall.core.errors import UserError

KNOWN = ClassNames(fall=["fall", "Fallen Person"], not_fall=["not fallen", "sit"], ignore=["bed"])


@pytest.mark.parametrize("name", ["Not_Fallen", "not-fallen", " NOT  fallen "])
def test_spelling_makes_no_difference(name: str) -> None:
    assert normal(name) == "not fallen" and KNOWN.meaning(name) == "not_fall"


def test_meanings() -> None:
    assert [KNOWN.meaning(name) for name in ("fall", "fallen-person", "Bed", "falling")] == ["fall", "fall", "ignore", None]


def test_names_that_are_not_listed_are_named() -> None:
    KNOWN.check(["fall", "SIT"], "data")
    with pytest.raises(UserError, match=r"^data: labels\.names does not list 'dog', 'walker'; add it to fall, not_fall or ignore$"):
        KNOWN.check(["walker", "bed", "dog", "walker"], "data")


def test_a_name_means_one_thing() -> None:
    with pytest.raises(UserError, match="'not fallen' is in both 'fall' and 'not_fall'; keep one"):
        check(ClassNames, {"fall": ["Not-Fallen"], "not_fall": ["not fallen"]}, "recipe")
    with pytest.raises(UserError, match="fall"):
        check(ClassNames, {"fall": []}, "recipe")
