from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import typer
from tests.runtime.tiny import LENGTH, write_bundle, write_csv
from typer.testing import CliRunner, Result

from featherfall.cli.bench import bench_command
from featherfall.cli.predict import BY_KIND, predict_command
from featherfall.core.errors import UserError
from featherfall.core.files import sha256
from featherfall.core.manifest import BundleKind
from featherfall.core.text import clock_time
from featherfall.core.units import STANDARD_GRAVITY
from featherfall.export.microcontroller.proof import host_compiler

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


def test_bench_measures_c_too(tmp_path: Path) -> None:
    if host_compiler() is None:
        pytest.skip("no C compiler here")
    bundle = write_bundle(tmp_path / "b", precisions=("float32", "int8"))
    (bundle / "featherfall.c").write_text("float ff_classify(const float *x) { return *x; }\nfloat *ff_probabilities(void) { return 0; }\n")
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["models"].append({"file": "featherfall.c", "format": "c", "precision": "int8", "bytes": 9, "proof": {"ram": 14_452}})
    manifest["sha256"]["featherfall.c"] = sha256(bundle / "featherfall.c")
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    lines = call("bench", bundle, "--repeat", 20).stdout.splitlines()
    assert lines[7].split()[:2] == ["int8", "featherfall.c"] and lines[7].endswith("14.5 kB")
    assert lines[-1] == "fastest  featherfall.c"


def test_bench_of_pictures_names_pictures(tmp_path: Path) -> None:
    from tests.runtime.perceive.test_images import bright_bundle

    lines = call("bench", bright_bundle(tmp_path / "bright").path, "--repeat", 20).stdout.splitlines()
    assert lines[0] == "bundle   bright, pictures of 16 pixels"
    assert lines[2].startswith("method   one picture at a time, one thread, 20 pictures after a warm-up")


def test_every_kind_of_bundle_is_predicted() -> None:
    assert set(BY_KIND) == set(get_args(BundleKind))


def test_a_message_leads_to_the_result(bundle: Path, tmp_path: Path) -> None:
    header = "time,ax (g),ay (g),az (g)"
    file = write_csv(tmp_path / "lies.csv", 50, ((8.0, 4.0),), factor=STANDARD_GRAVITY, header=header)
    refused = call("predict", bundle, file)
    assert refused.exit_code == 2
    option = re.search(r"so the unit is m/s2, not g; state (--unit \S+)$", refused.stderr.strip())
    assert option
    assert "label    fall" in call("predict", bundle, file, *option[1].split()).stdout


@pytest.mark.parametrize(("counts", "stated"), [(16384, 16384), (11500, 11500)])
def test_counts_are_read_as_the_message_says(bundle: Path, tmp_path: Path, counts: float, stated: float) -> None:
    header = "time,ax (g),ay (g),az (g)"
    file = write_csv(tmp_path / "raw.csv", 50, ((8.0, 4.0),), factor=counts, header=header)
    refused = call("predict", bundle, file)
    option = re.search(r"state (--counts-per-g (\S+))$", refused.stderr.strip())
    assert refused.exit_code == 2 and option and float(option[2]) == pytest.approx(stated, rel=0.01)
    assert "label    fall" in call("predict", bundle, file, *option[1].split()).stdout


def test_a_corrupt_sample_is_no_fall_and_is_named(bundle: Path, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "glitch.csv", 50, ())
    lines = file.read_text().splitlines()
    lines[251] = "5.0,50,0,1"
    file.write_text("\n".join(lines))
    result = call("predict", bundle, file)
    assert result.exit_code == 0
    assert (
        "  label    other" in result.stdout
        and "  note     accelerometer: a corrupt sample was left out: row 252 (x is 50)" in result.stdout
    )


def test_acceleration_without_gravity_is_refused_whatever_the_unit(bundle: Path, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "linear.csv", 50, ((8.0, 4.0),))
    table = np.loadtxt(file, delimiter=",", skiprows=1)
    table[:, 3] -= 1
    table[:, 1:] += 0.01 * np.random.default_rng(0).standard_normal((len(table), 3))
    for factor in (1.0, STANDARD_GRAVITY):
        np.savetxt(file, table * [1, factor, factor, factor], delimiter=",", header="time,ax,ay,az", comments="")
        for options in ((), ("--unit", "m/s2")):
            result = call("predict", bundle, file, *options)
            assert result.exit_code == 2 and re.search("gravity is missing|gravity, which may be missing", result.stderr), (factor, options)


def test_a_sensor_worn_elsewhere_needs_the_option(bundle: Path, tmp_path: Path) -> None:
    names = ",".join(f"pocket_accelerometer_{axis}" for axis in "xyz")
    file = write_csv(tmp_path / "pocket.csv", 50, ((8.0, 4.0),), header=f"time,{names}")
    refused = call("predict", bundle, file)
    assert (
        refused.exit_code == 2
        and "pocket.csv: accelerometer: worn at the thigh, the model was trained for the left wrist" in refused.stderr
    )
    accepted = call("predict", bundle, file, "--placement-ok")
    assert accepted.exit_code == 0 and "  note     accelerometer was worn at the thigh, " in accepted.stdout
