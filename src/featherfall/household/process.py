"""The process of `featherfall watch`: sources -> devices -> alarms -> sinks, until it is told to end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from featherfall.household.build import open_devices, open_sources
from featherfall.household.config import HouseholdConfig
from featherfall.runtime.devices import DeviceNotice
from featherfall.runtime.sources.packets import Health, Inbox, Packet

TICK = 1.0  # s between two looks at the clock
_WAIT = 0.25  # s that the inbox is waited for


class _Named(Inbox):
    """Puts packets of one source into the inbox of all, under its name."""

    def __init__(self, inbox: Inbox, name: str) -> None:
        super().__init__(1)
        self._all, self._name = inbox, name

    def put(self, packet: Packet, health: Health | None = None) -> None:
        self._all.put(replace(packet, source=self._name), health)


class Household:
    """People who are watched, in one process.

    Attributes:
        config, sources, devices: what is watched, and how it fares.
        stopping: set to end `run`.
    """

    def __init__(self, config: HouseholdConfig, tell: Callable[[Sequence[DeviceNotice]], object]) -> None:
        """Arguments:
            tell: takes what is to be told, in order of time.

        Raises: `UserError` for what cannot be opened whatever the time.
        """
        self.config, self.devices, self.sources = config, open_devices(config), open_sources(config)
        self.stopping = threading.Event()
        self._inbox, self._tell = Inbox(), tell

    def run(self, until_ended: bool = False) -> None:
        """Watch until `stopping` is set.

        Arguments:
            until_ended: also end when every source has, e.g. recordings.
        """
        for source in self.sources:
            source.start(_Named(self._inbox, source.name))
        try:
            due = 0.0
            while not self.stopping.is_set():
                self._take(self._inbox.take(_WAIT))
                if time.monotonic() >= due:
                    due = time.monotonic() + TICK
                    self._tell(self.devices.tick(time.time()))
                if until_ended and not self._inbox.take_ready() and all(one.health.state in ("ended", "failed") for one in self.sources):
                    break
        finally:
            for source in self.sources:
                source.stop()
            self._take(self._inbox.take(0.0))

    def _take(self, packets: list[Packet]) -> None:
        by_name = {source.name: source for source in self.sources}
        for packet in packets:
            if self.devices.find(packet) is None:
                by_name[packet.source].health.refuse(f"unknown device {packet.device!r}; add it under devices")
        self._tell(self.devices.take(packets))
