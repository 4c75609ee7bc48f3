"""A recording played as if it were live, at any speed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.core.registry import register
from featherfall.runtime.sources.assemble import SENSORS
from featherfall.runtime.sources.csv import open_csv
from featherfall.runtime.sources.live import Deliver, FatalError, LiveSource
from featherfall.runtime.sources.packets import Packet, Reading
from featherfall.runtime.sources.source import Recorded
from featherfall.signals.clock.steps import UNKNOWN


class ReplaySource(LiveSource):
    """Deliver a recording's packets, a second of samples each, in their time or faster; once, or again and again."""

    def __init__(self, path: str | Path, manifest: Manifest, speed: float = 1.0, repeat: bool = False, **options: Any) -> None:
        """Arguments:
            speed: seconds of the recording a second; 0 for as fast as it is read.
            options: as of the source "csv".

        Raises: `UserError` for a negative speed.
        """
        super().__init__(str(path), manifest)
        if not 0 <= speed < float("inf"):
            raise UserError(f"{path}: speed {speed:g}; give 1 for live, 10 for ten times as fast, 0 for as fast as it is read")
        self._path, self._needs, self._speed, self._repeat, self._options = path, manifest, speed, repeat, options

    def run(self, deliver: Deliver) -> None:
        """As of `LiveSource`."""
        try:
            recorded = open_csv(self._path, self._needs, **self._options)
        except UserError as error:
            raise FatalError(str(error)) from error
        self.health.change("ok")
        end = self._play(recorded, deliver, 0.0)
        while end is not None and self._repeat:
            end = self._play(recorded, deliver, end + UNKNOWN)

    def _play(self, recorded: Recorded, deliver: Deliver, offset: float) -> float | None:
        """Deliver the recording once, its times from `offset` on; return the last one, s; None when it was stopped."""
        units = {need.name: need.unit for need in self._needs.inputs}
        first, start, last = None, time.monotonic(), offset
        for samples in recorded.samples():
            first = float(samples.times[0]) if first is None else first
            times = offset + samples.times - first
            last = float(times[-1])
            due = start + (last - offset) / self._speed if self._speed else 0.0
            if self.stopping.wait(max(due - time.monotonic(), 0.0)):
                return None
            readings = tuple(Reading(SENSORS[units[name]], times, values, units[name]) for name, values in samples.values.items())
            deliver(Packet(Path(self.name).name, readings))
        return last


@register("source", "replay", gives="samples", live=True)
def open_replay(path: str | Path, manifest: Manifest, **options: Any) -> ReplaySource:
    """A recording as if it were live: `speed` 1 as it was, 10 ten times as fast, 0 as fast as it is read; `repeat` again and again."""
    return ReplaySource(path, manifest, **options)
