"""The stages of a recipe on one fold of a tiny real dataset; its first subject has no skeleton."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.conftest import tiny_recipe

from featherfall.clips.labels import IGNORED
from featherfall.clips.splits import Fold
from featherfall.clips.store import ClipStore
from featherfall.core.errors import UserError
from featherfall.core.recipe import Recipe
from featherfall.core.training_settings import Augment, EarlyStop, Training
from featherfall.training.data import BatchSampler, load_clips
from featherfall.training.outputs import logits_of
from featherfall.training.stages import FoldContext, balanced_accuracy, f1, train_student, train_teacher, write_teacher_outputs

AUGMENT = Augment(views=1, blends=1, reversed=1)
TRAINING = Training(steps=20, batch=6, lr=0.01, average=0.8, augment=AUGMENT)
FOLD = Fold("fold 1", np.arange(9), np.zeros(0, int), np.arange(9, 12))  # tests S4


def recipe(**changes: object) -> Recipe:
    terms = [{"loss": "soft", "weight": 0.8}, {"loss": "cosine", "weight": 0.1, "student_tap": "blocks.0"}]
    plain = tiny_recipe(distillation={"terms": terms}, **changes)
    return plain.model_copy(
        update={
            "teacher": plain.teacher.model_copy(update={"training": TRAINING, "members": 2}),
            "student": plain.student.model_copy(update={"training": TRAINING}),
        }
    )


@pytest.fixture(scope="module")
def stage(tiny_store: ClipStore) -> FoldContext:
    return FoldContext(recipe(), tiny_store, FOLD)


@pytest.fixture(scope="module")
def trained(stage: FoldContext, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stages")
    for member in range(2):
        train_teacher(stage, member, folder / f"teacher{member}")
    write_teacher_outputs(stage, [folder / "teacher0", folder / "teacher1"], folder)
    for role in ("alone", "distilled"):
        train_student(stage, role, 0, folder / role, folder / "outputs.pt")
    return folder


def test_classes_and_parts(stage: FoldContext) -> None:
    assert stage.classes == ["not_fall", "fall"]
    part = stage.training_part
    assert len(part.clips) == 6 and sorted(part.labels.tolist()) == [0, 0, 0, 1, 1, 1]
    assert not set(part.clips.tolist()) & set(stage.part(FOLD.test).clips.tolist())
    assert stage.network(stage.recipe.student.network, 0)({"accelerometer": torch.randn(3, 40, 3)}).shape == (3, 2)


def test_a_student_learns_from_pairs_whose_labels_are_not_used(stage: FoldContext, tmp_path: Path) -> None:
    """The teacher is trained on S2 and S3 alone; it speaks of S1's clips, too. What S1 does is not read: other labels, same student."""
    few = replace(stage, fold=replace(FOLD, train=np.arange(3, 9), unlabelled=np.arange(3)))
    pairs, part = few.pairs, few.training_part
    assert pairs.clips.tolist() == [*part.clips, *few.store.clips_of(np.arange(3))]
    assert (pairs.labels == IGNORED).tolist() == [False] * len(part.clips) + [True] * (len(pairs.clips) - len(part.clips))
    said = []
    for number, activity in enumerate(("fall", "sit")):
        recordings = [replace(one, activity=activity, fall=None) if i < 3 else one for i, one in enumerate(few.store.recordings)]
        other = few if not number else replace(few, store=replace(few.store, recordings=recordings))
        folder = tmp_path / str(number)
        for member in range(2):
            train_teacher(other, member, folder / f"teacher{member}")
        write_teacher_outputs(other, [folder / "teacher0", folder / "teacher1"], folder)
        assert torch.load(folder / "outputs.pt", weights_only=True)["logits"].shape == (4, len(pairs.clips), 2, 2)
        model = train_student(other, "distilled", 0, folder / "distilled", folder / "outputs.pt")
        said.append(torch.cat([values.flatten() for values in model.state_dict().values()]))
    assert torch.equal(*said)


