"""A whole run on a tiny dataset: two folds by subject, two teachers, one seed; and what happens to it afterwards."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from tests.conftest import IMPACT_S, tiny_dataset, tiny_recipe

import featherfall
from featherfall import datasets
from featherfall.core.documents import read_json
from featherfall.core.errors import UserError
from featherfall.core.recipe import Recipe
from featherfall.core.units import STANDARD_GRAVITY
from featherfall.evaluation.evaluate import evaluate
from featherfall.pipeline.distill import export_run, run_recipe, train_one
from featherfall.pipeline.run import open_run
from featherfall.runtime import load_bundle
from featherfall.runtime.bundle import read_manifest

HOLD = """
import sys
from pathlib import Path
from featherfall.core.files import hold
with hold(Path(sys.argv[1])):
    print(flush=True)
    input()
"""
ROLES = ["teacher", "alone", "distilled", "int8", "teacher_ensemble"]


def recipe(**changes: Any) -> Recipe:
    plain = tiny_recipe()
    teacher = plain.teacher.model_dump() | {"members": 2, "pretrain": False}
    network = {"kind": "inertial", "inputs": ["accelerometer"], "options": {"layers": [[16, 5, 2], [16, 3, 1]]}}
    student = plain.student.model_dump() | {"network": network}
    return tiny_recipe(**({"teacher": teacher, "student": student, "export": {"budget_points": 100}} | changes))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """data/: twelve recordings of four subjects, of whom the first has no skeleton; cache/; and run/, finished."""
    folder = tmp_path_factory.mktemp("pipeline")
    tiny_dataset(folder / "data", subjects=4, lacking=[("S1", "skeleton"), ("S2", "gyroscope")])
    (folder / "data" / "data" / "S2-walk-0-accelerometer.csv").write_text("")  # the recording is left out, and said so
    run_recipe(recipe(), folder / "data", folder / "run", quiet=True, cache=folder / "cache")
    return folder


def again(place: Path, run: Path, how: Recipe | None = None, **options: Any) -> dict[str, Any]:
    return run_recipe(how or recipe(), place / "data", run, quiet=True, cache=place / "cache", **options)


@pytest.fixture
def copy(place: Path, tmp_path: Path) -> Path:
    """The finished run, to be spoilt."""
    return Path(shutil.copytree(place / "run", tmp_path / "run"))


def test_metrics_json(place: Path) -> None:
    metrics = read_json(place / "run" / "metrics.json")
    assert list(metrics) == [
        "recipe",
        "dataset",
        "protocol",
        "part",
        "positive",
        "main_metric",
        "seeds",
        "roles",
        "counts",
        "distilled_minus_alone",
        "gap_closed",
        "sizes",
        "trained",
        "notes",
        "environment",
        "over_groups",
        "simulated",
        "left_out",
        "operating",
    ]
    assert (metrics["recipe"], metrics["protocol"], metrics["positive"], metrics["main_metric"]) == (
        "tiny",
        "2 folds by subject",
        "fall",
        "f1",
    )
    assert sorted(metrics["roles"]) == sorted(ROLES) == sorted(metrics["over_groups"]["roles"])
    assert {"sensitivity", "precision", "f1", "non_fall_precision", "event_f1", "false_alarms_per_hour", "ece"} <= metrics["roles"][
        "int8"
    ].keys()
    assert len(metrics["roles"]["teacher"]["f1"]["per_seed"]) == 2 and len(metrics["roles"]["alone"]["f1"]["per_seed"]) == 1
    for role in ROLES:
        assert metrics["counts"][role][0]["recordings"] == 11 and metrics["counts"][role][0]["falls"] == 4
        assert 0 <= metrics["roles"][role]["f1"]["mean"] <= 1
    assert metrics["roles"]["distilled"]["f1"]["mean"] == 1  # falls hit twice as hard: easy
    assert len(metrics["distilled_minus_alone"]["over_folds"]["pairs"]) == 2
    assert metrics["sizes"]["int8"]["bytes"] > 0 and metrics["sizes"]["alone"]["parameters"] < metrics["sizes"]["teacher"]["parameters"]
    left_out, full_fit = metrics["notes"]
    assert left_out.startswith("left out: 1 of 12; 1 x ") and "S2-walk-0-accelerometer.csv: " in left_out
    assert "trained on all recordings" in full_fit
    assert (metrics["left_out"]["count"], metrics["left_out"]["of"], metrics["left_out"]["unreadable"]) == (1, 12, 1)


def test_too_many_unreadable_recordings_are_refused_before_training(tmp_path: Path) -> None:
    tiny_dataset(tmp_path / "data", subjects=4)
    for subject in ("S2", "S3"):
        (tmp_path / "data" / "data" / f"{subject}-walk-0-accelerometer.csv").write_text("")
    with pytest.raises(UserError, match=r"2 of 12 recordings cannot be used, more than 10 % .*--allow-skipped"):
        run_recipe(recipe(), tmp_path / "data", tmp_path / "run", quiet=True, cache=tmp_path / "cache")
    assert not (tmp_path / "run" / "folds").exists()


def test_the_run_directory(place: Path) -> None:
    run = place / "run"
    assert sorted(path.name for path in run.iterdir() if not path.name.startswith(".")) == [
        "bundle",
        "folds",
        "metrics.json",
        "report.html",
        "run.json",
    ]
    assert sorted(path.name for path in (run / "folds").iterdir()) == ["everybody", "fold-1", "fold-2"]
    fold = run / "folds" / "fold-1"
    assert sorted(path.name for path in fold.iterdir()) == ["alone", "distilled", "int8", "teacher"]
    assert {"log.csv", "predictions.npz", "weights.pt"} <= {path.name for path in (fold / "distilled" / "0").iterdir()}
    assert (fold / "teacher" / "outputs.pt").is_file() and (fold / "teacher" / "1" / "weights.pt").is_file()
    assert sorted(path.name for path in (run / "folds" / "everybody").iterdir()) == ["distilled", "teacher"]
    assert not list(run.glob("**/checkpoint.pt"))
    assert any(path.name.startswith("events.out.tfevents") for path in run.glob("folds/*/*/*/*"))  # TensorBoard


def test_int8_is_judged_by_the_runtime(place: Path) -> None:
    """The int8 role's probabilities are those of its bundle on the test recordings' files; others' would not be exactly these."""
    fold = place / "run" / "folds" / "fold-1"
    bundle = load_bundle(fold / "int8" / "0" / "bundle")
    assert bundle.model.precision == "int8"
    assert bundle.manifest.provenance["trained_on"] == ["S2", "S4"] and bundle.manifest.provenance["fold"] == "fold 1"
    sources = [source for source in datasets.open("folder", place / "data").sources if source.subject in ("S1", "S3")]
    said = np.concatenate([bundle.predict(source.load()).probabilities for source in sources])
    with np.load(fold / "int8" / "0" / "predictions.npz") as saved, np.load(fold / "distilled" / "0" / "predictions.npz") as exact:
        np.testing.assert_array_equal(saved["probabilities"], said)
        assert not np.array_equal(saved["probabilities"], exact["probabilities"])
        np.testing.assert_allclose(saved["probabilities"], exact["probabilities"], atol=0.2)


