"""Which frames are shown, and when."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.signals.films import film, levels, number, times, wanted

from featherfall.core.errors import UserError
from featherfall.core.recording import Video
from featherfall.signals.video import probe, read_frames

av = pytest.importorskip("av", reason="films are read with PyAV: pip install 'featherfall[video]'")


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


def test_gray(plain: Path) -> None:
    frame = next(iter(read_frames(Video(plain), size=(20, 10), gray=True)))
    assert frame.image.shape == (10, 20) and np.abs(frame.image.astype(int) - 10).max() <= 2


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


@pytest.mark.parametrize("rate", [1.0, 3.0, 4.0, 7.5, 10.0, 25.0])
def test_lower_rate_takes_one_frame_for_each_step(plain: Path, tmp_path: Path, rate: float) -> None:
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


def test_settings_are_checked_at_once(plain: Path) -> None:
    for settings in ({"size": (0, 5)}, {"rate": 0.0}, {"rate": float("nan")}, {"between": (2.0, 2.0)}):
        with pytest.raises(UserError, match="give"):
            read_frames(Video(plain), **settings)  # type: ignore[arg-type]
    for video in (Video(plain, rate=-1.0), Video(plain, crop=(0.5, 0, 0.5, 1))):
        with pytest.raises(UserError, match=r"plain\.mp4"):
            read_frames(video)


def test_av_is_imported_only_when_needed(tmp_path: Path) -> None:
    code = (
        "import sys; import featherfall.signals.video as v; assert 'av' not in sys.modules; sys.modules['av'] = None\n"
        "from pathlib import Path; from featherfall.core.recording import Video\n"
        "from featherfall.core.errors import UserError\n"
        "try: list(v.read_frames(Video(Path('film.mp4'))))\n"
        "except UserError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip() == "film.mp4: reading video needs the package av; give `pip install 'featherfall[video]'`"