def test_views_that_agree_and_a_mean_teacher_are_options(stage: FoldContext, trained: Path, tmp_path: Path) -> None:
    weights = []
    for number, options in enumerate(({}, {"over_views": "mean"}, {"mean_teacher": {"weight": 1.0}})):
        how = stage.recipe.required_supervision.distillation.model_dump() | options
        changed = replace(stage, recipe=Recipe.model_validate(stage.recipe.model_dump() | {"distillation": how}))
        model = train_student(changed, "distilled", 0, tmp_path / str(number), trained / "outputs.pt")
        weights.append(model.head.weight)
    assert not torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])
    columns = [(tmp_path / str(number) / "log.csv").read_text().splitlines()[0] for number in range(3)]
    assert columns[1] == columns[0] and columns[2] == "step,loss,hard,soft,cosine,mean_teacher,lr,validation"
    with pytest.raises(ValueError, match="over_views 'mean' needs outputs for every view"):
        Recipe.model_validate(stage.recipe.model_dump() | {"distillation": how | {"live": True, "over_views": "mean"}})


def test_initial_weights_are_a_function_of_the_seed(stage: FoldContext) -> None:
    first, same, other = (stage.network(stage.recipe.student.network, seed).head.weight for seed in (1, 1, 2))
    assert torch.equal(first, same) and not torch.equal(first, other)


def test_a_class_that_training_lacks_is_refused(stage: FoldContext) -> None:
    fold = replace(FOLD, train=np.asarray([1, 4, 7]))  # only "sit"
    with pytest.raises(UserError, match="tiny, fold 1: no training clip of class fall"):
        _ = replace(stage, fold=fold).training_part


def test_branches_are_pretrained_where_their_inputs_are(stage: FoldContext, trained: Path) -> None:
    names = sorted(path.name for path in (trained / "teacher0").iterdir())
    assert names == ["branch-inertial", "branch-skeleton", "log.csv", "weights.pt"]
    branch = torch.load(trained / "teacher0" / "branch-skeleton" / "weights.pt", weights_only=True)
    assert branch["normalise.num_batches_tracked"] == TRAINING.steps
    whole = torch.load(trained / "teacher0" / "weights.pt", weights_only=True)
    assert whole["branches.skeleton.normalise.num_batches_tracked"] == 2 * TRAINING.steps  # it went on from there


def test_members_of_the_ensemble_differ(trained: Path) -> None:
    first, second = (torch.load(trained / f"teacher{member}" / "weights.pt", weights_only=True) for member in range(2))
    assert not torch.equal(first["head.weight"], second["head.weight"])


def test_outputs_are_what_the_teachers_say_of_the_students_clips(stage: FoldContext, trained: Path) -> None:
    saved = torch.load(trained / "outputs.pt", weights_only=True)
    part, network = stage.training_part, stage.recipe.teacher.network
    clips = load_clips(stage.store, part.clips, part.labels, network.inputs, AUGMENT, teacher_only=True)
    assert saved["logits"].shape == (4, 6, 2, 2) and clips.views == 4
    for member in range(2):
        teacher = stage.load_network(network, member, trained / f"teacher{member}" / "weights.pt")
        for view in range(clips.views):
            torch.testing.assert_close(saved["logits"][view, :, member], logits_of(teacher, clips, view))
        if member == 0:
            everything = clips.take(torch.arange(6), torch.full((6,), 3)).clip
            torch.testing.assert_close(saved["features"]["embedding"][3], teacher.embed(everything))
    student = stage.load(part, ["accelerometer"], AUGMENT, teacher_only=True)
    torch.testing.assert_close(student.inputs["accelerometer"], clips.inputs["accelerometer"])


