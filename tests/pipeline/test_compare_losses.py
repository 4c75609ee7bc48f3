from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import tiny_recipe
from typer.testing import CliRunner

from featherfall import datasets
from featherfall.cli.compare import show_losses
from featherfall.cli.main import app
from featherfall.core.errors import UserError
from featherfall.core.registry import known_names
from featherfall.pipeline.compare_losses import compare_losses, losses_named

LOSSES = ["dkd", "sp", "at"]
LABELS = {"by": "fall", "positive": "fall", "subjects": ["S2", "S3", "S4"]}  # S1 has no skeleton


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("losses")


@pytest.fixture(scope="module")
def found(tiny: Path, out: Path) -> dict[str, Any]:
    return compare_losses(tiny_recipe(labels=LABELS), datasets.open("folder", tiny), out, LOSSES, quiet=True)


def test_every_loss_is_ranked_or_refused_with_the_reason(found: dict[str, Any]) -> None:
    assert sorted(row["loss"] for row in found["rows"]) == ["at", "dkd", "soft", "sp"]
    ranked = [row for row in found["rows"] if "refused" not in row]
    assert sorted(row["loss"] for row in ranked) == ["at", "soft", "sp"]
    assert [row["mean"] for row in ranked] == sorted((row["mean"] for row in ranked), reverse=True)
    (refused,) = (row for row in found["rows"] if "refused" in row)
    assert "needs at least 3 classes" in refused["refused"]
    for row in ranked:
        assert (row["minus_soft"] is None) == (row["loss"] == "soft")
        assert row["minus_alone"]["mean"] is not None


def test_teachers_and_students_alone_are_the_same(found: dict[str, Any], out: Path) -> None:
    for role in ("teacher", "alone"):
        first, second = (sorted((out / name / "folds").glob(f"*/{role}/*/weights.pt")) for name in ("soft", "at"))
        assert len(first) >= 2 and [one.read_bytes() for one in first] == [one.read_bytes() for one in second]
    values = {name: json.loads((out / name / "metrics.json").read_text())["roles"]["alone"] for name in ("soft", "at", "sp")}
    assert values["soft"] == values["at"] == values["sp"]


def test_maps_are_compared_at_blocks(found: dict[str, Any], out: Path) -> None:
    (term,) = json.loads((out / "at" / "run.json").read_text())["recipe"]["distillation"]["terms"]
    assert (term["student_tap"], term["teacher_tap"], term["weight"]) == ("blocks", "branches.skeleton.blocks", 1000.0)


def test_an_interrupted_comparison_goes_on(found: dict[str, Any], tiny: Path, out: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in out.glob("*/folds/*/*/*/weights.pt")}
    assert compare_losses(tiny_recipe(labels=LABELS), datasets.open("folder", tiny), out, LOSSES, quiet=True) == found
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_names_of_losses() -> None:
    assert losses_named("all") == list(known_names("loss"))
    assert losses_named("AT, soft") == ["at", "soft"]
    with pytest.raises(UserError, match="--losses sofft: unknown loss; did you mean 'soft'"):
        losses_named("sofft")


def test_without_a_teacher_there_is_nothing_to_compare(tiny: Path, tmp_path: Path) -> None:
    recipe = tiny_recipe(teacher=None, distillation=None)
    with pytest.raises(UserError, match="tiny: has no teacher, so there are no losses to compare"):
        compare_losses(recipe, datasets.open("folder", tiny), tmp_path, ["soft"], quiet=True)


def test_the_table(found: dict[str, Any], out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_losses(found, out)
    shown = capsys.readouterr().out
    assert "minus alone" in shown and "(alone)" in shown and "refused  distillation term 'dkd'" in shown
    lines = [words[0] for line in shown.splitlines() if (words := line.split()) and words[0] in ("soft", "at", "sp")]
    assert lines == [row["loss"] for row in found["rows"] if "refused" not in row]


def test_options_that_need_losses() -> None:
    for words, message in (
        (["compare", "utd_mhad_wrist", "--labels", "0.25"], "--labels, --out, --seed and --set are of --losses"),
        (["compare", "utd_mhad_wrist", "smartfallmm_watch", "--losses", "all"], "--losses compares them on one recipe, not on 2; give one"),
    ):
        said = CliRunner().invoke(app, words)
        assert isinstance(said.exception, UserError) and message in str(said.exception)
