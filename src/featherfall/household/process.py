"""The process of `featherfall watch`: sources -> devices and cameras -> alarms -> sinks, until it is told to end."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from featherfall.alarms import AlarmEvent, Condition, Trigger
from featherfall.alarms.database import StoreError
from featherfall.alarms.snippets import Snippet
from featherfall.core.errors import UserError
from featherfall.core.tables import nearest
from featherfall.household.build import open_alarms, open_cameras, open_devices, open_sources, settings_of
from featherfall.household.config import HouseholdConfig
from featherfall.household.fusion import Fusion, Witness, witnesses_of
from featherfall.runtime.alarm import AlarmMessage
from featherfall.runtime.decide.zones import Zone
from featherfall.runtime.devices import DeviceNotice
from featherfall.runtime.sources.packets import Health, Inbox, Packet

TICK = 1.0  # s between two looks at the clock
_WAIT = 0.25  # s that the inbox is waited for
_TOGETHER = 256  # packets that are judged together: more would hold back the first of them


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
        config: what is watched. sources, devices, cameras, alarms: how it fares.
        stopping: set to end `run`.
        started: when it did, s since 1970.
    """

    def __init__(self, config: HouseholdConfig, listener: Callable[[AlarmMessage], object] = lambda _: None) -> None:
        """Arguments:
            listener: takes every message of an alarm, also those that are muted.

        Raises: `UserError` for what cannot be opened whatever the time.
        """
        self.config, self.devices, self.sources = config, open_devices(config), open_sources(config)
        self.alarms = open_alarms(config, listener)
        self.cameras = open_cameras(config, self.report)
        self.stopping, self.started = threading.Event(), time.time()
        self._inbox = Inbox()
        self._people = {one.name: one.person for one in config.devices}
        sensors: list[tuple[str, Witness]] = [(self._people[one.name], one) for one in self.devices]
        sensors += [(one.config.person, one) for one in self.cameras]
        self._fusion = Fusion(witnesses_of([one.name for one in config.people], sensors), settings_of(config))
        self._names = {source.name: source for source in self.sources}
        self._zones_read = False
        for camera in self.cameras:
            camera.is_shown = config.status is not None and config.status.pictures

    def run(self, until_ended: bool = False) -> None:
        """Watch until `stopping` is set.

        Arguments:
            until_ended: also end when every source has, e.g. recordings.
        """
        self.alarms.start()
        for source in self.sources:
            source.start(_Named(self._inbox, source.name))
        for camera in self.cameras:
            camera.start()
        try:
            due = 0.0
            while not self.stopping.is_set():
                self._take(self._inbox.take(_WAIT, _TOGETHER))
                if time.monotonic() >= due:
                    due = time.monotonic() + TICK
                    self._tick(time.time())
                if until_ended and not self._inbox.take_ready() and self._ended():
                    break
        finally:
            for camera in self.cameras:
                camera.stop()
            for source in self.sources:
                source.stop()
            self._take(self._inbox.take(0.0))
            self.alarms.stop()

    def report(self, person: str, what: AlarmEvent | Condition) -> None:
        """Take an event or a condition of a person, from any thread."""
        if isinstance(what, Condition):
            self.alarms.report(person, what)
        else:
            self.alarms.handle(person, self._fusion.seen(person, what))

    def _ended(self) -> bool:
        healths = [*(one.health for one in self.sources), *(camera.source.health for camera in self.cameras)]
        return all(one.state in ("ended", "failed") for one in healths)

    def change_zones(self, name: str, zones: Sequence[Zone]) -> None:
        """Take other beds and sofas of a camera, and keep them; raises `UserError` for an unknown one, and where they cannot be kept."""
        camera = next((one for one in self.cameras if one.config.name == name), None)
        if camera is None:
            raise UserError(f"no camera is called {name!r}; {nearest(name, [one.config.name for one in self.cameras])}")
        store = self.alarms.store
        if store is None:
            raise UserError("zones cannot be kept: the household has no store, or it is away; state one as store: alarms.db")
        try:
            store.draw_zones(name, zones)
        except StoreError as error:
            raise UserError(f"zones cannot be kept: {error}") from None
        camera.change_zones(zones)

    def _read_zones(self) -> None:
        """Take the zones that were drawn in place of the configuration's, as soon as the store can be read."""
        store = self.alarms.store
        if self._zones_read or store is None or not self.cameras:
            return
        with contextlib.suppress(StoreError):
            drawn = store.zones()
            self._zones_read = True
            for camera in self.cameras:
                camera.change_zones(drawn.get(camera.config.name, camera.zones))

    def _tick(self, now: float) -> None:
        self._read_zones()
        self._tell(self.devices.tick(now))
        for camera in self.cameras:
            camera.tick(now)
        self._fusion.tick(now, self.alarms.handle)
        self.alarms.tick()

    def _take(self, packets: list[Packet]) -> None:
        for packet in packets:
            if self.devices.find(packet) is None:
                self._names[packet.source].health.refuse(f"unknown device {packet.device!r}; add it under devices")
        self._tell(self.devices.take(packets))

    def _tell(self, notices: Sequence[DeviceNotice]) -> None:
        for one in notices:
            what: AlarmEvent | Condition
            if one.kind == "possible fall":
                what = AlarmEvent(Trigger.fall, one.time, one.device, one.confidence)
            else:
                what = Condition(one.kind, one.device, one.time, one.is_on, one.reason)
            self.report(self._people[one.device], what)
            if one.streams:
                self._keep(one)

    def _keep(self, fall: DeviceNotice) -> None:
        """Keep the signal around a possible fall for review."""
        person = self._people[fall.device]
        episode = self.alarms.machines[person].memory.episode
        self.alarms.keep(Snippet(person, fall.time, fall.device, episode, fall.streams))