def test_outputs_are_of_the_views_that_students_meet(stage: FoldContext, trained: Path, tmp_path: Path) -> None:
    """Three steps of two seeds meet some of the 24 views; of the others nothing is said, and a student learns the same."""
    brief = TRAINING.model_copy(update={"steps": 3, "batch": 3})
    student = stage.recipe.student.model_copy(update={"training": brief})
    few = replace(stage, recipe=stage.recipe.model_copy(update={"student": student, "seeds": [0, 1]}))
    some = write_teacher_outputs(few, [trained / "teacher0", trained / "teacher1"], tmp_path)
    saved, whole = (_by_name(file) for file in (some, trained / "outputs.pt"))
    clips = load_clips(stage.store, few.pairs.clips, few.pairs.labels, ["accelerometer"], AUGMENT, teacher_only=True)
    met = torch.zeros(4, 6, dtype=torch.bool)
    for seed in (0, 1):
        for index, view in map(BatchSampler(clips, 3, seed, AUGMENT.teacher_only_share), range(3)):
            met[view, index] = True
    assert 3 <= met.sum() <= 18 and saved.keys() == whole.keys()
    for name, values in saved.items():
        torch.testing.assert_close(values[met], whole[name][met], rtol=1e-5, atol=1e-5)
        assert values[~met].isnan().all()
    first, second = (train_student(few, "distilled", 1, tmp_path / str(i), file) for i, file in enumerate((some, trained / "outputs.pt")))
    torch.testing.assert_close(first.state_dict(), second.state_dict(), rtol=1e-4, atol=1e-4)


def test_means_over_views_want_all_of_them_and_an_assistant_its_own_batches(stage: FoldContext, trained: Path, tmp_path: Path) -> None:
    """An assistant is trained with number 0, whatever the students' seeds; blends and clips played backwards keep their own outputs."""
    brief = TRAINING.model_copy(update={"steps": 3, "batch": 3})
    update = {"student": stage.recipe.student.model_copy(update={"training": brief}), "seeds": [5]}
    how, network = stage.recipe.distillation, stage.recipe.student.network
    said = {}
    for name, changes in {"plain": {}, "mean": {"over_views": "mean"}, "assistant": {"assistant": network}}.items():
        recipe = stage.recipe.model_copy(update={**update, "distillation": how.model_copy(update=changes)})
        other = replace(stage, recipe=recipe)
        file = write_teacher_outputs(other, [trained / "teacher0", trained / "teacher1"], tmp_path / name)
        said[name] = ~_by_name(file)["logits"][..., 0, 0].isnan()
    assert said["mean"][:2].all() and torch.equal(said["mean"][2:], said["plain"][2:]) and not said["plain"][:2].all()
    clips = load_clips(stage.store, stage.pairs.clips, stage.pairs.labels, ["accelerometer"], AUGMENT, teacher_only=True)
    for index, view in map(BatchSampler(clips, 3, 0, AUGMENT.teacher_only_share), range(3)):
        assert said["assistant"][view, index].all()
    assert said["assistant"].sum() > said["plain"].sum()
    with pytest.raises(AssertionError, match="were not computed"):
        train_student(other, "distilled", 6, tmp_path / "another", tmp_path / "plain" / "outputs.pt")
    assert not _by_name(write_teacher_outputs(other, [trained / "teacher0"], tmp_path / "every", every_view=True))["logits"].isnan().any()


def _by_name(outputs: Path) -> dict[str, torch.Tensor]:
    saved = torch.load(outputs, weights_only=True)
    return {"logits": saved["logits"], **saved["features"]}


def test_outputs_are_computed_once(stage: FoldContext, trained: Path) -> None:
    before = (trained / "outputs.pt").stat().st_mtime_ns
    write_teacher_outputs(stage, [], trained)
    assert (trained / "outputs.pt").stat().st_mtime_ns == before


def test_students_learn_and_ship_without_projectors(stage: FoldContext, trained: Path) -> None:
    network = stage.recipe.student.network
    keys = stage.network(network, 0).state_dict().keys()
    clips = stage.load(stage.part(FOLD.test), network.inputs)
    said = {}
    for role in ("alone", "distilled"):
        model = stage.load_network(network, 0, trained / role / "weights.pt")
        assert model.state_dict().keys() == keys
        said[role] = logits_of(model, clips)
        assert torch.isfinite(said[role]).all()
        assert (said[role].argmax(dim=1) == clips.labels).all()  # falls hit twice as hard: easy
    assert not torch.equal(said["alone"], said["distilled"])
    header = (trained / "distilled" / "log.csv").read_text().splitlines()[0]
    assert header == "step,loss,hard,soft,cosine,lr,validation"


