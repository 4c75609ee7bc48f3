from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from featherfall.core import registry
from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.recorders.capture import Capture, open_capture
from featherfall.recorders.recognise import recognise, recorders
from featherfall.recorders.recorder import SensorFile

Recorder = Callable[[Capture], SensorFile | None]


@pytest.fixture
def added() -> Iterator[Callable[..., None]]:
    """Register recorders for one test."""
    names = []

    def add(name: str, answer: SensorFile | Exception | None, rank: int = 0) -> None:
        def recorder(capture: Capture) -> SensorFile | None:
            """A test's recorder."""
            if isinstance(answer, Exception):
                raise answer
            return answer

        recorder.__qualname__ = name
        register("recorder", name, title=name.upper(), rank=rank)(recorder)
        names.append(name)

    yield add
    for name in names:
        registry._objects.pop(("recorder", name), None)
        registry._own.pop(("recorder", name), None)


@pytest.fixture
def capture(tmp_path: Path) -> Capture:
    (tmp_path / "a.csv").write_text("time,x,y,z\n" + "".join(f"{i * 0.02:.2f},0,{i},1\n" for i in range(50)))
    return open_capture(tmp_path / "a.csv")


def one(name: str) -> SensorFile:
    return SensorFile(name, name.title(), ())


def test_any_table_comes_last(capture: Capture, added: Callable[..., None]) -> None:
    assert recognise(capture).recorder == "table"
    added("narrow", one("narrow"), rank=1)
    assert recognise(capture).recorder == "narrow"
    added("exact", one("exact"))
    assert recognise(capture).recorder == "exact"
    assert recorders()[-1].name == "table"
    assert [entry.title for entry in recorders() if entry.name == "exact"] == ["EXACT"]


def test_a_stated_recorder_wins(capture: Capture, added: Callable[..., None]) -> None:
    added("exact", one("exact"))
    added("other", None)
    assert recognise(capture, "table").recorder == "table"
    with pytest.raises(UserError, match=r"a\.csv: not a file of recorder 'other'; leave --recorder out"):
        recognise(capture, "Other")
    with pytest.raises(UserError, match="--recorder exakt: unknown; did you mean 'exact'"):
        recognise(capture, "exakt")


def test_two_of_one_rank_are_asked_for(capture: Capture, added: Callable[..., None]) -> None:
    added("first", one("first"))
    added("second", one("second"))
    with pytest.raises(UserError, match=r"a\.csv: may be of First or of Second; state --recorder first or --recorder second"):
        recognise(capture)


def test_a_refusal_counts_unless_another_of_its_rank_reads_the_file(capture: Capture, added: Callable[..., None]) -> None:
    added("counts", UserError("only counts"))
    with pytest.raises(UserError, match="only counts"):
        recognise(capture)
    added("exact", one("exact"))
    assert recognise(capture).recorder == "exact"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Once upon a time\n", "no row of numbers in it, nor is it a file of a known device or app"),
        ("time,x,y,z\n", "no row of numbers in it"),
        (" \n", "the file is empty; copy it again"),
        ("\0\1\2\3" * 90, "not a table with one row a sample, nor a file of a known device or app; export it as CSV"),
    ],
)
def test_what_nobody_knows(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(content)
    with pytest.raises(UserError, match=rf"a\.txt: {message}"):
        recognise(open_capture(tmp_path / "a.txt"))


def test_an_export_nobody_knows(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("prose\n")
    with pytest.raises(UserError, match=r"no recording of a known device or app in it \(it holds a\.txt, b\.txt\)"):
        recognise(open_capture(tmp_path))
