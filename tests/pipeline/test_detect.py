from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from featherfall import datasets
from featherfall.cli.main import app
from featherfall.clips.build import prepare_clips
from featherfall.clips.splits import Fold
from featherfall.core.errors import UserError
from featherfall.core.recipe import Recipe
from featherfall.core.recipe_file import load_recipe
from featherfall.core.recording import Box
from featherfall.pipeline.distill import run_recipe
from featherfall.pipeline.run import Run
from featherfall.pipeline.task import Context, Job
from featherfall.pipeline.tasks.detection import DetectionTask, Labelled, embedding_loss
from featherfall.pipeline.tasks.detections import Detections, picture_predictions
from featherfall.runtime import load_bundle
from featherfall.runtime.perceive.boxes import Found
from featherfall.runtime.perceive.detector import BoxDetector, stretch

pytest.importorskip("timm", reason="detectors need timm: pip install 'featherfall[vision]'")
pytest.importorskip("av", reason="pictures need PyAV: pip install 'featherfall[video]'")
from PIL import Image

SIZE = 64


def tiny_yolo(folder: Path, count: int = 12) -> Path:
    """Pictures with one coloured box each: wide and red is a fall, tall and blue a person; a bed lies about."""
    random = np.random.default_rng(0)
    for kind in ("images", "labels"):
        (folder / kind / "train").mkdir(parents=True)
    (folder / "data.yaml").write_text("train: images/train\nval: images/train\nnc: 3\nnames: [bed, fall, person]\n")
    for i in range(count):
        image = random.integers(60, 90, (48, 64, 3)).astype(np.uint8)
        name, width, height = (1, 0.5, 0.25) if i % 2 else (2, 0.2, 0.6)
        x, y = random.uniform(0.35, 0.65, 2)
        rows, columns = (slice(round((m - s / 2) * n), round((m + s / 2) * n)) for m, s, n in ((y, height, 48), (x, width, 64)))
        image[rows, columns] = (220, 40, 40) if name == 1 else (40, 40, 220)
        Image.fromarray(image).save(folder / "images" / "train" / f"p{i:02}.png")
        (folder / "labels" / "train" / f"p{i:02}.txt").write_text(f"0 .5 .5 .9 .9\n{name} {x:.4f} {y:.4f} {width} {height}\n")
    return folder


def tiny_recipe(changes: Sequence[str] = ()) -> Recipe:
    student = "{backbone: mobilenetv4_conv_small_035, width: 8, depth: 1}"
    return load_recipe(
        "detect_falls",
        [
            "dataset=yolo",
            "folder=yolo",
            "labels.names={fall: [fall], not_fall: [person], ignore: [bed]}",
            f"clip.films.picture.size={SIZE}",
            "split.folds=3",
            "split.validation=2",
            f"teacher.network.options={student}",
            f"student.network.options={student}",
            "teacher.training.steps=2",
            "student.training.steps=2",
            "teacher.training.batch=4",
            "student.training.batch=4",
            "detection.embedding_steps=1",
            "detection.pretrain=null",
            "distillation.terms=[{loss: cosine}, {loss: soft}]",
            "export.budget_points=100",
            *changes,
        ],
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, Any]]:
    data = tmp_path_factory.mktemp("data")
    tiny_yolo(data / "yolo")
    out = tmp_path_factory.mktemp("runs") / "run"
    metrics = run_recipe(tiny_recipe(), data, out, quiet=True, cache=data / "cache")
    return data, out, metrics


