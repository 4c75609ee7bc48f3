"""Films of every kind a user may bring, and broken in every way."""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.signals.films import STEP, film, levels, number, picture, refused, times

from featherfall.core.errors import UserError
from featherfall.core.recording import Video
from featherfall.core.text import clock_time
from featherfall.signals.video import probe, read_frames, reading_notes

av = pytest.importorskip("av", reason="films are read with PyAV: pip install 'featherfall[video]'")


@pytest.fixture
def _own_schedule() -> Iterator[None]:
    """SVT-AV1 makes the process of root a real-time one of the highest priority, under which all else on the machine starves."""
    yield
    if hasattr(os, "sched_setscheduler"):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


@pytest.mark.usefixtures("_own_schedule")
@pytest.mark.parametrize(
    ("codec", "pixels", "name"),
    [
        ("libx264", "yuv420p", "film.mkv"),
        ("libx264", "yuvj420p", "film.mp4"),
        ("libx264", "yuv444p", "film.mov"),
        ("libx264", "yuv420p10le", "film.mp4"),
        ("libx265", "yuv420p10le", "film.mp4"),
        ("libvpx-vp9", "yuv420p", "film.webm"),
        ("libsvtav1", "yuv420p", "film.mp4"),
        ("mpeg4", "yuv420p", "film.avi"),
        ("mjpeg", "yuvj420p", "film.avi"),
        ("ffv1", "yuva420p", "film.mkv"),
        ("ffv1", "gray", "film.mkv"),
        ("libx264", "yuv420p", "film.ts"),
        ("gif", "rgb8", "film.gif"),
    ],
)
def test_codecs_and_pixel_formats(tmp_path: Path, codec: str, pixels: str, name: str) -> None:
    path = film(tmp_path / name, levels(8), codec, pixels, options={"qmax": "4"} if codec == "mpeg4" else {})
    frames = list(read_frames(Video(path), size=(32, 24)))
    assert times(frames) == [i / 10 for i in range(8)]
    assert [number(frame) for frame in frames] == list(range(8))
    worst = 40 if codec == "gif" else 3  # it has few colours
    assert all(np.abs(frame.image.astype(int) - 10 - STEP * i).max() <= worst for i, frame in enumerate(frames))
    facts = probe(Video(path))
    assert (facts.width, facts.height, facts.frames, facts.variable, facts.rotation) == (64, 48, 8, False, 0)
    assert facts.rate == pytest.approx(10, rel=0.01) and facts.duration == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("levels_stated", ["tv", "pc"])
def test_full_and_limited_range_show_the_same(tmp_path: Path, levels_stated: str) -> None:
    luma = {"tv": 16 + 219 * 100 / 255, "pc": 100}[levels_stated]
    raw = av.VideoFrame.from_ndarray(np.concatenate([np.full((48, 64), luma), np.full((24, 64), 128)]).astype(np.uint8), format="yuv420p")
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.color_range = raw.color_range = 1 if levels_stated == "tv" else 2
        out.mux([*stream.encode(raw), *stream.encode(None)])
    for gray in (False, True):
        (frame,) = read_frames(Video(path), gray=gray)
        assert np.abs(frame.image.astype(int) - 100).max() <= 2


