"""Films of every kind on the command line: options of reading them, labels, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from tests.api.detector import write_detector
from tests.films import halves
from tests.runtime.perceive.test_images import bright_bundle
from tests.runtime.tiny import write_bundle, write_csv
from tests.signals.films import film, levels
from tests.signals.test_video_file import two_streams
from tests.stills import write
from typer.testing import CliRunner, Result

from featherfall.cli.predict import predict_command
from featherfall.core.errors import UserError

app = typer.Typer()
app.command("predict")(predict_command)


def call(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def detector(tmp_path: Path) -> Path:
    """Somebody in every picture, standing where it is dark."""
    return write_detector(tmp_path / "detector")


def pictures(count: int = 30) -> list[np.ndarray]:
    return [halves(60 + k, 48, 64) for k in range(count)]


def test_a_raw_stream_needs_its_rate(detector: Path, tmp_path: Path) -> None:
    path = film(tmp_path / "film.h264", pictures(), rate=10)
    refused = call(detector, path)
    assert refused.exit_code == 2 and "holds no times; state its pictures a second, e.g. --rate 25" in refused.stderr
    given = call(detector, path, "--rate", 10)
    assert given.exit_code == 0 and "label    not_fall" in given.stdout and "watched  2.9 s, 30 pictures" in given.stdout


def test_a_folder_of_pictures_takes_a_rate(detector: Path, tmp_path: Path) -> None:
    for k, image in enumerate(pictures(20)):
        write(tmp_path / "room" / f"frame_{k:03d}.png", image)
    refused = call(detector, tmp_path / "room")
    assert refused.exit_code == 2 and "says nothing about when pictures were taken; state the film's rate" in refused.stderr
    given = call(detector, tmp_path / "room", "--rate", 5)
    assert given.exit_code == 0 and "watched  3.8 s, 20 pictures" in given.stdout
    classifier = bright_bundle(tmp_path / "classifier").path
    assert call(classifier, tmp_path / "room").stdout.count("label") == 20  # apart
    assert call(classifier, tmp_path / "room", "--rate", 5).stdout.count("label") == 1  # a film


def test_one_of_several_streams_is_named_and_chosen(detector: Path, tmp_path: Path) -> None:
    path = two_streams(tmp_path / "film.mkv")
    said = call(detector, path)
    assert "note     2 video streams (0: 64 x 48, 1: 128 x 96); number 1 is read, --stream N reads another" in said.stdout
    assert "video streams" not in call(detector, path, "--stream", 0).stdout
    assert "no video stream 7; it has 2, give 0 to 1" in call(detector, path, "--stream", 7).stderr


def test_a_turned_picture_is_turned_back(tmp_path: Path) -> None:
    top = np.zeros((48, 64, 3), np.uint8)
    top[:24] = 255
    path = write(tmp_path / "top.png", top)
    out = tmp_path / "out.png"
    assert call(write_detector(tmp_path / "d"), path, "--rotate", 90, "--draw", out).exit_code == 0
    from PIL import Image

    drawn = np.asarray(Image.open(out))
    assert drawn.shape == (64, 48, 3) and drawn[60, 45].min() > 200 and drawn[60, 2].max() < 60  # what was above is on the right


def test_options_that_do_not_fit_are_refused(detector: Path, tmp_path: Path) -> None:
    table = write_csv(tmp_path / "a.csv", 50, ())
    watch = write_bundle(tmp_path / "watch")
    for words, what in (
        ((watch, table, "--rotate", 90), "--rotate 90: bundle 'tiny' takes samples, not films; leave it out"),
        ((watch, table, "--stream", 1), "--stream 1: bundle 'tiny' takes samples"),
        ((detector, table, "--rotate", 45), "--rotate 45: give 90, 180 or 270"),
    ):
        error = call(*words).exception
        assert isinstance(error, UserError) and what in str(error)


def test_unknown_is_exit_code_3_in_text_and_json(detector: Path, tmp_path: Path) -> None:
    black = film(tmp_path / "black.mp4", levels(1) * 30)
    fine = film(tmp_path / "fine.mp4", pictures())
    said = call(detector, black, fine)
    assert said.exit_code == 3 and said.stderr == ""
    assert said.stdout.splitlines()[1:3] == [
        "  label    unknown",
        "  note     nothing of it was judged: the pictures show nothing (black, covered, or of one colour)",
    ]
    first, second = json.loads(call(detector, black, fine, "--json").stdout)["files"]
    assert (first["label"], first["judged"], len(first["reasons"])) == ("unknown", 0.0, 1)
    assert (second["label"], second["judged"], second["reasons"]) == ("not_fall", 1.0, [])
    assert call(detector, fine).exit_code == 0