def test_the_bundle_that_ships_was_trained_on_everybody_and_predicts(place: Path) -> None:
    bundle = load_bundle(place / "run" / "bundle")
    provenance = bundle.manifest.provenance
    assert provenance["trained_on"] == ["S1", "S2", "S3", "S4"] and provenance["seed"] == 0
    assert Recipe.model_validate(provenance["recipe"]) == recipe()
    for source in datasets.open("folder", place / "data").sources:
        if source.id == "S2/walk/0":
            continue
        said = bundle.predict(source.load())
        assert said.label == ("fall" if source.fall else "not_fall")
        assert [round(event.start_s - IMPACT_S, 1) for event in said.events] == ([0.0] if source.fall else [])


def rewritten(place: Path, folder: Path, **subjects: str) -> Path:
    """The recordings of `place` as another program writes them: other subjects, m/s2 with two digits, no accelerometer's name."""
    shutil.copytree(place / "data", folder)
    for file in (folder / "data").glob("*-accelerometer.csv"):
        if file.name != "S2-walk-0-accelerometer.csv":
            values = np.loadtxt(file, delimiter=",", skiprows=1) * STANDARD_GRAVITY
            np.savetxt(file, values, "%.2f", ",", header="x,y,z", comments="")
    described = yaml.safe_load((folder / "streams.yaml").read_text())
    described["streams"]["accelerometer"]["unit"] = "m/s2"
    (folder / "streams.yaml").write_text(yaml.safe_dump(described))
    head, *rows = (folder / "recordings.csv").read_text().splitlines()
    rows = [",".join([subjects.get(row.split(",")[0], row.split(",")[0]), *row.split(",")[1:]]) for row in rows]
    (folder / "recordings.csv").write_text("\n".join([head, *rows]) + "\n")
    return folder


