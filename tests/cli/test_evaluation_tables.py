"""What `featherfall evaluate` prints and writes of a bundle of sensors."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from tests.conftest import tiny_dataset
from tests.runtime.tiny import write_bundle
from typer.testing import CliRunner

from featherfall.cli.evaluation_tables import write_rows
from featherfall.cli.main import app
from featherfall.core.errors import UserError

WINDOW = {"kind": "impact", "length": 64, "rate": 50.0}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle", window=WINDOW)


def evaluate(bundle: Path, data: Path, *more: str) -> str:
    done = CliRunner().invoke(app, ["evaluate", str(bundle), "--dataset", "folder", "--data", str(data), *more])
    assert done.exit_code == 0, done.exception
    return done.stdout


def test_counts_intervals_thresholds_and_subjects(bundle: Path, tiny: Path, tmp_path: Path) -> None:
    """Four people fall once each, are found, and sit and walk without an alarm."""
    said = evaluate(bundle, tiny, "--csv", str(tmp_path / "rows.csv"))
    lines = {line.split()[0]: " ".join(line.split()) for line in said.splitlines() if line.split()}
    assert lines["sensitivity"] == "sensitivity 100.0 4 of 4 51.0-100.0" and lines["specificity"] == "specificity 100.0 8 of 8 67.6-100.0"
    assert lines["AUC"] == "AUC 1.000" and "0 in 0.01 h" in said
    assert lines["0.99"].startswith("0.99 ") and lines["S4"].startswith("S4 3 1 1 100.0 0 0.00 0.0")
    with open(tmp_path / "rows.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["subject"] for row in rows] == ["S1", "S2", "S3", "S4"] and rows[0]["falls_found"] == "1"
    with open(tmp_path / "rows-thresholds.csv", newline="") as file:
        assert {row["threshold"]: row["falls_found"] for row in csv.DictReader(file)}["0.5"] == "4"


def test_without_falls_sensitivity_is_none(bundle: Path, tmp_path: Path) -> None:
    data = tiny_dataset(tmp_path / "data", subjects=2, streams=["accelerometer"], activities=["sit", "walk"])
    said = evaluate(bundle, data)
    lines = {line.split()[0]: " ".join(line.split()) for line in said.splitlines() if line.split()}
    assert lines["sensitivity"] == "sensitivity none 0 of 0" and lines["precision"] == "precision none 0 of 0"
    assert lines["F1"] == "F1 none" and lines["AUC"] == "AUC none" and lines["S1"].split()[4] == "none"
    out = json.loads(evaluate(bundle, data, "--json"))
    assert out["metrics"]["sensitivity"] is out["metrics"]["precision"] is out["metrics"]["f1"] is out["metrics"]["auc"] is None
    assert out["metrics"]["false_alarms_per_hour"] == 0 and out["subjects"][0]["sensitivity"] is None
    assert out["shares"]["sensitivity"] == {"hits": 0, "count": 0, "ci95": None}


def test_false_alarms_where_falls_have_no_times(bundle: Path, tmp_path: Path) -> None:
    data = tiny_dataset(tmp_path / "data", subjects=2, streams=["accelerometer"])
    table = data / "recordings.csv"
    table.write_text("".join(",".join([*row.split(",")[:4], "", "", ""]) + "\n" for row in table.read_text().splitlines()[1:]))
    table.write_text("subject,activity,trial,accelerometer,fall_onset_s,fall_impact_s,fall_end_s\n" + table.read_text())
    with open(data / "streams.yaml", "a") as file:
        file.write("falls: [fall]\n")
    out = json.loads(evaluate(bundle, data, "--json"))
    assert out["counts"]["falls"] == 2 and "event_f1" not in out["metrics"]
    assert out["metrics"]["false_alarms_per_hour"] == 0
    assert out["counts"]["hours"] == pytest.approx(4 * 74 / 25 / 3600, rel=0.05)  # of the four recordings without a fall


def test_rows_need_subjects_or_films(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="rows are of films or subjects, and neither was evaluated"):
        write_rows(tmp_path / "rows.csv", {"metrics": {}})
