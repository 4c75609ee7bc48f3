"""Every row of the system "multi-modal to mono-modal", on any data its recipe reads. It goes on where it stopped.

    python benchmarks/multimodal.py DATA OUT [--recipe NAME] [--seeds N...] [--set KEY=VALUE]...

Rows: the sensors at 1 Hz and at the clip's rate, the film, both (the teacher), the student alone and distilled. A row's test clips are
those of all folds. Clips are counted: one camera's view of one scene is one clip, as in the original.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import nn

from featherfall import datasets
from featherfall.clips.build import prepare_clips
from featherfall.core.documents import read_json
from featherfall.core.files import write_json
from featherfall.core.recipe import Network, Recipe
from featherfall.core.recipe_file import load_recipe
from featherfall.evaluation.intervals import mean_with_interval, paired_difference
from featherfall.models.count import parameters
from featherfall.pipeline.clips import make_folds
from featherfall.training.checkpoint import load_tensors
from featherfall.training.fit import fit
from featherfall.training.objectives import HardLabels, class_weights
from featherfall.training.outputs import logits_of
from featherfall.training.stages import FoldContext, train_student, train_teacher

ROWS = ("sensors, 1 Hz means", "sensors", "film", "film and sensors (teacher)", "student alone", "student distilled")
METRICS = ("accuracy", "sensitivity", "precision", "f1", "non_fall_precision", "balanced", "auc")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--recipe", default="aihub_multimodal_to_mono")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    torch.set_num_threads(1)
    recipe = load_recipe(options.recipe, options.changes)
    dataset = datasets.open_for(recipe, options.data)
    store = prepare_clips(dataset, recipe.clip, recipe.student.network.inputs)
    stages = [FoldContext(recipe, store, fold) for fold in make_folds(recipe, dataset, store)]
    for seed in options.seeds:
        for stage in stages:
            run(stage, seed, options.out / stage.fold.name.replace(" ", "-"))
    print("\n".join(table(options.out, options.seeds, [stage.fold.name.replace(" ", "-") for stage in stages])))


def run(stage: FoldContext, seed: int, out: Path) -> None:
    """Train and judge every row of one fold that is not there yet. The teacher has one seed."""
    teacher = out / "teacher"
    if seed == 0:
        judge(stage, train_teacher(stage, 0, teacher), stage.recipe.teacher.network.inputs, out, ROWS[3], 0)
        for row, kind, inputs in ((ROWS[1], "parts", sensors(stage.recipe)), (ROWS[2], "video", films(stage.recipe))):
            judge(stage, branch(stage, kind, inputs, teacher), inputs, out, row, 0)
        judge(stage, slow_sensors(stage, out / "slow"), sensors(stage.recipe), out, ROWS[0], 0)
    inputs = stage.recipe.student.network.inputs
    for row, role in ((ROWS[4], "alone"), (ROWS[5], "distilled")):
        if not file_of(out, row, seed).is_file():
            begun = time.perf_counter()
            model = train_student(stage, role, seed, out / role / str(seed), None, None, [teacher])
            print(f"{stage.fold.name} {row} {seed}: {time.perf_counter() - begun:.0f} s", flush=True)
            judge(stage, model, inputs, out, row, seed)


def sensors(recipe: Recipe) -> list[str]:
    return [name for name in recipe.teacher.network.inputs if name in recipe.clip.inputs]


def films(recipe: Recipe) -> list[str]:
    return [name for name in recipe.teacher.network.inputs if name in recipe.clip.films]


def branch(stage: FoldContext, kind: str, inputs: list[str], teacher: Path) -> nn.Module:
    """A branch as it was trained alone, before the fusion."""
    options = stage.recipe.teacher.network.options.get(kind, {})
    model = stage.network(Network(kind=kind, inputs=inputs, options=options), 0)
    model.load_state_dict(load_tensors(teacher / f"branch-{kind}" / "weights.pt"))
    return model.eval()


def slow_sensors(stage: FoldContext, folder: Path) -> nn.Module:
    """The sensors' branch on means over a second, as the original had them."""
    teacher, window, inputs = stage.recipe.teacher, stage.recipe.clip.window, sensors(stage.recipe)
    how = teacher.branches.get("parts", teacher.training)
    second = max(round(window.length / (stage.store.end_s - stage.store.start_s).max()), 1)
    options = {**teacher.network.options.get("parts", {}), "means": second}
    clips = stage.load(stage.training_part, inputs, teacher.training.augment)
    objective = HardLabels(class_weights(clips.labels, len(stage.classes), how.balance), how.label_smoothing)
    return fit(stage.network(Network(kind="parts", inputs=inputs, options=options), 0), clips, how, objective, 0, folder)


