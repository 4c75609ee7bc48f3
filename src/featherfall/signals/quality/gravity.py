"""Judge an accelerometer's unit by the gravity that it shows where it is quiet, and find out where gravity was removed.

`GravityMeter` takes samples block by block in bounded memory; `judge` compares what it has seen with a stated unit. The rules hold in
any unit, because they compare a recording with itself: gravity is there at all times, so calm stretches are not much weaker than lively
ones, and a quiet stretch has a steady direction. How often they are right on public datasets is in `docs/explanation/units.md`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from featherfall.core.units import GRAVITY_UNITS, bounded
from featherfall.signals.rows import finite_rows, median, row_lengths

WINDOW = 0.5  # s; half a second of standing still occurs in 9 of 10 recordings of a few seconds, a whole second in 7 of 10
MIN_SAMPLES = 6  # of a window, for slow sensors
GROUP = 8  # windows kept together, over which acceleration without gravity averages out: 4 s; half of them show how the direction turns
KEPT = 1024  # groups in memory: 4,096 s; beyond that every other one is dropped, again and again

QUIET = 0.05  # largest standard deviation of an axis, as a share of the mean vector's length
QUIET_SHARE = 0.05  # fewer quiet windows may be chance, e.g. where acceleration without gravity has an offset
BAND = (0.6, 1.6)  # g; quiet sensors, calibrated or not, show .66 to 1.57
LIVELY_BAND = (0.6, 2.2)  # g; median magnitude of jogging, with gravity
TOO_STRONG = 3.5  # g; no sensor's median magnitude, however lively
FLOOR = 0.25  # calm windows of sensors with gravity have at least .27 of the lively ones' magnitude
# A body's speed changes by little in 4 s beside the 39 m/s that gravity adds up to, so that the mean of acceleration with gravity keeps its
# direction and most of its length. Of recordings in m/s2 without gravity and without a stated unit, .4% pass by these two (11% by the
# level alone), and 3% of those with gravity are asked for their unit, which move all the time (docs/explanation/units.md).
PERSISTENT = 0.4  # length of the mean vector over 4 s, as a share of the mean magnitude
MEAN = 0.4  # g; the same length

_TINY = float(np.finfo(np.float64).tiny)

Kind = Literal["fits", "other unit", "counts", "missing", "unknown"]


@dataclass(frozen=True)
class GravityEvidence:
    """What a recording shows; magnitudes are in its own numbers.

    Attributes:
        quiet: median magnitude of the quiet windows; NaN without any.
        quiet_s: their duration, s. quiet_share: their share of all windows, 0..1.
        level: median of the windows' mean magnitudes. calm, lively: their 10% and 90% quantiles.
        unrest: standard deviation of an axis over the mean vector's length, in the calmest tenth of the windows.
        direction: length of the mean vector over the mean magnitude, in 2 s: 1 where the direction is constant, 0..1.
        mean: median length of the mean vector over 4 s, or over a shorter recording. persistence: of it over the mean magnitude, 0..1.
    """

    quiet: float
    quiet_s: float
    quiet_share: float
    level: float
    calm: float
    lively: float
    unrest: float
    direction: float
    mean: float
    persistence: float

    def shows(self, one_g: float) -> bool:
        """Return whether the mean over seconds is that of gravity, which `one_g` is in the recording's numbers, however lively it is."""
        return self.persistence >= PERSISTENT and self.mean >= MEAN * one_g


@dataclass(frozen=True)
class GravityVerdict:
    """Whether a recording's gravity agrees with its unit.

    Attributes:
        kind: "fits"; "other unit", which `unit` names; "counts": gravity is larger than 1 g in the stated unit, and 1 g in no known one;
            "missing": gravity was removed; "unknown": too lively to tell.
        magnitude: of gravity in the recording's numbers; the median magnitude where no stretch is quiet.
        quiet: whether it was seen in quiet stretches.
    """

    kind: Kind
    magnitude: float
    unit: str = ""
    quiet: bool = False

    @property
    def counts_per_g(self) -> int | float:
        """Gravity's magnitude as a converter's resolution: the power of two within 10%, else rounded to 3 digits."""
        power = 2 ** round(float(np.log2(self.magnitude)))
        return power if abs(self.magnitude / power - 1) <= 0.1 else float(f"{self.magnitude:.3g}")


