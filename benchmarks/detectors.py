"""Detectors: teacher, student alone, and distilled in every way, in one table.

    python benchmarks/detectors.py run DATA OUT [--seeds 2] [--only l2 cosine soft both yolo]
        [--steps N] [--teacher-steps N] [--yolo-steps N]
    python benchmarks/detectors.py table OUT

`run` is recipes/detect_falls.yaml with other terms of distillation; simulated pictures' weights, teacher and student alone are trained once
and shared. `yolo` is recipes/detect_falls_yolo.yaml: Ultralytics' networks and its own `distill_model`; it needs Ultralytics here, or an
interpreter that has it in FEATHERFALL_YOLO_PYTHON. Every run goes on where it was stopped. Figures are of the test part at each model's own
threshold, chosen on the validation part.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from featherfall.core.documents import read_json
from featherfall.core.recipe_file import load_recipe
from featherfall.pipeline.distill import run_recipe

TERMS = {
    "soft": "[{loss: soft}]",
    "l2": "[{loss: l2}]",
    "cosine": "[{loss: cosine}]",
    "both": "[{loss: cosine}, {loss: soft}]",
}
NAMES = {
    "soft": "distilled: logits",
    "l2": "distilled: embedding, L2",
    "cosine": "distilled: embedding, cosine",
    "both": "distilled: embedding, cosine, then logits",
    "yolo": "YOLO student, distilled by Ultralytics",
}
COLUMNS = {
    "train_accuracy": "training accuracy",
    "accuracy": "test accuracy",
    "precision": "precision",
    "sensitivity": "recall",
    "f1": "F1",
    "map50": "mAP@.5",
    "map": "mAP@.5:.95",
    "box_recall": "recall of boxes",
    "recall_at_half": "at precision .5",
    "recall_fall": "of fallen",
    "recall_person": "of others",
}


def run(data: Path, out: Path, seeds: int, only: Sequence[str], steps: int | None, teacher: int | None, yolo_steps: int | None) -> None:
    """Train what `only` names."""
    numbers = f"seeds={list(range(seeds))}"
    for name in [one for one in only if one in TERMS]:
        recipe = load_recipe("detect_falls")
        total = steps or recipe.student.training.steps
        embedding = recipe.detection.embedding_steps if recipe.detection and name != "soft" else 0
        _share(out, name)
        changes = [f"distillation.terms={TERMS[name]}", f"student.training.steps={total - embedding}", numbers]
        changes += [f"teacher.training.steps={teacher}"] if teacher else []
        run_recipe(load_recipe("detect_falls", changes), data, out / name, resume=True)
    if "yolo" in only:
        changes = [f"{role}.training.steps={yolo_steps}" for role in ("teacher", "student") if yolo_steps]
        run_recipe(load_recipe("detect_falls_yolo", [*changes, numbers]), data, out / "yolo", resume=True)


def _share(out: Path, name: str) -> None:
    """Take over what another run of the table has trained already; alone looks at as many pictures in all of them."""
    for other in [out / one for one in TERMS if one != name]:
        for part in ("simulated", "fold-1/teacher", "fold-1/alone"):
            there, here = other / "folds" / part, out / name / "folds" / part
            if there.is_dir() and not here.exists():
                shutil.copytree(there, here)


def table(out: Path) -> str:
    """All finished runs as a table in Markdown."""
    lines = ["| | " + " | ".join(COLUMNS.values()) + " | parameters | size |", "|" + "---|" * (len(COLUMNS) + 3)]
    runs = {name: read_json(out / name / "metrics.json") for name in [*TERMS, "yolo"] if (out / name / "metrics.json").is_file()}
    for name, metrics in runs.items():
        if name == next((one for one in TERMS if one in runs), None):
            lines += [_row("teacher", metrics, "teacher"), _row("student alone", metrics, "alone")]
        if name == "yolo":
            lines += [_row("YOLO teacher", metrics, "teacher"), _row("YOLO student alone", metrics, "alone")]
        lines.append(_row(NAMES[name], metrics, "distilled"))
        if "int8" in metrics["sizes"]:
            lines.append(_row(f"{NAMES[name]}, int8", metrics, "int8"))
    return "\n".join(lines)


def _row(name: str, metrics: dict[str, Any], role: str) -> str:
    values, size = metrics["roles"][role], metrics["sizes"][role]
    cells = [_cell(values.get(column)) for column in COLUMNS]
    return f"| {name} | {' | '.join(cells)} | {size['parameters']:,} | {size['bytes'] / 1e6:.2f} MB |"


def _cell(value: dict[str, Any] | None) -> str:
    """Mean over seeds, with the seeds' own where there are several."""
    if value is None:
        return ""
    spread = "" if len(value["per_seed"]) < 2 else f" ({', '.join(f'{100 * one:.1f}' for one in value['per_seed'])})"
    return f"{100 * value['mean']:.1f}{spread}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    first = verbs.add_parser("run")
    first.add_argument("data", type=Path)
    first.add_argument("out", type=Path)
    first.add_argument("--seeds", type=int, default=1)
    first.add_argument("--only", nargs="+", choices=[*TERMS, "yolo"], default=[*TERMS, "yolo"])
    first.add_argument("--steps", type=int, help="of the student in all; the recipe's by default")
    first.add_argument("--teacher-steps", type=int)
    first.add_argument("--yolo-steps", type=int)
    verbs.add_parser("table").add_argument("out", type=Path)
    chosen = parser.parse_args()
    if chosen.verb == "run":
        run(chosen.data, chosen.out, chosen.seeds, chosen.only, chosen.steps, chosen.teacher_steps, chosen.yolo_steps)
    print(table(chosen.out))


if __name__ == "__main__":
    main()
