"""A bundle that exists as a teacher."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.conftest import RATE, tiny_recipe
from tests.runtime.tiny import write_bundle

from featherfall import datasets
from featherfall.clips.splits import Fold
from featherfall.clips.store import ClipStore
from featherfall.core.errors import UserError
from featherfall.core.recipe import Recipe
from featherfall.core.skeletons import KINECT_20, channel_names
from featherfall.pipeline.bundle_teacher import Said, open_teacher, write_bundle_outputs
from featherfall.pipeline.distill import run_recipe
from featherfall.training.stages import FoldContext

SKELETON = [{"name": "skeleton", "unit": "m", "channels": list(channel_names(KINECT_20))}]
WINDOW = {"kind": "sliding", "length": 40, "rate": RATE, "stride_s": 0.4}
BRIEF = {"steps": 3, "batch": 8, "average": 0.0, "augment": {"views": 2}}


def alone(**changes: Any) -> Recipe:
    student = {"network": tiny_recipe().student.network.model_dump(), "training": BRIEF}
    return tiny_recipe(**{"teacher": None, "distillation": None, "student": student, "export": {"int8": False}, **changes})


def taught_by(bundle: Path | str, **changes: Any) -> Recipe:
    how = {"hard": 0.2, "bundle": str(bundle), "terms": [{"loss": "soft", "weight": 0.8}]}
    return alone(distillation=how, **changes)


@pytest.fixture(scope="module")
def skeleton_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that looks at skeletons."""
    path = tmp_path_factory.mktemp("skeleton") / "bundle"
    return write_bundle(path, length=40, inputs=SKELETON, window=WINDOW)


def test_the_student_learns_from_a_bundle(tiny: Path, skeleton_bundle: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run_recipe(taught_by(skeleton_bundle), datasets.open("folder", tiny), run, quiet=True)
    assert json.loads((run / "metrics.json").read_text())["roles"].keys() == {"alone", "distilled"}
    said = [torch.load(path, weights_only=True)["logits"] for path in sorted(run.glob("folds/*/teacher/outputs.pt"))]
    assert said and all(one.shape[0] == 3 and one.shape[2:] == (1, 2) for one in said)
    heard = [~one.isnan().any(dim=-1).any(dim=0).flatten() for one in said]
    assert any(one.any() and not one.all() for one in heard)  # nothing is said of S1, who has no skeleton, and nothing learned
    for path in run.glob("folds/*/distilled/0/weights.pt"):
        assert all(torch.isfinite(value.float()).all() for value in torch.load(path, weights_only=True).values())


def test_a_blind_teacher_is_one_line(tiny: Path, tiny_store: ClipStore, tmp_path: Path) -> None:
    recipe = taught_by("camera")
    fold = Fold("all", np.arange(len(tiny_store.recordings)), np.zeros(0, np.int64), np.zeros(0, np.int64))
    stage, sources = FoldContext(recipe, tiny_store, fold), {one.id: one for one in datasets.open("folder", tiny).sources}
    with pytest.raises(UserError, match=r"camera: sees nothing of these recordings \(.*: has no film\); give a bundle") as caught:
        write_bundle_outputs(stage, open_teacher("camera", stage.classes, recipe), sources, tmp_path / "outputs.pt")
    assert "\n" not in str(caught.value) and not (tmp_path / "outputs.pt").exists()


def test_classes_must_be_known() -> None:
    activities = alone(labels={"by": "activity"})
    with pytest.raises(UserError, match="wrist: does not know walk, which the student learns; it knows not_fall, fall"):
        open_teacher("wrist", ["walk"], activities)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"terms": [{"loss": "cosine"}]}, "'cosine' compares features, and a bundle gives probabilities only"),
        ({"live": True}, "'live' needs a network as the teacher"),
    ],
)
def test_what_a_bundle_cannot(how: dict[str, Any], message: str) -> None:
    base = {"bundle": "camera", "terms": [{"loss": "soft"}]}
    with pytest.raises(ValueError, match=message):
        alone().model_validate(alone().model_dump() | {"distillation": base | how})


def test_two_teachers() -> None:
    with pytest.raises(ValueError, match=r"both 'teacher' and 'distillation\.bundle' teach"):
        tiny_recipe(distillation={"bundle": "camera", "terms": [{"loss": "soft"}]})


def test_blends_have_no_word() -> None:
    student = {"network": tiny_recipe().student.network.model_dump(), "training": {"augment": {"blends": 2}}}
    with pytest.raises(ValueError, match="says nothing of blended or reversed clips"):
        taught_by("camera", student=student)


def test_of_clips() -> None:
    rows = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    said = Said(np.array([0.0, 2.0, 4.0]), np.array([3.0, 5.0, 7.0]), rows, True)
    start, end = np.array([0.0, 1.0, 9.0]), np.array([4.0, 9.0, 11.0])
    of_falls = said.of_clips(start, end, (start + end) / 2, whole=False, fall=1)
    assert of_falls[0].tolist() == [0.2, 0.8] and of_falls[1].tolist() == [0.2, 0.8] and np.isnan(of_falls[2]).all()
    assert said.of_clips(start, end, start, whole=True, fall=1)[0].tolist() == [0.2, 0.8]
    np.testing.assert_allclose(said.of_clips(start, end, start, whole=False, fall=None)[0], rows.mean(axis=0))
