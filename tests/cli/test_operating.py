from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from tests.runtime.curves import operating
from tests.runtime.tiny import write_bundle, write_csv
from typer.testing import CliRunner, Result

from featherfall.cli.predict import predict_command
from featherfall.cli.runs import evaluate_command
from featherfall.core.errors import UserError

app = typer.Typer()
app.command("predict")(predict_command)
app.command("evaluate")(evaluate_command)


def call(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle", operating=operating())


@pytest.fixture
def fall(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "fall.csv", 50, ((8.0, 4.0),))


def test_a_point_decides_and_says_what_was_measured(bundle: Path, fall: Path) -> None:
    result = call("predict", bundle, fall, "--point", "quiet")
    assert result.exit_code == 0 and "label    other" in result.stdout
    assert result.stderr.splitlines()[:-1] == [  # the last line says how the file was read
        "operating point: quiet, threshold 0.999: 20 of 100 falls found; 0 false alarms in 12.0 h of daily life, which excludes only more "
        "than 6.0 a day (95%)"
    ]
    assert "label    fall" in call("predict", bundle, fall, "--point", "sensitive").stdout
    assert "operating" not in call("predict", bundle, fall).stderr


def test_a_budget_that_is_not_proven_is_one_line_more(bundle: Path, fall: Path) -> None:
    result = call("predict", bundle, fall, "--false-alarms-per-day", "1", "--json")
    assert json.loads(result.stdout)["files"][0]["label"] == "other"  # the document stays whole
    assert result.stderr.splitlines()[1] == "1 false alarm a day is not proven: that takes 72 h without a false alarm, 12.0 h were measured"


@pytest.mark.parametrize("verb", ["predict", "evaluate"])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--point", "quiet", "--false-alarms-per-day", "1"],
            "--point quiet and --false-alarms-per-day 1 both choose the threshold",
        ),
        (["--false-alarms-per-day", "-1"], "-1 false alarms a day: give a number from 0.001 on, e.g. 1"),
    ],
)
def test_what_cannot_be_chosen(bundle: Path, fall: Path, verb: str, options: list[str], message: str) -> None:
    words = [bundle, fall] if verb == "predict" else [bundle, "--dataset", "folder", "--data", fall.parent]
    result = call(verb, *words, *options)
    assert isinstance(result.exception, UserError) and message in str(result.exception)


def test_without_a_curve(tmp_path: Path, fall: Path) -> None:
    result = call("predict", write_bundle(tmp_path / "bare"), fall, "--point", "quiet")
    assert isinstance(result.exception, UserError) and "has no curve of operating points" in str(result.exception)


def test_a_run_shows_its_figures_at_its_own_points_only(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text("{}")
    result = call("evaluate", tmp_path, "--point", "quiet")
    assert isinstance(result.exception, UserError) and f"for another point evaluate {tmp_path / 'bundle'}" in str(result.exception)
