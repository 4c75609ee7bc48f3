"""The camera's student on people it never met: python benchmarks/camera_students.py DATA OUT [--seeds 0 1 2] [--part validation|test]

One fixed split by person of the recipe's projected skeletons: SmartFallMM's S32, UTD-MHAD's S6 and P025-P030 of the simulation choose;
S35, S36, S7, S8 and P031-P036 test; the others train. Four that judge: the 3-D teacher, the student alone, the student distilled, and a
logistic regression on statistics of the student's features over the window. Every threshold is chosen on the validation people (`choose`).

Prints, and writes to OUT/camera_students.json, what each detects at the level of recordings. What is finished in OUT is not done again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from featherfall import datasets
from featherfall.clips.build import prepare_clips
from featherfall.clips.splits import Fold
from featherfall.clips.store import ClipStore
from featherfall.core.recipe import Recipe
from featherfall.core.recipe_file import load_recipe
from featherfall.models.keypoints import KeypointFeatures
from featherfall.training.stages import FoldContext, train_student, train_teacher, write_teacher_outputs

VALIDATION = ("smartfallmm-S32", "utd-mhad-S6", *(f"simulated-P{i:03}" for i in range(25, 31)))
TEST = ("smartfallmm-S35", "smartfallmm-S36", "utd-mhad-S7", "utd-mhad-S8", *(f"simulated-P{i:03}" for i in range(31, 37)))
ALARMS = 1 / 20  # of daily-life recordings, at most
SENSITIVITY = 0.95  # of falls, at least


@dataclass(frozen=True, eq=False)
class Scores:
    """Of R recordings: `score` the highest probability of two windows in a row (or of one), `fell`, `set`."""

    score: np.ndarray
    fell: np.ndarray
    set: np.ndarray

    def of(self, name: str) -> Scores:
        """Those of one set; all for ""."""
        here = np.ones(len(self.set), bool) if not name else self.set == name
        return Scores(self.score[here], self.fell[here], self.set[here])

    def auc(self) -> float:
        """Chance that a fall scores higher than daily life."""
        if self.fell.all() or not self.fell.any():
            return float("nan")
        fall, daily = self.score[self.fell], np.sort(self.score[~self.fell])
        return float((np.searchsorted(daily, fall, "left") + np.searchsorted(daily, fall, "right")).mean() / 2 / len(daily))

    def at(self, threshold: float) -> tuple[int, int, int, int]:
        """Falls found, falls, false alarms, daily-life recordings."""
        found = self.score >= threshold
        return int((found & self.fell).sum()), int(self.fell.sum()), int((found & ~self.fell).sum()), int((~self.fell).sum())


def the_fold(store: ClipStore) -> Fold:
    """Train, validation and test people."""
    side = np.asarray([2 if one.subject in TEST else 1 if one.subject in VALIDATION else 0 for one in store.recordings])
    return Fold("people", *(np.flatnonzero(side == number) for number in range(3)))


def scores(store: ClipStore, recordings: np.ndarray, probability: np.ndarray, row: int) -> Scores:
    """The recordings' scores from their clips' probabilities (in the order of `store.clips_of(recordings)`), `row` windows in a row."""
    owner = store.recording[store.clips_of(recordings)]
    out = []
    for recording in recordings:
        mine = probability[owner == recording]
        steps = [mine[i : len(mine) - row + 1 + i] for i in range(row)] if len(mine) >= row else [mine]
        out.append(float(np.min(steps, axis=0).max()))
    facts = [store.recordings[i] for i in recordings]
    return Scores(np.asarray(out), np.asarray([one.fall is not None for one in facts]), np.asarray([one.traits["set"] for one in facts]))


def choose(validation: Scores) -> float:
    """The lowest threshold with at most 1 false alarm in 20 daily-life recordings; lower where that loses more than 1 fall in 20."""
    quiet = float(np.quantile(validation.score[~validation.fell], 1 - ALARMS)) + 1e-6
    return min(quiet, float(np.quantile(validation.score[validation.fell], 1 - SENSITIVITY)))


def judge(stage: FoldContext, model: torch.nn.Module, recordings: np.ndarray, inputs: Sequence[str]) -> np.ndarray:
    """(clips,) probability of a fall, of every clip of the recordings."""
    clips = stage.store.clips_of(recordings)
    parts = [stage.store.inputs[name] for name in inputs]
    out = []
    with torch.no_grad():
        for start in range(0, len(clips), 1024):
            some = clips[start : start + 1024]
            clip = {name: torch.from_numpy(np.ascontiguousarray(values[some])) for name, values in zip(inputs, parts, strict=True)}
            out.append(model.eval()(clip).softmax(dim=1)[:, 1].numpy())
    return np.concatenate(out)


class Logistic:
    """Logistic regression on mean, standard deviation, least, greatest, first and last of every feature over the window."""

    def __init__(self, stage: FoldContext) -> None:
        part = stage.training_part
        rows = self._statistics(stage.store, part.clips)
        self.mean, self.sd = rows.mean(dim=0), rows.std(dim=0).clamp(min=1e-4)
        self.linear = torch.nn.Linear(rows.shape[1], 1)
        truth = torch.from_numpy(part.labels).float()
        weight = torch.where(truth > 0, (len(truth) / truth.sum() / 2).sqrt(), 1.0)
        rows = (rows - self.mean) / self.sd
        best = torch.optim.LBFGS(self.linear.parameters(), max_iter=200, line_search_fn="strong_wolfe")

        def loss() -> torch.Tensor:
            best.zero_grad()
            said = self.linear(rows)[:, 0]
            value = torch.nn.functional.binary_cross_entropy_with_logits(said, truth, weight) + 1e-3 * self.linear.weight.square().sum()
            value.backward()
            return value

        best.step(loss)

    def judge(self, store: ClipStore, clips: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            rows = (self._statistics(store, clips) - self.mean) / self.sd
            return np.asarray(self.linear(rows)[:, 0].sigmoid().numpy())

    @staticmethod
    def _statistics(store: ClipStore, clips: np.ndarray) -> torch.Tensor:
        out = []
        features = KeypointFeatures()
        for start in range(0, len(clips), 1024):
            seen = features(torch.from_numpy(np.ascontiguousarray(store.inputs["keypoints"][clips[start : start + 1024]])))
            parts = [seen.mean(dim=2), seen.std(dim=2), seen.amin(dim=2), seen.amax(dim=2), seen[..., 0], seen[..., -1]]
            out.append(torch.cat(parts, dim=1))
        return torch.cat(out)


def run(recipe: Recipe, store: ClipStore, out: Path, seeds: Sequence[int]) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """{who judges: [(validation, test) probabilities of each seed]}."""
    fold = the_fold(store)
    stage = FoldContext(recipe, store, fold)
    members = []
    judged: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {"teacher": [], "alone": [], "distilled": []}

    def keep(role: str, model: torch.nn.Module, inputs: Sequence[str]) -> None:
        validation, test = (judge(stage, model, part, inputs) for part in (fold.validation, fold.test))
        judged[role].append((validation, test))

    for member in range(recipe.teacher.members):
        members.append(out / f"teacher-{member}")
        keep("teacher", train_teacher(stage, member, members[-1]), recipe.teacher.network.inputs)
    outputs = write_teacher_outputs(stage, members, out / "outputs", every_view=True)
    for seed in seeds:
        for role in ("alone", "distilled"):
            keep(role, train_student(stage, role, seed, out / f"{role}-{seed}", outputs), recipe.student.network.inputs)
    logistic = Logistic(stage)
    validation, test = (logistic.judge(store, store.clips_of(part)) for part in (fold.validation, fold.test))
    return {**judged, "logistic": [(validation, test)]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--part", choices=("validation", "test"), default="validation")
    parser.add_argument("--row", type=int, default=1, help="windows in a row that must agree")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="changes")
    options = parser.parse_args()
    torch.set_num_threads(1)
    recipe = load_recipe("camera_falls", options.changes)
    store = prepare_clips(datasets.open(recipe.dataset, options.data), recipe.clip, ["keypoints"], cache=options.cache, workers=2)
    judged = run(recipe, store, options.out, options.seeds)
    fold = the_fold(store)
    shown = []
    for role, seeds in judged.items():
        for number, (validation, test) in enumerate(seeds):
            chosen = scores(store, fold.validation, validation, options.row)
            threshold = choose(chosen)
            seen = chosen if options.part == "validation" else scores(store, fold.test, test, options.row)
            line = {"role": role, "number": number, "part": options.part, "row": options.row, "threshold": round(threshold, 3)}
            for name in ("", "smartfallmm", "simulated", "utd-mhad"):
                part = seen.of(name)
                line[name or "all"] = {"auc": round(part.auc(), 4), "found, falls, alarms, daily": part.at(threshold)}
            shown.append(line)
            print(json.dumps(line))
    (options.out / f"camera_students-{options.part}-{options.row}.json").write_text(json.dumps(shown, indent=1))


if __name__ == "__main__":
    main()
