from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.recorders.samples import motion, rows, write

from featherfall.core.errors import UserError
from featherfall.recorders.capture import open_capture
from featherfall.recorders.readings import at_rest, axis_columns, changed, document, from_arrays, header_unit, near, records, seconds
from featherfall.recorders.recorder import Block


def test_axes() -> None:
    assert axis_columns("acc_{}") == ("acc_X", "acc_Y", "acc_Z") and axis_columns("q{}", "wx") == ("qw", "qx")


@pytest.mark.parametrize(("factor", "expected"), [(1.0, 1.0), (9.80665, 9.80665), (16384.0, 16384.0)])
def test_gravity_shows_at_rest(factor: float, expected: float) -> None:
    fall = motion()
    series = from_arrays("accelerometer", fall.times, factor * fall.total, None, "a.csv")
    assert near(at_rest(series), expected)


def test_without_gravity_there_is_next_to_nothing_at_rest() -> None:
    fall = motion()
    rest = at_rest(from_arrays("linear acceleration", fall.times, fall.linear, "g", "a.csv"))
    assert rest is not None and rest < 0.1


def test_rest_of_nothing_and_of_gaps() -> None:
    assert at_rest(from_arrays("accelerometer", [], np.empty((0, 3)), "g", "a.csv")) is None
    gaps = np.full((100, 3), np.nan)
    gaps[::2] = (0.0, 0.0, 1.0)
    assert at_rest(from_arrays("accelerometer", np.arange(100) / 50, gaps, "g", "a.csv")) == 1.0


def test_near() -> None:
    assert near(1.1, 1.0) and not near(1.2, 1.0) and not near(None, 1.0) and not near(float("nan"), 1.0)


def test_blocks_are_changed_one_by_one_and_anew() -> None:
    series = from_arrays("accelerometer", [0.0, 1.0], [(1, 2, 3), (4, 5, 6)], "g", "a.csv", placement="wrist")
    twice = changed(series, lambda block: Block(block.row, block.times, 2 * block.values), sensor="gravity")
    assert twice.sensor == "gravity" and twice.placement == "wrist"
    for _ in range(2):
        assert [block.values.tolist() for block in twice.blocks()] == [[[2, 4, 6], [8, 10, 12]]]


@pytest.mark.parametrize("values", [[(1, 2)], [("x", 2, 3)], [(1, 2, None), (1,)], [{}]])
def test_values_that_are_no_samples_are_refused(values: list[object]) -> None:
    with pytest.raises(UserError, match=r"a\.json"):
        from_arrays("accelerometer", list(range(len(values))), values, "g", "a.json")


def test_dates_without_a_zone_are_utc() -> None:
    assert seconds(" 14-11-2023 22:13:20", "%d-%m-%Y %H:%M:%S") == 1_700_000_000
    assert seconds("99-11-2023 22:13:20", "%d-%m-%Y %H:%M:%S") is None


def test_documents_are_known_by_their_marks(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('\ufeff{"a": [1, {"mark": 2}]}', encoding="utf-8")
    assert document(open_capture(path), '"mark"') == {"a": [1, {"mark": 2}]}
    assert document(open_capture(path), '"other"') is None
    path.write_text('{"mark": 1}\n{"mark": 2}\n')
    assert document(open_capture(path), '"mark"') == [{"mark": 1}, {"mark": 2}]
    path.write_text("mark")
    assert document(open_capture(path), "mark") is None


@given(
    st.recursive(
        st.integers() | st.just("x"), lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("abk"), inner), max_leaves=20
    )
)
def test_records_are_those_with_the_key_in_order(value: object) -> None:
    def walk(one: object) -> list[object]:
        if isinstance(one, dict):
            return [one] * ("k" in one) + [found for inner in one.values() for found in walk(inner)]
        return [found for inner in one for found in walk(inner)] if isinstance(one, list) else []

    assert list(records(value, "k")) == walk(value)


def test_units_of_the_header(tmp_path: Path) -> None:
    table = open_capture(write(tmp_path / "a.csv", ["t (ms),x (m/s^2),y,z", *rows(np.arange(30.0), motion().total[:30])])).table()
    assert table is not None
    assert [header_unit(table, name) for name in ("t", "x", "y", "q")] == ["ms", "m/s2", None, None]
