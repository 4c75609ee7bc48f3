"""Figures of methods on the same folds: decided as the student is, by dataset, with intervals over people; tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from featherfall.clips.splits import group_of
from featherfall.clips.store import RecordingFacts
from featherfall.core.manifest import Decision
from featherfall.evaluation.intervals import rate_to_json
from featherfall.evaluation.metrics import false_alarms_and_hours, raised_events
from featherfall.evaluation.operating import cross_fit
from featherfall.evaluation.predictions import RecordingPredictions

DRAWS = 2000
Folds = Mapping[str, Sequence[RecordingPredictions]]  # what each fold's model says of the recordings that it was not trained on


@dataclass(frozen=True, eq=False)
class Method:
    """One row of the table.

    Attributes:
        seeds: the folds of each seed, at temperature 1.
        latency_ms: median of one window on one thread. bytes: size on disk. None where not known.
    """

    name: str
    seeds: Sequence[Folds]
    latency_ms: float | None = None
    bytes: int | None = None


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What a method makes of R recordings, in order of their ids, for each of S seeds.

    Attributes:
        facts: R recordings. fell: (R,) bool. scores: (S, R), the highest probability. detected: (S, R) bool. false_alarms: (S, R) events,
            and hours: (R,), both 0 where an alarm cannot be told from the fall. thresholds: by fold, of each seed.
    """

    facts: list[RecordingFacts]
    fell: np.ndarray
    scores: np.ndarray
    detected: np.ndarray
    false_alarms: np.ndarray
    hours: np.ndarray
    thresholds: list[dict[str, float]]

    @property
    def datasets(self) -> np.ndarray:
        """(R,) names."""
        return np.asarray([one.dataset for one in self.facts])


def outcomes(method: Method, positive: int, decision: Decision, group: str) -> Outcomes:
    """Judge a method's predictions, each fold's with the temperature and threshold ("balanced") that the other folds choose."""
    rows, thresholds = [], []
    for folds in method.seeds:
        fitted = cross_fit(list(folds.values()), positive, decision, "balanced", group)
        judged: dict[str, tuple[RecordingFacts, float, bool, int, float]] = {}
        for one, fold in zip(fitted, folds.values(), strict=True):
            predictions = one.applied(fold)
            for prediction, found in zip(predictions, raised_events(predictions, positive, decision), strict=True):
                false, hours = false_alarms_and_hours([prediction], [found])
                score = float(prediction.probabilities[:, positive].max(initial=0.0))
                judged[prediction.recording.id] = (prediction.recording, score, bool(found), false, hours)
        rows.append([judged[name] for name in sorted(judged)])
        thresholds.append({name: one.decision.threshold for name, one in zip(folds, fitted, strict=True)})
    facts, hours = [row[0] for row in rows[0]], np.asarray([row[4] for row in rows[0]])
    scores, detected, false = (np.asarray([[row[i] for row in seed] for seed in rows]) for i in (1, 2, 3))
    return Outcomes(facts, np.asarray([one.fall is not None for one in facts]), scores, detected, false, hours, thresholds)


def figures(methods: Sequence[Method], positive: int, decision: Decision, group: str, student: str | None) -> dict[str, Any]:
    """Return the figures of all methods, as JSON: by method, by dataset and "mean" (over the datasets that have falls).

    Intervals: 95%, a bootstrap over the groups (people) of each dataset; of false alarms an hour Poisson's. "minus_student": the method's
    F1 and AUC minus the student's, of the same draws.
    """
    judged = {method.name: outcomes(method, positive, decision, group) for method in methods}
    first = next(iter(judged.values()))
    for name, one in judged.items():
        assert [fact.id for fact in one.facts] == [fact.id for fact in first.facts], f"{name} was evaluated on other recordings"
    draws = _draws(first, group)
    drawn = {name: _drawn(one, draws) for name, one in judged.items()}
    whole = {name: np.ones((1, times.shape[1]), np.int64) for name, times in draws.items()}
    points = {name: _drawn(one, whole) for name, one in judged.items()}
    out = {}
    for method in methods:
        rows: dict[str, Any] = {name: _counts(judged[method.name], name) for name in sorted(set(first.datasets.tolist()))}
        for name, metrics in points[method.name].items():
            row = rows.setdefault(name, {})
            for metric in metrics:
                row[metric] = _with_ci(metrics[metric], drawn[method.name][name][metric])
                if student is not None and method.name != student:
                    others = points[student][name][metric], drawn[student][name][metric]
                    row[metric]["minus_student"] = _with_ci(metrics[metric] - others[0], drawn[method.name][name][metric] - others[1])
        facts = {"seeds": len(method.seeds), "latency_ms": method.latency_ms, "bytes": method.bytes}
        out[method.name] = {**facts, "thresholds": judged[method.name].thresholds, "datasets": rows}
    return {"student": student, "group": group, "draws": DRAWS, "methods": out}


def _with_ci(point: np.ndarray, drawn: np.ndarray) -> dict[str, Any]:
    return {"value": float(point[0]), "ci95": np.percentile(drawn, [2.5, 97.5]).tolist()}


