"""Peers of the student on the same windows, folds and operating-point rule, in one table. It goes on where it stopped.

    python benchmarks/peers.py DATA OUT --run RUN [--peers NAME...] [--seeds N...]
    python benchmarks/peers.py DATA OUT --recipe NAME [--set KEY=VALUE]... [--peers NAME...] [--seeds N...]

RUN is a finished run, whose student stands in the table with its peers; its recipe says what windows, folds and classes there are. OUT
receives figures.json and table.md. Peers see the recipe's reference, an accelerometer, even where the student sees more.
"""

from __future__ import annotations

import argparse
import importlib.util
import pickle
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from featherfall.clips.labels import clip_labels
from featherfall.clips.splits import Fold
from featherfall.clips.store import ClipStore
from featherfall.core.documents import read_json
from featherfall.core.errors import UserError
from featherfall.core.files import atomic_write, hold, write_json
from featherfall.core.recipe import Recipe
from featherfall.core.recipe_file import load_recipe
from featherfall.datasets import Dataset
from featherfall.evaluation.predictions import clip_predictions
from featherfall.pipeline.clips import make_clips, make_folds, open_data
from featherfall.pipeline.distill import context_of
from featherfall.pipeline.progress import Show
from featherfall.pipeline.run import read_run
from featherfall.pipeline.task import Job
from featherfall.pipeline.tasks import task_of
from featherfall.runtime import load_bundle
from featherfall.runtime.bundle import onnx_models
from featherfall.runtime.measure import latencies
from featherfall.training.data import chances
from featherfall.training.objectives import class_weights
from featherfall.training.stages import FoldContext
from peer_figures import Method, figures, table
from peer_models import PEERS, Fitted, Windows, bounded, check_installed

TIMED = 50  # single windows


@dataclass(frozen=True, eq=False)
class Bench:
    """What all methods share."""

    recipe: Recipe
    dataset: Dataset
    store: ClipStore
    folds: Sequence[Fold]
    out: Path

    @property
    def positive(self) -> int:
        return FoldContext(self.recipe, self.store, self.folds[0]).classes.index(str(self.recipe.labels.positive))

    def file(self, peer: str, fold: Fold, seed: int) -> Path:
        return self.out / peer / fold.name.replace(" ", "-") / f"{seed}.npz"

    def read(self, clips: np.ndarray) -> np.ndarray:
        """Return (K, L, 3) acceleration, 0 where it is not known."""
        return np.nan_to_num(self.store.read(self.recipe.clip.reference, clips))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code, as `featherfall` does."""
    try:
        _run(_parsed(arguments))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; the same command goes on with what is done", file=sys.stderr)
        return 130
    return 0


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--run", type=Path)
    source.add_argument("--recipe")
    parser.add_argument("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--quiet", action="store_true")
    options = parser.parse_args(arguments)
    if options.run and options.changes:
        parser.error("--set changes a --recipe; a run has its own")
    return options


def _run(options: argparse.Namespace) -> None:
    check_installed(options.peers)
    _use_one_thread()
    recipe = read_run(options.run)[1] if options.run else load_recipe(options.recipe, options.changes)
    dataset = open_data(recipe, options.data)
    with hold(options.out), Show(options.quiet) as show:
        store = make_clips(recipe, dataset, 1, show)
        _check(recipe, store)
        bench = Bench(recipe, dataset, store, make_folds(recipe, dataset, store), options.out)
        _remember(bench)
        students = students_of(options.run, bench, options.data) if options.run else []
        for peer in options.peers:
            seeds = options.seeds if PEERS[peer].random else options.seeds[:1]
            bar = show.stage(PEERS[peer].title, len(seeds) * len(bench.folds))
            for seed in seeds:
                for fold in bench.folds:
                    bar.note(f"{fold.name}, seed {seed}")
                    if not bench.file(peer, fold, seed).is_file():
                        evaluate_peer(bench, peer, fold, seed)
                    bar.step()
    methods = [*students, *(peer_of(bench, name, options.seeds) for name in options.peers)]
    result = figures(methods, bench.positive, recipe.decision.stated, recipe.split.group, students[0].name if students else None)
    write_json(options.out / "figures.json", {"recipe": recipe.name, "dataset": dataset.name, **result})
    lines = list(table(result))
    (options.out / "table.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def _use_one_thread() -> None:
    """Limit this process to one thread, as on a device."""
    torch.set_num_threads(1)
    if importlib.util.find_spec("threadpoolctl"):  # comes with scikit-learn
        from threadpoolctl import threadpool_limits

        threadpool_limits(1)


def _check(recipe: Recipe, store: ClipStore) -> None:
    """Refuse recipes that are not of falls seen by an accelerometer."""
    reference = recipe.clip.reference
    fact = store.facts[reference]
    if recipe.task != "fall" or fact.unit != "g" or len(fact.channels) != 3:
        raise UserError(
            f"{recipe.name}: peers detect falls by three axes in g; this recipe's task is {recipe.task!r} and its reference {reference!r} "
            f"has {len(fact.channels)} channels in {fact.unit!r}"
        )


def _remember(bench: Bench) -> None:
    """Keep what the figures are of, and refuse an OUT that holds others."""
    record = bench.out / "peers.json"
    wanted = {"recipe": bench.recipe.model_dump(mode="json"), "clips": bench.store.folder.name}
    if record.is_file() and read_json(record) != wanted:
        raise UserError(f"{bench.out}: holds peers of another recipe or other recordings; give another OUT")
    write_json(record, wanted)


def evaluate_peer(bench: Bench, name: str, fold: Fold, seed: int) -> None:
    """Fit a peer to a fold's training windows, and keep its probabilities of the others, its latency and size."""
    peer, windows, strata = PEERS[name], *training_windows(bench, fold)
    begun = time.process_time()
    fitted = peer.fit(bounded(windows, strata, peer.most, seed), seed)
    seconds = time.process_time() - begun
    clips = bench.store.clips_of(fold.test)
    probabilities = np.concatenate(
        [np.zeros(0), *(fitted.predict(bench.read(part)) for part in np.split(clips, range(2000, len(clips), 2000)))]
    )
    facts = {"latency_ms": latency(fitted, windows.x), "bytes": len(pickle.dumps(fitted)), "fit_s": seconds}
    with atomic_write(bench.file(name, fold, seed)) as file:
        np.savez_compressed(file, probabilities=probabilities, **facts)