def test_a_bundle_knows_its_training_recordings_by_their_content(place: Path, tmp_path: Path) -> None:
    fold = load_bundle(place / "run" / "folds" / "fold-1" / "int8" / "0" / "bundle")  # trained on S2 and S4
    assert fold.manifest.provenance["fingerprints"]["recordings"] == 5  # one of S2's is broken
    assert len(fold.manifest.provenance["fingerprints"]["digests"]) < 60 * 5
    copy = datasets.open("folder", rewritten(place, tmp_path / "copy", S2="anna", S4="S3", S3="ben"))
    out = evaluate(fold, copy)
    assert out["counts"]["recordings"] == 6
    assert [one["subject"] for one in out["subjects"]] == ["S1", "ben"]
    assert out["notes"][0] == "6 of 12 recordings are not evaluated: the bundle was trained on 5 of them, of 2 subject(s)"
    others = tiny_dataset(tmp_path / "others", subjects=4, seed=7)  # the same names, other people
    out = evaluate(fold, datasets.open("folder", others))
    assert out["counts"]["recordings"] == 12 and out["notes"] == []


def test_one_recording_under_two_subjects_is_refused(place: Path, tmp_path: Path) -> None:
    data = tiny_dataset(tmp_path / "data", subjects=4)
    for activity in ("fall", "sit"):
        shutil.copy(data / "data" / f"S1-{activity}-0-accelerometer.csv", data / "data" / f"S2-{activity}-0-accelerometer.csv")
    alone = recipe(teacher=None, distillation=None)
    with pytest.raises(
        UserError, match=r"^fold 1: S1/(fall|sit)/0 \(test\) and S2/(fall|sit)/0 \(train\) are the same recording"
    ) as refused:
        run_recipe(alone, data, tmp_path / "run", quiet=True, cache=tmp_path / "cache")
    assert "and 1 more pair(s)" in str(refused.value) and not (tmp_path / "run" / "folds").exists()


def test_predictions_are_of_the_folds_own_test_recordings(place: Path) -> None:
    counts = {}
    for fold in ("fold-1", "fold-2"):
        with np.load(place / "run" / "folds" / fold / "teacher" / "0" / "predictions.npz") as saved:
            counts[fold] = len(saved["probabilities"])
            np.testing.assert_allclose(saved["probabilities"].sum(axis=1), 1, rtol=1e-5)
    assert counts == {"fold-1": 4, "fold-2": 4}  # two subjects each, a fall and a sitting down


def test_a_second_run_into_the_same_folder_is_refused(place: Path) -> None:
    with pytest.raises(UserError, match="holds a run already; add --resume"):
        again(place, place / "run")


def test_another_recipe_is_refused_even_with_resume(place: Path) -> None:
    with pytest.raises(UserError, match="made with another recipe"):
        again(place, place / "run", recipe(seeds=[0, 1]), resume=True)