class GravityMeter:
    """Measure quiet stretches of an accelerometer, block by block; memory does not grow with the recording."""

    def __init__(self, kept: int = KEPT) -> None:
        """kept: groups in memory, of 4 s and 320 bytes each."""
        self._kept = kept
        self._length = 0  # samples of a window; known once there are samples to tell the rate from
        self._times = np.zeros(0)
        self._values = np.zeros((0, 3))
        self._groups = np.zeros((0, GROUP, 5))  # per window: mean vector, largest standard deviation of an axis, mean magnitude
        self._stride, self._seen = 1, 0
        self._seconds = 0.0  # of a window

    def add(self, times: np.ndarray, values: np.ndarray) -> None:
        """Take samples: times (N,) s, values (N, 3) in any unit. Rows with NaN are left out."""
        whole = finite_rows(values)
        self._times = np.concatenate([self._times, np.asarray(times, np.float64)[whole]])
        self._values = np.concatenate([self._values, bounded(np.asarray(values, np.float64)[whole])])
        if not self._length:
            if len(self._times) < 8 * MIN_SAMPLES:
                return
            self._measure_rate()
        size = self._length * GROUP
        count = len(self._times) // size
        if count:
            self._keep(self._windows(count * GROUP).reshape(count, GROUP, 5))
            self._times, self._values = self._times[count * size :].copy(), self._values[count * size :].copy()  # a view keeps all

    def evidence(self) -> GravityEvidence | None:
        """Return what was seen so far; None where there is less than one window."""
        if not self._length and len(self._times) > 1:
            self._measure_rate()
        rest = len(self._times) // self._length if self._length else 0
        last = self._windows(rest)
        if not rest and not len(self._groups) and len(self._times) > 1:  # shorter than a window: all of it
            last = _windows(self._values[None])
        windows = np.concatenate([self._groups.reshape(-1, 5), last])
        return _evidence(windows, self._seconds) if finite_rows(windows).any() else None

    def _measure_rate(self) -> None:
        steps = np.abs(np.diff(self._times[:1024]))  # the newest sample may come first
        step = float(np.median(steps)) or float(steps.mean())  # the median is 0 where packets have one stamp
        self._length = max(MIN_SAMPLES, round(WINDOW / step)) if step > 0 else 8 * MIN_SAMPLES
        self._length = min(self._length, 10_000)  # a clock that hardly moves must not hold back everything
        self._seconds = self._length * step

    def _windows(self, count: int) -> np.ndarray:
        """Return (count, 5) of the first samples held; NaN for a window with a gap in it."""
        times = self._times[: count * self._length].reshape(count, self._length)
        found = _windows(self._values[: count * self._length].reshape(count, self._length, 3))
        if count:
            found[np.abs(times[:, -1] - times[:, 0]) > 2 * self._seconds] = np.nan
        return found

    def _keep(self, groups: np.ndarray) -> None:
        place = self._seen + np.arange(len(groups))
        self._seen += len(groups)
        self._groups = np.concatenate([self._groups, groups[place % self._stride == 0]])
        while len(self._groups) > self._kept:
            self._groups = self._groups[::2]
            self._stride *= 2


def measure_gravity(times: np.ndarray, values: np.ndarray) -> GravityEvidence | None:
    """Return the evidence of a whole recording: times (N,) s, values (N, 3) in any unit; None for fewer than 2 samples."""
    meter = GravityMeter()
    meter.add(times, values)
    return meter.evidence()


def judge(evidence: GravityEvidence | None, unit: str | None, counts_per_g: float | None = None) -> GravityVerdict:
    """Return whether gravity is what a unit says.

    Arguments:
        unit: one of acceleration, "count", or None where nobody states one: then it cannot fit.
        counts_per_g: of "count", where it is stated.
    """
    one_g = counts_per_g if unit == "count" else GRAVITY_UNITS.get(unit or "")
    if evidence is None:
        return GravityVerdict("unknown", float("nan"))
    seen = evidence
    if seen.calm < FLOOR * seen.lively:
        return GravityVerdict("missing", seen.calm)
    if seen.quiet_share >= QUIET_SHARE and 0.5 <= seen.level / seen.quiet <= 3:
        found = _unit_of(seen.quiet, unit, one_g, BAND)
        if found is not None:
            return GravityVerdict("fits" if found == unit else "other unit", seen.quiet, found, quiet=True)
        removed = seen.quiet < 0.5 * (one_g or 1.0)
        return GravityVerdict("missing" if removed else "counts", seen.quiet, quiet=True)
    return _judge_lively(seen, unit, one_g)


