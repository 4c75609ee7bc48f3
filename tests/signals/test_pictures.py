from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.films import gray_film, number

from featherfall.core.errors import UserError
from featherfall.core.recording import Stream, Video
from featherfall.signals.frames import RecordingWindows
from featherfall.signals.pictures import choose_pictures, film_clock, frame_times, read_pictures


def windows(starts: list[float], seconds: float) -> RecordingWindows:
    start = np.array(starts)
    return RecordingWindows({}, np.ones((len(start), 4), bool), start, start + seconds, start + seconds / 2, seconds)


def test_moments_are_the_middles_of_equal_parts(tmp_path: Path) -> None:
    sensor = Stream(np.array([0.0, 6.0]), np.zeros((2, 1)), "1", 1.0)
    film = Video(tmp_path / "not opened")
    np.testing.assert_allclose(frame_times(film, windows([0.0, 2.0], 4.0), sensor, 4), [[0.5, 1.5, 2.5, 3.5], [2.5, 3.5, 4.5, 5.5]])


def test_a_film_on_its_own_clock_is_read_at_the_same_relative_position(tmp_path: Path) -> None:
    sensor = Stream(np.array([0.0, 5.8]), np.zeros((2, 1)), "1", 1.0)  # the film lasts from 1 to 3.9 s: half as long
    film = Video(gray_film(tmp_path / "film.mp4"), start=1.0, clock="own")
    np.testing.assert_allclose(frame_times(film, windows([0.0, 2.0], 2.0), sensor, 2), [[1.25, 1.75], [2.25, 2.75]], atol=1e-6)


def test_the_nearest_picture_of_each_moment_and_none_twice(tmp_path: Path) -> None:
    film = Video(gray_film(tmp_path / "film.mp4"), start=1.0)  # frame i at 1 + i / 10
    kept: list[np.ndarray] = []
    index, problems = choose_pictures(film, np.array([[2.04, 1.0, 2.06], [2.04, 9.0, -3.0]]), 16, kept.append)
    assert [number(picture) for picture in kept] == [0, 10, 11, 29]  # in order of time; beyond the ends: the last, the first
    assert index.tolist() == [[1, 0, 2], [1, 3, 0]] and not problems
    assert all(picture.shape == (16, 16, 3) for picture in kept)
    pictures = read_pictures(film, np.array([[2.04, 1.0]]), 16)
    assert pictures.shape == (1, 2, 16, 16, 3) and number(pictures[0, 0]) == 10
    assert read_pictures(film, np.zeros((0, 3)), 16).shape == (0, 3, 16, 16, 3)


def test_the_clock_of_a_film(tmp_path: Path) -> None:
    clock = film_clock(Video(gray_film(tmp_path / "film.mp4"), start=-0.5))
    np.testing.assert_allclose(clock.times, [-0.5, 2.4], atol=1e-6)  # the last frame's own time does not count


def test_a_film_cut_short_serves_what_it_has_and_refuses_the_rest(tmp_path: Path) -> None:
    whole = gray_film(tmp_path / "film.mp4", 40)
    data = whole.read_bytes()
    # The index of an mp4 stands at its end: move it forward, then cut the pictures.
    import av

    with av.open(str(whole)) as source, av.open(str(tmp_path / "short.mp4"), "w", options={"movflags": "faststart"}) as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    data = (tmp_path / "short.mp4").read_bytes()
    (tmp_path / "short.mp4").write_bytes(data[: int(len(data) * 0.8)])
    film = Video(tmp_path / "short.mp4")
    index, problems = choose_pictures(film, np.array([[0.1, 0.5]]), 16, lambda picture: None)
    assert index.tolist() == [[0, 1]] and len(problems) == 1 and "short.mp4" in problems[0]
    with pytest.raises(UserError, match=r"short\.mp4.*of what is needed are lost"):
        choose_pictures(film, np.array([[0.1, 3.8]]), 16, lambda picture: None)