def test_memory_does_not_grow_with_the_film(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", [np.zeros((480, 640, 3), np.uint8)] * 300)  # 132 MB when decoded

    def resident() -> float:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    gc.disable()  # nothing may wait for it
    try:
        frames = read_frames(Video(path), (32, 32))
        list(itertools.islice(frames, 50))
        before = resident()
        assert len(list(frames)) == 250 and resident() - before < 20
    finally:
        gc.enable()


def test_variable_rate_comes_from_the_stamps(tmp_path: Path) -> None:
    stamps = [0, 33, 66, 400, 433, 1500, 1533]
    for name in ("film.mp4", "film.mkv"):
        path = film(tmp_path / name, levels(7), stamps=stamps)
        frames = list(read_frames(Video(path, start=2.5)))
        assert times(frames) == pytest.approx([2.5 + stamp / 1000 for stamp in stamps], abs=1e-3)
        facts = probe(Video(path))
        assert facts.variable and facts.frames == 7 and facts.rate == pytest.approx(6 / 1.533, rel=0.01)


def test_first_frame_is_at_start_whatever_the_file_counts_from(tmp_path: Path) -> None:
    path = film(tmp_path / "film.ts", levels(10), stamps=[5000 + 100 * i for i in range(10)])
    assert times(list(read_frames(Video(path, start=-0.25)))) == [round(-0.25 + i / 10, 6) for i in range(10)]


def test_cut_short_gives_the_frames_that_are_there(tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    pictures = [noise.integers(0, 255, (48, 64, 3), dtype=np.uint8) for _ in range(40)]
    for name, codec, container in (
        ("film.mp4", "libx264", {"movflags": "faststart"}),
        ("film.avi", "mpeg4", {}),
        ("film.mkv", "libx264", {}),
    ):
        path = film(tmp_path / name, pictures, codec, container=container, options={"g": "10"})
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        problems: list[str] = []
        frames = list(read_frames(Video(path), size=(16, 16), problems=problems))
        assert 5 < len(frames) < 30 and len(problems) == 1
        assert "cannot be decoded" in problems[0] and str(path) in problems[0] and "copy it again" in problems[0]
        assert probe(Video(path)).frames == pytest.approx(len(frames), abs=2)
        refused(Video(path), "cannot be decoded")
        got = read_frames(Video(path), size=(16, 16))
        assert [next(got).time for _ in frames] == [frame.time for frame in frames]  # the error comes after the last good one


def test_damage_in_the_middle(tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    path = film(tmp_path / "film.mp4", [noise.integers(0, 255, (48, 64, 3), dtype=np.uint8) for _ in range(30)], "mjpeg", "yuvj420p")
    data = bytearray(path.read_bytes())
    at = len(data) // 2
    data[at : at + len(data) // 4] = bytes(len(data) // 4)  # how many bytes a frame has depends on the encoder's threads
    path.write_bytes(data)
    problems: list[str] = []
    frames = list(read_frames(Video(path), problems=problems))
    assert 15 <= len(frames) < 30 and len(problems) == 1 and problems[0].count("cannot be decoded") == 1
    assert times(frames)[-1] == pytest.approx(2.9, abs=0.15)  # lost frames take their time with them
    lost: list[tuple[float, float]] = []
    list(read_frames(Video(path), problems=[], lost=lost))
    (stretch,) = lost
    assert 0 < stretch[1] - stretch[0] <= 0.1 * (30 - len(frames)) + 0.11
    assert f"at {clock_time(stretch[0])} to {clock_time(stretch[1])}, the last one at" in problems[0]


def test_what_is_lost_at_the_end_is_told_by_the_index(tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    pictures = [noise.integers(0, 255, (48, 64, 3), dtype=np.uint8) for _ in range(40)]
    path = film(tmp_path / "film.mp4", pictures, container={"movflags": "faststart"}, options={"g": "10"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    lost: list[tuple[float, float]] = []
    frames = list(read_frames(Video(path), problems=[], lost=lost))
    assert lost[-1] == pytest.approx((frames[-1].time, 4.0), abs=0.15)


@pytest.mark.parametrize(
    ("codec", "name"), [("libx264", "film.h264"), ("libx265", "film.hevc"), ("mpeg2video", "film.m2v"), ("mjpeg", "film.mjpeg")]
)
def test_a_stream_without_times_needs_its_rate(tmp_path: Path, codec: str, name: str) -> None:
    """FFmpeg makes times up, at 25 Hz or by what the encoder happened to write."""
    path = film(tmp_path / name, levels(12), codec, "yuvj420p" if codec == "mjpeg" else "yuv420p")
    refused(Video(path), "holds no times; state its pictures a second, e.g. --rate 25")
    with pytest.raises(UserError, match="holds no times"):
        probe(Video(path))
    frames = list(read_frames(Video(path, rate=8.0), size=(32, 24)))
    assert times(frames) == [i / 8 for i in range(12)] and [number(frame) for frame in frames] == list(range(12))


def two_streams(path: Path, default: int | None = None) -> Path:
    """A film with a small stream that tells 0, 1, ... and a large one that is plain."""
    with av.open(str(path), "w") as out:
        streams = []
        for width, height in ((64, 48), (128, 96)):
            stream = out.add_stream("libx264", rate=10)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            if default is not None:
                stream.disposition = av.stream.Disposition.default if len(streams) == default else av.stream.Disposition(0)
            streams.append(stream)
        for small in levels(5):
            for stream, image in zip(streams, (small, np.full((96, 128, 3), 200, np.uint8)), strict=True):
                out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        for stream in streams:
            out.mux(stream.encode(None))
    return path


def test_of_several_streams_the_largest_is_read_and_named(tmp_path: Path) -> None:
    path = two_streams(tmp_path / "film.mkv")
    assert next(iter(read_frames(Video(path)))).image.shape == (96, 128, 3)
    assert reading_notes(Video(path)) == ["2 video streams (0: 64 x 48, 1: 128 x 96); number 1 is read, --stream N reads another"]
    frames = list(read_frames(Video(path, stream=0)))
    assert [number(frame) for frame in frames] == list(range(5)) and reading_notes(Video(path, stream=0)) == []
    assert probe(Video(path, stream=0)).width == 64
    refused(Video(path, stream=2), "no video stream 2; it has 2, give 0 to 1")


def test_the_stream_that_the_file_marks_goes_before_the_largest(tmp_path: Path) -> None:
    path = two_streams(tmp_path / "film.mkv", default=0)
    assert next(iter(read_frames(Video(path)))).image.shape == (48, 64, 3)
    assert "number 0 is read" in reading_notes(Video(path))[0]


def test_one_stream_needs_no_note(plain: Path) -> None:
    assert reading_notes(Video(plain)) == []


@pytest.mark.parametrize(
    ("codec", "name"),
    [("libx264", "film.mkv"), ("libx265", "film.mp4"), ("mpeg4", "film.avi"), ("mjpeg", "film.mkv"), ("libvpx-vp9", "film.webm")],
)
def test_any_damage_gives_frames_or_one_line_and_the_same_again(tmp_path: Path, codec: str, name: str) -> None:
    random = np.random.default_rng(0)
    pictures = [np.kron(random.integers(0, 255, (12, 16, 3), dtype=np.uint8), np.ones((4, 4, 1), np.uint8)) for _ in range(20)]
    whole = film(tmp_path / name, pictures, codec, "yuvj420p" if codec == "mjpeg" else "yuv420p").read_bytes()
    for attempt in range(12):
        data = bytearray(whole)
        at = int(random.integers(len(data)))
        data[at : at + 300] = random.bytes(300) if attempt % 2 else b""
        (tmp_path / name).write_bytes(data)
        results: list[object] = []
        for _ in range(2):
            problems: list[str] = []
            try:
                results.append([(frame.time, frame.image.tobytes()) for frame in read_frames(Video(tmp_path / name), problems=problems)])
            except UserError as error:
                problems.append(str(error))
            assert all("\n" not in line and name in line for line in problems)
            results.append(problems)
        assert results[: len(results) // 2] == results[len(results) // 2 :]


def test_files_that_are_no_films(tmp_path: Path) -> None:
    def write(name: str, data: bytes) -> Video:
        (tmp_path / name).write_bytes(data)
        return Video(tmp_path / name)

    text = b"This is a line of text.\n" * 100
    refused(write("text.mp4", text), "not a film")
    refused(write("text.txt", text), "not a film")
    refused(write("empty.mp4", b""), "the file is empty")
    refused(write("noise.avi", np.random.default_rng(0).bytes(5000)), "not a film")
    refused(write("list.m3u8", b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\nplain.ts\n#EXT-X-ENDLIST\n"), "not a film")
    refused(write("list.ffconcat", b"ffconcat version 1.0\nfile plain.mp4\n"), "not a film")
    refused(Video(tmp_path / "nowhere.mp4"), "no such file")
    refused(Video(tmp_path), "a folder, not a film")
    refused(Video(tmp_path, images=True), "no pictures")
    refused(Video(tmp_path / "nowhere", images=True), "no such folder")
    refused(Video(tmp_path / "nowhere.png", images=True), "no such file")
    refused(Video(tmp_path / "text.mp4", images=True), "not a picture")
    for video in (Video(tmp_path / "text.mp4"), Video(tmp_path), Video(tmp_path, images=True), Video(tmp_path / "nowhere.mp4")):
        with pytest.raises(UserError):
            probe(video)


def test_index_lost_with_the_end(plain: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(plain.read_bytes()[:-600])
    refused(Video(cut), "its end is missing")


def test_no_frames_and_sound_only(tmp_path: Path) -> None:
    silent = tmp_path / "sound.mp4"
    with av.open(str(silent), "w") as out:
        stream = out.add_stream("aac", rate=16000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 16000
        out.mux([*stream.encode(sound), *stream.encode(None)])
    refused(Video(silent), "sound only")
    bare = tmp_path / "bare.mp4"
    with av.open(str(bare), "w") as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        out.start_encoding()
    refused(Video(bare), "no frames|not a film|no pictures inside")


def test_wrong_extension_and_odd_names_work(plain: Path, tmp_path: Path) -> None:
    for name in ("film.txt", "film.avi", "frame%03d.png", "http:film", os.fsdecode(b"\xb3\xab\xbb\xf3 (1).mp4")):
        path = tmp_path / name
        path.write_bytes(plain.read_bytes())
        assert len(list(read_frames(Video(path), size=(8, 8)))) == 30


def test_no_permission(plain: Path, tmp_path: Path) -> None:
    path = tmp_path / "locked.mp4"
    path.write_bytes(plain.read_bytes())
    path.chmod(0)
    root = os.geteuid() == 0  # who may read everything; become nobody for a moment
    if root:
        os.seteuid(65534)
    try:
        refused(Video(path), "cannot be read .*permissions")
    finally:
        if root:
            os.seteuid(0)


def test_absurd_sizes(plain: Path, tmp_path: Path) -> None:
    huge = film(tmp_path / "huge.avi", [np.zeros((16, 16, 3), np.uint8)], "mjpeg", "yuvj420p")
    data = bytearray(huge.read_bytes())
    sides = (12000).to_bytes(2, "big") * 2
    for at in (i for i in range(len(data) - 9) if data[i : i + 2] == b"\xff\xc0"):
        data[at + 5 : at + 9] = sides
    for old, new in (((16).to_bytes(4, "little") * 2, (12000).to_bytes(4, "little") * 2),):
        data = bytearray(bytes(data).replace(old, new))
    huge.write_bytes(data)
    refused(Video(huge), "12000 x 12000, more than 50 million pixels")

    (tmp_path / "pictures").mkdir()
    image = picture(tmp_path / "pictures" / "0.png", levels(1)[0])
    whole = image.read_bytes()
    image.write_bytes(whole[:16] + (20000).to_bytes(4, "big") * 2 + whole[24:])
    with pytest.raises(UserError, match="20000 x 20000, more than 50 million pixels"):
        list(read_frames(Video(tmp_path / "pictures", rate=1.0, images=True)))
    with pytest.raises(UserError, match="million pixels at most"):
        read_frames(Video(plain), size=(100_000, 100_000))


def test_size_that_changes(tmp_path: Path) -> None:
    parts = []
    for width, height in ((64, 48), (32, 32)):
        path = film(tmp_path / f"{width}.ts", levels(4, width, height))
        parts.append(path.read_bytes())
    both = tmp_path / "both.ts"
    both.write_bytes(b"".join(parts))
    assert {frame.image.shape for frame in read_frames(Video(both, rate=10.0), size=(16, 16))} == {(16, 16, 3)}
    refused(Video(both, rate=10.0), "the size changes from 64 x 48 to 32 x 32")