def test_every_role_is_judged(run: tuple[Path, Path, dict[str, Any]]) -> None:
    _, out, metrics = run
    assert list(metrics["roles"]) == ["teacher", "alone", "distilled", "int8"]
    for values in metrics["roles"].values():
        assert {"f1", "sensitivity", "precision", "accuracy", "train_accuracy", "map", "map50", "box_recall", "recall_fall"} <= set(values)
    assert metrics["protocol"] == "3 folds by subject, fold 1" and metrics["positive"] == "fall"
    assert list(metrics["share_of_teacher"]) == (
        ["alone", "distilled", "int8"] if metrics["roles"]["teacher"]["box_recall"]["mean"] else []
    )
    assert metrics["sizes"]["int8"]["bytes"] < metrics["sizes"]["distilled"]["bytes"]
    assert (out / "report.html").is_file() and (out / "folds" / "fold-1" / "distilled" / "0" / "embedding" / "weights.pt").is_file()


def test_alone_learns_for_as_long_as_embedding_and_task(run: tuple[Path, Path, dict[str, Any]]) -> None:
    rows = (run[1] / "folds" / "fold-1" / "alone" / "0" / "log.csv").read_text().splitlines()
    assert rows[-1].startswith("3,")


def test_a_finished_run_is_not_trained_again(run: tuple[Path, Path, dict[str, Any]]) -> None:
    data, out, metrics = run
    weights = out / "folds" / "fold-1" / "alone" / "0" / "weights.pt"
    before = weights.stat().st_mtime_ns
    again = run_recipe(tiny_recipe(), data, out, resume=True, quiet=True, cache=data / "cache")
    assert again["roles"] == metrics["roles"] and weights.stat().st_mtime_ns == before


def test_the_bundle_finds_what_the_network_finds(run: tuple[Path, Path, dict[str, Any]]) -> None:
    data, out, _ = run
    exact = BoxDetector(load_bundle(out / "bundle", "float32"))
    manifest = exact.bundle.manifest
    assert manifest.kind == "detector" and manifest.labels == ["person", "fall"] and manifest.inputs[0].size == SIZE
    found = exact.detect_file(data / "yolo" / "images" / "train" / "p00.png", 0.0)
    assert found and all(0 <= side <= 1 for one in found for side in one.box)
    assert load_bundle(out / "bundle").model.precision == "int8"


def test_predict_says_what_is_in_pictures(run: tuple[Path, Path, dict[str, Any]], tmp_path: Path) -> None:
    data, out, _ = run
    picture = str(data / "yolo" / "images" / "train" / "p01.png")
    broken = tmp_path / "broken.jpg"
    broken.write_text("no picture")
    said = CliRunner().invoke(app, ["predict", str(out / "bundle"), picture, str(broken), "--json", "--draw", str(tmp_path / "drawn")])
    assert said.exit_code == 2 and "broken.jpg: not a picture" in said.stderr
    first, second = json.loads(said.stdout)["files"]
    assert {"found", "label"} <= set(first) and "error" in second
    with Image.open(tmp_path / "drawn" / "p01.png") as drawn:
        assert drawn.size == (64, 48)
    lines = CliRunner().invoke(app, ["predict", str(out / "bundle"), picture])
    assert lines.exit_code == (0 if first["found"] else 3) and "people" in lines.stdout  # nobody found: unknown


def test_predict_watches_films(run: tuple[Path, Path, dict[str, Any]], tmp_path: Path) -> None:
    from featherfall.sim.film.film import write_film

    film = write_film(tmp_path / "film.mp4", (np.random.default_rng(k).integers(0, 255, (64, 64, 3), np.uint8) for k in range(20)), 10)
    said = CliRunner().invoke(app, ["predict", str(run[1] / "bundle"), str(film), "--json", "--draw", str(tmp_path / "drawn.mp4")])
    assert said.exit_code == 3, said.output
    (result,) = json.loads(said.stdout)["files"]
    assert result["label"] == "unknown" and "nobody was seen" in result["reasons"][0]  # this detector hardly learnt anything
    assert result["pictures"] == 20 and (tmp_path / "drawn.mp4").is_file()