def test_resume_does_only_what_is_missing(place: Path, copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = json.loads((copy / "metrics.json").read_text())
    lost = copy / "folds" / "fold-1" / "distilled" / "0"
    kept = copy / "folds" / "fold-2" / "distilled" / "0" / "weights.pt"
    stamp = kept.stat().st_mtime_ns
    (lost / "predictions.npz").unlink()
    (lost / "weights.pt").unlink()  # so that it is trained again
    after = again(place, copy, resume=True)
    assert after == before == json.loads((copy / "metrics.json").read_text())
    assert (lost / "predictions.npz").is_file() and kept.stat().st_mtime_ns == stamp
    assert capsys.readouterr().err == ""  # quiet


def test_two_processes_do_not_write_one_folder(place: Path, copy: Path) -> None:
    holder = [sys.executable, "-c", HOLD, str(copy)]
    with subprocess.Popen(holder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        other.stdout.readline()  # it holds the folder now
        with pytest.raises(UserError, match="another run is writing here"):
            again(place, copy, resume=True)
        other.communicate("\n")
    with open_run(copy, recipe(), place / "data", resume=True):
        pass


def test_export_of_a_finished_run(place: Path, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATHERFALL_CACHE", str(tmp_path / "cache"))
    lines = export_run(copy, tmp_path / "exported", int8=False)
    manifest = read_manifest(tmp_path / "exported")
    assert [one.precision for one in manifest.models] == ["float32"]
    assert lines[0] == f"bundle   {tmp_path / 'exported'}" and "model.onnx" in lines[1]
    shipped = read_manifest(place / "run" / "bundle")
    assert manifest.sha256["model.onnx"] == shipped.sha256["model.onnx"]  # the same student, exported the same way
    (copy / "folds" / "everybody" / "distilled" / "0" / "weights.pt").unlink()
    with pytest.raises(UserError, match="no trained student; finish the run first"):
        export_run(copy, tmp_path / "other", int8=False)


def test_one_stage_alone(place: Path, tmp_path: Path) -> None:
    how = recipe(split={"protocol": "kfold", "folds": 2, "validation": 1, "part": "validation"})
    folder = train_one(how, place / "data", tmp_path / "run", "alone", quiet=True, cache=place / "cache")
    assert folder == tmp_path / "run" / "folds" / "fold-1" / "alone" / "0"
    with np.load(folder / "predictions.npz") as saved:
        assert saved["probabilities"].shape == (2, 2)  # of the validation subject, not of the test part


def test_an_unknown_published_list(place: Path, tmp_path: Path) -> None:
    how = recipe(split={"protocol": "published", "list": "odd"})
    with pytest.raises(UserError, match="the dataset has no such published split; known: none"):
        again(place, tmp_path / "run", how)


def test_a_refused_run_leaves_nothing_and_may_be_corrected(tmp_path: Path) -> None:
    data = tiny_dataset(tmp_path / "data", subjects=4)
    table = data / "recordings.csv"
    whole = table.read_text()
    table.write_text("\n".join(line for line in whole.splitlines() if ",fall," not in line) + "\n")
    with pytest.raises(UserError, match="no training clip of class fall"):
        run_recipe(tiny_recipe(), data, tmp_path / "run", quiet=True, cache=tmp_path / "cache")
    assert [path.name for path in (tmp_path / "run").iterdir()] == [".lock"]
    table.write_text(whole)
    assert run_recipe(tiny_recipe(), data, tmp_path / "run", quiet=True, cache=tmp_path / "cache")["recipe"] == "tiny"


def test_a_part_that_lacks_what_the_teacher_needs_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    """Two folds of four people and one to validate on leave one to train on, who has no skeleton."""
    data = tiny_dataset(tmp_path / "data", subjects=4, lacking=[("S1", "skeleton")])
    split = {"protocol": "kfold", "folds": 2, "validation": 1, "part": "validation"}
    with pytest.raises(UserError, match="fold 2: no training clip has skeleton") as refused:
        run_recipe(tiny_recipe(split=split), data, tmp_path / "run", quiet=True, cache=tmp_path / "cache")
    assert "\n" not in str(refused.value) and [path.name for path in (tmp_path / "run").iterdir()] == [".lock"]


def test_the_python_face_needs_a_recipe_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Data from the environment, the run under runs/."""
    tiny_dataset(tmp_path / "data", subjects=4)
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(tiny_recipe().model_dump()))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEATHERFALL_REAL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("FEATHERFALL_CACHE", str(tmp_path / "cache"))
    metrics = featherfall.distill("mine.yaml").metrics
    assert metrics["recipe"] == "tiny"
    assert featherfall.load(tmp_path / "runs" / "tiny" / "bundle").manifest.positive == "fall"
