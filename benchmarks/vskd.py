"""VSKD on UTD-MHAD's published split: each loss on and off, two teachers, two students. It goes on where it stopped.

    python benchmarks/vskd.py DATA OUT [--students raw gaf] [--teachers joints pictures] [--rows ROW...] [--seeds N...] [--set KEY=VALUE]...
    python benchmarks/vskd.py DATA OUT --table      # what is there

Every row of a student meets the same clips, views, batches, steps and initial weights; rows differ in the loss alone. A teacher is trained
once, and what it says of every view is computed once for both students, whose recipes have the same views.
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
from featherfall.core.documents import read_json
from featherfall.core.files import write_json
from featherfall.core.recipe import Distillation, Recipe
from featherfall.core.recipe_file import load_recipe
from featherfall.evaluation.intervals import mean_with_interval, paired_difference
from featherfall.export.bundle import write_bundle
from featherfall.models.count import parameters
from featherfall.pipeline.clips import make_folds
from featherfall.pipeline.export import provenance
from featherfall.pipeline.tasks.windows import deployment, predict_by_runtime
from featherfall.training.outputs import logits_of
from featherfall.training.stages import FoldContext, train_student, train_teacher, write_teacher_outputs

RECIPES = {"raw": "vskd_utd_mhad_raw", "gaf": "vskd_utd_mhad"}
TEACHERS: dict[str, list[str]] = {
    "joints": [],
    "pictures": [
        "teacher.network={kind: trn, inputs: [skeleton], options: {backbone: bn_inception, size: 48}}",
        "teacher.training={steps: 1200, batch: 8, lr: 0.0015, weight_decay: 0.02, precision: bf16-mixed, "
        "augment: {views: 16, rotation_deg: 10}}",
    ],
}
SOFT, SEMANTIC, DISTANCE, ANGLE = "soft", "mse", "rkd_distance", "rkd_angle"
# "alone": with the recipe's label smoothing, as everywhere else. "CE": without, as in the rows below it, which add losses.
ROWS: dict[str, list[str]] = {
    "alone": [],
    "CE": [],
    "ST": [SOFT],
    "L_D": [DISTANCE],
    "L_A": [ANGLE],
    "L_S": [SEMANTIC],
    "DASK": [SEMANTIC, DISTANCE, ANGLE],
    "ST + DASK": [SOFT, SEMANTIC, DISTANCE, ANGLE],
}


@dataclass(frozen=True)
class Training:
    """One training of the table."""

    student: str
    teacher: str
    row: str
    seed: int

    def file(self, out: Path) -> Path:
        return out / self.student / self.teacher / self.row.replace(" ", "") / str(self.seed) / "accuracy.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--students", nargs="+", default=list(RECIPES), choices=list(RECIPES))
    parser.add_argument("--teachers", nargs="+", default=list(TEACHERS), choices=list(TEACHERS))
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if not options.table:
        for one in trainings(options.students, options.teachers, options.rows, options.seeds):
            if not one.file(options.out).is_file():
                begun = time.perf_counter()
                result = run(one, options.data, options.out, options.changes)
                write_json(one.file(options.out), result)
                print(f"{one} {json.dumps(result)} {time.perf_counter() - begun:.0f} s", flush=True)
    print("\n".join(table(options.out)))


def trainings(students: list[str], teachers: list[str], rows: list[str], seeds: list[int]) -> Iterator[Training]:
    """Seed by seed, so that what is there at any time can be compared. Rows without a teacher stand with the first one's."""
    for student in students:
        for seed in seeds:
            for teacher in teachers:
                for row in rows:
                    if teacher == "joints" or ROWS[row]:
                        yield Training(student, teacher, row, seed)


def run(one: Training, data: Path, out: Path, changes: list[str]) -> dict[str, Any]:
    """Train, judge the test part; the complete rows also as int8 bundles, by the runtime."""
    recipe = load_recipe(RECIPES[one.student], [*TEACHERS[one.teacher], *changes])
    stage = open_stage(with_terms(recipe, one.row), data)
    outputs = teach(open_stage(recipe, data), one, out) if ROWS[one.row] else None
    folder = one.file(out).parent
    model = train_student(stage, "alone" if outputs is None else "distilled", one.seed, folder, outputs)
    result: dict[str, Any] = {"accuracy": accuracy(model, stage, recipe.student.network.inputs), "parameters": parameters(model)}
    if one.row == "ST + DASK" and one.teacher == "joints":
        dataset = datasets.open(recipe.dataset, data, recipe.folder)
        origin = provenance(stage.recipe, recipe.dataset, stage.store, stage.fold, one.seed)
        manifest = write_bundle(folder / "bundle", deployment(stage, model, origin))
        result["bytes"] = {file.precision: file.bytes for file in manifest.models}
        said = predict_by_runtime(stage, {source.id: source for source in dataset.sources}, folder / "bundle")
        result["int8"] = float((said.argmax(axis=1) == stage.part(stage.fold.test).labels).mean())
    return result


