from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from featherfall.core.recording import Recording, Stream, Video


def stream(seconds: float, clock: str = "shared") -> Stream:
    times = np.linspace(0.0, seconds, 11)
    return Stream(times, np.zeros((11, 3), np.float32), "g", 10 / seconds, clock=clock)


def test_duration_is_told_by_the_shared_clock() -> None:
    recording = Recording("d", "S1", "walk", "2", {"a": stream(2.0), "b": stream(3.0), "skeleton": stream(9.0, "own")})
    assert recording.id == "S1/walk/2"
    assert recording.duration == 3.0
    assert Recording("d", "S1", "walk", "2", {"skeleton": stream(9.0, "own")}).duration == 9.0


def test_a_recording_of_films_alone_has_no_duration() -> None:
    recording = Recording("d", "S1", "walk", "2", {}, videos={"cam0": Video(Path("a.mp4"))})
    assert recording.duration == 0.0


def test_a_stream_of_unequal_lengths_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        Stream(np.zeros(3), np.zeros((4, 3), np.float32), "g", 50.0)
