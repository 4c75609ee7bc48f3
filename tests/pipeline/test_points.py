"""A run that chooses its threshold: each fold on the others, the bundle on all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.clips.tiny import facts, store_of
from tests.conftest import tiny_dataset, tiny_recipe
from tests.evaluation.test_metrics import FALL

from featherfall.clips.splits import Fold
from featherfall.clips.store import ClipStore
from featherfall.core.documents import read_json
from featherfall.core.errors import UserError
from featherfall.core.recipe import Recipe
from featherfall.core.recipe_file import load_recipe
from featherfall.pipeline.distill import export_run, run_recipe
from featherfall.pipeline.points import check_points, kind_left_out
from featherfall.pipeline.run import Run
from featherfall.pipeline.task import Context
from featherfall.pipeline.tasks.windows import WindowsTask
from featherfall.runtime import load_bundle
from featherfall.runtime.bundle import read_manifest


def recipe(threshold: float | str, **changes: Any) -> Recipe:
    alone = {"teacher": None, "distillation": None, "decision": {"threshold": threshold, "merge_s": 4.0}}
    return tiny_recipe(**(alone | {"export": {"budget_points": 100}} | changes))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """data/, and two runs of the same trainings: fixed/ states its threshold, chosen/ names a point."""
    folder = tmp_path_factory.mktemp("points")
    tiny_dataset(folder / "data", subjects=4, trials=2, streams=("accelerometer", "gyroscope", "skeleton"))
    for name, threshold in (("fixed", 0.6), ("chosen", "balanced")):
        run_recipe(recipe(threshold), folder / "data", folder / name, quiet=True, cache=folder / "cache")
    return folder


def probabilities(run: Path, fold: int, role: str = "int8") -> np.ndarray:
    with np.load(run / "folds" / f"fold-{fold}" / role / "0" / "predictions.npz") as saved:
        return np.asarray(saved["probabilities"])


def test_a_stated_threshold_stays_and_has_a_curve(place: Path) -> None:
    manifest = read_manifest(place / "fixed" / "bundle")
    assert (manifest.decision.threshold, manifest.decision.merge_s, manifest.temperature) == (0.6, 4.0, 1.0)
    operating = manifest.operating
    assert operating is not None and (operating.falls, operating.alarms_in, operating.left_out) == (8, "staged activities", "people")
    assert [(one.name, one.recordings, one.people, one.falls) for one in operating.datasets] == [("folder", 24, 4, 8)]
    metrics = read_json(place / "fixed" / "metrics.json")
    assert "thresholds" not in metrics
    assert metrics["operating"] == {"threshold": 0.6, "temperature": 1.0, **operating.model_dump()}
    row = operating.row_at(0.6)
    counts = metrics["counts"]["int8"][0]  # the same predictions, of all folds
    assert row is not None and (counts["falls"] - counts["missed"], counts["false_events"]) == (row.falls_found, row.false_alarms)


def test_a_named_point_is_chosen_without_the_fold_itself(place: Path) -> None:
    metrics = read_json(place / "chosen" / "metrics.json")
    assert metrics["thresholds"]["point"] == "balanced"
    (folds,) = metrics["thresholds"]["roles"]["int8"]
    assert [0 < one["threshold"] < 1 and 0.2 < one["temperature"] <= 10 for one in folds] == [True, True]
    assert {role: [len(seed) for seed in seeds] for role, seeds in metrics["thresholds"]["roles"].items()} == {"alone": [2], "int8": [2]}
    manifest = read_manifest(place / "chosen" / "bundle")
    assert manifest.operating is not None
    assert manifest.decision.threshold == manifest.operating.points["balanced"] and manifest.decision.merge_s == 4.0
    assert manifest.temperature != 1.0
    assert "decision" in manifest.provenance["recipe"] and manifest.provenance["recipe"]["decision"]["threshold"] == "balanced"


def test_both_runs_trained_alike(place: Path) -> None:
    """The choice comes after the trainings and changes none of them."""
    for fold in (1, 2):
        assert np.array_equal(probabilities(place / "fixed", fold), probabilities(place / "chosen", fold))


def test_the_bundle_gives_calibrated_probabilities(place: Path) -> None:
    fixed, chosen = (load_bundle(place / name / "bundle", "float32") for name in ("fixed", "chosen"))
    window = {"accelerometer": np.random.default_rng(0).normal(0, 1, (3, 40, 3)).astype(np.float32)}
    plain, calibrated = fixed.probabilities(window), chosen.probabilities(window)
    odds = np.log(plain[:, 1] / plain[:, 0]) / chosen.manifest.temperature
    assert np.log(calibrated[:, 1] / calibrated[:, 0]) == pytest.approx(odds, rel=1e-3, abs=1e-4)


def test_export_gives_the_same_point(place: Path, tmp_path: Path) -> None:
    export_run(place / "chosen", tmp_path / "again", int8=False)
    first, again = read_manifest(place / "chosen" / "bundle"), read_manifest(tmp_path / "again")
    assert (again.decision, again.temperature, again.operating) == (first.decision, first.temperature, first.operating)


def test_where_one_fold_holds_all_falls_nothing_is_trained(tmp_path: Path) -> None:
    tiny_dataset(tmp_path / "data", subjects=2)
    table = tmp_path / "data" / "recordings.csv"
    rows = [row for row in table.read_text().splitlines() if not row.startswith("S2,fall")]
    table.write_text("\n".join(rows) + "\n")
    with pytest.raises(UserError, match=r"decision\.threshold 'quiet': fold 1 has no other fold that tests falls"):
        run_recipe(recipe("quiet"), tmp_path / "data", tmp_path / "run", quiet=True, cache=tmp_path / "cache")
    assert not (tmp_path / "run" / "folds").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"split": {"protocol": "published", "list": "mine"}}, "protocol 'published' has no folds that test all recordings"),
        ({"labels": {"by": "activity"}}, "is chosen for windows of the fall class; give a number"),
        ({"decision": {"threshold": "loud"}}, "decision.threshold"),
    ],
)
def test_a_point_that_cannot_be_chosen_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(Exception, match=message):
        recipe("quiet", **changes)


def test_a_camera_keeps_a_stated_threshold(tiny_store: ClipStore) -> None:
    context = Context(Run(Path("run")), load_recipe("camera_falls", ["decision.threshold=quiet"]), "x", {}, Path())
    with pytest.raises(UserError, match="a camera also judges posture and course, so give a number"):
        check_points(WindowsTask(context), tiny_store, [])


def test_what_was_left_out_is_read_from_the_folds() -> None:
    """Simulated people are trained on in every fold and tested in none; daily life, which holds no fall, is dealt over the folds."""
    pool = [
        facts(f"{name}-{k}", fall=FALL if name != "daily" else None, dataset=name) for name in ("a", "b", "daily", "sim") for k in (1, 2)
    ]
    store = store_of(pool, [[1.0]] * len(pool))
    nobody = np.zeros(0, np.int64)

    def fold(train: list[int], test: list[int]) -> Fold:
        return Fold("x", np.asarray(train), nobody, np.asarray(test))

    apart = [fold([2, 3, 5, 6, 7], [0, 1, 4]), fold([0, 1, 4, 6, 7], [2, 3, 5])]
    assert kind_left_out(recipe(0.5), store, apart) == "people and datasets"
    mixed = [fold([1, 3, 5, 6, 7], [0, 2, 4]), fold([0, 2, 4, 6, 7], [1, 3, 5])]
    assert kind_left_out(recipe(0.5), store, mixed) == "people"
    assert kind_left_out(recipe(0.5, split={"protocol": "kfold", "group": "recording"}), store, mixed) == "recordings"
