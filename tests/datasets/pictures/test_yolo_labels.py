"""Rows of YOLO label files: boxes and polygons, what is clipped, what is left out, what stops."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from featherfall.core.errors import UserError
from featherfall.core.recording import Box
from featherfall.datasets.pictures.yolo_labels import beyond, clipped, parse, read_labels

NAMES = ("fall", "person")


def name(number: int) -> str:
    if number >= len(NAMES):
        raise UserError(f"class {number} is too high")
    return NAMES[number]


def labels(tmp_path: Path, text: str) -> tuple[list[Box], list[str]]:
    file = tmp_path / "a.txt"
    file.write_text(text)
    problems: list[str] = []
    return read_labels(file, name, problems), problems


def test_a_box_is_centre_and_size() -> None:
    assert parse(["3", "0.5", "0.4", "0.2", "0.6"]) == (3, pytest.approx((0.4, 0.1, 0.6, 0.7)))


def test_a_polygon_gives_the_box_around_it() -> None:
    assert parse(["0", "0.1", "0.5", "0.3", "0.2", "0.6", "0.9"]) == (0, (0.1, 0.2, 0.6, 0.9))
    assert parse(["1", "0.1", "0.2", "0.4", "0.2", "0.4", "0.5", "0.1", "0.5"]) == (1, (0.1, 0.2, 0.4, 0.5))


def test_an_empty_file_shows_nothing(tmp_path: Path) -> None:
    assert labels(tmp_path, "") == ([], []) and labels(tmp_path, "\n \n") == ([], [])


def test_rounding_beyond_the_edge_is_clipped_silently_and_more_is_told(tmp_path: Path) -> None:
    boxes, problems = labels(tmp_path, "0 0.5 0.5 1.001 1.001\n1 0.9 0.5 0.4 0.2\n")
    assert boxes == [Box("fall", 0.0, 0.0, 1.0, 1.0), Box("person", pytest.approx(0.7), pytest.approx(0.4), 1.0, pytest.approx(0.6))]
    assert (
        len(problems) == 1
        and "a.txt: row 2: the box reaches beyond the picture (from 0.70, 0.40 to 1.10, 0.60); it is clipped" in problems[0]
    )


def test_a_box_outside_is_left_out_and_told(tmp_path: Path) -> None:
    boxes, problems = labels(tmp_path, "1 0.5 0.5 0.2 0.2\n0 1.5 0.5 0.2 0.2\n")
    assert [box.name for box in boxes] == ["person"]
    assert len(problems) == 1 and "row 2: the box lies outside the picture" in problems[0]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("0 0.5 0.5 0.2", "4 columns; a box has 5"),
        ("0 0.5 0.5 0.2 0.2 0.9", "6 columns"),
        ("0 0.1 0.2 0.3 0.4 0.5 0.6 0.7", "8 columns"),
        ("0 0.5 nan 0.2 0.2", "not finite"),
        ("0 0.5 inf 0.2 0.2", "not finite"),
        ("0 0.5 0.5 -0.2 0.2", "a box of -0.2 x 0.2"),
        ("0 0.5 0.5 0 0.2", "a box of 0 x 0.2"),
        ("0 0.1 0.2 0.1 0.4 0.1 0.6", "a box of 0 x 0.4"),
        ("fall 0.5 0.5 0.2 0.2", "'fall' is not a number"),
        ("1.5 0.5 0.5 0.2 0.2", "class 1.5 is not a number from 0 on"),
        ("-1 0.5 0.5 0.2 0.2", "class -1 is not a number from 0 on"),
        ("7 0.5 0.5 0.2 0.2", "class 7 is too high"),
        ("<html>", "1 columns"),
    ],
)
def test_a_row_that_makes_no_sense_names_file_and_row(tmp_path: Path, row: str, fault: str) -> None:
    with pytest.raises(UserError, match=r"a\.txt: row 2: .*" + fault) as caught:
        labels(tmp_path, f"0 0.5 0.5 0.2 0.2\n{row}\n")
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(UserError, match="not UTF-8 text"):
        read_labels(tmp_path / "a.txt", name, [])


fractions = st.floats(-0.5, 1.5)


@given(fractions, fractions, st.floats(1e-3, 2), st.floats(1e-3, 2))
def test_a_clipped_box_lies_inside_and_holds_the_same_points(x: float, y: float, width: float, height: float) -> None:
    _, edges = parse(["0", *map(repr, (x, y, width, height))])
    whole = Box("fall", *edges)
    assert ((whole.left + whole.right) / 2, (whole.top + whole.bottom) / 2) == pytest.approx((x, y), abs=1e-9)
    assert (whole.right - whole.left, whole.bottom - whole.top) == pytest.approx((width, height), abs=1e-9)
    part = clipped(whole)
    if part is None:
        assert min(whole.right, whole.bottom) <= 0 or max(whole.left, whole.top) >= 1
        return
    assert 0 <= part.left < part.right <= 1 and 0 <= part.top < part.bottom <= 1
    assert part.left == max(whole.left, 0) and part.bottom == min(whole.bottom, 1)
    assert (beyond(whole) == 0) == (part == whole)


points = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=9)


@given(points)
def test_every_corner_of_a_polygon_lies_in_its_box(corners: list[tuple[float, float]]) -> None:
    across, down = zip(*corners, strict=True)
    row = ["0", *(repr(value) for corner in corners for value in corner)]
    if min(across) == max(across) or min(down) == max(down):
        with pytest.raises(UserError, match="a box of"):
            parse(row)
        return
    assert parse(row)[1] == (min(across), min(down), max(across), max(down))


@given(st.text(alphabet="0123456789.-einfa \t", max_size=60))
def test_any_row_gives_a_box_or_a_user_error(row: str) -> None:
    if fields := row.split():
        try:
            _, (left, top, right, bottom) = parse(fields)
        except UserError:
            return
        assert left < right and top < bottom
