"""A run's distilled student as the start of another run's students."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.conftest import tiny_dataset, tiny_recipe

from featherfall.core.documents import read_json
from featherfall.core.errors import UserError
from featherfall.core.files import sha256, write_json
from featherfall.core.recipe import Recipe
from featherfall.datasets.content import from_json
from featherfall.pipeline.distill import run_recipe, train_one
from featherfall.pipeline.run import Run
from featherfall.pipeline.warm_start import starts
from featherfall.runtime.bundle import read_manifest

SEEN = {"clip": tiny_recipe().clip.model_dump() | {"inputs": {"accelerometer": "accelerometer"}}}
STILL = {"steps": 1, "batch": 8, "lr": 1e-30, "average": 0.0}  # leaves the weights where they are


def recipe(init: Path | None = None, student: dict[str, Any] | None = None, **changes: Any) -> Recipe:
    plain = tiny_recipe()
    teacher = {"network": {"kind": "inertial", "inputs": ["accelerometer"]}, "training": STILL}
    values = plain.student.model_dump() | {"init": str(init) if init else None} | (student or {})
    return tiny_recipe(**({"teacher": teacher, "student": values, "export": {"budget_points": 100}} | changes))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """data/, cache/ and first/, a finished run of seeds 3 and 4 on the people of other/, whose student of everybody has seed 3."""
    folder = tmp_path_factory.mktemp("start")
    for name in ("data", "other"):
        tiny_dataset(folder / name, streams=["accelerometer"])
    run_recipe(recipe(seeds=[3, 4], **SEEN), folder / "other", folder / "first", quiet=True, cache=folder / "cache")
    return folder


def weights(run: Path, fold: str, role: str, seed: int) -> Any:
    return torch.load(Run(run).job(fold, role, seed) / "weights.pt", weights_only=True)


def test_no_start_without_init() -> None:
    assert starts(recipe(), Path("data")) == {}


def test_the_student_of_the_bundles_fold_of_the_same_seed_else_of_the_one_that_shipped(place: Path, tmp_path: Path) -> None:
    shipped = Run(place / "first").job("everybody", "distilled", 3) / "weights.pt"
    found = starts(recipe(place / "first", seeds=[4, 3], **SEEN), place / "data")
    assert {seed: Path(start.weights) for seed, start in found.items()} == {4: shipped, 3: shipped}
    assert found[4].sha256 == sha256(shipped) and found[4].classes == ["not_fall", "fall"] and found[4].met == []
    own = Path(shutil.copytree(place / "first", tmp_path / "first"))
    other = Run(own).job("everybody", "distilled", 4) / "weights.pt"
    shutil.copytree(Run(own).job("fold 1", "distilled", 4), other.parent)
    found = starts(recipe(own, seeds=[4, 3], **SEEN), place / "data")
    assert {seed: Path(start.weights).parent.name for seed, start in found.items()} == {4: "4", 3: "3"}


def test_both_roles_start_there_and_the_run_says_so(place: Path) -> None:
    how = recipe(place / "first", {"training": STILL}, seeds=[7], split={"protocol": "kfold", "folds": 2, "train_share": 0.5}, **SEEN)
    metrics = run_recipe(how, place / "data", place / "second", quiet=True, cache=place / "cache")
    assert metrics["protocol"] == "2 folds by subject, 50% of the training subjects"
    given = weights(place / "first", "everybody", "distilled", 3)
    for fold, role in (("fold 1", "alone"), ("fold 2", "distilled"), ("everybody", "distilled")):
        assert torch.equal(weights(place / "second", fold, role, 7)["head.weight"], given["head.weight"])
    file = Run(place / "first").job("everybody", "distilled", 3) / "weights.pt"
    noted = {"weights": str(file.resolve()), "sha256": sha256(file)}
    assert read_json(place / "second" / "run.json")["starts"] == {"7": noted | {"classes": ["not_fall", "fall"], "met": []}}
    provenance = read_manifest(place / "second" / "bundle").provenance
    assert provenance["start"] == noted and provenance["seed"] == 7 and len(provenance["trained_on"]) == 2
    first = read_manifest(place / "first" / "bundle").provenance
    assert "start" not in first
    before, after = (from_json(one["fingerprints"]) for one in (first, provenance))
    assert before and after and before <= after  # what the weights were trained on before counts, too


def test_resume_asks_for_the_same_weights(place: Path, tmp_path: Path) -> None:
    source = Path(shutil.copytree(place / "first", tmp_path / "first"))
    how = recipe(source, {"training": STILL}, **SEEN)

    def train(how: Recipe) -> Path:
        return train_one(how, place / "data", tmp_path / "run", "alone", resume=True, quiet=True, cache=place / "cache")

    train(how)
    with pytest.raises(UserError, match=r"made with another recipe"):
        train(recipe(place / "first", {"training": STILL}, **SEEN))
    file = Run(source).job("everybody", "distilled", 3) / "weights.pt"
    shutil.copy(Run(source).job("fold 1", "distilled", 4) / "weights.pt", file)
    with pytest.raises(UserError, match=r"run: its run was started with other weights of student\.init \(they changed since\)"):
        train(how)


@pytest.mark.parametrize(
    ("student", "changes", "message"),
    [
        (
            {"network": {"kind": "inertial", "inputs": ["accelerometer"]}},
            {},
            r"first: its student is inertial of accelerometer, layers: \[\[16, 5, 2\]\], this recipe's inertial of accelerometer; give",
        ),
        (
            {},
            {"window": {"kind": "impact", "length": 50, "rate": 25.0}},
            "its student is one of 40 samples at 25 Hz, this recipe's one of 50 ",
        ),
        (
            {},
            {"labels": {"by": "fall", "positive": "down"}},
            r"weights\.pt: its classes are not_fall, fall, this recipe's not_fall, down; they",
        ),
    ],
)
def test_a_student_of_another_kind_is_refused_before_anything_is_trained(
    place: Path, tmp_path: Path, student: dict[str, Any], changes: dict[str, Any], message: str
) -> None:
    values = dict(SEEN)
    if "window" in changes:
        values["clip"] = SEEN["clip"] | changes
    else:
        values |= changes
    with pytest.raises(UserError, match=message):
        run_recipe(recipe(place / "first", student, **values), place / "data", tmp_path / "run", quiet=True, cache=tmp_path / "cache")
    assert not (tmp_path / "run" / "folds").exists()


def test_whom_it_was_trained_on_it_must_not_judge(place: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"weights\.pt: was trained on S1, S3, whom fold 1 tests; start from a run on other people"):
        run_recipe(recipe(place / "first", **SEEN), place / "other", tmp_path / "run", quiet=True, cache=place / "cache")
    assert not (tmp_path / "run" / "folds").exists()


def test_weights_of_other_shapes_are_refused(place: Path, tmp_path: Path) -> None:
    source = Path(shutil.copytree(place / "first", tmp_path / "first"))
    file = Run(source).job("everybody", "distilled", 3) / "weights.pt"
    values = torch.load(file, weights_only=True)
    torch.save(values | {"head.bias": torch.zeros(3)}, file)
    with pytest.raises(UserError, match=r"weights\.pt: head\.bias has the shape \(3,\), this recipe's student needs \(2,\)"):
        run_recipe(recipe(source, **SEEN), place / "data", tmp_path / "run", quiet=True, cache=place / "cache")
    assert not (tmp_path / "run" / "folds").exists()


def test_a_folder_that_is_no_finished_run(place: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"student\.init: .*nowhere: not a run, it holds no run\.json"):
        starts(recipe(tmp_path / "nowhere"), place)
    half = tmp_path / "half"
    write_json(half / "run.json", read_json(place / "first" / "run.json"))
    with pytest.raises(UserError, match=r"student\.init: .*half: holds no bundle yet; finish that run first"):
        starts(recipe(half, **SEEN), place)
    shutil.copytree(place / "first" / "bundle", half / "bundle")
    with pytest.raises(UserError, match=r"student\.init: .*weights\.pt: no such file; finish that run first"):
        starts(recipe(half, **SEEN), place)
