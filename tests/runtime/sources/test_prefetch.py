from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from featherfall.runtime.sources.prefetch import prefetch


def test_same_items_in_the_same_order() -> None:
    assert list(prefetch(range(100))) == list(range(100)) and list(prefetch([])) == [] and list(prefetch([None, 1])) == [None, 1]


def test_no_more_are_made_than_asked_for() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for k in range(50):
            made.append(k)
            yield k

    got = prefetch(items(), most=2)
    assert next(got) == 0 and len(made) <= 4
    before = threading.active_count()
    got.close()  # type: ignore[attr-defined]
    assert threading.active_count() < before and len(made) <= 5


def test_an_error_comes_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("broken here")

    got = prefetch(items())
    assert [next(got), next(got)] == [1, 2]
    with pytest.raises(ValueError, match="broken here"):
        next(got)
