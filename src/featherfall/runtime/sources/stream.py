"""Live samples of worn sensors: buffer packets, which may be uneven and have gaps, and cut complete windows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input, Manifest
from featherfall.core.recording import Stream
from featherfall.core.units import GRAVITY_UNITS, to_internal
from featherfall.runtime.sources.packed import Packed, pack
from featherfall.runtime.sources.ring import Ring
from featherfall.runtime.sources.source import Samples
from featherfall.runtime.sources.streams import by_input
from featherfall.signals.clock.live import LiveClock, longest_step
from featherfall.signals.frames import RecordingWindows, cut_span, join_windows
from featherfall.signals.quality.check import CheckWords, refuse_gravity
from featherfall.signals.quality.corrupt import AROUND, corrupt_samples
from featherfall.signals.quality.gravity import GROUP, WINDOW, GravityMeter, judge
from featherfall.signals.quality.wear import WearMeter
from featherfall.signals.resample import grid_length
from featherfall.signals.rows import row_lengths

HOLD = 60.0  # s of samples held, e.g. to plot them
MARGIN = 1.5  # s held besides a window, for the low-pass, corrupt samples and late packets
MOST_RATE = 1000  # samples a second for which there is room
NAMED_EVERY = 10.0  # s between two lines on corrupt samples; a loose contact gives some with every packet
ENOUGH = 10.0  # s without a quiet stretch before gravity is judged: a swing of the arm alone looks as if it were missing
MIN_SAMPLES = 10  # from fewer samples the rate cannot be estimated
BLOCK = GROUP * WINDOW  # s of samples that are looked at together for gravity and wear
AGAIN = 16  # blocks between two looks at gravity, once it fits: a minute
KEPT = 8  # groups of the gravity meter: half a minute
# Samples that are faster than the grid are smoothed, which raises a magnitude by at most the sum of the taps' sizes, 1.2: what stays below
# this share of the threshold is no impact.
BELOW = 0.8
# g. Walking moves a wrist by .15 to .3 within a second; simulated people who lie and stir, slump or crawl by .02 to .14.
VIGOROUS = 0.15


@dataclass(frozen=True, eq=False)
class Held:
    """What a stream held at a time: views, which stay as they are (a ring writes nothing over what it holds).

    Attributes:
        times: (N,) s. values: (N, all channels) in `units`, by input name.
    """

    manifest: Manifest
    times: np.ndarray
    values: np.ndarray
    units: Mapping[str, str]

    def streams(self) -> dict[str, Stream]:
        """Return the samples by input name, in the bundle's units, times from 0; nothing where there are too few."""
        if len(self.times) <= MIN_SAMPLES:
            return {}
        times, rate, first, found = self.times - self.times[0], _rate(self.times), 0, {}
        for need in self.manifest.inputs:
            values, unit = to_internal(self.values[:, first : first + len(need.channels)], self.units[need.name])
            found[need.name] = Stream(times, values, unit, rate, need.placement, tuple(need.channels))
            first += len(need.channels)
        return found


