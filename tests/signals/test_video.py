"""Real films, made here with PyAV: every kind a user may bring, and every way in which one may be broken."""

from __future__ import annotations

import gc
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featherfall.ground.errors import UserError
from featherfall.ground.recording import Video
from featherfall.signals.video import Frame, probe, read_frames
from featherfall.signals.video_shape import placed

av = pytest.importorskip("av", reason="films are read with PyAV: pip install 'featherfall[video]'")

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 180, 30), (30, 30, 200), (230, 230, 230)
STEP = 7  # gray levels from one frame of a film to the next


def levels(count: int, width: int = 64, height: int = 48) -> list[np.ndarray]:
    """Plain gray pictures that tell their number."""
    return [np.full((height, width, 3), 10 + STEP * i % 240, np.uint8) for i in range(count)]


def number(frame: Frame) -> int:
    return round((float(frame.image.mean()) - 10) / STEP)


def quadrants(width: int = 64, height: int = 48) -> np.ndarray:
    """Red, green above blue, white."""
    picture = np.empty((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2], picture[: height // 2, width // 2 :] = RED, GREEN
    picture[height // 2 :, : width // 2], picture[height // 2 :, width // 2 :] = BLUE, WHITE
    return picture


def film(
    path: Path,
    pictures: Sequence[np.ndarray],
    codec: str = "libx264",
    pixels: str = "yuv420p",
    stamps: Sequence[int] | None = None,
    base: Fraction = Fraction(1, 1000),
    matrix: Sequence[int] | None = None,
    options: dict[str, str] | None = None,
    container: dict[str, str] | None = None,
    rate: int = 10,
    **stream_settings: Any,
) -> Path:
    """Encode pictures; `stamps` in units of `base` make it a film of variable rate."""
    av.logging.set_level(None)
    try:
        av.Codec(codec, "w")
    except av.codec.codec.UnknownCodecError:
        pytest.skip(f"this build of FFmpeg has no encoder {codec}")
    with av.open(str(path), "w", options=container or {}) as out:
        stream = out.add_stream(codec, rate=rate)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.options = pixels, {"x265-params": "log-level=none"} if codec == "libx265" else dict(options or {})
        for name, value in stream_settings.items():
            setattr(stream, name, value)
        if stamps is not None:
            stream.codec_context.time_base = stream.time_base = base
        if matrix is not None:
            stream.set_display_matrix(matrix)
        for i, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            if stamps is not None:
                frame.pts, frame.time_base = stamps[i], base
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def picture(path: Path, image: np.ndarray) -> Path:
    """One PNG or JPEG file."""
    codec, pixels = ("png", "rgb24") if path.suffix == ".png" else ("mjpeg", "yuvj420p")
    encoder = av.CodecContext.create(codec, "w")
    encoder.height, encoder.width, encoder.pix_fmt, encoder.time_base = *image.shape[:2], pixels, Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format=pixels)
    path.write_bytes(b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)]))
    return path


def times(frames: Sequence[Frame]) -> list[float]:
    return [round(frame.time, 6) for frame in frames]


