"""metrics.json: roles, seeds, intervals, paired differences, gap closed."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

import numpy as np

from featherfall.clips.protocols import describe_split
from featherfall.core.recipe import Recipe
from featherfall.evaluation.description import describe_training
from featherfall.evaluation.intervals import gap_closed, mean_with_interval, paired_difference
from featherfall.evaluation.metrics import Metrics
from featherfall.evaluation.score import MAIN


def summarise(
    recipe: Recipe,
    roles: Mapping[str, Sequence[Metrics]],
    counts: Mapping[str, Sequence[Mapping[str, Any]]],
    by_fold: Mapping[str, Sequence[Sequence[float | None]]],
    test_to_train: float,
    sizes: Mapping[str, Mapping[str, int]],
    notes: Sequence[str],
) -> dict[str, Any]:
    """Return everything that `metrics.json` holds.

    Arguments:
        roles: metrics of each role, one per seed (teacher: one per member; teacher_ensemble: one).
        counts: the counts behind them, in the same order.
        by_fold: the main metric of "alone" and "distilled" per seed and fold; empty lists where there is one fold.
        test_to_train: test recordings per training recording, for the correction of intervals over folds.
        sizes: {role: {"parameters", "macs", "bytes"}}.
        notes: what a reader must know (skipped recordings, a refused int8 model).
    """
    main = MAIN[recipe.task]
    measured = {role: _measured(metrics) for role, metrics in roles.items()}
    means = {
        role: {name: float(np.mean(known)) for name, values in by_name.items() if (known := [one for one in values if one is not None])}
        for role, by_name in measured.items()
    }
    teacher = means.get("teacher_ensemble", means.get("teacher"))
    return {
        "recipe": recipe.name,
        "dataset": recipe.dataset,
        "protocol": describe_split(recipe.split, recipe.labels),
        "part": recipe.split.part,
        "positive": recipe.labels.positive,
        "main_metric": main,
        "seeds": recipe.seeds,
        "roles": {role: {name: mean_with_interval(values) for name, values in by_name.items()} for role, by_name in measured.items()},
        "counts": {role: [dict(one) for one in values] for role, values in counts.items()},
        "distilled_minus_alone": _differences(roles, by_fold, main, test_to_train),
        "gap_closed": _gaps(means, teacher),
        "sizes": {role: dict(size) for role, size in sizes.items()},
        "trained": describe_training(recipe),
        "notes": list(notes),
        "environment": environment(),
    }


def _measured(metrics: Sequence[Metrics]) -> dict[str, list[float | None]]:
    """Return the values of each metric over the seeds that have it; None where there was nothing to measure it by."""
    return {name: [one[name] for one in metrics if name in one] for name in metrics[0]}


def _differences(
    roles: Mapping[str, Sequence[Metrics]], by_fold: Mapping[str, Sequence[Sequence[float | None]]], main: str, test_to_train: float
) -> dict[str, Any]:
    """Return differences paired over seeds (folds pooled), and over folds (seeds averaged) with the Nadeau-Bengio correction.

    Seeds and folds in which the metric of either role was not measured (None) are left out.
    """
    if not roles.get("alone") or not roles.get("distilled"):
        return {}
    both = [(a.get(main), b.get(main)) for a, b in zip(roles["alone"], roles["distilled"], strict=True)]
    seeds = [(a, b) for a, b in both if a is not None and b is not None]
    if not seeds:
        return {}
    out: dict[str, Any] = {"metric": main, "over_seeds": paired_difference([a for a, _ in seeds], [b for _, b in seeds])}
    if by_fold.get("alone") and len(by_fold["alone"][0]) > 1:
        values = np.asarray([by_fold["alone"], by_fold["distilled"]], dtype=np.float64)  # (2, seeds, folds), NaN for None
        alone, distilled = values[:, :, ~np.isnan(values).any(axis=(0, 1))].mean(axis=1).tolist()
        if len(alone) > 1:
            out["over_folds"] = paired_difference(alone, distilled, test_to_train)
    return out


def _gaps(means: Mapping[str, Mapping[str, float]], teacher: Mapping[str, float] | None) -> dict[str, float | None]:
    if teacher is None or "alone" not in means or "distilled" not in means:
        return {}
    names = ("accuracy", "macro_f1", "f1", "sensitivity", "event_f1")
    shared = [name for name in names if all(name in one for one in (teacher, means["alone"], means["distilled"]))]
    return {name: gap_closed(teacher[name], means["alone"][name], means["distilled"][name]) for name in shared}


def environment() -> dict[str, str]:
    """Return versions and the machine that the figures come from."""
    packages = ("featherfall", "torch", "lightning-fabric", "numpy", "onnxruntime")
    return {name: metadata.version(name) for name in packages} | {"python": platform.python_version(), "machine": platform.machine()}
