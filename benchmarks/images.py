"""Image classifiers on the pictures of `yolo + kaggle-fall`: the table of docs/explanation/images.md. It goes on where it stopped.

    python benchmarks/images.py DATA OUT [--rows ROW...] [--seeds N...] [--group series]
    python benchmarks/images.py DATA OUT --table [--json]      # what is there

Rows are recipes, some with another network. Every row of a seed meets the same pictures in the same folds; each is trained and judged once
a fold, the folds of a seed are pooled. The student's row is a whole run (`featherfall distill`): its teachers, alone, distilled, int8.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from featherfall import datasets
from featherfall.clips.build import prepare_clips
from featherfall.clips.labels import clip_labels
from featherfall.clips.splits import Fold
from featherfall.core.documents import read_json
from featherfall.core.files import atomic_write, write_json
from featherfall.core.recipe import Recipe
from featherfall.core.recipe_file import load_recipe
from featherfall.evaluation.bootstrap import over_groups
from featherfall.evaluation.description import describe_network, describe_optimisation
from featherfall.evaluation.intervals import mean_with_interval
from featherfall.evaluation.metrics import fall_metrics
from featherfall.evaluation.predictions import RecordingPredictions, clip_predictions
from featherfall.pipeline.clips import make_folds
from featherfall.pipeline.distill import run_recipe
from featherfall.training.outputs import logits_of
from featherfall.training.stages import FoldContext, train_student

STUDENT = "images_fall_student"
LITE = "images_efficientnet_lite0_frozen"  # the table of docs/explanation/images.md has these rows with --group look
SMALL = [
    "student.network.options.backbone=mobilenet_v1_025",
    "student.network.options.pretrained=true",
    "clip.films.picture.size=128",
    "student.training.precision=32-true",
]
TUNED = [*SMALL, "student.training.lr=0.0003", "student.training.steps=200"]  # the rate is chosen on validation parts
ROWS: dict[str, tuple[str, list[str]]] = {
    "MobileNet tuned, focal": ("images_resnet18", TUNED),
    "MobileNet tuned, mixup and SWA": ("images_efficientnet_b0", TUNED),
    "MobileNet frozen": ("images_resnet18_frozen", [*SMALL, "student.training.lr=0.001", "student.training.steps=200"]),
    "ResNet-18 frozen": ("images_resnet18_frozen", []),
    "ResNet-18 tuned": ("images_resnet18", []),
    "EfficientNet-B0 frozen": ("images_efficientnet_b0_frozen", []),
    "EfficientNet-B0 tuned": ("images_efficientnet_b0", []),
    "EfficientNet-Lite0 frozen": (LITE, []),
    "EfficientNet-Lite0 frozen, random": (LITE, ["student.network.options.pretrained=false"]),
    "MobileNet frozen, as Lite0": (LITE, SMALL),
}
COLUMNS = ("f1", "accuracy", "sensitivity", "precision", "non_fall_precision")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rows", nargs="+", default=[*ROWS, STUDENT], choices=[*ROWS, STUDENT])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--group", default="subject", help="subject (a source picture), series (all pictures of one film) or look")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    out = options.out / options.group
    changes = [f"split.group={options.group}"]
    if not options.table:
        for seed in options.seeds:
            for row in options.rows:
                if row in ROWS:
                    train(row, seed, options.data, out, changes)
        if STUDENT in options.rows:
            recipe = load_recipe(STUDENT, [*changes, f"seeds={options.seeds}"])
            run_recipe(recipe, options.data, out / "student", resume=(out / "student").exists(), quiet=True)
    found = [summary for row in ROWS if (summary := judge(row, options.data, out, changes))]
    student = out / "student" / "metrics.json"
    if options.json:
        print(json.dumps({"rows": found, "student": read_json(student) if student.is_file() else None}, indent=2))
    else:
        print("\n".join([*table(found), *(student_rows(read_json(student)) if student.is_file() else [])]))


@dataclass(frozen=True)
class Pictures:
    """The clips and folds of a row."""

    recipe: Recipe
    stages: list[FoldContext]

    @classmethod
    def of(cls, row: str, data: Path, changes: list[str]) -> Pictures:
        name, own = ROWS[row]
        recipe = load_recipe(name, [*own, *changes])
        dataset = datasets.open_for(recipe, data)
        store = prepare_clips(dataset, recipe.clip, recipe.student.network.inputs)
        return cls(recipe, [FoldContext(recipe, store, fold) for fold in make_folds(recipe, dataset, store)])


def folder_of(out: Path, row: str, fold: Fold, seed: int) -> Path:
    return out / row.replace(" ", "-").replace(",", "") / fold.name.replace(" ", "-") / str(seed)


def train(row: str, seed: int, data: Path, out: Path, changes: list[str]) -> None:
    """All folds of one row and seed; what is there stays."""
    pictures = Pictures.of(row, data, changes)
    for stage in pictures.stages:
        folder = folder_of(out, row, stage.fold, seed)
        if (folder / "predictions.npz").is_file():
            continue
        begun = time.process_time()
        model = train_student(stage, "alone", seed, folder, None)
        seconds = time.process_time() - begun
        part = stage.part(stage.fold.test)
        said = torch.softmax(logits_of(model, stage.load(part, pictures.recipe.student.network.inputs)), dim=1).numpy()
        write_json(folder / "cost.json", {"core_seconds": seconds, "parameters": sum(values.numel() for values in model.parameters())})
        with atomic_write(folder / "predictions.npz") as file:
            np.savez_compressed(file, probabilities=said)
        print(f"{row}, {stage.fold.name}, seed {seed}: {seconds:.0f} s", flush=True)


def judge(row: str, data: Path, out: Path, changes: list[str]) -> dict[str, Any] | None:
    """Metrics of the seeds all of whose folds are there."""
    if not any(out.glob(f"{folder_of(Path(), row, Fold('*', *[np.zeros(0)] * 3), 0).parent}/*/predictions.npz")):
        return None
    pictures = Pictures.of(row, data, changes)
    recipe, stages = pictures.recipe, pictures.stages
    positive = stages[0].classes.index(str(recipe.labels.positive))
    seeds: dict[int, list[RecordingPredictions]] = {}
    costs: list[dict[str, Any]] = []
    for seed in range(100):
        folders = [folder_of(out, row, stage.fold, seed) for stage in stages]
        if all((folder / "predictions.npz").is_file() for folder in folders):
            seeds[seed] = [one for stage, folder in zip(stages, folders, strict=True) for one in judged(stage, folder)]
            costs += [read_json(folder / "cost.json") for folder in folders]
    if not seeds:
        return None
    scored = [fall_metrics(one, positive, recipe.decision.stated)[0] for one in seeds.values()]
    return {
        "row": row,
        "network": describe_network(recipe.student.network),
        "training": describe_optimisation(recipe.student.training, recipe.student.alone_label_smoothing),
        "size": next(iter(recipe.clip.films.values())).size,
        "parameters": costs[0]["parameters"],
        "core_seconds": float(np.sum([cost["core_seconds"] for cost in costs])),
        "seeds": list(seeds),
        "pictures": len(next(iter(seeds.values()))),
        "metrics": {name: mean_with_interval([one[name] for one in scored]) for name in COLUMNS},
        "over_groups": over_groups(list(seeds.values()), positive, recipe.decision.stated, recipe.split.group),
    }


def judged(stage: FoldContext, folder: Path) -> list[RecordingPredictions]:
    with np.load(folder / "predictions.npz") as saved:
        return clip_predictions(stage.store, stage.fold.test, saved["probabilities"], clip_labels(stage.store, stage.recipe.labels))


def table(found: list[dict[str, Any]]) -> Iterator[str]:
    yield '| model | weights | optimisation | F1 of "fall" | over sources | accuracy | recall | precision | seeds | core s |'
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for one in found:
        weights = one["network"].split(", ", 1)[1]
        figures = [percent(one["metrics"][name]) for name in ("accuracy", "sensitivity", "precision")]
        cells = [one["row"], weights, one["training"], percent(one["metrics"]["f1"]), ends(one["over_groups"]["f1"]), *figures]
        yield f"| {' | '.join([*cells, str(len(one['seeds'])), format(one['core_seconds'], '.0f')])} |"


def student_rows(metrics: dict[str, Any]) -> Iterator[str]:
    for role, values in metrics["roles"].items():
        size = metrics["sizes"].get(role, {})
        over = metrics["over_groups"]["roles"].get(role, {}).get("f1")
        figures = [percent(values[name]) for name in ("accuracy", "sensitivity", "precision")]
        cells = [f"student's run: {role}", "", f"{size.get('bytes', 0) / 1000:.0f} kB", percent(values["f1"]), ends(over) if over else ""]
        yield f"| {' | '.join([*cells, *figures, str(len(values['f1']['per_seed'])), ''])} |"


def percent(value: dict[str, Any]) -> str:
    return f"{100 * value['mean']:.1f}" + (f" [{ends(value['ci95'])}]" if value["ci95"] else "")


def ends(interval: list[float]) -> str:
    return f"{100 * interval[0]:.1f}, {min(100 * interval[1], 100.0):.1f}"


if __name__ == "__main__":
    main()
