"""Corrupt samples of real sensors, and real falls that hold none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from featherfall import datasets


@pytest.mark.parametrize(
    ("name", "folder"), [("weda-fall", "WEDA-FALL"), ("up-fall", "UP-Fall"), ("kfall", "KFall"), ("smartfallmm", "SmartFallMM")]
)
def test_no_peak_of_a_real_fall_is_taken_for_a_glitch(real: Callable[[str], Path], name: str, folder: str) -> None:
    falls = [source for source in datasets.open(name, real(folder)).sources if source.fall]
    for source in falls:
        notes = [note for stream in source.load().streams.values() for note in stream.notes]
        assert not [note.text for note in notes if note.kind == "corrupt"], source.id
    assert len(falls) > 50


def test_glitches_of_real_sensors_are_found(real: Callable[[str], Path]) -> None:
    notes = []
    for source in datasets.open("berkeley-mhad", real("Berkeley-MHAD")).sources:
        if source.id in ("S02/stand up/4", "S03/stand up/4"):
            notes += [note.text for stream in source.load().streams.values() for note in stream.notes if note.kind == "corrupt"]
    assert len(notes) == 3 and any("(x is 56.748" in note for note in notes)  # g: no sensor of its kind gives more than 16
