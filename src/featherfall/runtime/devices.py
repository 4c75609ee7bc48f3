"""Worn devices that are watched at once: their packets in, notices out. Windows of all of them are judged together."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from featherfall.core.errors import UserError
from featherfall.runtime.bundle import Bundle
from featherfall.runtime.live import LiveWindows
from featherfall.runtime.sources.assemble import Assembler
from featherfall.runtime.sources.packets import Packet
from featherfall.runtime.sources.stream import SampleStream
from featherfall.signals.clock.steps import EPOCH

ConditionKind = Literal["device offline", "low battery", "not worn", "cannot judge"]
OFFLINE_S = 60.0  # s without a packet; watches that save their battery send every 5 to 30 s
LOW_BATTERY = 0.15  # where watches warn, too
AHEAD = 60.0  # s by which a device's date may be ahead of this machine's before that is said
BEHIND = 3600.0  # s; a device whose dates are older sends what it has kept, or its clock is wrong


@dataclass(frozen=True)
class DeviceNotice:
    """What is to be told about a device.

    Attributes:
        device: its name. time: s since 1970 on this machine's clock.
        kind: of a `Notice`, or a condition that begins or ends.
        is_on: False where a condition ends.
        confidence: probability of a fall, 0..1. reason: one line.
    """

    device: str
    time: float
    kind: Literal["possible fall", "still down", "left out"] | ConditionKind
    is_on: bool = True
    confidence: float = 0.0
    reason: str = ""


@dataclass
class DeviceHealth:
    """How a device fares.

    Attributes:
        conditions: reasons by kind, of those that last.
        packets, samples, events: counted since the start.
        gaps, gap_s: interruptions of its samples, and their seconds in all, in which nothing was judged.
        repeated: samples that came again or too late, and were left out.
        rate: Hz, of the last seconds. delay_s: of the last packet, where the device has dates.
        battery: 0..1. last: time of the last packet, s since 1970.
        clock: what is wrong with its clock, one line.
    """

    conditions: dict[ConditionKind, str]
    packets: int = 0
    samples: int = 0
    events: int = 0
    gaps: int = 0
    gap_s: float = 0.0
    repeated: int = 0
    rate: float = 0.0
    delay_s: float | None = None
    battery: float | None = None
    last: float = 0.0
    clock: str = ""


class Device:
    """One worn device.

    Attributes:
        name: for messages. health: how it fares.
    """

    def __init__(self, name: str, bundle: Bundle, unit: str | Mapping[str, str] | None = None, offline_s: float = OFFLINE_S) -> None:
        """Arguments:
            unit: that the user states. offline_s: without a packet until it is offline.

        Raises: `UserError` for a bundle that takes no live samples.
        """
        self.name, self.bundle, self.health = name, bundle, DeviceHealth({})
        self._assembler = Assembler(bundle.manifest, unit, name)
        self.windows = LiveWindows(SampleStream(bundle.manifest, None, name), bundle.probabilities)
        self._offline_s, self._began = offline_s, time.time()

    def take(self, packet: Packet) -> list[DeviceNotice]:
        """Take a packet; return what is to be told."""
        health, now = self.health, packet.received
        health.packets += 1
        health.last = now
        notices = self._condition("device offline", "", now)
        if packet.battery is not None:
            health.battery = packet.battery
            notices += self._condition("low battery", f"battery at {packet.battery:.0%}" if packet.battery < LOW_BATTERY else "", now)
        if packet.worn is not None:
            notices += self._condition("not worn", "" if packet.worn else "the device says that it is not worn", now)
        try:
            return notices + self._samples(packet)
        except UserError as error:
            return notices + self._condition("cannot judge", str(error), now)

    def tick(self, now: float) -> list[DeviceNotice]:
        """Take the time, s since 1970; return what is to be told."""
        silent = now - (self.health.last or self._began)
        if silent <= self._offline_s:
            return []
        return self._condition("device offline", f"nothing came for {silent:.0f} s" if self.health.last else "nothing has come yet", now)

    def _samples(self, packet: Packet) -> list[DeviceNotice]:
        notices: list[DeviceNotice] = []
        for samples in self._assembler.take(packet):
            self._note_clock(samples.times, packet.received)
            events = self.windows.new_events(samples)
            stream = self.windows.stream
            self.health.samples += len(samples.times)
            notices += self._condition("cannot judge", self.windows.unjudged, packet.received)
            if left_out := stream.left_out():
                notices.append(DeviceNotice(self.name, packet.received, "left out", reason=left_out))
            for event in events:
                self.health.events += 1
                at = packet.received - max(stream.now - event.raised_s, 0.0)
                notices.append(DeviceNotice(self.name, at, "possible fall", confidence=event.confidence))
        return notices

    def _note_clock(self, times: np.ndarray, received: float) -> None:
        """Note delay and clock of samples with dates. Times are only compared with one another, so a wrong clock does no harm."""
        if not len(times) or not times[-1] >= EPOCH:
            self.health.delay_s, self.health.clock = None, ""
            return
        delay = received - float(times[-1])
        self.health.delay_s = delay
        if delay < -AHEAD:
            self.health.clock = f"its clock is {-delay:.0f} s ahead"
        else:
            self.health.clock = f"its clock is {delay:.0f} s behind, or it sends what it has kept" if delay > BEHIND else ""

    def _condition(self, kind: ConditionKind, reason: str, now: float) -> list[DeviceNotice]:
        """Return the notice of a condition that begins or ends: "" for a reason is its end."""
        lasting = self.health.conditions.get(kind)
        if bool(reason) == (lasting is not None):
            if reason:
                self.health.conditions[kind] = reason
            return []
        if reason:
            self.health.conditions[kind] = reason
        else:
            del self.health.conditions[kind]
        return [DeviceNotice(self.name, now, kind, is_on=bool(reason), reason=reason)]


class Devices:
    """All worn devices, by the source and the name under which it knows them."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[str, str], Device] = {}
        self._only: dict[str, Device] = {}  # devices that take whatever their source delivers

    def add(self, device: Device, source: str, key: str | None) -> None:
        """Watch a device; `key`: how its source names it; None for a source of one device."""
        if key is None:
            self._only[source] = device
        else:
            self._by_key[source, key] = device

    def __iter__(self) -> Iterator[Device]:
        return iter([*self._by_key.values(), *self._only.values()])

    def find(self, packet: Packet) -> Device | None:
        """Return whose packet it is; None for an unknown device."""
        return self._by_key.get((packet.source, packet.device)) or self._only.get(packet.source)

    def take(self, packets: Iterable[Packet]) -> list[DeviceNotice]:
        """Take packets; return what is to be told. Those of unknown devices are passed over."""
        found = ((self.find(packet), packet) for packet in packets)
        return [notice for device, packet in found if device is not None for notice in device.take(packet)]

    def tick(self, now: float) -> list[DeviceNotice]:
        """Take the time, s since 1970; return what is to be told."""
        return [notice for device in self for notice in device.tick(now)]
