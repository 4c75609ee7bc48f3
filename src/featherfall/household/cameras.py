"""A camera of a household: a thread that looks at its pictures."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from featherfall.alarms import AlarmEvent, Condition, Rises
from featherfall.core.errors import UserError
from featherfall.household.sources import CameraConfig
from featherfall.runtime.bundle import Bundle
from featherfall.runtime.decide.zones import Zone
from featherfall.runtime.observation import FrameResult
from featherfall.runtime.sources.camera import CameraSource
from featherfall.runtime.watch import Monitor

ReportEvent = Callable[[str, AlarmEvent | Condition], object]  # of a person
_TICK = 1.0  # s
FRESH_S = 2.0  # s since the last look, after which the camera says nothing of now


@dataclass
class CameraLooks:
    """Pictures that were looked at, and people in the last one.

    Attributes:
        idle: pictures that were not looked at, as nothing had changed. unjudged: why nothing can be judged now; "" where it can.
    """

    looks: int = 0
    idle: int = 0
    people: int = 0
    falls: int = 0
    unjudged: str = ""


class CameraWatch:
    """Watch one camera.

    Attributes:
        config, source: of it. looks: what was seen. zones: beds and sofas.
        is_shown: whether the last picture is held. picture: that, (H, W, 3) uint8 RGB; None where it is not.
    """

    picture: np.ndarray | None

    def __init__(self, config: CameraConfig, source: CameraSource, bundle: Bundle, report: ReportEvent) -> None:
        """report: takes events and conditions, from the camera's thread. Raises: `UserError` for a bundle that follows nobody."""
        if bundle.manifest.kind not in ("keypoints", "detector"):
            raise UserError(f"source {config.name!r}: bundle {bundle.manifest.name!r} follows nobody in pictures; take camera")
        self.config, self.source, self.looks = config, source, CameraLooks()
        zones = [Zone(tuple(corners)) for corners in config.zones]
        self.zones: tuple[Zone, ...] = tuple(zones)
        self.is_shown, self.picture = False, None
        lies_for_s = config.lies_for_s or None
        self._monitor = Monitor(bundle, skip_idle=config.skip_idle, still_down_s=config.still_down_s, lies_for_s=lies_for_s, zones=zones)
        self._report = report
        self._thread = threading.Thread(target=self._run, name=config.name, daemon=True)
        self._offline, self._began = False, time.time()
        self._told = False  # whether "cannot judge" was
        self._upright = (0.0, 0.0)  # the time of the last look, s since 1970, and for how long the only person has been upright then, s

    def change_zones(self, zones: Sequence[Zone]) -> None:
        """Take other beds and sofas from the next picture on."""
        self.zones = tuple(zones)
        self._monitor.change_zones(zones)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for that."""
        self.source.stop()
        self._thread.join(5.0)

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        return self.config.name

    def denies(self, since: float, now: float) -> bool:
        """As `household.fusion.Witness`: the only person in view has been upright since then."""
        looked, upright = self._upright
        return now - looked <= FRESH_S and looked - upright <= since

    def tick(self, now: float) -> None:
        """Tell when the camera is gone, and when it is back; now: s since 1970."""
        silent = now - (self.source.health.last or self._began)
        offline = silent > self.config.offline_s and self.source.health.state != "ended"
        if offline != self._offline:
            self._offline = offline
            reason = self.source.health.reason or f"no picture came for {silent:.0f} s"
            condition = Condition("device offline", self.config.name, now, is_on=offline, reason=reason if offline else "")
            self._report(self.config.person, condition)

    def _run(self) -> None:
        rises = Rises()
        try:
            for frame in self.source.frames(self._monitor.rate):
                result = self._monitor.see(frame.time, frame.image)
                self.picture = frame.image if self.is_shown else None
                if result is not None:
                    self._tell(result, rises)
            self._finish()
        except UserError as error:
            self.source.health.change("failed", error)

    def _finish(self) -> None:
        """Tell of signs whose wait the end of the pictures cuts short."""
        for notice in self._monitor.finish():
            self._report(self.config.person, AlarmEvent.of_notice(notice, time.time(), self.config.name))

    def _tell(self, result: FrameResult, rises: Rises) -> None:
        now, name, person = time.time(), self.config.name, self.config.person
        self.looks.looks += self._monitor.idle == self.looks.idle
        self.looks.idle = self._monitor.idle
        self.looks.people, self.looks.unjudged = len(result.people), result.unjudged
        self.looks.falls = len(self._monitor.falls)
        self._upright = now, 0.0 if result.unjudged else self._monitor.upright_for
        for notice in result.notices:
            self._told |= notice.kind == "cannot judge"
            self._report(person, AlarmEvent.of_notice(notice, now, name))
        if self._told and not result.unjudged:
            self._told = False
            self._report(person, Condition("cannot judge", name, now, is_on=False))
        for event in rises.step(self._monitor.falls, now, name):
            self._report(person, event)