def test_alone_and_distilled_start_from_the_same_weights(stage: FoldContext, trained: Path, tmp_path: Path) -> None:
    """One step of rate 0 leaves the initial weights (but for batch norm's statistics)."""
    one = TRAINING.model_copy(update={"steps": 1, "lr": 1e-30, "average": 0.0})
    still = replace(stage, recipe=stage.recipe.model_copy(update={"student": stage.recipe.student.model_copy(update={"training": one})}))
    for role in ("alone", "distilled"):
        train_student(still, role, 5, tmp_path / role, trained / "outputs.pt")
    first, second = (torch.load(tmp_path / role / "weights.pt", weights_only=True) for role in ("alone", "distilled"))
    assert torch.equal(first["head.weight"], second["head.weight"])


def test_both_roles_start_from_given_weights(stage: FoldContext, trained: Path, tmp_path: Path) -> None:
    one = TRAINING.model_copy(update={"steps": 1, "lr": 1e-30, "average": 0.0})
    still = replace(stage, recipe=stage.recipe.model_copy(update={"student": stage.recipe.student.model_copy(update={"training": one})}))
    start = trained / "distilled" / "weights.pt"
    given = torch.load(start, weights_only=True)
    for role in ("alone", "distilled"):
        train_student(still, role, 5, tmp_path / role, trained / "outputs.pt", start)
        weights = torch.load(tmp_path / role / "weights.pt", weights_only=True)
        assert torch.equal(weights["head.weight"], given["head.weight"])
        assert weights["normalise.num_batches_tracked"] == TRAINING.steps + 1  # batch norm's statistics go on, too


def test_an_early_stop_needs_a_validation_part(stage: FoldContext, tmp_path: Path) -> None:
    training = Training.model_validate(TRAINING.model_dump() | {"early_stop": {"every": 5, "patience": 1}})
    student = stage.recipe.student.model_copy(update={"training": training})
    early = replace(stage, recipe=stage.recipe.model_copy(update={"student": student}))
    with pytest.raises(UserError, match=r"early_stop needs a validation part; set split\.validation to 1 or more"):
        train_student(early, "alone", 0, tmp_path / "without", None)
    fold = Fold("fold 1", np.arange(6), np.arange(6, 9), np.arange(9, 12))
    train_student(replace(early, fold=fold), "alone", 0, tmp_path / "with", None)
    rows = (tmp_path / "with" / "log.csv").read_text().splitlines()[1:]
    looks = [row for row in rows if not row.endswith(",")]
    assert looks and all(0 <= float(row.split(",")[-1]) <= 1 for row in looks)


def test_what_early_stopping_looks_at_by_hand() -> None:
    said, labels = torch.tensor([1, 1, 1, 0, 0]), torch.tensor([1, 1, 0, 0, 1])  # of class 1: 2 hits, 1 false, 1 missed
    assert f1(said, labels, positive=1) == pytest.approx(2 * 2 / (3 + 3))
    assert f1(said, labels, positive=0) == pytest.approx(2 * 1 / (2 + 2))  # the other class has another figure: the fall is named
    assert balanced_accuracy(said, labels) == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert f1(torch.zeros(3), torch.zeros(3), positive=1) == 0.0


def test_selection_by_f1_of_the_fall(tiny_store: ClipStore, tmp_path: Path) -> None:
    early = EarlyStop(every=5, patience=9, metric="f1")
    training = TRAINING.model_copy(update={"early_stop": early})
    plain = recipe()
    named = plain.model_copy(update={"student": plain.student.model_copy(update={"training": training})})
    fold = Fold("fold 1", np.arange(6), np.arange(6, 9), np.arange(9, 12))
    stage = FoldContext(named, tiny_store, fold)
    model = train_student(stage, "alone", 0, tmp_path, None)
    part = stage.part(fold.validation)
    said = logits_of(model, stage.load(part, ["accelerometer"])).argmax(dim=1)
    column = [line.split(",")[-1] for line in (tmp_path / "log.csv").read_text().splitlines()[1:]]
    assert max(float(value) for value in column if value) == pytest.approx(f1(said, torch.from_numpy(part.labels), 1), abs=1e-5)
