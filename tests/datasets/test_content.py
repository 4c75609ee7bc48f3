"""Copies are recognised whatever program wrote them; different recordings are not taken for copies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import motion, tiny_dataset

from featherfall import datasets
from featherfall.core.recording import Recording, Stream, Video
from featherfall.core.units import STANDARD_GRAVITY
from featherfall.datasets.content import contents, duplicates, fingerprints_json, from_json, known_content, stream_content, video_content
from featherfall.datasets.inspect import inspect_dataset


def stream(seed: int, seconds: float = 12.0, rate: float = 50.0, unit: str = "g", noise: float = 0.01) -> Stream:
    """A body that moves as nobody else does."""
    random = np.random.default_rng(seed)
    times = np.arange(round(seconds * rate)) / rate
    waves = sum(random.normal(0, 0.4, 3) * np.sin(random.uniform(0.5, 9) * times[:, None] + random.uniform(0, 6, 3)) for _ in range(5))
    values = np.asarray(waves) + np.array([0, 0, 1]) + random.normal(0, noise, (len(times), 3))
    return Stream(times, values.astype(np.float32), unit, rate)


def rounded(one: Stream) -> Stream:
    """As a file in m/s2 with two digits has it."""
    return replace(one, values=(np.round(one.values * STANDARD_GRAVITY, 2) / STANDARD_GRAVITY).astype(np.float32))


def without_stamps(one: Stream) -> Stream:
    return replace(one, times=np.linspace(0, one.times[-1] * 1.07, len(one.times)))


COPIES: dict[str, Callable[[Stream], Stream]] = {
    "fewer digits": rounded,
    "other stamps": without_stamps,
    "another start": lambda one: replace(one, times=one.times + 1.7e9),
    "cut off": lambda one: replace(one, times=one.times[:480], values=one.values[:480]),
    "all of it": lambda one: without_stamps(rounded(one)),
}


@pytest.mark.parametrize("how", COPIES)
def test_copies_are_recognised(how: str) -> None:
    originals = [stream(seed) for seed in range(40)]
    known = from_json(fingerprints_json(map(stream_content, originals)))
    assert known is not None
    found = [known_content(stream_content(COPIES[how](one)), known) for one in originals]
    assert np.mean(found) >= 0.95
    pairs = duplicates([*map(stream_content, originals), *(stream_content(COPIES[how](one)) for one in originals)])
    assert all(second == first + 40 for first, second in pairs) and len(pairs) >= 38


def test_others_are_not() -> None:
    known = from_json(fingerprints_json(stream_content(stream(seed)) for seed in range(200)))
    assert known is not None and not any(known_content(stream_content(stream(seed)), known) for seed in range(200, 500))


def test_bodies_at_rest_in_the_same_posture_are_told_apart_by_their_noise() -> None:
    def still(seed: int) -> Stream:
        values = np.array([0.1, 0.2, 0.97]) + np.random.default_rng(seed).normal(0, 0.004, (600, 3))
        return Stream(np.arange(600) / 50, values.astype(np.float32), "g", 50.0)

    found = [stream_content(still(seed)) for seed in range(60)]
    assert duplicates(found) == []
    assert duplicates([*found, stream_content(still(7))]) == [(7, 60)]


def test_a_constant_stream_is_like_no_other() -> None:
    flat = Stream(np.arange(100) / 50, np.ones((100, 3), np.float32), "g", 50.0)
    assert stream_content(flat) == () and duplicates([(), ()]) == [] and not known_content((), frozenset())


def test_short_streams_by_all_of_their_values() -> None:
    short = replace(stream(1), times=stream(1).times[:20], values=stream(1).values[:20])
    assert len(stream_content(short)) == 2
    assert duplicates([stream_content(short), stream_content(replace(short, values=short.values + 1e-5))]) in ([(0, 1)], [])
    assert duplicates([stream_content(short), stream_content(short)]) == [(0, 1)]


def test_stamps_that_jump_by_years_take_no_memory() -> None:
    one = stream(3)
    times = one.times.copy()
    times[300:] += 1.7e9
    assert known_content(stream_content(replace(one, times=times)), frozenset(stream_content(one)))


def test_what_many_share_tells_nobody_apart() -> None:
    assert duplicates([(2, 4)] * 50) != [] and duplicates([(2, 4)] * 51) == []


def test_two_digests_at_least_and_half_of_them() -> None:
    assert known_content((2, 4, 6, 8), {2, 4}) and not known_content((2, 4, 6, 8), {2})
    assert not known_content((2,), {2}) and not known_content((2, 3), {2, 3})  # of two kinds, one each
    assert known_content((2, 4, 6, 8, 3, 5, 7), {3, 5}) and not known_content((2, 4, 6, 8, 10), {2, 4})


def test_digests_in_a_manifest() -> None:
    written = fingerprints_json([(6, 2), (2, 4), ()])
    assert written["recordings"] == 2 and from_json(written) == {2, 4, 6}
    assert from_json(None) is None and from_json({"algorithm": "other", "digests": ""}) is None
    assert from_json(written | {"digests": "no base64!"}) is None and from_json(written | {"digests": "AAA="}) is None
    assert from_json(written | {"digests": "AAAA" * (1 << 21)}) is None  # of no training: it would only fill the memory


def test_films_by_their_files(tmp_path: Path) -> None:
    for name, content in (("a.mp4", b"one"), ("b.mp4", b"one"), ("c.mp4", b"two")):
        (tmp_path / name).write_bytes(content)
    first, second, third = (Video(tmp_path / name) for name in ("a.mp4", "b.mp4", "c.mp4"))
    assert video_content(first) == video_content(second) != video_content(third)
    assert video_content(replace(first, still=1.0)) != video_content(first)
    assert video_content(Video(tmp_path / "none.mp4")) == ()
    recording = Recording("d", "S1", "walk", "1", {"a": stream(1)}, videos={"cam0": first})
    assert list(contents(recording)) == ["a", "cam0"]


def test_inspect_names_copies(tmp_path: Path) -> None:
    """One recording under two subjects, written again with two digits and in m/s2; another twice under one subject."""
    data = tiny_dataset(tmp_path / "data", subjects=3, streams=["accelerometer"])
    assert not [line for line in inspect_dataset(datasets.open("folder", data)).problems if "same recording" in line]
    values = motion("accelerometer", "fall", 8.0, np.random.default_rng(5))
    np.savetxt(data / "data" / "S1-fall-0-accelerometer.csv", values, "%.6f", ",", header="x,y,z", comments="")
    np.savetxt(data / "data" / "S3-fall-0-accelerometer.csv", values, "%.3f", ",", header="x,y,z", comments="")
    (data / "data" / "S2-walk-0-accelerometer.csv").write_bytes((data / "data" / "S2-sit-0-accelerometer.csv").read_bytes())
    lines = [line for line in inspect_dataset(datasets.open("folder", data)).problems if "same recording" in line]
    assert lines == [
        "S1/fall/0 and S3/fall/0 are the same recording under two names (the same accelerometer); keep one, or give both the same subject",
        "S2/sit/0 and S2/walk/0 are the same recording under two names (the same accelerometer); keep one",
    ] or lines == [
        "S1/fall/0 and S3/fall/0 are the same recording under two names (the same accelerometer); keep one, or give both the same subject",
        "S2/walk/0 and S2/sit/0 are the same recording under two names (the same accelerometer); keep one",
    ]