class SampleStream:
    """Hold the last seconds of live samples, and cut windows of them as `signals.frames` cuts recordings: on the same grid, each once.

    Attributes:
        now: time of the last sample, s; 0 before the first.
        gaps, gap_s: interruptions, and their seconds in all.
        repeated: samples that came again or too late, and were left out.
    """

    def __init__(self, manifest: Manifest, unit: str | Mapping[str, str] | None = None, name: str = "stream", hold_s: float = HOLD) -> None:
        """Arguments:
            unit: unit of the samples, or units by input name; None takes the bundle's.
            name: of the device, for messages.
            hold_s: of samples; never less than the windows need.

        Raises: `UserError` where the bundle takes no samples, or needs a recording's beginning and end.
        """
        if manifest.kind != "window" or any(one.is_film for one in manifest.inputs):
            raise UserError(f"bundle {manifest.name!r} takes no live samples (kind {manifest.kind}); give one for worn sensors")
        if manifest.window.kind == "trial":
            raise UserError(f"bundle {manifest.name!r} takes whole recordings, live samples have no end; give one of windows")
        self.manifest, self.name = manifest, name
        self._units = {need.name: need.unit for need in manifest.inputs} | by_input("unit", unit, manifest.inputs)
        self._hold = max(hold_s, manifest.window.seconds + manifest.window.spacing_s + MARGIN)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        ends = np.cumsum([0, *(len(need.channels) for need in self.manifest.inputs)])
        self._columns = {need.name: slice(*ends[k : k + 2]) for k, need in enumerate(self.manifest.inputs)}
        self._ring = Ring(int(ends[-1]), self._hold, round(self._hold * MOST_RATE))
        self._clock = LiveClock()
        self.now = 0.0
        self.gaps, self.gap_s, self.repeated = 0, 0.0, 0
        self._origin: float | None = None  # first sample of the stretch, where its grid begins, s
        self._began = np.inf  # first sample ever, s
        self._next = 0  # point of the grid from which windows are still to be cut
        self._hot: list[tuple[float, float]] = []  # first and last sample of packets that may hold an impact, s
        self._flushed: list[RecordingWindows] = []  # windows of a stretch that has ended
        self._corrupt_until = {need.name: -np.inf for need in self.manifest.inputs}  # s up to which corrupt samples were counted
        self._suspect: dict[str, float] = {}  # s of the first sample that the next ones will prove corrupt or not, by input
        self._corrupt: list[str] = []  # those that were not named yet
        self._named = -np.inf
        self._accelerometer = next((one for one in self.manifest.inputs if one.unit == "g" and len(one.channels) == 3), None)
        self._gravity, self._wear = GravityMeter(KEPT), WearMeter(self._one_g)
        self._fits = False  # whether quiet gravity has shown that the unit is right
        self._looked, self._blocks = -np.inf, 0  # s up to which the meters have seen samples; blocks since

    @property
    def times(self) -> np.ndarray:
        """(N,) float64 s of the samples held, strictly increasing."""
        return self._ring.times

    @property
    def values(self) -> dict[str, np.ndarray]:
        """(N, C) float32 of the samples held by input name, in the unit in which they arrived."""
        return {name: self._ring.values[:, columns] for name, columns in self._columns.items()}

    @property
    def is_worn(self) -> bool:
        """False where the accelerometer has not moved for half an hour."""
        return self._wear.is_worn

    def is_lively(self, seconds: int = 5) -> bool:
        """Return whether the accelerometer moved in nearly all of the last `seconds` as that of somebody who walks or works.

        Vigorous is a standard deviation of the magnitude of `VIGOROUS` within a second; one second may be calmer.
        """
        if self._accelerometer is None:
            return False
        size = row_lengths(self._ring.values[:, self._columns[self._accelerometer.name]])
        edges = np.searchsorted(self.times, self.now - np.arange(seconds, -1, -1.0), side="right")
        parts = [size[first:after] for first, after in pairwise(edges)]
        return sum(len(one) > 2 and float(one.std()) >= VIGOROUS * self._one_g for one in parts) >= seconds - 1

    @property
    def nbytes(self) -> int:
        """Bytes of the samples held."""
        return self._ring.nbytes

    def add(self, samples: Samples) -> None:
        """Take a packet.

        Samples that are sent again or come too late are dropped; where the device's clock begins anew or is set, the times go on.

        Raises: `UserError` for a missing input, a wrong shape, and missing values.
        """
        self.add_packed(*pack([self.arrays(samples)], self.first))

    def arrays(self, samples: Samples) -> tuple[np.ndarray, np.ndarray]:
        """Return a packet's times, (N,) float64 s, and values, (N, all channels), to be packed and added; raises `UserError` as `add`."""
        if samples.units:
            self._units |= samples.units
        times = np.asarray(samples.times, dtype=np.float64)
        parts = []
        for need in self.manifest.inputs:
            if need.name not in samples.values:
                raise UserError(f"{self.name} gives no {need.name}, which the model needs; choose another model")
            values = np.asarray(samples.values[need.name])
            if values.shape != (len(times), len(need.channels)):
                raise UserError(f"{self.name}: {need.name} has shape {values.shape}; give ({len(times)}, {len(need.channels)})")
            parts.append(values)
        return times, parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    @property
    def first(self) -> int:
        """Number of channels of the first input."""
        return len(self.manifest.inputs[0].channels)

    def add_packed(self, packet: Packed) -> None:
        """Take a packet as `add`; raises `UserError` for missing values."""
        times, values = packet.times, packet.values
        if not packet.is_finite:
            self._refuse_missing(values)
        clock = self._clock
        if clock.shift or not clock.follows(packet.begin, packet.end, packet.shortest, packet.longest):
            times, keep = clock.take(times, values, self._ring.times, self._ring.values)
            if keep is not None and not keep.all():
                self.repeated += int((~keep).sum())
                times, values = times[keep], values[keep]
        if not len(times):
            return
        edges = self._edges(times)
        if not edges:
            self._append(times, values, packet.peak)
            return
        for first, after in zip([0, *edges], [*edges, len(times)], strict=True):
            if first:
                self._end_stretch()
            self._append(times[first:after], values[first:after], packet.peak)

    def held(self) -> Held:
        """Return the samples that are held now."""
        return Held(self.manifest, self._ring.times, self._ring.values, dict(self._units))

    def restate(self, name: str, unit: str) -> None:
        """Take an input's samples in another unit, those held too."""
        self._units[name] = unit
        self._gravity, self._wear, self._looked = GravityMeter(KEPT), WearMeter(self._one_g), -np.inf
        self._measure()

    @property
    def rate(self) -> float:
        """Samples a second of what is held, Hz; 0 where there is too little."""
        return _rate(self.times)

    def windows(self) -> RecordingWindows | None:
        """Cut the windows that are complete and were not given yet: all their samples have arrived, those that decide on an impact, and
        those beside a sample that may be corrupt.

        Returns: times on the stream's clock; None for none.
        Raises: `UserError` for acceleration that contradicts its unit.
        """
        if len(self._ring) <= MIN_SAMPLES or self.now - self.times[0] < self.manifest.window.seconds:
            found, self._flushed = self._flushed, []
            return join_windows(found) if found else None
        self._judge_gravity()
        cut = self._cut(final=False)
        if not self._flushed:
            return cut
        found = self._flushed if cut is None else [*self._flushed, cut]
        self._flushed = []
        return join_windows(found)

    def finish(self) -> RecordingWindows | None:
        """Cut what is left, as nothing more comes for now: windows that the end of a recording would have."""
        if len(self._ring) <= MIN_SAMPLES:
            return None
        self._end_stretch()
        found, self._flushed = self._flushed, []
        return join_windows(found) if found else None

    def left_out(self) -> str:
        """Return a line on the corrupt samples that were left out and not named yet; "" without any, and soon after another one."""
        if not self._corrupt or self.now < self._named + NAMED_EVERY:
            return ""
        line = f"{len(self._corrupt)} corrupt samples were left out, the last: {self._corrupt[-1]}"
        line = line if len(self._corrupt) > 1 else f"a corrupt sample was left out: {self._corrupt[0]}"
        self._corrupt, self._named = [], self.now
        return line

    @property
    def _one_g(self) -> float:
        return GRAVITY_UNITS.get(self._units[self._accelerometer.name], 1.0) if self._accelerometer is not None else 1.0

    def _refuse_missing(self, values: np.ndarray) -> None:
        missing = next(name for name, columns in self._columns.items() if not np.isfinite(values[:, columns]).all())
        raise UserError(f"{self.name} gives no {missing}, which the model needs; choose another model")

    def _edges(self, times: np.ndarray) -> list[int]:
        """Count gaps; return the indices before which the samples pause for so long that the grid begins anew."""
        if self._clock.longest <= 0.25:
            return []
        steps = np.diff(times, prepend=self.now if len(self._ring) else times[0])
        usual = longest_step(self.times if len(self._ring) > MIN_SAMPLES else times)
        gaps = steps > usual
        self.gaps += int(gaps.sum())
        self.gap_s += float(steps[gaps].sum())
        found = np.flatnonzero(steps > max(self.manifest.window.seconds, usual)).tolist()
        if found and found[0] == 0:
            self._end_stretch()
            found = found[1:]
        return [int(one) for one in found]

    def _append(self, times: np.ndarray, values: np.ndarray, peak: float) -> None:
        """Append samples; peak: largest squared length of one of the first input, or more."""
        if self._origin is None:
            self._origin = float(times[0])
            self._began = min(self._began, self._origin)
        if self.manifest.window.kind == "impact":
            high = self.manifest.window.threshold_g * GRAVITY_UNITS.get(self._units[self.manifest.inputs[0].name], 1.0)
            if peak >= (BELOW * high) ** 2:
                first = values[:, : self.first]
                squares = np.einsum("ij,ij->i", first, first)
                high *= BELOW if self.rate > 1.05 * self.manifest.window.rate or len(self._ring) <= MIN_SAMPLES else 1 - 1e-6
                hot = np.flatnonzero(squares >= high * high)
                self._hot += [(float(times[hot[0]]), float(times[hot[-1]]))] if len(hot) else []
        self._ring.add(times, values)
        self.now = float(times[-1])
        if self._accelerometer is not None:
            self._measure()

    def _measure(self) -> None:
        """Feed the meters: every packet until gravity fits, then blocks of some seconds."""
        if self._fits and self.now - self._looked < BLOCK:
            return
        assert self._accelerometer is not None
        start = int(np.searchsorted(self.times, self._looked, side="right"))
        at, values = self.times[start:], self._ring.values[start:, self._columns[self._accelerometer.name]]
        if not self._fits or not self._blocks % 4:  # a fault that comes later lasts, so a quarter of the time shows it
            self._gravity.add(at, values)
        self._wear.add(at, values)
        self._looked = self.now
        self._blocks += 1

    def _judge_gravity(self) -> None:
        need = self._accelerometer
        if need is None or (self._fits and self._blocks < AGAIN):
            return
        self._blocks = 0
        unit = self._units[need.name]
        _, inside = to_internal(np.zeros(1), unit)
        if inside != need.unit:
            raise UserError(f"{self.name}: {need.name} is in {unit!r}, which does not measure what {need.unit!r} does; correct the unit")
        verdict = judge(self._gravity.evidence(), unit)
        if verdict.quiet or self.now - self._began >= ENOUGH:
            refuse_gravity(verdict, unit, CheckWords(self.name, need.name, state_unit="the unit of its samples: {unit}"))
        self._fits = verdict.kind == "fits" and verdict.quiet

    def _end_stretch(self) -> None:
        """Cut what is left of the stretch, and let the next sample begin another one."""
        if self._origin is not None and len(self._ring) > MIN_SAMPLES:
            cut = self._cut(final=True)
            self._flushed += [] if cut is None else [cut]
        self._origin, self._next, self._hot = None, 0, []

    def _cut(self, final: bool) -> RecordingWindows | None:
        """Cut the windows from `_next` on, None for none. final: the stretch has ended, so windows may reach beyond it."""
        window, origin = self.manifest.window, self._origin
        if origin is None:
            return None
        count = grid_length(origin, self.now, window.rate)
        after = count if final else self._complete(count)
        streams: dict[str, Stream] = {}
        if self._may_hold(origin, after):
            start = int(np.searchsorted(self.times, origin))
            streams = {need.name: self._stream(need, start) for need in self.manifest.inputs}
            if not final:
                limit = min([self.now, *self._suspect.values()])
                after = min(after, self._complete(math.floor((limit - origin) * window.rate + 1e-6) + 1))
        first, self._next = self._next, max(self._next, after)
        if not streams or first >= after or any(len(one.times) < 2 for one in streams.values()):
            return None
        self._hot = [one for one in self._hot if one[1] > origin + (self._next - 2) / window.rate]
        return cut_span(streams, window, self.manifest.inputs[0].name, origin, (first, after), count if final else max(count, 2))

    def _complete(self, count: int) -> int:
        """Return the point of the grid before which windows are complete when `count` points are there."""
        window = self.manifest.window
        if window.kind == "impact":
            return max(count - max(window.length - window.before - 1, window.spacing), 0)
        return max((count - window.length) // window.stride * window.stride + 1, 0) if count >= window.length else 0

    def _may_hold(self, origin: float, after: int) -> bool:
        """Return whether windows may begin, or peak, at the points from `_next`, before `after`."""
        window = self.manifest.window
        if self._next >= after:
            return False
        if window.kind != "impact":
            return True
        low, high = origin + (self._next - 1) / window.rate, origin + (after + 1) / window.rate
        self._hot = [one for one in self._hot if one[1] >= low]
        return any(one[0] <= high for one in self._hot)

    def _stream(self, need: Input, start: int) -> Stream:
        raw, unit, times = self._ring.values[start:, self._columns[need.name]], self._units[need.name], self.times[start:]
        values, inside = to_internal(raw, unit)
        if inside != need.unit:
            raise UserError(f"{self.name}: {need.name} is in {unit!r}, which does not measure what {need.unit!r} does; correct the unit")
        if need is self._accelerometer:  # what stands beside the last samples is still to come
            bad = corrupt_samples(times, values, 1.0)
            undecided = bad & (times > times[-1] - AROUND) if bad.any() else bad
            self._suspect[need.name] = float(times[undecided][0]) if undecided.any() else np.inf
            bad &= ~undecided
            if bad.any():
                self._count_corrupt(need, times[bad], raw[bad])
                times, values = times[~bad], values[~bad]
        return Stream(times, values, inside, _rate(times), need.placement, tuple(need.channels))

    def _count_corrupt(self, need: Input, times: np.ndarray, raw: np.ndarray) -> None:
        """Note corrupt samples once, though the same seconds are cut again and again."""
        for time, sample in zip(times, raw, strict=True):
            if time > self._corrupt_until[need.name]:
                worst = int(np.abs(sample).argmax())
                unit = self._units[need.name]
                self._corrupt.append(f"{need.name} at {time:.2f} s ({need.channels[worst]} is {sample[worst]:.4g} {unit})")
                self._corrupt_until[need.name] = float(time)


def _rate(times: np.ndarray) -> float:
    """Return samples a second, Hz; 0 for fewer than two."""
    return (len(times) - 1) / float(times[-1] - times[0]) if len(times) > 1 else 0.0