def _judge_lively(seen: GravityEvidence, unit: str | None, one_g: float | None) -> GravityVerdict:
    """Judge a recording without quiet stretches: by its level, and by its direction, which gravity keeps from turning about."""
    found = _unit_of(seen.level, unit, one_g, LIVELY_BAND)
    turning = seen.calm < 0.4 * seen.lively and seen.unrest > 0.1 and seen.direction < 0.6
    aimless = seen.unrest > 0.4 and seen.direction < 0.5
    sizes = [size for size in (one_g, GRAVITY_UNITS.get(found or "")) if size is not None]
    if (turning or aimless) and any(seen.calm < BAND[0] * size for size in sizes):
        return GravityVerdict("missing", seen.calm)
    if found is not None and found != unit:
        # In m/s2, lively acceleration without gravity is as large as gravity in g.
        if seen.level >= (one_g or np.inf) or seen.shows(GRAVITY_UNITS[found]):
            return GravityVerdict("other unit", seen.level, found)
        return GravityVerdict("unknown" if one_g is None else "missing", seen.level)
    if found is None and one_g is not None and not BAND[0] <= seen.level / one_g <= TOO_STRONG:
        return GravityVerdict("missing" if seen.level < one_g or seen.persistence < PERSISTENT else "counts", seen.level)
    return GravityVerdict("fits" if found and seen.direction >= 0.5 else "unknown", seen.level, found or "")


def _unit_of(magnitude: float, unit: str | None, one_g: float | None, band: tuple[float, float]) -> str | None:
    """Return the unit in which a magnitude is near 1 g, the stated one first; None without any."""
    known = ([] if one_g is None else [(unit or "", one_g)]) + list(GRAVITY_UNITS.items())
    return next((name for name, size in known if band[0] <= magnitude / size <= band[1]), None)


def majority(verdicts: Sequence[GravityVerdict]) -> tuple[GravityVerdict, int, int]:
    """Return the verdict on a whole dataset.

    Arguments:
        verdicts: of its recordings by one stated unit, at least one.
    Returns: the most frequent verdict among those by quiet stretches (or among all known ones where no recording is quiet), with their
        median magnitude; how many recordings agree, and how many were judged. "unknown" (0 of 0) where none could be judged.
    """
    known = [one for one in verdicts if one.kind != "unknown"]
    known = [one for one in known if one.quiet or one.kind == "missing"] or known
    if not known:
        return GravityVerdict("unknown", float("nan")), 0, 0
    (kind, unit), count = Counter((one.kind, one.unit) for one in known).most_common(1)[0]
    same = [one for one in known if (one.kind, one.unit) == (kind, unit)]
    return GravityVerdict(kind, float(np.median([one.magnitude for one in same])), unit, same[0].quiet), count, len(known)


def _windows(values: np.ndarray) -> np.ndarray:
    """Return (K, 5) of (K, n, 3) values: mean vector, largest standard deviation of an axis, mean magnitude."""
    if not len(values):
        return np.zeros((0, 5))
    axes = np.ascontiguousarray(np.swapaxes(values, 1, 2))  # K, 3, n: NumPy reduces what lies together several times as fast
    count, out = values.shape[1], np.empty((len(values), 5))
    np.divide(np.add.reduce(axes, axis=2), count, out=out[:, :3])
    away = axes - out[:, :3, None]
    out[:, 3] = np.sqrt(np.add.reduce(away * away, axis=2) / count).max(axis=1)  # as `std`, in a third of the time
    out[:, 4] = np.add.reduce(row_lengths(values), axis=1) / count
    return out


def _evidence(every: np.ndarray, seconds: float) -> GravityEvidence:
    """Return the evidence of (K, 5) windows in order, of which those with a gap are NaN, but not all."""
    windows = every[finite_rows(every)]
    steady, spread, magnitude = row_lengths(windows[:, :3]), windows[:, 3], windows[:, 4]
    quiet = spread < QUIET * steady
    calmest = np.argsort(spread, kind="stable")[: max(1, len(spread) // 10)]
    short, long = _means(every, GROUP // 2), _means(every, GROUP)
    calm, lively = np.quantile(magnitude, (0.1, 0.9)).tolist()
    return GravityEvidence(
        quiet=median(steady[quiet]) if quiet.any() else float("nan"),
        quiet_s=float(quiet.sum() * seconds),
        quiet_share=float(quiet.mean()),
        level=median(magnitude),
        calm=calm,
        lively=lively,
        unrest=median(spread[calmest] / np.maximum(steady[calmest], _TINY)),
        direction=median(short[:, 0] / short[:, 1]),
        mean=median(long[:, 0]),
        persistence=median(long[:, 0] / long[:, 1]),
    )


def _means(every: np.ndarray, count: int) -> np.ndarray:
    """Return (M, 2) of each `count` windows that follow each other: length of the mean vector, and mean magnitude, which is above 0.

    Fewer windows are one group; where every group has a gap, each window is one.
    """
    whole = len(every) // count
    means = every[: whole * count].reshape(whole, count, 5).mean(axis=1) if whole else every.mean(axis=0, keepdims=True)
    finite = finite_rows(means)
    means = means[finite] if finite.any() else every[finite_rows(every)]
    return np.stack([row_lengths(means[:, :3]), np.maximum(means[:, 4], _TINY)], axis=1)
