"""A recipe without a teacher, whole: the student learns from the labels alone, is judged, quantised, shipped, reported and compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import tiny_recipe
from typer.testing import CliRunner

from featherfall.cli.main import app
from featherfall.core import registry
from featherfall.core.documents import read_json
from featherfall.core.errors import UserError
from featherfall.core.files import write_json
from featherfall.core.manifest import ModelFile
from featherfall.core.recipe import Recipe
from featherfall.export.deployment import Deployment, Refusal
from featherfall.export.formats import c
from featherfall.pipeline.distill import export_run, run_recipe, train_one
from featherfall.runtime.bundle import read_manifest


def alone(**changes: Any) -> Recipe:
    return tiny_recipe(**({"teacher": None, "distillation": None, "export": {"budget_points": 100}, "seeds": [0]} | changes))


@pytest.fixture(scope="module")
def place(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alone")
    run_recipe(alone(), tiny, folder / "run", quiet=True, cache=folder / "cache")
    return folder


def test_roles_and_the_bundle(place: Path) -> None:
    metrics = read_json(place / "run" / "metrics.json")
    assert list(metrics["roles"]) == ["alone", "int8"] == list(metrics["sizes"])
    assert metrics["distilled_minus_alone"] == {} == metrics["gap_closed"]
    assert list(metrics["trained"]) == ["student"] and metrics["trained"]["student"].startswith(
        "inertial; cross-entropy, label smoothing 0.1"
    )
    folds = sorted(path.name for path in (place / "run" / "folds").iterdir())
    assert folds == ["everybody", "fold-1", "fold-2"]
    assert sorted(path.name for path in (place / "run" / "folds" / "everybody").iterdir()) == ["alone"]
    manifest = read_manifest(place / "run" / "bundle")
    assert manifest.provenance["fold"] == "everybody" and manifest.provenance["trained_on"] == ["S1", "S2", "S3", "S4"]
    assert {model.precision for model in manifest.models} == {"float32", "int8"}


def test_its_intervals_over_people(place: Path) -> None:
    over = read_json(place / "run" / "metrics.json")["over_groups"]
    assert over["group"] == "subject" and list(over["roles"]) == ["alone", "int8"]
    low, high = over["roles"]["alone"]["f1"]
    assert 0 <= low <= high <= 1


def test_its_report_speaks_of_no_teacher(place: Path) -> None:
    page = (place / "run" / "report.html").read_text()
    assert "teacher" not in page.lower() and "The model that ships" in page and "<th>student, int8</th>" in page


def test_without_int8_nothing_goes_by_that_name(tiny: Path, tmp_path: Path) -> None:
    metrics = run_recipe(alone(export={"int8": False}), tiny, tmp_path / "run", quiet=True, cache=tmp_path / "cache")
    for part in (metrics["roles"], metrics["counts"], metrics["sizes"], metrics["over_groups"]["roles"]):
        assert list(part) == ["alone"]
    assert not list((tmp_path / "run").glob("folds/*/int8")) and "int8" not in (tmp_path / "run" / "report.html").read_text()
    assert "int8" not in CliRunner().invoke(app, ["compare", str(tmp_path / "run")]).stdout
    assert {model.precision for model in read_manifest(tmp_path / "run" / "bundle").models} == {"float32"}


@pytest.mark.parametrize("refusals", [[True, False, False], [False, False, True]], ids=["of one fold", "of the bundle"])
def test_where_int8_was_refused_nothing_goes_by_that_name(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusals: list[bool]
) -> None:
    """The bundles of two folds and the one that ships are written in turn."""
    quantised, turn = registry.find("format", "onnx_int8"), iter(refusals)

    def write(deployment: Deployment, folder: Path) -> ModelFile | Refusal:
        answer = quantised(deployment, folder)
        return Refusal("int8", {"points_lost": 9.0, "budget_points": 0.5, "clips": 4}) if next(turn) else answer

    monkeypatch.setitem(registry._objects, ("format", "onnx_int8"), write)
    metrics = run_recipe(alone(), tiny, tmp_path / "run", quiet=True, cache=tmp_path / "cache")
    for part in (metrics["roles"], metrics["counts"], metrics["sizes"], metrics["over_groups"]["roles"]):
        assert list(part) == ["alone"]
    whose = "1 of 2 students" if refusals[0] else "the student that ships"
    assert f"no figures of int8: it was refused for {whose}" in metrics["notes"]
    assert "<th>student, int8</th>" not in (tmp_path / "run" / "report.html").read_text()


def test_it_goes_on_and_is_exported_again(place: Path, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "run" / "folds" / "fold-2" / "alone" / "0" / "predictions.npz").unlink()
    before = read_json(place / "run" / "metrics.json")
    again = run_recipe(alone(), tiny, place / "run", resume=True, quiet=True, cache=place / "cache")
    assert again["roles"] == before["roles"]
    monkeypatch.setattr(c, "can_emulate", lambda: False)
    assert export_run(place / "run", tmp_path / "bundle", int8=False, formats=["c"])[0].startswith("bundle")
    assert [model.file for model in read_manifest(tmp_path / "bundle").models] == ["model.onnx", "featherfall.c"]


def test_a_student_may_start_from_it(place: Path, tiny: Path, tmp_path: Path) -> None:
    student = alone().student.model_copy(update={"init": str(place / "run")})
    with pytest.raises(UserError, match="was trained on S1, S3, whom fold 1 tests"):
        run_recipe(alone(student=student.model_dump()), tiny, tmp_path / "run", quiet=True, cache=place / "cache")


def test_there_is_no_teacher_to_train(place: Path, tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="tiny: has no teacher; train --role alone"):
        train_one(alone(), tiny, tmp_path / "run", "teacher", quiet=True)
    assert not (tmp_path / "run").exists()


def test_teacher_and_distillation_belong_together() -> None:
    for lacking in ("teacher", "distillation"):
        with pytest.raises(ValueError, match="'teacher' and 'distillation' belong together"):
            tiny_recipe(**{lacking: None})


def test_compared_with_one_that_has_a_teacher(place: Path, tmp_path: Path) -> None:
    metrics = read_json(place / "run" / "metrics.json")
    values, sizes = metrics["roles"]["alone"], metrics["sizes"]["alone"]
    roles = ("teacher", "alone", "distilled")
    taught = {"recipe": "taught", "roles": dict.fromkeys(roles, values), "sizes": dict.fromkeys(roles, sizes)}
    write_json(tmp_path / "taught" / "metrics.json", metrics | taught)
    runs = [str(place / "run"), str(tmp_path / "taught")]
    shown = CliRunner().invoke(app, ["compare", *runs], env={"COLUMNS": "160"})
    assert shown.exit_code == 0, shown.output
    assert "F1 of" in shown.output and '"fall"' in shown.output and "groups" in shown.output
    cells = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in shown.output.splitlines()]
    models = [row[1] for row in cells if len(row) > 4 and row[0] in ("tiny", "taught")]
    assert models == ["student", "student, int8", "teacher", "student alone", "student distilled"]
    assert (
        "tiny: folder, 2 folds by subject, 1 seed(s)" in shown.output
        and "bootstrap interval of F1 over each evaluated subject" in shown.output
    )
    assert [one["recipe"] for one in json.loads(CliRunner().invoke(app, ["compare", "--json", *runs]).output)] == ["tiny", "taught"]