def near(colour: np.ndarray, wanted: tuple[int, ...], within: int = 12) -> bool:
    return bool(np.abs(colour.astype(int) - wanted).max() <= within)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 frames at 10 Hz with a key frame every 5 and frames predicted from later ones."""
    return film(tmp_path_factory.mktemp("film") / "plain.mp4", levels(30), options={"g": "5", "bf": "2", "sc_threshold": "0"})


# --- what comes out ---


def test_frames_come_in_order_with_their_times(plain: Path) -> None:
    frames = list(read_frames(Video(plain)))
    assert [number(frame) for frame in frames] == list(range(30))
    assert times(frames) == [round(i / 10, 6) for i in range(30)]
    image = frames[3].image
    assert image.shape == (48, 64, 3) and image.dtype == np.uint8 and image.flags.writeable and image.flags.c_contiguous


def test_nothing_is_decoded_before_it_is_asked_for(plain: Path) -> None:
    frames = read_frames(Video(plain))
    kept = [next(frames).image for _ in range(3)]
    frames.close()  # type: ignore[attr-defined]
    assert len({float(image.mean()) for image in kept}) == 3  # each has its own memory


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


def test_gray(plain: Path) -> None:
    frame = next(iter(read_frames(Video(plain), size=(20, 10), gray=True)))
    assert frame.image.shape == (10, 20) and np.abs(frame.image.astype(int) - 10).max() <= 2


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


# --- shape ---


def test_scaling_averages_areas(tmp_path: Path) -> None:
    fine = np.zeros((48, 64, 3), np.uint8)
    fine[::2] = 255  # lines one pixel high: picking pixels would give black or white
    path = film(tmp_path / "film.mkv", [fine], "ffv1", "yuv444p")
    (frame,) = read_frames(Video(path), size=(16, 12))
    assert np.abs(frame.image.astype(int) - 128).max() <= 3


# (matrix of the container, what stands where: top left, top right, bottom left, bottom right, swapped, degrees)
ONE = 1 << 16
TURNS = [
    ((ONE, 0, 0, ONE), (RED, GREEN, BLUE, WHITE), 0),
    ((0, -ONE, ONE, 0), (GREEN, WHITE, RED, BLUE), 90),
    ((-ONE, 0, 0, -ONE), (WHITE, BLUE, GREEN, RED), 180),
    ((0, ONE, -ONE, 0), (BLUE, RED, WHITE, GREEN), 270),
    ((-ONE, 0, 0, ONE), (GREEN, RED, WHITE, BLUE), None),  # mirrored
    ((0, ONE, ONE, 0), (RED, BLUE, GREEN, WHITE), None),  # mirrored on the diagonal
]


@pytest.mark.parametrize(("abcd", "corners", "degrees"), TURNS)
def test_turned_films_stand_upright(
    tmp_path: Path, abcd: tuple[int, ...], corners: tuple[tuple[int, ...], ...], degrees: int | None
) -> None:
    a, b, c, d = abcd
    path = film(tmp_path / "film.mp4", [quadrants()] * 3, matrix=[a, b, 0, c, d, 0, 0, 0, 1 << 30])
    swapped = a == 0
    width, height = (48, 64) if swapped else (64, 48)
    facts = probe(Video(path))
    assert (facts.width, facts.height) == (width, height)
    assert degrees is None or facts.rotation == degrees
    image = next(iter(read_frames(Video(path)))).image
    assert image.shape == (height, width, 3)
    points = [(height // 4 + i * height // 2, width // 4 + j * width // 2) for i in (0, 1) for j in (0, 1)]
    assert all(near(image[point], colour) for point, colour in zip(points, corners, strict=True))
    # A crop is of the upright picture: its lower right quarter, with the shape kept.
    cropped = next(iter(read_frames(Video(path, crop=(0.5, 0.5, 1, 1)), size=(40, 40), fit="inside"))).image
    assert cropped.shape == ((40, 30, 3) if swapped else (30, 40, 3)) and near(cropped[15:20, 15:20].mean((0, 1)), corners[3])


@pytest.mark.parametrize(
    ("crop", "colour"), [((0, 0, 0.5, 0.5), RED), ((0.5, 0, 1, 0.5), GREEN), ((0, 0.5, 0.5, 1), BLUE), ((0.5, 0.5, 1, 1), WHITE)]
)
def test_crop_comes_before_scaling(tmp_path: Path, crop: tuple[float, float, float, float], colour: tuple[int, ...]) -> None:
    path = film(tmp_path / "film.mkv", [quadrants()], "ffv1", "yuv444p")
    (frame,) = read_frames(Video(path, crop=crop), size=(16, 16))
    assert np.abs(frame.image.astype(int) - colour).max() <= 3  # nothing of the neighbours bleeds in
    (whole,) = read_frames(Video(path, crop=crop))
    assert whole.image.shape == (24, 32, 3)


def test_letterbox_keeps_the_shape(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mkv", [quadrants()], "ffv1", "yuv444p")
    (frame,) = read_frames(Video(path), size=(32, 32), fit="letterbox")
    assert frame.image.shape == (32, 32, 3) and placed((64, 48), (32, 32), "letterbox") == (0, 4, 32, 24)
    assert not frame.image[:4].any() and not frame.image[28:].any() and near(frame.image[4, 0], RED) and near(frame.image[27, 31], WHITE)
    (inside,) = read_frames(Video(path), size=(32, 32), fit="inside")
    assert np.array_equal(inside.image, frame.image[4:28])


@given(st.tuples(*[st.integers(1, 5000)] * 4))
def test_placed_lies_inside(numbers: tuple[int, int, int, int]) -> None:
    shape, size = numbers[:2], numbers[2:]
    left, top, width, height = placed(shape, size, "letterbox")
    assert left >= 0 and top >= 0 and width >= 1 and height >= 1 and left + width <= size[0] and top + height <= size[1]
    assert width == size[0] or height == size[1]


# --- time ---


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


def test_stated_rate_and_times_overrule_the_file(plain: Path) -> None:
    assert times(list(read_frames(Video(plain, rate=25.0, start=1.0)))) == [round(1 + i / 25, 6) for i in range(30)]
    own = np.cumsum(np.linspace(0.02, 0.2, 30))
    assert times(list(read_frames(Video(plain, rate=25.0, times=own)))) == [round(float(time), 6) for time in own]
    facts = probe(Video(plain, rate=25.0))
    assert (facts.rate, facts.variable, facts.duration) == (pytest.approx(25), False, pytest.approx(1.2))
    assert probe(Video(plain, times=own)).variable


def test_times_for_fewer_frames_than_there_are(plain: Path) -> None:
    problems: list[str] = []
    frames = list(read_frames(Video(plain, times=np.arange(20.0)), problems=problems))
    assert len(frames) == 20 and len(problems) == 1 and "10 frames left out" in problems[0]


def wanted(film_times: Sequence[float], rate: float) -> list[int]:
    """The definition, slowly: the nearest frame to each instant up to the last frame, each once."""
    instants = itertools.takewhile(lambda t: t <= film_times[-1] + 1e-9, (film_times[0] + k / rate for k in itertools.count()))
    return sorted({min(range(len(film_times)), key=lambda i: (round(abs(film_times[i] - t), 9), i)) for t in instants})


@pytest.mark.parametrize("rate", [1.0, 3.0, 4.0, 7.5, 10.0, 25.0])
def test_lower_rate_takes_the_nearest_frames_once(plain: Path, tmp_path: Path, rate: float) -> None:
    frames = list(read_frames(Video(plain), rate=rate))
    assert [number(frame) for frame in frames] == wanted([i / 10 for i in range(30)], rate)
    stamps = [0, 40, 50, 300, 310, 900, 1000, 2000, 2010, 2020]
    uneven = film(tmp_path / "film.mkv", levels(10), stamps=stamps)
    frames = list(read_frames(Video(uneven), rate=rate))
    assert [number(frame) for frame in frames] == wanted([stamp / 1000 for stamp in stamps], rate)


@pytest.fixture(scope="module", params=["mp4", "mkv", "avi", "ts"])
def long(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """10 s, key frames every 2 s: seeking happens."""
    codec = "mpeg4" if request.param == "avi" else "libx264"
    path = tmp_path_factory.mktemp("long") / f"long.{request.param}"
    return film(path, levels(30) * 10, codec, rate=30, options={"g": "60", "sc_threshold": "0", "bf": "0" if codec == "mpeg4" else "2"})


@pytest.mark.parametrize("between", [(0.0, 1.0), (3.05, 4.0), (4.0, 4.5), (6.2, 6.21), (7.9, 99.0), (-5.0, 0.1)])
@pytest.mark.parametrize("rate", [None, 7.0])
def test_between_gives_what_the_whole_would(long: Path, between: tuple[float, float], rate: float | None) -> None:
    for video in (Video(long), Video(long, rate=30.0, start=0.01)):
        whole = [frame for frame in read_frames(video, (16, 16), rate=rate) if between[0] <= frame.time < between[1]]
        part = list(read_frames(video, (16, 16), rate=rate, between=between))
        assert times(part) == times(whole)
        assert all(np.array_equal(a.image, b.image) for a, b in zip(part, whole, strict=True))


def test_between_beyond_the_end_is_empty(plain: Path) -> None:
    assert list(read_frames(Video(plain), between=(50, 60))) == []


# --- folders of pictures ---


def test_pictures_are_ordered_by_number_and_timed_by_rate(tmp_path: Path) -> None:
    for i, image in enumerate(levels(12)):
        picture(tmp_path / f"fall-01-cam0-rgb-{i + 1}.png", image)  # 10 sorts before 2 as text
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "._fall-01-cam0-rgb-1.png").write_bytes(b"what macOS leaves behind")
    video = Video(tmp_path, rate=30.0, images=True)
    frames = list(read_frames(video, size=(16, 16)))
    assert [number(frame) for frame in frames] == list(range(12)) and times(frames) == [round(i / 30, 6) for i in range(12)]
    facts = probe(video)
    assert (facts.width, facts.height, facts.frames, facts.counted, facts.codec) == (64, 48, 12, True, "png")
    assert facts.rate == pytest.approx(30) and facts.duration == pytest.approx(0.4) and not facts.variable
    part = list(read_frames(video, rate=10.0, between=(0.1, 0.3)))
    assert [number(frame) for frame in part] == [3, 6]


def test_gaps_keep_the_time_and_are_told(tmp_path: Path) -> None:
    for i in (0, 1, 2, 5, 6):
        picture(tmp_path / f"rgb-{i:03d}.jpg", levels(7)[i])
    problems: list[str] = []
    frames = list(read_frames(Video(tmp_path, rate=10.0, images=True), problems=problems))
    assert times(frames) == [0, 0.1, 0.2, 0.5, 0.6] and [number(frame) for frame in frames] == [0, 1, 2, 5, 6]
    assert len(problems) == 1 and "2 of 7 pictures are missing" in problems[0]
    by_row = Video(tmp_path, images=True, times=np.array([1, 2, 3, 4, 5.0]))  # one time for each picture that is there: no gap
    assert times(list(read_frames(by_row))) == [1, 2, 3, 4, 5]


def test_every_fifth_picture_is_no_gap_and_milliseconds_are_no_counter(tmp_path: Path) -> None:
    for folder, numbers in (("fifth", (0, 5, 10)), ("epoch", (1530704657101, 1530704657159, 1530704657212))):
        (tmp_path / folder).mkdir()
        for i, value in enumerate(numbers):
            picture(tmp_path / folder / f"{value}.png", levels(3)[i])
        assert times(list(read_frames(Video(tmp_path / folder, rate=10.0, images=True)))) == [0, 0.1, 0.2]


def test_names_that_carry_the_time(tmp_path: Path) -> None:
    for i, name in enumerate(("2018-07-04T12_04_17.738369", "2018-07-04T12_04_17.790002", "2018-07-04T12_05_00.1")):
        picture(tmp_path / f"{name}.png", levels(3)[i])
    frames = list(read_frames(Video(tmp_path, images=True, start=1.0)))
    assert times(frames) == pytest.approx([1.0, 1.051633, 43.361631], abs=2e-6) and [number(frame) for frame in frames] == [0, 1, 2]
    assert probe(Video(tmp_path, images=True)).variable


def test_a_broken_picture_loses_no_other(tmp_path: Path) -> None:
    for i, image in enumerate(levels(4)):
        picture(tmp_path / f"{i}.png", image)
    (tmp_path / "2.png").unlink()
    picture(tmp_path / "2.jpg", np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8))
    (tmp_path / "2.jpg").write_bytes((tmp_path / "2.jpg").read_bytes()[:2000])
    (tmp_path / "1.png").write_bytes((tmp_path / "1.png").read_bytes()[:40])
    (tmp_path / "3.png").rename(tmp_path / "3.jpg")  # what is inside counts
    problems: list[str] = []
    frames = list(read_frames(Video(tmp_path, rate=10.0, images=True), problems=problems))
    assert [number(frame) for frame in frames] == [0, 3] and times(frames) == [0, 0.3]
    assert len(problems) == 1 and "2 of 4 pictures cannot be decoded, the first is 1.png" in problems[0]


def test_pictures_of_two_films_in_one_folder(tmp_path: Path) -> None:
    picture(tmp_path / "0.png", levels(1)[0])
    picture(tmp_path / "1.png", levels(1, 32, 32)[0])
    with pytest.raises(UserError, match=r"1\.png: 32 x 32, where the pictures before are 64 x 48"):
        list(read_frames(Video(tmp_path, rate=10.0, images=True), size=(16, 16)))


# --- broken ---


def refused(video: Video, match: str, **settings: Any) -> None:
    """Exactly one line, naming the file."""
    with pytest.raises(UserError, match=match) as caught:
        list(read_frames(video, **settings))
    assert "\n" not in str(caught.value) and str(video.path) in str(caught.value) and ";" in str(caught.value)


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
    data[at : at + 12000] = bytes(12000)
    path.write_bytes(data)
    problems: list[str] = []
    frames = list(read_frames(Video(path), problems=problems))
    assert 15 <= len(frames) < 30 and len(problems) == 1 and problems[0].count("cannot be decoded") == 1
    assert times(frames)[-1] == pytest.approx(2.9, abs=0.15)  # lost frames take their time with them


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


def test_settings_are_checked_at_once(plain: Path) -> None:
    for settings in ({"size": (0, 5)}, {"rate": 0.0}, {"rate": float("nan")}, {"between": (2.0, 2.0)}):
        with pytest.raises(UserError, match="give"):
            read_frames(Video(plain), **settings)  # type: ignore[arg-type]
    for video in (Video(plain, rate=-1.0), Video(plain, crop=(0.5, 0, 0.5, 1))):
        with pytest.raises(UserError, match=r"plain\.mp4"):
            read_frames(video)


def test_size_that_changes(tmp_path: Path) -> None:
    parts = []
    for width, height in ((64, 48), (32, 32)):
        path = film(tmp_path / f"{width}.ts", levels(4, width, height))
        parts.append(path.read_bytes())
    both = tmp_path / "both.ts"
    both.write_bytes(b"".join(parts))
    assert {frame.image.shape for frame in read_frames(Video(both, rate=10.0), size=(16, 16))} == {(16, 16, 3)}
    refused(Video(both, rate=10.0), "the size changes from 64 x 48 to 32 x 32")


def test_av_is_imported_only_when_needed(tmp_path: Path) -> None:
    code = (
        "import sys; import featherfall.signals.video as v; assert 'av' not in sys.modules; sys.modules['av'] = None\n"
        "from pathlib import Path; from featherfall.ground.recording import Video\n"
        "from featherfall.ground.errors import UserError\n"
        "try: list(v.read_frames(Video(Path('film.mp4'))))\n"
        "except UserError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip() == "film.mp4: reading video needs the package av; give `pip install 'featherfall[video]'`"