def test_evaluate_and_export(run: tuple[Path, Path, dict[str, Any]], tmp_path: Path) -> None:
    data, out, _ = run
    said = CliRunner().invoke(app, ["evaluate", str(out / "bundle"), "--data", str(data), "--json"])
    assert said.exit_code == 0, said.output
    result = json.loads(said.stdout)
    assert result["counts"]["pictures"] == 6 and 0 <= result["metrics"]["map50"] <= 1  # 6 of 12 were trained on
    exported = CliRunner().invoke(app, ["export", str(out), "--out", str(tmp_path / "exact"), "--no-int8"])
    assert exported.exit_code == 0 and load_bundle(tmp_path / "exact").model.precision == "float32"


def test_compare_reads_it(run: tuple[Path, Path, dict[str, Any]]) -> None:
    said = CliRunner().invoke(app, ["compare", str(run[1])])
    assert said.exit_code == 0 and "detect_falls" in said.stdout


def test_simulated_people_are_pretrained_on_and_replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both runs begin with the same weights; what is replayed changes what becomes of them."""
    tiny_yolo(tmp_path / "yolo")
    simulated = tiny_yolo(tmp_path / "simulated", 6)
    monkeypatch.setattr("featherfall.pipeline.tasks.detection.simulated_pictures", lambda *_, **__: simulated)
    weights = {}
    for replay in (0, 2):
        pretrain = f"detection.pretrain={{teacher_steps: 1, student_steps: 1, replay: {replay}}}"
        recipe = tiny_recipe([pretrain, "teacher=null", "distillation=null"])
        metrics = run_recipe(recipe, tmp_path, tmp_path / f"run{replay}", quiet=True, cache=tmp_path / "cache")
        assert "the student was pretrained on pictures of simulated people" in metrics["notes"] and metrics["share_of_teacher"] == {}
        folds = tmp_path / f"run{replay}" / "folds"
        weights[replay] = [(folds / one / "0" / "weights.pt").read_bytes() for one in ("simulated/pretrain_student", "fold-1/alone")]
    assert weights[0][0] == weights[2][0] and weights[0][1] != weights[2][1]


def test_the_note_on_pretraining_names_the_networks_that_there_are(tmp_path: Path) -> None:
    pretrain = "detection.pretrain={teacher_steps: 1, student_steps: 1, replay: 0}"
    for changes, who in (([], "teacher and student were"), (["teacher=null", "distillation=null"], "the student was")):
        context = Context(Run(tmp_path), tiny_recipe([pretrain, *changes]), "yolo", {}, tmp_path)
        assert f"{who} pretrained on pictures of simulated people" in DetectionTask(context, Labelled(tmp_path, [])).notes(0.5)
    context = Context(Run(tmp_path), tiny_recipe(), "yolo", {}, tmp_path)
    assert len(DetectionTask(context, Labelled(tmp_path, [])).notes(0.5)) == 1


def test_jobs_need_only_what_they_use(tmp_path: Path) -> None:
    nobody = np.zeros(0, int)
    own, simulated = Fold("fold 1", nobody, nobody, nobody), Fold("simulated", nobody, nobody, nobody)
    task = DetectionTask(Context(Run(tmp_path), tiny_recipe(), "yolo", {}, tmp_path), Labelled(tmp_path, []))
    pretrained = [Job(task, simulated, f"pretrain_{role}", 0) for role in ("teacher", "student")]
    jobs = [*pretrained, *(Job(task, own, role, number) for role in ("teacher", "alone", "distilled", "int8") for number in (0, 1))]
    needed = {job.name: {other.name for other in jobs if task.needs(job, other)} for job in jobs if job.number == 0}
    teachers = {"fold 1: teacher 0", "fold 1: teacher 1"}
    assert needed == {
        "simulated: pretrain_teacher 0": set(),
        "simulated: pretrain_student 0": set(),
        "fold 1: teacher 0": {"simulated: pretrain_teacher 0"},
        "fold 1: alone 0": {"simulated: pretrain_student 0"},
        "fold 1: distilled 0": {"simulated: pretrain_student 0", *teachers},
        "fold 1: int8 0": {"fold 1: alone 0", "fold 1: distilled 0"},
    }


def test_parts_without_boxes_are_refused_before_anything_is_trained(run: tuple[Path, Path, dict[str, Any]], tmp_path: Path) -> None:
    data, recipe = run[0], tiny_recipe()
    dataset = datasets.open_for(recipe, data)
    clips = prepare_clips(dataset, recipe.clip, ["picture"], cache=data / "cache").folder
    box, (nobody, all_of) = Box("fall", 0.1, 0.1, 0.5, 0.5), (np.zeros(0, np.int64), np.arange(4))
    both = [(0, box), (1, box)]
    for people, fold, complaint in (
        ([both] * 4, Fold("fold 1", all_of[:2], all_of[2:3], all_of[3:]), ""),
        (
            [[(0, box)]] * 4,
            Fold("fold 1", all_of[:3], nobody, all_of[3:]),
            r"the train part \(3 pictures\) has a box of fall; change the split",
        ),
        (
            [both, both, [], both],
            Fold("fold 1", all_of[:2], all_of[2:3], all_of[3:]),
            r"the validation part \(1 pictures\) has a box of anybody",
        ),
        ([both, both, both, []], Fold("fold 1", all_of[:3], nobody, all_of[3:]), r"the test part \(1 pictures\) has a box of anybody"),
    ):
        task = DetectionTask(Context(Run(tmp_path), recipe, "yolo", {}, clips), Labelled(clips, people))
        if not complaint:
            task.check_fold(fold)
            continue
        with pytest.raises(UserError, match=complaint):
            task.check_fold(fold)


def test_recipes_that_make_no_detector_are_refused(tmp_path: Path) -> None:
    for change, complaint in (
        ("distillation.terms=[{loss: l2}, {loss: cosine}]", "distilled by"),
        ("clip.films.picture.frames=2", "frames: 1"),
        ("student.network.kind=image", "must be 'detector'"),
    ):
        with pytest.raises(UserError, match=complaint):
            run_recipe(tiny_recipe([change]), tmp_path, tmp_path / "run", quiet=True)
    with pytest.raises(UserError, match="cannot replay"):
        run_recipe(load_recipe("detect_falls_yolo", ["detection.pretrain.replay=2"]), tmp_path, tmp_path / "run", quiet=True)


def test_the_models_own_threshold_becomes_the_recipes() -> None:
    class Store:
        recordings = [type("Facts", (), {"fall": None})(), type("Facts", (), {"fall": True})()]
        centre_s = end_s = np.zeros(2)

        def clips_of(self, which: np.ndarray) -> np.ndarray:
            return which

    box = (0.0, 0.0, 1.0, 1.0)
    found = [[Found("fall", 0.2, box, (0.1, 0.2)), Found("person", 0.9, box, (0.9, 0.3))], [Found("fall", 0.19, box, (0.0, 0.19))]]
    judged = picture_predictions(Store(), np.arange(2), Detections(found, 0.2, 1.0), 1, 0.5)  # type: ignore[arg-type]
    assert judged[0].probabilities[0, 1] == pytest.approx(0.5) and judged[1].probabilities[0, 1] < 0.5
    assert judged[1].labels.tolist() == [1]


def test_what_a_recipe_distils() -> None:
    assert embedding_loss(tiny_recipe()) == "cosine" and embedding_loss(tiny_recipe(["distillation.terms=[{loss: soft}]"])) is None


def test_stretching_by_hand() -> None:
    image = np.repeat(np.repeat(np.arange(4, dtype=np.uint8).reshape(2, 2, 1) * 60, 4, axis=0), 4, axis=1).repeat(3, axis=2)
    assert stretch(image, 2)[..., 0].tolist() == [[0, 60], [120, 180]]
    assert stretch(image, 8) is image
    assert torch.tensor(stretch(image, 16)).shape == (16, 16, 3)
