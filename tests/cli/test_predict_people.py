from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from tests.api.detector import write_detector
from tests.films import halves
from tests.runtime.drop import write_camera_bundle
from tests.runtime.tiny import write_bundle
from typer.testing import CliRunner, Result

from featherfall.cli.predict import predict_command
from featherfall.cli.predict_people import film_lines
from featherfall.core.errors import UserError
from featherfall.core.recording import Video
from featherfall.runtime.observation import AnalysisResult, Fall, Notice
from featherfall.runtime.perceive.detector import NO_PEOPLE
from featherfall.runtime.perceive.weights import find_weights
from featherfall.runtime.sinks.film import film_writer
from featherfall.runtime.verdict import Verdict
from featherfall.signals.video import read_frames

app = typer.Typer()
app.command("predict")(predict_command)


def call(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_camera_bundle(tmp_path_factory.mktemp("camera") / "bundle")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """An empty room for two seconds."""
    pytest.importorskip("av")
    pytest.importorskip("ai_edge_litert")
    try:
        find_weights("movenet_lightning_int8")
    except UserError as error:
        pytest.skip(str(error))
    with film_writer(tmp_path / "room.mp4") as add:
        for k in range(30):
            add(k / 15, halves(128, 96, 128))
    return tmp_path / "room.mp4"


def said(*falls: Fall) -> AnalysisResult:
    notices = tuple(Notice("possible fall", fall.raised_s, fall.track, fall.confidence) for fall in falls)
    return AnalysisResult(Verdict("fall" if falls else "not_fall"), falls, notices, np.zeros((0, 3)), 12.0, 181)


def test_events_are_shown_one_a_line() -> None:
    first, second = Fall(0, 3.0, 5.2, 3.4, 0.91, still_down_s=11.2, sign_s=4.2), Fall(2, 63.0, 64.25, 63.0, 0.6, up_s=70.0)
    third = Fall(1, 70.0, 78.5, 70.5, 0.0, sign_s=70.5, kind="lying")
    assert film_lines(Path("room.mp4"), said(first, second, third)) == [
        "room.mp4",
        "  label    fall",
        "  watched  12.0 s, 181 pictures",
        "  events   3",
        "    kind   start      peak       sign       raised     confidence  track  still down  got up",
        "    fall   0:00:03.0  0:00:03.4  0:00:04.2  0:00:05.2  0.910       0      0:00:11.2",
        "    fall   0:01:03.0  0:01:03.0  0:01:04.2  0:01:04.2  0.600       2                  0:01:10.0",
        "    lying  0:01:10.0  0:01:10.5  0:01:10.5  0:01:18.5              1",
    ]
    assert film_lines(Path("room.mp4"), said())[-1] == "  events   none"


def test_broken_films_are_a_line_each_and_stop_nobody(bundle: Path, film: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("no film at all, only words\n" * 50)
    (tmp_path / "short.mp4").write_bytes(film.read_bytes()[:900])
    broken = [tmp_path / name for name in ("empty.mp4", "text.mp4", "short.mp4", "none.mp4")]
    result = call(bundle, *broken, film)
    assert result.exit_code == 2
    told = result.stderr.splitlines()
    assert len(told) == 4 and all(line.startswith(f"featherfall: {path}: ") for line, path in zip(told, broken, strict=True))
    nobody = "  note     nobody was seen in any picture, which is not the same as no fall"
    assert result.stdout.splitlines() == [
        str(film), "  label    unknown", nobody, "  watched  1.9 s, 30 pictures", "  events   none", "",
    ]  # fmt: skip
    assert call(bundle, film).exit_code == 3


def test_a_picture_in_which_a_detector_finds_nobody(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), (128, 128, 128)).save(tmp_path / "gray.png")
    result = call(write_detector(tmp_path / "detector", threshold=0.6), tmp_path / "gray.png")
    assert result.exit_code == 3
    assert result.stdout.splitlines()[1:4] == ["  label    unknown", f"  note     {NO_PEOPLE}", "  people   none"]


def test_json_and_drawing(bundle: Path, film: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / "seen.mp4"
    result = call(bundle, film, "--json", "--draw", out, "--private")
    assert result.exit_code == 3, result.stderr
    (one,) = json.loads(result.stdout)["files"]
    assert (one["file"], one["label"], one["pictures"], one["events"], one["notices"]) == (str(film), "unknown", 30, [], [])
    drawn = list(read_frames(Video(out)))
    assert len(drawn) == 30 and drawn[-1].time == pytest.approx(29 / 15, abs=1e-3) and drawn[0].image.mean() < 60


def test_a_film_that_cannot_be_read_leaves_no_drawing(bundle: Path, film: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    assert call(bundle, tmp_path / "empty.mp4", "--draw", tmp_path / "drawn.mp4").exit_code == 2
    assert not (tmp_path / "drawn.mp4").exists()


def test_errors_of_the_whole_call(bundle: Path, tmp_path: Path) -> None:
    watch = write_bundle(tmp_path / "watch")
    for words, what in (
        ((watch, "x.mp4", "--draw", "y.mp4"), "does not follow people in films"),
        ((bundle, "x.mp4", "--estimator", "multipose"), "no known weights"),
        ((bundle, "x.mp4", "--estimator", "multiposes"), "unknown estimator 'multiposes'; did you mean 'multipose'?"),
        ((bundle, "x.mp4", "--pose-weights", tmp_path / "no.tflite"), "LiteRT"),
    ):
        error = call(*words).exception
        assert isinstance(error, UserError) and what in str(error) and "\n" not in str(error)


def test_zones_and_the_wait_for_somebody_who_lies(bundle: Path, film: Path) -> None:
    corners = "0.1,0.5 0.4,0.5 0.4,0.9"
    assert call(bundle, film, "--zone", corners, "--zone", corners, "--lies-for", "0").exit_code == 3
    assert str(call(bundle, film, "--zone", "bed").exception).startswith("'bed' is no zone; give its corners")
    result = call(bundle, film, "--lies-for", "0.5")
    assert result.exit_code == 2 and result.stderr.endswith("lying for 0.5 s; give 1 to 60\n")
