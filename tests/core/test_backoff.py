from __future__ import annotations

import pytest

from featherfall.core import backoff
from featherfall.core.backoff import FREE_TRIES, MAX_WAIT_S, Backoff


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_wait_doubles_to_a_minute_and_is_of_one_address() -> None:
    clock = Clock()
    waits = Backoff(clock)
    seen = []
    for _ in range(FREE_TRIES + 8):
        waits.fail("a")
        seen.append(waits.wait_s("a"))
        clock.now += waits.wait_s("a")
        assert waits.wait_s("a") == 0
    assert seen == [0] * (FREE_TRIES - 1) + [1, 2, 4, 8, 16, 32, 60, 60, 60] and MAX_WAIT_S == 60
    assert waits.wait_s("b") == 0


def test_a_right_token_and_a_quarter_of_an_hour_forget() -> None:
    clock = Clock()
    waits = Backoff(clock)
    for _ in range(FREE_TRIES):
        waits.fail("a")
    assert waits.wait_s("a") == 1
    waits.succeed("a")
    assert waits.wait_s("a") == 0 and len(waits) == 0
    for _ in range(FREE_TRIES):
        waits.fail("b")
    clock.now += backoff.FORGET_AFTER_S + 1
    waits.fail("c")
    assert len(waits) == 1
    waits.fail("b")
    assert waits.wait_s("b") == 0  # the first wrong token again


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "MAX_ADDRESSES", 50)
    waits = Backoff(Clock())
    for _ in range(FREE_TRIES):
        waits.fail("kept")
    for number in range(1000):
        waits.fail(f"2001:db8:0:{number:x}::/64")
        if number % 20 == 0:
            waits.fail("kept")
    assert len(waits) == 50 and waits.wait_s("kept") > 0