def training_windows(bench: Bench, fold: Fold) -> tuple[Windows, np.ndarray]:
    """Return the windows that the student is trained on, weighted as it draws them, and their strata (dataset and class)."""
    stage = FoldContext(bench.recipe, bench.store, fold)
    part, training = stage.training_part, bench.recipe.student.training
    weights = np.ones(len(part.labels))
    if (by_class := class_weights(torch.from_numpy(part.labels), len(stage.classes), training.balance)) is not None:
        weights *= by_class.numpy()[part.labels]
    if training.draw is not None:
        weights *= chances(stage.load(part, [bench.recipe.clip.reference]), training.draw).numpy()
    owners = [bench.store.recordings[i] for i in bench.store.recording[part.clips]]
    falls = part.labels == bench.positive
    datasets = np.unique([one.dataset for one in owners], return_inverse=True)[1]
    people = np.asarray([one.subject for one in owners])
    windows = Windows(
        bench.read(part.clips), falls, weights / weights.mean(), people, bench.recipe.clip.window.rate, training.steps, training.batch
    )
    return windows, 2 * datasets + falls


def latency(fitted: Fitted, x: np.ndarray) -> float:
    """Return the median milliseconds of CPU time of one window."""
    taken = []
    for i in range(TIMED + 3):
        begun = time.process_time_ns()
        fitted.predict(x[i % len(x)][None])
        taken.append(time.process_time_ns() - begun)
    return float(np.median(taken[3:])) / 1e6


def peer_of(bench: Bench, name: str, seeds: Sequence[int]) -> Method:
    """Return a peer's predictions as kept."""
    labels = clip_labels(bench.store, bench.recipe.labels, bench.recipe.clip.reference)
    per_seed, cost, sizes = [], [], []
    for seed in seeds if PEERS[name].random else seeds[:1]:
        folds = {}
        for fold in bench.folds:
            with np.load(bench.file(name, fold, seed)) as kept:
                falls = kept["probabilities"]
                cost.append(float(kept["latency_ms"]))
                sizes.append(int(kept["bytes"]))
            both = np.stack([falls if i == bench.positive else 1 - falls for i in range(2)], axis=1)
            folds[fold.name] = clip_predictions(bench.store, fold.test, both, labels)
        per_seed.append(folds)
    return Method(PEERS[name].title, per_seed, float(np.median(cost)), int(np.median(sizes)))


def students_of(folder: Path, bench: Bench, data: Path) -> list[Method]:
    """Return the student of a finished run, distilled (first, where there is one) and alone."""
    run, recipe, _ = read_run(folder)
    if not run.metrics.is_file():
        raise UserError(f"{folder}: the run is not finished; go on with it by 'featherfall distill ... --resume'")
    run.of_clips(bench.store.folder.name)
    task = task_of(recipe).open(context_of(run, recipe, bench.dataset, bench.store.folder, data), bench.dataset)
    bundle = load_bundle(run.bundle)
    latency_ms = float(np.median(latencies(bundle, 300)))
    size = min(model.bytes for model in onnx_models(bundle.manifest))
    methods = []
    for role in dict.fromkeys([recipe.deployed_role, "alone"]):
        jobs = [[Job(task, fold, role, seed) for fold in bench.folds] for seed in recipe.seeds]
        if all(job.finished.is_file() for seed in jobs for job in seed):
            seeds = [{job.fold.name: task.predictions(job) for job in seed} for seed in jobs]
            methods.append(Method(f"student, {role}", seeds, latency_ms, size))
    if not methods:
        raise UserError(f"{folder}: holds no predictions of its student; keep the run's folder 'folds'")
    return methods


if __name__ == "__main__":
    sys.exit(main())
