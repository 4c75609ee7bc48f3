"""Recordings that were left out: counted, grouped, and too many."""

from __future__ import annotations

from pathlib import Path

import pytest

from featherfall.core.errors import UserError
from featherfall.datasets.left_out import left_out

FOLDER = Path("/data/set")


def unreadable(count: int) -> list[str]:
    return [f"{FOLDER}/S{k:02d}/a.csv: acceleration of {k + 0.5} g at rest; state the unit" for k in range(count)]


def test_reasons_are_grouped_with_their_first_file() -> None:
    found = left_out(98, 98 - 64 - 1, [*unreadable(64), f"{FOLDER}/x.csv: empty; copy it again"], FOLDER)
    assert found.lines() == [
        "left out: 65 of 98",
        "64 x S00/a.csv: acceleration of 0.5 g at rest; state the unit",
        "1 x x.csv: empty; copy it again",
    ]
    assert found.to_json()["reasons"]["x.csv: empty; copy it again"] == 1 and found.too_many


def test_300_reasons_are_some_lines() -> None:
    found = left_out(400, 100, [f"{FOLDER}/{k}.csv: {'x' * (k + 1)}" for k in range(300)], FOLDER)
    assert len(found.lines()) == 6 and found.lines()[-1] == "and 296 more reasons"


@pytest.mark.parametrize(("count", "refused"), [(0, False), (10, False), (11, True)])
def test_more_than_a_tenth_is_too_many(count: int, refused: bool) -> None:
    found = left_out(100, 100 - count, unreadable(count), FOLDER)
    assert found.too_many is refused and bool(found.lines()) is bool(count)
    found.check(FOLDER, allowed=True)
    if refused:
        with pytest.raises(UserError, match=r"^/data/set: 11 of 100 recordings cannot be used, more than 10 % .*--allow-skipped$") as error:
            found.check(FOLDER, allowed=False)
        assert "\n" not in str(error.value)
    else:
        found.check(FOLDER, allowed=False)


def test_what_cannot_be_listed_counts_too() -> None:
    unlisted = [f"{FOLDER}/{name}.csv: not the name of a recording, left out" for name in ("a", "b", "c")]
    found = left_out(27, 26, unreadable(1), FOLDER, unlisted)
    assert (found.count, found.of, found.unreadable, found.too_many) == (4, 30, 4, True)
    assert found.lines()[:2] == ["left out: 4 of 30", "3 x a.csv: not the name of a recording, left out"]


def test_what_lacks_a_stream_is_counted_and_not_held_against_the_dataset() -> None:
    lacking = [f"S1/walk/{k}: lacks skeleton" for k in range(30)] + [
        "S2/sit/1: bundle 'b' needs the input 'gyroscope'; the recording has: a"
    ]
    found = left_out(60, 29, lacking, FOLDER)
    assert (found.count, found.unreadable, found.too_many) == (31, 0, False)