def _draws(one: Outcomes, group: str) -> dict[str, np.ndarray]:
    """Return for each dataset with falls (draws, its recordings) how often each recording is drawn, with its group."""
    random = np.random.default_rng(0)
    out = {}
    for name in sorted(set(one.datasets[one.fell].tolist())):
        groups = [group_of(fact, group) for fact in one.facts if fact.dataset == name]
        known, row = np.unique(groups, return_inverse=True)
        out[name] = random.multinomial(len(known), np.full(len(known), 1 / len(known)), size=DRAWS)[:, row]
    return out


def _drawn(one: Outcomes, draws: Mapping[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    """Return F1 and AUC of each draw by dataset, mean over the seeds, and their means over the datasets."""
    out: dict[str, dict[str, np.ndarray]] = {}
    for name, times in draws.items():
        here = one.datasets == name
        fell = one.fell[here]
        f1, area = [], []
        for scores, detected in zip(one.scores[:, here], one.detected[:, here], strict=True):
            hits, raised = times @ (fell & detected), times @ detected
            f1.append(2 * hits / np.maximum(raised + times @ fell, 1))
            area.append(_auc(scores, fell, times))
        out[name] = {"f1": np.mean(f1, axis=0), "auc": np.mean(area, axis=0)}
    out["mean"] = {metric: np.mean([out[name][metric] for name in draws], axis=0) for metric in ("f1", "auc")}
    return out


def _auc(scores: np.ndarray, fell: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return (draws,) areas under the ROC curve of recordings that count `times` (draws, R) each; ties count half, .5 of one kind only."""
    order = np.argsort(scores, kind="stable")
    first = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))  # of each level
    falls = np.add.reduceat((times * fell)[:, order], first, axis=1)
    others = np.add.reduceat((times * ~fell)[:, order], first, axis=1)
    below = np.cumsum(others, axis=1) - others / 2
    pairs = falls.sum(axis=1) * others.sum(axis=1)
    return np.where(pairs > 0, (falls * below).sum(axis=1) / np.maximum(pairs, 1), 0.5)


def _counts(one: Outcomes, name: str) -> dict[str, Any]:
    """Return a dataset's counts, means over the seeds, and its false alarms an hour."""
    here = one.datasets == name
    fell = one.fell & here
    row: dict[str, Any] = {"recordings": int(here.sum()), "people": len({fact.subject for fact in one.facts if fact.dataset == name})}
    row |= {"falls": int(fell.sum()), "falls_found": float(one.detected[:, fell].sum(axis=1).mean()) if fell.any() else 0.0}
    hours = float(one.hours[here].sum())
    if hours:
        count = float(one.false_alarms[:, here].sum(axis=1).mean())
        rate = rate_to_json(round(count), hours)
        row["false_alarms_per_hour"] = {"value": count / hours, "hours": hours, "count": count, "ci95": rate["ci95"]}
    return row


def table(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield the tables in Markdown: F1 and AUC by dataset, the same minus the student's, then false alarms an hour and cost."""
    methods, student = result["methods"], result["student"]
    datasets = next(iter(methods.values()))["datasets"]
    fallen = [name for name in datasets if name == "mean" or datasets[name].get("falls")]
    heads = [f"{title}, {name}" for title in ("F1", "AUC") for name in fallen]
    cells = [(name, metric) for metric in ("f1", "auc") for name in fallen]
    yield from _rows(
        ["method (seeds)", *heads],
        [[f"{name} ({row['seeds']})", *(_percent(row["datasets"][one][metric]) for one, metric in cells)] for name, row in methods.items()],
    )
    if student is not None:
        yield ""
        yield from _rows(
            [f"minus {student}", *heads],
            [
                [name, *(_percent(row["datasets"][one][metric]["minus_student"], "+") for one, metric in cells)]
                for name, row in methods.items()
                if name != student
            ],
        )
    yield ""
    yield from _cost(methods, datasets, [name for name in fallen if name != "mean"])


def _cost(methods: Mapping[str, Any], datasets: Mapping[str, Any], fallen: Sequence[str]) -> Iterator[str]:
    timed = [name for name in datasets if "false_alarms_per_hour" in datasets[name]]
    heads = ["false alarms an hour", *(f"{name}, {datasets[name]['false_alarms_per_hour']['hours']:.1f} h" for name in timed)]
    heads += [*(f"falls found of {datasets[name]['falls']}, {name}" for name in fallen), "one window, ms", "size, kB"]
    rows = []
    for name, row in methods.items():
        rates = [row["datasets"][one]["false_alarms_per_hour"] for one in timed]
        cells = [name, *(f"{rate['value']:.1f} [{rate['ci95'][0]:.1f}, {rate['ci95'][1]:.1f}]" for rate in rates)]
        cells += [f"{row['datasets'][one]['falls_found']:.0f}" for one in fallen]
        cells.append("" if row["latency_ms"] is None else f"{row['latency_ms']:.3g}")
        cells.append("" if row["bytes"] is None else f"{row['bytes'] / 1000:,.0f}")
        rows.append(cells)
    yield from _rows(heads, rows)


def _rows(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _percent(value: Mapping[str, Any], sign: str = "") -> str:
    low, high = value["ci95"]
    return f"{100 * value['value']:{sign}.1f} [{100 * low:{sign}.1f}, {100 * high:{sign}.1f}]"
