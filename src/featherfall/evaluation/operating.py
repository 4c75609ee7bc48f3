"""Thresholds with names, and a temperature, chosen on recordings that were left out of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from featherfall.clips.splits import group_of
from featherfall.core.errors import UserError
from featherfall.core.manifest import Decision
from featherfall.core.operating import POINTS, AlarmsIn, CurveRow, MeasuredOn, Operating, PointName
from featherfall.evaluation.calibration import fit_temperature, scaled, unscaled
from featherfall.evaluation.predictions import RecordingPredictions
from featherfall.evaluation.sweep import RecordingSweep, Sweep, prepare, sweep

THRESHOLDS = (*(k / 100 for k in range(1, 100)), 0.995, 0.999)
# Of falls, by "sensitive". Beyond it the last falls are often those that raise no peak at all: reaching for them costs many false alarms.
SENSITIVE = 0.95
# Of F1: a difference that a few hundred recordings cannot tell (its standard error is 1 to 2 points), so "balanced" takes the middle of
# all thresholds this near the best and not the best itself, which would be another one with other people.
PLATEAU = 0.01
# False alarms an hour of daily life, by "quiet": about the first that a wearer stands, and the least that the ten hours of daily life that
# public sets hold can measure at all.
QUIET = 0.1


@dataclass(frozen=True, eq=False)
class Counts:
    """One dataset's counts at T thresholds.

    Attributes:
        measured: name, recordings, people, falls, hours.
        found: (T,) recordings of falls, and alarmed: (T,) recordings without a fall, in which an event is raised.
        false_alarms: (T,) events that match no fall, in `measured.hours`.
    """

    measured: MeasuredOn
    found: np.ndarray
    alarmed: np.ndarray
    false_alarms: np.ndarray

    def sensitivity(self) -> np.ndarray:
        """Return (T,); there must be falls."""
        return np.asarray(self.found / self.measured.falls)

    def f1(self) -> np.ndarray:
        """Return (T,) of recordings: 2 TP / (2 TP + FP + FN); there must be falls."""
        return np.asarray(2 * self.found / (self.found + self.alarmed + self.measured.falls))


@dataclass(frozen=True)
class Fitted:
    """How probabilities become decisions. operating: see `core.operating`; None where it was not measured."""

    decision: Decision
    temperature: float = 1.0
    operating: Operating | None = None

    def applied(self, predictions: Sequence[RecordingPredictions]) -> list[RecordingPredictions]:
        """Return predictions of recordings that took no part in the fit, calibrated and with this threshold."""
        return [
            replace(one, probabilities=scaled(one.probabilities, self.temperature), threshold=self.decision.threshold)
            for one in predictions
        ]


def choose_points(thresholds: Sequence[float], datasets: Sequence[Counts]) -> dict[PointName, float]:
    """Return the threshold of each point.

    Every dataset that holds falls counts the same, whatever its size: the next dataset is like none of them, and a pooled count would be
    that of the largest.

    - balanced: the middle of the thresholds around the best whose mean F1 is within `PLATEAU` of it; of an even number the upper middle.
    - sensitive: the highest threshold at which `SENSITIVE` of the falls are found in the mean; where none does, the highest that finds the
      most. It is never above "balanced".
    - quiet: the lowest threshold from which on at most `QUIET` false alarms an hour are raised in daily life (see `daily_alarms`); where
      none does, the lowest that raises the fewest. It is never below "balanced".

    Arguments:
        thresholds: (T,) rising. datasets: at least one holds falls.
    """
    with_falls = [one for one in datasets if one.measured.falls]
    balanced = _plateau(np.mean([one.f1() for one in with_falls], axis=0))
    share = np.mean([one.sensitivity() for one in with_falls], axis=0)
    sensitive = int(np.flatnonzero(share >= min(SENSITIVE, share.max()))[-1])
    _, alarms, hours = daily_alarms(datasets)
    over = np.flatnonzero(alarms > max(QUIET * hours, alarms.min()))
    quiet = int(over[-1]) + 1 if len(over) else 0
    chosen = {"sensitive": min(sensitive, balanced), "balanced": balanced, "quiet": max(quiet, balanced)}
    return {name: float(thresholds[chosen[name]]) for name in POINTS}


def daily_alarms(datasets: Sequence[Counts]) -> tuple[AlarmsIn, np.ndarray, float]:
    """Return where false alarms are counted, (T,) how many there were, and in how many hours.

    Datasets without falls are daily life as it comes. Staged daily activities are its hardest minutes, one after the other: they are taken
    only where there is nothing else, and their rate is far above that of a day.
    """
    daily = [one for one in datasets if not one.measured.falls and one.measured.hours]
    where: AlarmsIn = "daily life" if daily else "staged activities"
    counted = daily or list(datasets)
    return where, np.sum([one.false_alarms for one in counted], axis=0), float(sum(one.measured.hours for one in counted))


def fit_points(
    predictions: Sequence[RecordingPredictions], positive: int, decision: Decision, point: PointName | None, left_out: str = "people"
) -> Fitted:
    """Return the temperature, the threshold and the curve of recordings that were left out of training.

    Arguments:
        predictions: of two classes, at temperature 1. positive: column of the fall class.
        decision: its threshold and temperature 1 are kept where `point` is None.
        left_out: see `Operating`.
    Raises: `UserError` where a threshold is to be chosen and no recording holds a fall.
    """
    return _fit(prepare(predictions, positive, decision), decision, point, left_out)


def _fit(recordings: Sequence[RecordingSweep], decision: Decision, point: PointName | None, left_out: str) -> Fitted:
    if all(one.predicted.recording.fall is None for one in recordings):
        if point is None:
            return Fitted(decision)
        raise UserError(f"decision.threshold {point!r}: no fall among the recordings to choose it by; give a number, e.g. 0.5")
    temperature = 1.0 if point is None else _temperature([one.predicted for one in recordings])
    thresholds = sorted({*THRESHOLDS, decision.threshold} if point is None else THRESHOLDS)
    datasets = count(recordings, sweep(recordings, unscaled(np.asarray(thresholds), temperature)))
    points = choose_points(thresholds, datasets)
    threshold = decision.threshold if point is None else points[point]
    operating = _operating(thresholds, datasets, points, left_out)
    return Fitted(decision.model_copy(update={"threshold": threshold}), temperature, operating)


def cross_fit(
    folds: Sequence[Sequence[RecordingPredictions]], positive: int, decision: Decision, point: PointName, group: str
) -> list[Fitted]:
    """Return for each fold what is fitted on the recordings of the others, without those of groups that the fold holds itself.

    Arguments:
        folds: predictions of the recordings that each fold's model was not trained on.
        group: as `split.group`.
    """
    recordings = [prepare(fold, positive, decision) for fold in folds]
    groups = [[group_of(one.recording, group) for one in fold] for fold in folds]
    fitted = []
    for i, mine in enumerate(map(set, groups)):
        others = [
            one
            for j, (names, fold) in enumerate(zip(groups, recordings, strict=True))
            for name, one in zip(names, fold, strict=True)
            if j != i and name not in mine
        ]
        fitted.append(_fit(others, decision, point, "people"))
    return fitted


def count(recordings: Sequence[RecordingSweep], swept: Sweep) -> list[Counts]:
    """Return the counts of each dataset, in order of names."""
    facts = [one.predicted.recording for one in recordings]
    names = np.asarray([one.dataset for one in facts])
    return [
        _count(name, len({one.subject for one in facts if one.dataset == name}), swept, names == name)
        for name in sorted(set(names.tolist()))
    ]


def _count(name: str, people: int, swept: Sweep, mine: np.ndarray) -> Counts:
    fell, raised = swept.fell[mine], swept.raised[mine]
    measured = MeasuredOn(
        name=name,
        recordings=int(mine.sum()),
        people=people,
        falls=int(fell.sum()),
        hours=round(float(swept.seconds[mine].sum()) / 3600, 6),
    )
    return Counts(measured, raised[fell].sum(axis=0), raised[~fell].sum(axis=0), swept.false_alarms[mine].sum(axis=0))


def _plateau(values: np.ndarray) -> int:
    """Return the middle of the run around the highest value (the last of equals) that is within `PLATEAU` of it."""
    best = len(values) - 1 - int(np.argmax(values[::-1]))
    away = np.flatnonzero(values < values[best] - PLATEAU)
    first = int(max(away[away < best], default=-1)) + 1
    last = int(min(away[away > best], default=len(values))) - 1
    return (first + last + 1) // 2


def _temperature(predictions: Sequence[RecordingPredictions]) -> float:
    """Return the temperature of windows that have a class; each dataset weighs the same."""
    named = [one for one in predictions if (one.labels >= 0).any()]
    if not named:
        return 1.0
    sizes: dict[str, int] = {}
    for one in named:
        sizes[one.recording.dataset] = sizes.get(one.recording.dataset, 0) + int((one.labels >= 0).sum())
    keep = [one.labels >= 0 for one in named]
    weights = [np.full(int(mask.sum()), 1 / sizes[one.recording.dataset]) for one, mask in zip(named, keep, strict=True)]
    probabilities = np.concatenate([one.probabilities[mask] for one, mask in zip(named, keep, strict=True)])
    labels = np.concatenate([one.labels[mask] for one, mask in zip(named, keep, strict=True)])
    finite = np.isfinite(probabilities).all(axis=1)
    return fit_temperature(probabilities[finite], labels[finite], np.concatenate(weights)[finite])


def _operating(thresholds: Sequence[float], datasets: Sequence[Counts], points: Mapping[PointName, float], left_out: str) -> Operating:
    where, alarms, hours = daily_alarms(datasets)
    found = np.sum([one.found for one in datasets], axis=0)
    return Operating(
        curve=[
            CurveRow(threshold=threshold, falls_found=int(hits), false_alarms=int(false))
            for threshold, hits, false in zip(thresholds, found, alarms, strict=True)
        ],
        falls=sum(one.measured.falls for one in datasets),
        hours=round(hours, 6),
        alarms_in=where,
        points=dict(points),
        left_out=left_out,
        datasets=[one.measured for one in datasets],
    )
