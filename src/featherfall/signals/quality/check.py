"""Check a worn sensor's samples while they are read: corrupt samples, unit and gravity, clipping, repeated values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.recording import Note, NoteKind
from featherfall.core.units import GRAVITY_UNITS, bounded
from featherfall.signals.quality.clipping import ClippingMeter
from featherfall.signals.quality.corrupt import LIMITS, CorruptFilter
from featherfall.signals.quality.gravity import GravityMeter, GravityVerdict, judge
from featherfall.signals.quality.repeats import RepeatedRun, RepeatMeter
from featherfall.signals.rows import finite_rows

MOST_CORRUPT = 0.05  # share of corrupt samples; of more, what is left is no recording


@dataclass(frozen=True)
class CheckWords:
    """How the messages of a check name things.

    Attributes:
        file: or device: "walk.csv".
        sensor: "accelerometer".
        row: what a row is called: "row" of a file, "sample" of an array.
        state_unit: how to state a unit, with {unit}: "--unit accelerometer={unit}".
        state_counts: how to state counts per g, with {counts}.
        missing: what to do where gravity is missing.
    """

    file: str
    sensor: str
    row: str = "row"
    state_unit: str = "unit: {unit}"
    state_counts: str = "--counts-per-g {counts}"
    missing: str = "give the raw accelerometer, not linear acceleration"

    @property
    def where(self) -> str:
        """How errors begin."""
        return f"{self.file}: {self.sensor}"


class GravityError(UserError):
    """Gravity contradicts the unit of a recording, or is missing.

    Attributes:
        sensor: as messages call it. verdict: what gravity says. unit: the one that it contradicts; None where none is stated.
    """

    def __init__(self, message: object = "", sensor: str = "", verdict: GravityVerdict | None = None, unit: str | None = None) -> None:
        super().__init__(message)
        self.sensor, self.verdict, self.unit = sensor, verdict, unit


class SensorCheck:
    """Take one sensor's samples block by block; give them back without the corrupt ones; then `finish`.

    A sensor other than an accelerometer with 3 axes is only freed of marks such as 9999.
    """

    def __init__(self, unit: str, words: CheckWords, channels: Sequence[str] = ("x", "y", "z"), counts_per_g: float | None = None) -> None:
        """Arguments:
        unit: of the samples: one of `core.units`, or "count".
        """
        self._unit, self._words, self._channels, self._counts = unit, words, channels, counts_per_g
        self._corrupt = CorruptFilter(unit, counts_per_g)
        self._one_g = counts_per_g if unit == "count" else GRAVITY_UNITS.get(unit)
        self._accelerometer = len(channels) == 3 and (unit == "count" or self._one_g is not None)
        self._gravity, self._clipping, self._repeats = GravityMeter(), ClippingMeter(), RepeatMeter(self._one_g or 1.0)
        self._whole = 0

    def add(self, times: np.ndarray, values: np.ndarray, rows: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Take consecutive samples.

        Arguments:
            times: (N,) s. values: (N, C) in the unit; rows with NaN are left out. rows: (N,) places in the file; None counts from 1.
        Returns: times and values of the samples that are decided; they may be fewer, and of an earlier block.
        """
        whole = finite_rows(values)
        rows = (np.arange(1, len(values) + 1) if rows is None else rows)[whole]
        values = bounded(values[whole])
        self._whole += len(rows)
        if self._accelerometer:
            self._repeats.add(times[whole], values, rows)
        return self._measure(*self._corrupt.add(times[whole], values, rows))

    def finish(self) -> tuple[np.ndarray, np.ndarray, tuple[Note, ...]]:
        """Return the samples that are left, and notes for the user.

        Raises: `GravityError` where gravity contradicts the unit or is missing, `UserError` where too many samples are corrupt.
        """
        times, values = self._measure(*self._corrupt.flush())
        where = self._words.where
        if self._corrupt.count > MOST_CORRUPT * max(self._whole, 20):
            first = self._corrupt.found[0]
            raise UserError(
                f"{where}: {self._corrupt.count} of {self._whole} samples are beyond any sensor's range (first: {self._words.row} "
                f"{first.row}: {self._channels[first.channel]} is {first.value:g}); check the unit and the columns"
            )
        notes = self._corrupt_notes()
        if self._accelerometer:
            verdict = self.verdict()
            refuse_gravity(verdict, self._unit, self._words)
            notes += self._accelerometer_notes(verdict)
        return times, values, tuple(notes)

    def verdict(self) -> GravityVerdict:
        """Return what gravity says of the unit so far."""
        return judge(self._gravity.evidence(), self._unit, self._counts)

    def _measure(self, times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self._accelerometer and len(times):
            self._gravity.add(times, values)
            if self._one_g:
                self._clipping.add(values / self._one_g)
        return times, values

    def _corrupt_notes(self) -> list[Note]:
        found = [f"{self._words.row} {one.row} ({self._channels[one.channel]} is {one.value:g})" for one in self._corrupt.found]
        if not found:
            return []
        more = self._corrupt.count - len(found)
        count = "a corrupt sample was" if self._corrupt.count == 1 else f"{self._corrupt.count} corrupt samples were"
        return [self._note("corrupt", f"{count} left out: {', '.join(found)}{f' and {more} more' if more else ''}")]

    def _accelerometer_notes(self, verdict: GravityVerdict) -> list[Note]:
        notes = []
        if verdict.kind == "unknown" and np.isfinite(verdict.magnitude):
            size = f"median magnitude {verdict.magnitude:.3g}"
            notes.append(self._note("unit", f"no quiet stretch shows whether the unit is {self._unit} and gravity is included ({size})"))
        clipped = self._clipping.clipped()
        if clipped:
            places = f"{clipped[1]} places" if clipped[1] > 1 else "1 place"
            notes.append(self._note("clipped", f"clipped at {clipped[0]:g} g in {places}: impacts are higher than recorded"))
        return notes + [self._note("repeated", self._repeated(one)) for one in self._repeats.stretches()]

    def _note(self, kind: NoteKind, text: str) -> Note:
        return Note(kind, f"{self._words.sensor}: {text}")

    def _repeated(self, one: RepeatedRun) -> str:
        what = "all axes repeat" if one.axis is None else f"{self._channels[one.axis]} repeats"
        return f"{what} the same value for {one.seconds:.0f} s from {self._words.row} {one.row} on: a fall in this time may not be seen"


def refuse_gravity(verdict: GravityVerdict, unit: str | None, words: CheckWords) -> None:
    """Raise `GravityError` where a verdict says that the unit is wrong or gravity is missing; it says what to state or to give."""
    told = complaint_of(verdict, unit, words)
    if told:
        raise GravityError(f"{words.where}: {told}", words.sensor, verdict, unit)


def complaint_of(verdict: GravityVerdict, unit: str | None, words: CheckWords, often: str = "") -> str:
    """Return what a verdict has against a unit, and the mend; "" where it has nothing.

    Arguments:
        often: of a verdict on several files: "in 9 of 12 files".
    """
    stated = "" if unit is None else f", not {unit}" if unit != "count" else ""
    shown = f"gravity is {verdict.magnitude:.4g} where it is quiet" if verdict.quiet else f"the median magnitude is {verdict.magnitude:.4g}"
    shown = f"{shown} {often}".strip()
    if verdict.kind == "other unit":
        return f"{shown}, so the unit is {verdict.unit}{stated}; state {words.state_unit.format(unit=verdict.unit)}"
    if verdict.kind == "missing":
        size = f"{verdict.magnitude:.2g}{'' if unit in (None, 'count') else f' {unit}'}"
        return f"gravity is missing {often or f'(the magnitude is {size} where it is calm)'}; {words.missing}"
    if verdict.kind == "counts":
        counts = f"{verdict.counts_per_g:g}" if verdict.counts_per_g < 1e6 else f"{verdict.counts_per_g:.0f}"
        mend = f"state {words.state_counts.format(counts=counts)}"
        return f"{shown}, which is 1 g in no unit, so these may be counts of a converter; {mend}"
    return ""


def check_samples(
    times: np.ndarray, values: np.ndarray, unit: str, words: CheckWords, channels: Sequence[str] = ("x", "y", "z"), row: int = 1
) -> tuple[np.ndarray, np.ndarray, tuple[Note, ...]]:
    """Check samples that are in memory, as `SensorCheck`; returns times and values without the corrupt ones, and notes."""
    if unit not in GRAVITY_UNITS and unit not in LIMITS:  # e.g. joints, whose NaN says that they are not seen
        return times, values, ()
    check = SensorCheck(unit, words, channels)
    first, rest = check.add(times, values, np.arange(row, row + len(values))), check.finish()
    return np.concatenate([first[0], rest[0]]), np.concatenate([first[1], rest[1]]), rest[2]