def with_terms(recipe: Recipe, row: str) -> Recipe:
    """The recipe with only the row's terms of its own."""
    kept = [term for term in recipe.distillation.terms if term.loss in ROWS[row]]
    if row == "CE":
        return recipe.model_copy(update={"student": recipe.student.model_copy(update={"alone_label_smoothing": 0.0})})
    if not kept:
        return recipe
    return recipe.model_copy(update={"distillation": Distillation(hard=recipe.distillation.hard, terms=kept)})


def open_stage(recipe: Recipe, data: Path) -> FoldContext:
    dataset = datasets.open(recipe.dataset, data, recipe.folder)
    store = prepare_clips(dataset, recipe.clip, recipe.student.network.inputs)
    return FoldContext(recipe, store, make_folds(recipe, dataset, store)[0])


def teach(stage: FoldContext, one: Training, out: Path) -> Path:
    """Teachers (once for both students), their accuracy, and what they say of the student's views."""
    members = []
    for i in range(stage.recipe.teacher.members):
        folder = out / "teachers" / one.teacher / str(i)
        begun = time.perf_counter()
        model = train_teacher(stage, i, folder)
        if not (folder / "accuracy.json").is_file():
            seconds = time.perf_counter() - begun
            result = {"accuracy": accuracy(model, stage, stage.recipe.teacher.network.inputs), "parameters": parameters(model)}
            write_json(folder / "accuracy.json", result)
            print(f"teacher {one.teacher} {i} {json.dumps(result)} {seconds:.0f} s", flush=True)
        members.append(folder)
    # both recipes have the same views, and may differ in batches
    return write_teacher_outputs(stage, members, out / "teachers" / one.teacher, every_view=True)


def accuracy(model: torch.nn.Module, stage: FoldContext, inputs: list[str]) -> float:
    """On the test part: one clip a recording."""
    clips = stage.load(stage.part(stage.fold.test), inputs)
    return float((logits_of(model, clips).argmax(dim=1) == clips.labels).float().mean())


def table(out: Path) -> Iterator[str]:
    yield "| student | teacher | ST | L_D | L_A | L_S | accuracy | minus CE |"
    yield "|---|---|---|---|---|---|---|---|"
    for folder in sorted((out / "teachers").glob("*")):
        found = [read_json(path)["accuracy"] for path in sorted(folder.glob("*/accuracy.json"))]
        if found:
            yield f"| - | {folder.name} itself ({len(found)}) |  |  |  |  | {100 * np.mean(found):.1f} | |"
    for student in RECIPES:
        plain = results(out, student, "joints", "CE")
        for teacher in TEACHERS:
            for row, losses in ROWS.items():
                judged = results(out, student, teacher, row)
                if not judged:
                    continue
                marks = " | ".join("x" if loss in losses else "" for loss in (SOFT, DISTANCE, ANGLE, SEMANTIC))
                who = teacher if losses else f"none ({row})"
                yield f"| {student} | {who} | {marks} | {shown([one['accuracy'] for one in judged.values()])} | {minus(judged, plain)} |"
                small = [one["int8"] for one in judged.values() if "int8" in one]
                if small:
                    yield f"| {student}, int8 | {who} | {marks} | {shown(small)} | |"


def results(out: Path, student: str, teacher: str, row: str) -> dict[int, dict[str, Any]]:
    """By seed."""
    files = Training(student, teacher, row, 0).file(out).parent.parent.glob("*/accuracy.json")
    return {int(path.parent.name): read_json(path) for path in sorted(files, key=lambda path: int(path.parent.name))}


def shown(values: list[float]) -> str:
    summary = mean_with_interval([100 * value for value in values])
    interval = summary["ci95"]
    return f"{summary['mean']:.1f}" + (f" [{interval[0]:.1f}, {interval[1]:.1f}]" if interval else "") + f" ({len(values)})"


def minus(found: dict[int, dict[str, Any]], plain: dict[int, dict[str, Any]]) -> str:
    both = sorted(found.keys() & plain.keys())
    if len(both) < 2 or found == plain:
        return ""
    gain = paired_difference([100 * plain[seed]["accuracy"] for seed in both], [100 * found[seed]["accuracy"] for seed in both])
    return f"{gain['mean']:+.2f} [{gain['ci95'][0]:+.2f}, {gain['ci95'][1]:+.2f}]"


if __name__ == "__main__":
    main()
