from __future__ import annotations

import numpy as np

from featherfall.core.recording import Note, NoteKind, Recording, Stream
from featherfall.datasets.notes import NoteSummary


def recording(trial: str, *notes: tuple[NoteKind, str]) -> Recording:
    stream = Stream(np.arange(2.0), np.zeros((2, 3)), "g", 1.0, notes=tuple(Note(*note) for note in notes))
    return Recording("own", "S1", "walk", trial, {"accelerometer": stream})


def test_one_line_for_each_kind() -> None:
    summary = NoteSummary()
    summary.add(recording("1"))
    summary.add(recording("2", ("clipped", "accelerometer: clipped at 2 g"), ("corrupt", "accelerometer: one")))
    clipped: tuple[tuple[NoteKind, str], ...] = ("clipped", "accelerometer: clipped at 4 g"), ("clipped", "accelerometer: again")
    summary.add(recording("3", *clipped, ("recognised", "phyphox")))
    assert summary.lines() == [
        "accelerometer: clipped in 2 of 3 recordings (first: S1/walk/2: clipped at 2 g)",
        "accelerometer: corrupt samples left out in 1 of 3 recordings (first: S1/walk/2: one)",
    ]


def test_a_unit_that_most_confirm_is_confirmed() -> None:
    summary = NoteSummary()
    for trial in range(4):
        summary.add(recording(str(trial), *([("unit", "accelerometer: not shown")] if trial < 2 else [])))
    assert summary.lines() == []
    summary.add(recording("4", ("unit", "accelerometer: not shown")))
    assert len(summary.lines()) == 1
    assert summary.lines()[0].startswith("accelerometer: no quiet stretch that confirms unit and gravity in 3 of 5 recordings")
