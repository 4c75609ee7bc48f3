"""Live samples of worn sensors: buffer packets, which may be uneven and have gaps, and cut complete windows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input, Manifest
from featherfall.core.recording import Stream
from featherfall.core.units import to_internal
from featherfall.runtime.sources.source import Samples
from featherfall.runtime.sources.streams import by_input
from featherfall.signals.clock.live import LiveClock
from featherfall.signals.frames import RecordingWindows, cut_recording
from featherfall.signals.quality.check import CheckWords, refuse_gravity
from featherfall.signals.quality.corrupt import AROUND, corrupt_samples
from featherfall.signals.quality.gravity import GravityMeter, judge

HOLD = 60.0  # s of samples held, e.g. to plot them; never less than `WINDOWS_HELD` windows
WINDOWS_HELD = 4
CUT = 12.0  # s cut again with each packet, at least; resampling needs the samples around a window
NAMED_EVERY = 10.0  # s between two lines on corrupt samples; a loose contact gives some with every packet
ENOUGH = 10.0  # s without a quiet stretch before gravity is judged: a swing of the arm alone looks as if it were missing
MIN_SAMPLES = 10  # from fewer samples the rate cannot be estimated


class SampleStream:
    """Hold the last seconds of live samples, and cut windows of them as `signals.frames` cuts recordings.

    Attributes:
        times: (N,) float64 s of the samples held, strictly increasing.
        values: (N, C) float64 of them by input name, in the unit in which they arrived.
    """

    def __init__(self, manifest: Manifest, unit: str | dict[str, str] | None = None, name: str = "stream") -> None:
        """Arguments:
            unit: unit of the samples, or units by input name; None takes the bundle's.
            name: of the device, for messages.

        Raises: `UserError` where the bundle takes no samples, or needs a recording's beginning and end.
        """
        if manifest.kind != "window" or any(one.is_film for one in manifest.inputs):
            raise UserError(f"bundle {manifest.name!r} takes no live samples (kind {manifest.kind}); give one for worn sensors")
        if manifest.window.kind == "trial":
            raise UserError(f"bundle {manifest.name!r} takes whole recordings, live samples have no end; give one of windows")
        self.manifest, self.name = manifest, name
        self._units = {need.name: need.unit for need in manifest.inputs} | by_input("unit", unit, manifest.inputs)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.times = np.zeros(0)
        self._clock = LiveClock()
        self.values = {need.name: np.zeros((0, len(need.channels))) for need in self.manifest.inputs}
        self._corrupt_until = {need.name: -np.inf for need in self.manifest.inputs}  # s up to which corrupt samples were counted
        self._suspect: dict[str, float] = {}  # s of the first sample that the next ones will prove corrupt or not, by input
        self._corrupt: list[str] = []  # those that were not named yet
        self._named = -np.inf
        self._gravity = {need.name: GravityMeter() for need in self.manifest.inputs if need.unit == "g" and len(need.channels) == 3}

    @property
    def now(self) -> float:
        """Time of the last sample, s; 0 before the first."""
        return float(self.times[-1]) if len(self.times) else 0.0

    def add(self, samples: Samples) -> None:
        """Take a packet.

        Samples that are sent again or come too late are dropped; where the device's clock begins anew or is set, the times go on.

        Raises: `UserError` for a missing input or a wrong shape.
        """
        self._units |= samples.units
        times = np.asarray(samples.times, dtype=np.float64)
        fresh = {need.name: self._checked(need, samples, len(times)) for need in self.manifest.inputs}
        values, held = (np.concatenate([one[need.name] for need in self.manifest.inputs], axis=1) for one in (fresh, self.values))
        times, keep = self._clock.take(times, values, self.times, held)
        self.times = np.concatenate([self.times, times[keep]])
        self.values = {name: np.concatenate([held, fresh[name][keep]]) for name, held in self.values.items()}
        for name, meter in self._gravity.items():
            meter.add(times[keep], fresh[name][keep])
        if len(self.times):
            self._drop_before(self.now - max(HOLD, WINDOWS_HELD * self.manifest.window.seconds))

    def windows(self) -> RecordingWindows | None:
        """Cut the windows of the last seconds that are complete: all their samples have arrived, those that decide on an impact, and those
        beside a sample that may be corrupt.

        Returns: times on the stream's clock; None as long as there is less than one window of samples.
        Raises: `UserError` for missing values, and for acceleration that contradicts its unit.
        """
        if len(self.times) <= MIN_SAMPLES or self.now - self.times[0] < self.manifest.window.seconds:
            return None
        tail = self.times > self.now - max(WINDOWS_HELD * self.manifest.window.seconds, CUT)
        if tail.sum() <= MIN_SAMPLES:  # after a pause
            return None
        start = float(self.times[tail][0])
        streams = {need.name: self._stream(need, tail, start) for need in self.manifest.inputs}
        cut = cut_recording(streams, self.manifest.window, self.manifest.inputs[0].name)
        cut = replace(cut, start_s=cut.start_s + start, end_s=cut.end_s + start, centre_s=cut.centre_s + start)
        return cut.select(cut.end_s <= min([self.now, *self._suspect.values()]))

    def left_out(self) -> str:
        """Return a line on the corrupt samples that were left out and not named yet; "" without any, and soon after another one."""
        if not self._corrupt or self.now < self._named + NAMED_EVERY:
            return ""
        line = f"{len(self._corrupt)} corrupt samples were left out, the last: {self._corrupt[-1]}"
        line = line if len(self._corrupt) > 1 else f"a corrupt sample was left out: {self._corrupt[0]}"
        self._corrupt, self._named = [], self.now
        return line

    def _checked(self, need: Input, samples: Samples, count: int) -> np.ndarray:
        if need.name not in samples.values:
            raise UserError(f"{self.name} gives no {need.name}, which the model needs; choose another model")
        values = np.asarray(samples.values[need.name], dtype=np.float64)
        if values.shape != (count, len(need.channels)):
            raise UserError(f"{self.name}: {need.name} has shape {values.shape}; give ({count}, {len(need.channels)})")
        return values

    def _drop_before(self, time: float) -> None:
        keep = self.times > time
        self.times = self.times[keep]
        self.values = {name: values[keep] for name, values in self.values.items()}

    def _stream(self, need: Input, tail: np.ndarray, start: float) -> Stream:
        raw, unit = self.values[need.name][tail], self._units[need.name]
        if not np.isfinite(raw).all():
            raise UserError(f"{self.name} gives no {need.name}, which the model needs; choose another model")
        values, inside = to_internal(raw, unit)
        if inside != need.unit:
            raise UserError(f"{self.name}: {need.name} is in {unit!r}, which does not measure what {need.unit!r} does; correct the unit")
        if inside == "g" and need.name in self._gravity:
            words = CheckWords(self.name, need.name, state_unit="the unit of its samples: {unit}")
            verdict = judge(self._gravity[need.name].evidence(), unit)
            if verdict.quiet or self.now - self.times[0] >= ENOUGH:
                refuse_gravity(verdict, unit, words)
        times = self.times[tail] - start
        if inside == "g" and need.name in self._gravity:  # what stands beside the last samples is still to come
            bad = corrupt_samples(times, values, 1.0)
            undecided = bad & (times > times[-1] - AROUND)
            self._suspect[need.name] = float(start + times[undecided][0]) if undecided.any() else np.inf
            bad &= ~undecided
            self._count_corrupt(need, start + times[bad], raw[bad])
            times, values = times[~bad], values[~bad]
        return Stream(times, values, inside, (len(times) - 1) / float(times[-1]), need.placement, tuple(need.channels))

    def _count_corrupt(self, need: Input, times: np.ndarray, raw: np.ndarray) -> None:
        """Note corrupt samples once, though the same seconds are cut again and again."""
        for time, sample in zip(times, raw, strict=True):
            if time > self._corrupt_until[need.name]:
                worst = int(np.abs(sample).argmax())
                unit = self._units[need.name]
                self._corrupt.append(f"{need.name} at {time:.2f} s ({need.channels[worst]} is {sample[worst]:.4g} {unit})")
                self._corrupt_until[need.name] = float(time)