def judge(stage: FoldContext, model: nn.Module, inputs: list[str], out: Path, row: str, seed: int) -> None:
    """Keep what is said of the test clips."""
    file = file_of(out, row, seed)
    if file.is_file():
        return
    part = stage.part(stage.fold.test)
    logits = logits_of(model, stage.load(part, inputs))
    odds = (logits[:, 1] - logits[:, 0]).tolist()
    write_json(file, {"odds": odds, "true": part.labels.tolist(), "parameters": parameters(model)})


def file_of(out: Path, row: str, seed: int) -> Path:
    return out / "said" / f"{row.replace(' ', '-')}-{seed}.json"


def scores(out: Path, folds: list[str], row: str, seed: int) -> dict[str, float]:
    """Metrics over the test clips of all folds (the area under the ROC curve: their mean); class 1 is the fall."""
    parts = [read_json(file_of(out / fold, row, seed)) for fold in folds]
    odds, true = (np.concatenate([part[key] for part in parts]) for key in ("odds", "true"))
    said = (odds > 0).astype(int)
    sensitivity, specificity = (said[true == 1] == 1).mean(), (said[true == 0] == 0).mean()
    precision = (true[said == 1] == 1).mean() if (said == 1).any() else 0.0
    return {
        "accuracy": float((said == true).mean()),
        "sensitivity": float(sensitivity),
        "precision": float(precision),
        "f1": float(2 * precision * sensitivity / max(precision + sensitivity, 1e-9)),
        "non_fall_precision": float((true[said == 0] == 0).mean()) if (said == 0).any() else 0.0,
        "balanced": float((sensitivity + specificity) / 2),
        "auc": float(np.mean([auc(np.asarray(part["odds"]), np.asarray(part["true"])) for part in parts])),
    }


def auc(odds: np.ndarray, true: np.ndarray) -> float:
    """The chance that a fall has higher odds than something else; ties count half."""
    falls, others = odds[true == 1], np.sort(odds[true == 0])
    below, upto = np.searchsorted(others, falls, "left"), np.searchsorted(others, falls, "right")
    return float((below + upto).mean() / 2 / len(others))


def table(out: Path, seeds: list[int], folds: list[str]) -> Iterator[str]:
    yield f"| row | parameters | {' | '.join(METRICS)} |"
    yield "|---" * (2 + len(METRICS)) + "|"
    for row in ROWS:
        found = [scores(out, folds, row, seed) for seed in seeds if file_of(out / folds[0], row, seed).is_file()]
        size = read_json(file_of(out / folds[0], row, seeds[0]))["parameters"]
        yield f"| {row} ({len(found)}) | {size:,} | " + " | ".join(shown([one[name] for one in found]) for name in METRICS) + " |"
    gains = []
    for name in METRICS:
        alone, distilled = ([scores(out, folds, row, seed)[name] for seed in seeds] for row in ROWS[4:])
        gain = paired_difference(alone, distilled)
        interval = gain["ci95"]
        gains.append(f"{100 * gain['mean']:+.1f}" + (f" [{100 * interval[0]:+.1f}, {100 * interval[1]:+.1f}]" if interval else ""))
    yield f"| distilled - alone | | {' | '.join(gains)} |"


def shown(values: list[float]) -> str:
    summary = mean_with_interval([100 * value for value in values])
    interval = summary["ci95"]
    return f"{summary['mean']:.1f}" + (f" [{interval[0]:.1f}, {interval[1]:.1f}]" if interval else "")


if __name__ == "__main__":
    main()
