from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from featherfall.core.child import Child, ChildError, Refused


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Iterator[Child]:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    one = Child("child_functions:work", seconds=20, memory=300 << 20)
    yield one
    one.close()


def test_one_process_answers_all_calls(child: Child) -> None:
    first, second = child("a").split(), child("print").split()
    assert first[0] == second[0] and int(first[0]) != os.getpid()
    assert (first[1], second[1]) == (b"a", b"print")
    with pytest.raises(Refused, match="no such thing"):
        child("raise")
    assert child("b").split()[0] == first[0]


@pytest.mark.parametrize(("task", "told"), [("crash", r"crashed \(SIGSEGV\)"), ("leave", "ended with code 7")])
def test_a_child_that_dies(child: Child, task: str, told: str) -> None:
    before = child("a").split()[0]
    with pytest.raises(ChildError, match=told):
        child(task)
    assert child("a").split()[0] != before


@pytest.mark.parametrize("task", ["hang", "sleep"])
def test_a_child_that_hangs(child: Child, task: str) -> None:
    child("a")
    child.seconds = 0.3
    with pytest.raises(ChildError, match=r"took more than 0\.3 s"):
        child(task)
    child.seconds = 20
    assert child("a")


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
def test_a_child_that_fills_the_memory(child: Child) -> None:
    with pytest.raises(ChildError, match="needed more than 315 MB"):
        child("fill")
    assert child("a")
