"""How far fall metrics would move with other people (or other source pictures): a bootstrap over groups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from featherfall.clips.splits import group_of
from featherfall.core.manifest import Decision
from featherfall.evaluation.predictions import RecordingPredictions
from featherfall.runtime.decide.events import events

DRAWS = 4000


def over_groups(
    seeds: Sequence[Sequence[RecordingPredictions]], positive: int, decision: Decision, group: str, draws: int = DRAWS
) -> dict[str, list[float]]:
    """Return 95% bootstrap intervals (2.5th to 97.5th percentile) of the trial-level fall metrics, each the mean over the seeds.

    A draw takes as many groups as there are, with replacement, with every seed's predictions of their recordings (Efron 1979). What
    other training data would change is not in it; the interval over seeds holds only what chance in training changes.
    A draw that holds nothing to measure a metric by (e.g. sensitivity without falls) counts as 0; a metric that no draw measures is left
    out.

    Arguments:
        seeds: the predictions recordings of each seed, all folds pooled.
        positive: column of the fall class in the probabilities.
        group: what is drawn, as `split.group`.
    """
    tables = np.stack([_counts(predictions, positive, decision, group) for predictions in seeds])  # seeds, groups, 4
    count = tables.shape[1]
    times = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), size=draws)  # how often each group is drawn
    hits, alarms, misses, quiet = np.moveaxis(times @ tables, -1, 0)  # each (seeds, draws)
    parts = {
        "accuracy": (hits + quiet, hits + alarms + misses + quiet),
        "sensitivity": (hits, hits + misses),
        "precision": (hits, hits + alarms),
        "f1": (2 * hits, 2 * hits + alarms + misses),
        "non_fall_precision": (quiet, quiet + misses),
    }
    drawn = {name: (part / np.maximum(whole, 1)).mean(axis=0) for name, (part, whole) in parts.items() if whole.any()}
    return {name: np.percentile(values, [2.5, 97.5]).tolist() for name, values in drawn.items()}


def ratio_over_groups(students: np.ndarray, teacher: np.ndarray, groups: Sequence[str], draws: int = DRAWS) -> tuple[float, float, float]:
    """Return what students find for each thing that their teacher finds, mean over students, and its 95% bootstrap interval over groups.

    Arguments:
        students: (S, P) how much each student finds in each recording. teacher: (P,), not 0 everywhere.
        groups: the group of each recording.
    """
    names = sorted(set(groups))
    rows = np.asarray([names.index(name) for name in groups])
    found = np.stack([np.bincount(rows, weights=one, minlength=len(names)) for one in [teacher, *students]])  # 1 + S, groups
    times = np.random.default_rng(0).multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
    drawn = times @ found.T
    drawn = drawn[drawn[:, 0] > 0]
    low, high = np.percentile(drawn[:, 1:].mean(axis=1) / drawn[:, 0], [2.5, 97.5])
    return float(found[1:].sum(axis=1).mean() / found[0].sum()), float(low), float(high)


def _counts(predictions: Sequence[RecordingPredictions], positive: int, decision: Decision, group: str) -> np.ndarray:
    """Return (groups, 4) hits, false alarms, misses and quiet recordings without a fall, groups in order of their names."""
    names = [group_of(one.recording, group) for one in predictions]
    rows = {name: i for i, name in enumerate(sorted(set(names)))}
    out = np.zeros((len(rows), 4))
    for name, one in zip(names, predictions, strict=True):
        detected = bool(events(one.centre_s, one.end_s, one.probabilities[:, positive], one.decided_by(decision)))
        fell = one.recording.fall is not None
        out[rows[name], (0 if detected else 2) if fell else (1 if detected else 3)] += 1
    return out
