from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.tiny import write_bundle, write_csv
from typer.testing import CliRunner

from featherfall.cli.main import app
from featherfall.core.units import STANDARD_GRAVITY


def run(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(map(str, words)))
    return result.exit_code, result.stdout, result.stderr


def test_formats_are_listed_with_any_table_last() -> None:
    code, out, _ = run("data", "formats")
    lines = out.splitlines()
    assert code == 0 and lines[-1].startswith("table ") and len(lines) > 20
    code, out, _ = run("data", "formats", "--json")
    assert {"name": "table", "title": "table"}.items() <= json.loads(out)[-1].items()


def test_a_sensor_file_is_inspected(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "walk.csv", 50, (), factor=STANDARD_GRAVITY, header="time,ax,ay,az")
    code, out, _ = run("data", "inspect", file)
    assert code == 0
    assert out.splitlines()[0] == f"{file}: table (recorder table)"
    assert out.splitlines()[2].split()[:6] == ["accelerometer", "-", "m/s2", "by", "its", "gravity"]
    code, out, _ = run("data", "inspect", file, "--unit", "m/s2", "--json")
    (sensor,) = json.loads(out)["sensors"]
    assert (sensor["unit"], sensor["rate"], sensor["gaps"]) == ("m/s2", 50.0, 0)


def test_what_cannot_be_used_is_a_problem_with_exit_code_3(tmp_path: Path) -> None:
    times = np.arange(500) / 50
    rows = np.column_stack([times, 0.2 * np.sin(9 * times), 0.2 * np.cos(7 * times), 0.1 * np.sin(5 * times)])
    np.savetxt(
        tmp_path / "a.csv", rows, "%.4f", ",", header="time,linear_acceleration_x,linear_acceleration_y,linear_acceleration_z", comments=""
    )
    code, out, _ = run("data", "inspect", tmp_path / "a.csv")
    assert code == 3 and "linear acceleration" in out and "problem  " in out and "without gravity" in out
    code, _, error = run("predict", write_bundle(tmp_path / "b"), tmp_path / "a.csv")
    assert code == 2 and "without gravity" in error


def test_options_of_predict_reach_the_reading(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b")
    file = write_csv(tmp_path / "fall.csv", 50, ((8.0, 4.0),), factor=16384, header="stamp,left,front,up")
    code, out, error = run("predict", bundle, file, "--columns", "left,front,up", "--time", "stamp", "--counts-per-g", "16384", "--json")
    (found,) = json.loads(out)["files"]
    assert (code, found["label"], found["recognised"]) == (0, "fall", "table; accelerometer; 16384 counts a g; 50 Hz")
    assert error == f"{file}: {found['recognised']}\n"
    code, _, error = run("predict", bundle, file, "--recorder", "fyphox")
    assert code == 2 and "--recorder fyphox: unknown; did you mean 'phyphox'" in error


@pytest.mark.parametrize(("order", "code"), [((), 2), (("--dates", "dmy"), 0)])
def test_day_and_month_are_asked_for(order: tuple[str, ...], code: int, tmp_path: Path) -> None:
    lines = write_csv(tmp_path / "fall.csv", 50, ((8.0, 4.0),)).read_text().splitlines()
    rows = [f"03/04/2024 12:00:{float(line.split(',')[0]):06.3f},{line.split(',', 1)[1]}" for line in lines[1:]]
    (tmp_path / "dates.csv").write_text("\n".join([lines[0], *rows]))
    found, _, error = run("predict", write_bundle(tmp_path / "b"), tmp_path / "dates.csv", *order)
    assert found == code
    assert ("--dates dmy (day first) or --dates mdy (month first)" in error) == (code == 2)
