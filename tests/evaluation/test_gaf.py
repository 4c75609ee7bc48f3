from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from typer.testing import CliRunner

from featherfall.cli.main import app
from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes, Recording, Stream
from featherfall.evaluation.gaf import coloured, cut_windows, draw, rgb
from featherfall.signals.gaf import gaf, with_magnitude

RATE = 50.0
TIMES = np.arange(250) / RATE  # 5 s


def recording(channels: int = 3) -> Recording:
    values = np.random.default_rng(0).normal(size=(len(TIMES), channels)).astype(np.float32)
    names = ("x", "y", "z") if channels == 3 else ()
    return Recording("d", "S1", "trip up", "2", {"accelerometer": Stream(TIMES, values, "g", RATE, channels=names)}, FallTimes(impact=2.5))


def test_red_green_blue_are_x_y_z() -> None:
    images = np.stack([np.full((2, 2), value, np.float32) for value in (-1.0000002, 0.0, 1.0000002)])
    np.testing.assert_array_equal(rgb(images), np.broadcast_to([0, 128, 255], (2, 2, 3)))


def test_colours() -> None:
    low, middle, high = coloured(np.asarray([[-1.0000002, 0, 1.0000002]]))[0].astype(int)
    assert low[2] > low[0] + 50 and high[0] > high[2] + 50 and middle.min() > 240


def test_windows_tile_the_recording_and_know_the_fall() -> None:
    windows, names = cut_windows(recording(), "accelerometer", 20, "summation", (-4.0, 4.0), 2.0)
    assert names == ["x", "y", "z", "magnitude"]
    assert [round(float(window.times[0]), 6) for window in windows] == [0, 2, 3]  # the last one ends with the recording
    assert [window.fall for window in windows] == [None, 2.5, None]
    values = recording().streams["accelerometer"].values[100:200].T
    np.testing.assert_allclose(windows[1].images, gaf(with_magnitude(values), 20, range=(-4, 4)), atol=1e-4)


def test_files(tmp_path: Path) -> None:
    files = draw(recording(), "accelerometer", tmp_path / "new" / "images", size=40, seconds=2.5)
    assert [file.name for file in files[:5]] == [f"S1-trip-up-2-accelerometer-1-{name}.png" for name in ("rgb", "x", "y", "z", "magnitude")]
    assert len(files) == 11 and files[-1].name == "S1-trip-up-2-accelerometer-sheet.png"
    assert all(imread(file).shape[:2] == (40, 40) for file in files[:-1])
    windows, _ = cut_windows(recording(), "accelerometer", 40, "summation", None, 2.5)
    np.testing.assert_array_equal(np.rint(imread(files[0])[..., :3] * 255), rgb(windows[0].images[:3]))  # no loss on the way


def test_two_channels_have_no_rgb_image(tmp_path: Path) -> None:
    files = draw(recording(2), "accelerometer", tmp_path, size=8, method="difference", limit=4)
    assert [file.name.rsplit("-", 1)[1] for file in files] == ["channel1.png", "channel2.png", "magnitude.png", "sheet.png"]


def test_what_is_refused(tmp_path: Path) -> None:
    for words, options in (
        ("no stream 'gyroscope'; it has accelerometer", {"stream": "gyroscope"}),
        ("limit 0", {"limit": 0.0}),
        ("limit nan", {"limit": float("nan")}),
        ("under 2 samples", {"seconds": 0.01}),
        ("size 0", {"size": 0}),
    ):
        with pytest.raises(UserError, match=words):
            draw(recording(), out=tmp_path / "no", **{"stream": "accelerometer", **options})  # type: ignore[arg-type]
    with pytest.raises(UserError, match="60 channels"):
        draw(recording(60), "accelerometer", tmp_path / "no")
    assert not (tmp_path / "no").exists()


def test_the_verb(tmp_path: Path) -> None:
    (tmp_path / "recordings.csv").write_text("subject,activity,trial,accelerometer\nS1,walk,1,walk.csv\n")
    (tmp_path / "streams.yaml").write_text("streams: {accelerometer: {columns: [x, y, z], unit: g, rate: 50, placement: wrist}}\n")
    values = np.random.default_rng(0).normal(size=(100, 3))
    (tmp_path / "walk.csv").write_text("x,y,z\n" + "".join(f"{x},{y},{z}\n" for x, y, z in values))
    words = ["data", "gaf", str(tmp_path), "S1/walk/1", "--out", str(tmp_path / "images"), "--size", "30", "--limit", "8", "--json"]
    shows_fall = CliRunner().invoke(app, words)
    assert shows_fall.exit_code == 0, shows_fall.output
    assert len(json.loads(shows_fall.output)) == 6 and all(Path(file).is_file() for file in json.loads(shows_fall.output))
    missed = CliRunner().invoke(app, ["data", "gaf", str(tmp_path), "S9/walk/1", "--out", str(tmp_path / "images")])
    assert isinstance(missed.exception, UserError) and "it has 1, such as S1/walk/1" in str(missed.exception)


@pytest.mark.parametrize(("seconds", "starts"), [(2.0, [0, 2, 3, 1e9, 1e9 + 2, 1e9 + 2.4]), (None, [0])])
def test_nothing_is_drawn_across_a_long_pause(seconds: float | None, starts: list[float]) -> None:
    worn = recording().streams["accelerometer"]
    times, values = np.concatenate([TIMES, TIMES[:220] + 1e9]), np.concatenate([worn.values, worn.values[:220]])
    paused = replace(recording(), streams={"accelerometer": replace(worn, times=times, values=values)})
    windows, _ = cut_windows(paused, "accelerometer", 20, "summation", (-4.0, 4.0), seconds)
    assert [round(float(window.times[0]), 3) for window in windows] == starts
