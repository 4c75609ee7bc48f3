from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest
import typer
from tests.runtime.tiny import LENGTH, write_bundle, write_csv
from typer.testing import CliRunner, Result

from featherfall.cli.bench import bench_command
from featherfall.cli.predict import BY_KIND, predict_command
from featherfall.cli.text import clock_time
from featherfall.core.errors import UserError
from featherfall.core.manifest import BundleKind
from featherfall.core.units import STANDARD_GRAVITY

app = typer.Typer()
app.command("predict")(predict_command)
app.command("bench")(bench_command)
SLIDING = {"kind": "sliding", "length": LENGTH, "rate": 50.0, "stride_s": 0.5}


def call(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle")


@pytest.fixture
def fall(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "fall.csv", 50, ((8.0, 4.0),))


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00:00.0"), (59.96, "0:01:00.0"), (3723.44, "1:02:03.4"), (90000, "25:00:00.0")])
def test_clock_time(seconds: float, shown: str) -> None:
    assert clock_time(seconds) == shown


def test_a_fall_is_shown_with_its_time(bundle: Path, fall: Path) -> None:
    result = call("predict", bundle, fall)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines() == [
        str(fall),
        "  label    fall",
        "  windows  1 judged",
        "  events   1",
        "    start      peak       raised     confidence",
        "    0:00:08.0  0:00:08.0  0:00:08.6  0.998",
        "",
    ]


def test_activities_are_shown_in_stretches(tmp_path: Path, fall: Path) -> None:
    bundle = write_bundle(tmp_path / "b", task="activity", labels=["run", "walk"], positive=None, window=SLIDING)
    shown = call("predict", bundle, fall).stdout
    assert "label    walk" in shown
    assert [line.split()[2] for line in shown.splitlines()[4:7]] == ["walk", "run", "walk"]
    assert "events" not in shown


def test_a_broken_file_does_not_stop_the_others(bundle: Path, fall: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text("time,ax,ay,az\n0,0,0,1\n0.02,0,x,1\n")
    result = call("predict", bundle, broken, fall)
    assert result.exit_code == 2
    assert result.stderr == (
        f"featherfall: {broken}: row 3: column 'ay' is 'x', not a number; correct or delete the row\n"
        f"{fall}: table; accelerometer; g by its gravity; 50 Hz\n"
    )
    assert "label    fall" in result.stdout


@pytest.mark.parametrize("window", [SLIDING, {"kind": "impact", "length": LENGTH, "rate": 50.0}])
def test_a_model_that_gives_no_numbers_is_unknown_and_exits_with_3(tmp_path: Path, fall: Path, window: dict[str, object]) -> None:
    broken = write_bundle(tmp_path / "b", gain=float("nan"), window=window)
    result = call("predict", broken, fall)
    assert result.exit_code == 3
    assert result.stdout.splitlines()[1] == "  label    unknown"
    assert "  note     the model gave no probabilities for " in result.stdout
    facts = json.loads(call("predict", broken, fall, "--json").stdout)["files"][0]
    assert facts["label"] == "unknown" and facts["judged"] == 0.0 and "not a number" in facts["reasons"][0]


def test_a_file_that_cannot_be_read_goes_before_one_that_cannot_be_judged(tmp_path: Path, fall: Path) -> None:
    broken = write_bundle(tmp_path / "b", gain=float("nan"))
    assert call("predict", broken, fall, tmp_path / "nowhere.csv").exit_code == 2


def test_json_is_one_document(bundle: Path, fall: Path, tmp_path: Path) -> None:
    result = call("predict", bundle, fall, tmp_path / "nowhere.csv", "--json")
    assert result.exit_code == 2
    facts = json.loads(result.stdout)
    assert (facts["bundle"], facts["model"]) == ("tiny", "float32")
    found, missing = facts["files"]
    assert (found["file"], found["label"], len(found["windows"])) == (str(fall), "fall", 1)
    assert found["events"][0]["start_s"] == 8.0
    assert "cannot be read" in missing["error"]


@pytest.mark.parametrize("unit", ["accelerometer=m/s2", "m/s2"])
def test_unit_and_columns_are_stated_by_input(bundle: Path, tmp_path: Path, unit: str) -> None:
    file = write_csv(tmp_path / "odd.csv", 50, ((8.0, 4.0),), factor=STANDARD_GRAVITY, header="when,front,side,up")
    stated = ["--unit", unit, "--columns", "accelerometer=front,side,4", "--time", "when"]
    assert "label    fall" in call("predict", bundle, file, *stated).stdout


def test_errors_of_the_whole_call_are_user_errors(bundle: Path, fall: Path, tmp_path: Path) -> None:
    for words in [("predict", tmp_path, fall), ("predict", bundle, fall, "--unit", "=g"), ("bench", tmp_path)]:
        error = call(*words).exception
        assert isinstance(error, UserError)
        assert "\n" not in str(error)


def test_bench_reports_each_model(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b", precisions=("float32", "int8"))
    facts = json.loads(call("bench", bundle, "--repeat", 20, "--json").stdout)
    assert [model["precision"] for model in facts["models"]] == ["int8", "float32"]
    for model in facts["models"]:
        assert model["bytes"] == (bundle / model["file"]).stat().st_size
        assert 0 < model["p50_ms"] <= model["p95_ms"]
        assert (model["parameters"], model["macs"]) == (1, 192)
    assert facts["machine"]


def test_bench_as_a_table(bundle: Path) -> None:
    lines = call("bench", bundle, "--repeat", 20).stdout.splitlines()
    assert lines[0] == "bundle   tiny, windows of 1.28 s"
    assert lines[4].split()[:2] == ["model", "file"]
    assert lines[5].startswith("float32  float32.onnx")
    assert len(lines[4]) == len(lines[5])


def test_bench_of_pictures_names_pictures(tmp_path: Path) -> None:
    from tests.runtime.perceive.test_images import bright_bundle

    lines = call("bench", bright_bundle(tmp_path / "bright").path, "--repeat", 20).stdout.splitlines()
    assert lines[0] == "bundle   bright, pictures of 16 pixels"
    assert lines[2].startswith("method   one picture at a time, one thread, 20 pictures after a warm-up")


def test_every_kind_of_bundle_is_predicted() -> None:
    assert set(BY_KIND) == set(get_args(BundleKind))
