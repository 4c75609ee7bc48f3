"""Worn devices that are watched at once: their packets in, notices out. Windows of all of them are judged together."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.recording import Stream
from featherfall.runtime.bundle import Bundle
from featherfall.runtime.decide.events import EventFinder, has_numbers, usable
from featherfall.runtime.sources.assemble import Assembler
from featherfall.runtime.sources.packed import Packed, pack
from featherfall.runtime.sources.packets import Packet
from featherfall.runtime.sources.stream import Held, SampleStream
from featherfall.signals.clock.steps import EPOCH
from featherfall.signals.frames import RecordingWindows, join_windows
from featherfall.signals.quality.check import GravityError
from featherfall.signals.quality.wear import STILL_S

DeviceCondition = Literal["device offline", "low battery", "not worn", "cannot judge"]
OFFLINE_S = 60.0  # s without a packet; watches that save their battery send every 5 to 30 s
LOW_BATTERY = 0.15  # where watches warn, too
AHEAD = 60.0  # s by which a device's date may be ahead of this machine's before that is said
SILENT_S = 15.0  # s without a packet after which the windows held are judged as they are: an impact may have broken the watch
BATCH = 32  # windows a run of the model: more take more memory and are hardly faster
MOST_PACKETS = 100  # a second and device
NO_NUMBERS = "the model gives no numbers; export the bundle again"
DOUBT = 0.1  # probability of a fall from which a window looks a little like one
AROUND_S = 10.0  # s before another sensor's sign; that of a camera comes 1 to 2 s after the impact, windows of a watch 4 s
FRESH_S = 2.0  # s without a packet after which a device says nothing of now
BEHIND = 3600.0  # s; a device whose dates are older sends what it has kept, or its clock is wrong


@dataclass(frozen=True)
class DeviceNotice:
    """What is to be told about a device.

    Attributes:
        device: its name. time: s since 1970 on this machine's clock.
        kind: of a `Notice`, or a condition that begins or ends.
        is_on: False where a condition ends.
        confidence: probability of a fall, 0..1. reason: one line.
        streams: of a possible fall, the signal around it by the bundle's inputs, times from 0.
    """

    device: str
    time: float
    kind: Literal["possible fall", "left out"] | DeviceCondition
    is_on: bool = True
    confidence: float = 0.0
    reason: str = ""
    streams: Mapping[str, Stream] = field(default_factory=dict)


@dataclass
class DeviceHealth:
    """How a device fares.

    Attributes:
        conditions: reasons by kind, of those that last.
        packets, samples, events: counted since the start.
        delay_s: of the last packet, where the device has dates.
        battery: 0..1. last: time of the last packet, s since 1970.
        clock, unit: what is odd about its clock and its unit, one line each.
        dropped: packets beyond `MOST_PACKETS` a second.
    """

    conditions: dict[DeviceCondition, str]
    packets: int = 0
    samples: int = 0
    events: int = 0
    delay_s: float | None = None
    battery: float | None = None
    last: float = 0.0
    clock: str = ""
    unit: str = ""
    dropped: int = 0


@dataclass(frozen=True, eq=False)
class Pending:
    """Windows of a device that wait for the model.

    Attributes:
        received: when their last samples came, s since 1970.
        now: time of the last sample, s. held: what the device held then.
    """

    device: WornDevice
    cut: RecordingWindows
    received: float
    now: float
    held: Held


@dataclass(eq=False)
class Arrival:
    """A packet that a device is taking.

    Attributes:
        notices: what is to be told so far.
        arrays: its samples, see `SampleStream.arrays`; None where it has none.
        is_admitted: whether it goes on; False where there were too many packets, or its samples cannot be taken.
    """

    device: WornDevice
    packet: Packet
    notices: list[DeviceNotice]
    arrays: tuple[np.ndarray, np.ndarray] | None = None
    is_admitted: bool = False


class WornDevice:
    """One worn device.

    Attributes:
        name: for messages. bundle: its model. health: how it fares.
    """

    def __init__(self, name: str, bundle: Bundle, unit: str | Mapping[str, str] | None = None, offline_s: float = OFFLINE_S) -> None:
        """Arguments:
            unit: that the user states. offline_s: without a packet until it is offline.

        Raises: `UserError` for a bundle that takes no live samples.
        """
        self.name, self.bundle, self.health = name, bundle, DeviceHealth({})
        self._assembler = Assembler(bundle.manifest, unit, name)
        self.stream = SampleStream(bundle.manifest, None, name, hold_s=0.0)
        self._finder = EventFinder(bundle.manifest.decision)
        self._offline_s, self._began = offline_s, time.time()
        self._second, self._in_second = 0, 0
        self._is_flushed = True
        self._doubt = -np.inf  # when a window last looked a little like a fall, s since 1970

    def denies(self, since: float, now: float) -> bool:
        """Return whether it is sure that its wearer has not fallen around a time: it is worn and heard of, no window has looked even a
        little like a fall since `AROUND_S` before it, and the arm moves as that of somebody who is up.

        Arguments:
            since, now: s since 1970 on this machine's clock.
        """
        heard = now - self.health.last <= FRESH_S and not self.health.conditions
        return heard and self._doubt < since - AROUND_S and self.stream.is_lively()

    def open(self, packet: Packet) -> Arrival:
        """Take a packet but for its samples, which `close` takes when they are packed."""
        health, now = self.health, packet.received
        arrival = Arrival(self, packet, [])
        if not self._admits(now):
            return arrival
        health.packets += 1
        health.last = now
        arrival.is_admitted = True
        if health.conditions:
            arrival.notices += self._condition("device offline", "", now)
        if packet.battery is not None:
            health.battery = packet.battery
            low = f"battery at {packet.battery:.0%}" if packet.battery < LOW_BATTERY else ""
            arrival.notices += self._condition("low battery", low, now)
        try:
            for samples in self._assembler.take(packet):
                self._note_clock(samples.times, now)
                self._is_flushed = False
                arrival.arrays = self.stream.arrays(samples)
        except UserError as error:
            self._refuse(arrival, error)
        return arrival

    def close(self, arrival: Arrival, packed: Packed | None) -> Pending | None:
        """Take an arrival's samples, None where it has none, and complete its notices; return windows for the model."""
        if not arrival.is_admitted:
            return None
        packet, now, cut = arrival.packet, arrival.packet.received, None
        if packed is not None:
            try:
                cut = self._windows(packed)
            except UserError as error:
                self._refuse(arrival, error)
                return None
        conditions = self.health.conditions
        if conditions and packet.readings and conditions.get("cannot judge", NO_NUMBERS) != NO_NUMBERS:
            arrival.notices += self._condition("cannot judge", "", now)
        if left_out := self.stream.left_out():
            arrival.notices.append(DeviceNotice(self.name, now, "left out", reason=left_out))
        arrival.notices += self._wear(packet)
        return self._pending(cut, now)

    def judge(self, pending: Pending, probabilities: np.ndarray, use: np.ndarray) -> list[DeviceNotice]:
        """Take what the model says of windows; return what is to be told.

        Arguments:
            probabilities: (K,) float32 of a fall. use: (K,) bool, whether a window counts.
        """
        falls, cut = probabilities[use], pending.cut
        notices: list[DeviceNotice] = []
        if not len(falls):
            return notices
        if falls.max() >= DOUBT:
            self._doubt = float(pending.received)
        for event in self._finder.add(cut.centre_s[use], cut.end_s[use], falls):
            self.health.events += 1
            at = pending.received - max(pending.now - event.raised_s, 0.0)
            notices.append(DeviceNotice(self.name, at, "possible fall", confidence=event.confidence, streams=pending.held.streams()))
        return notices

    def note_numbers(self, has_numbers: bool, now: float) -> list[DeviceNotice]:
        """Take whether the model gives numbers for its windows; return what is to be told."""
        if has_numbers and not self.health.conditions:
            return []
        return self._condition("cannot judge", "" if has_numbers else NO_NUMBERS, now)

    def tick(self, now: float) -> tuple[list[DeviceNotice], Pending | None]:
        """Take the time, s since 1970; return what is to be told, and windows for the model."""
        silent = now - (self.health.last or self._began)
        pending = None
        if silent > SILENT_S and not self._is_flushed:
            self._is_flushed = True
            cut = self.stream.finish()
            pending = self._pending(cut, self.health.last)
        if silent <= self._offline_s:
            return [], pending
        reason = f"nothing came for {silent:.0f} s" if self.health.last else "nothing has come yet"
        return self._condition("device offline", reason, now), pending

    def _pending(self, cut: RecordingWindows | None, received: float) -> Pending | None:
        return Pending(self, cut, received, self.stream.now, self.stream.held()) if cut is not None and len(cut.centre_s) else None

    def _admits(self, now: float) -> bool:
        """Return whether a packet is within `MOST_PACKETS` a second; others are dropped and counted."""
        if int(now) != self._second:
            self._second, self._in_second = int(now), 0
        self._in_second += 1
        self.health.dropped += self._in_second > MOST_PACKETS
        return self._in_second <= MOST_PACKETS

    def _refuse(self, arrival: Arrival, error: UserError) -> None:
        """Note why a packet's samples cannot be taken; nothing else is done with it."""
        arrival.notices += self._condition("cannot judge", str(error), arrival.packet.received)
        arrival.arrays, arrival.is_admitted = None, False

    def _windows(self, packed: Packed) -> RecordingWindows | None:
        self.stream.add_packed(packed)
        self.health.samples += len(packed.times)
        try:
            return self.stream.windows()
        except GravityError as error:
            return self._corrected(error)

    def _corrected(self, error: GravityError) -> RecordingWindows | None:
        """Take the samples in the unit that quiet gravity shows, where nobody has stated one; else raises the error."""
        verdict = error.verdict
        if verdict is None or verdict.kind != "other unit" or not verdict.quiet or self._assembler.stated:
            raise error
        first = self.bundle.manifest.inputs[0].name
        self._assembler.restate(verdict.unit)
        self.stream.restate(first, verdict.unit)
        self.health.unit = f"gravity is {verdict.magnitude:.3g} where it is quiet, so its samples are taken as {verdict.unit}"
        return self.stream.windows()

    def _wear(self, packet: Packet) -> list[DeviceNotice]:
        if packet.worn is False:
            return self._condition("not worn", "the device says that it is not worn", packet.received)
        if packet.readings and not self.stream.is_worn:
            return self._condition("not worn", f"it has not moved for {STILL_S / 60:.0f} minutes", packet.received)
        if packet.worn or packet.readings:
            return self._condition("not worn", "", packet.received)
        return []

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

    def _condition(self, kind: DeviceCondition, reason: str, now: float) -> list[DeviceNotice]:
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
        self._by_key: dict[tuple[str, str], WornDevice] = {}
        self._only: dict[str, WornDevice] = {}  # devices that take whatever their source delivers

    def add(self, device: WornDevice, source: str, key: str | None) -> None:
        """Watch a device; `key`: how its source names it; None for a source of one device."""
        if key is None:
            self._only[source] = device
        else:
            self._by_key[source, key] = device

    def __iter__(self) -> Iterator[WornDevice]:
        return iter([*self._by_key.values(), *self._only.values()])

    def find(self, packet: Packet) -> WornDevice | None:
        """Return whose packet it is; None for an unknown device."""
        return self._by_key.get((packet.source, packet.device)) or self._only.get(packet.source)

    def take(self, packets: Iterable[Packet]) -> list[DeviceNotice]:
        """Take packets; return what is to be told. Those of unknown devices are passed over."""
        notices: list[DeviceNotice] = []
        windows: list[Pending] = []
        for together in self._rounds(packets):
            arrivals = [device.open(packet) for device, packet in together]
            for arrival, packed in _packed(arrivals):
                pending = arrival.device.close(arrival, packed)
                notices += arrival.notices
                windows += [] if pending is None else [pending]
        return notices + self._judged(windows)

    def tick(self, now: float) -> list[DeviceNotice]:
        """Take the time, s since 1970; return what is to be told."""
        notices: list[DeviceNotice] = []
        windows: list[Pending] = []
        for told, pending in (device.tick(now) for device in self):
            notices += told
            windows += [] if pending is None else [pending]
        return notices + self._judged(windows)

    def _rounds(self, packets: Iterable[Packet]) -> list[list[tuple[WornDevice, Packet]]]:
        """Return the packets of known devices in rounds of one packet a device, its first ones first."""
        rounds: list[list[tuple[WornDevice, Packet]]] = []
        turn: dict[WornDevice, int] = {}
        for packet in packets:
            device = self.find(packet)
            if device is not None:
                at = turn[device] = turn.get(device, -1) + 1
                if at == len(rounds):
                    rounds.append([])
                rounds[at].append((device, packet))
        return rounds

    def _judged(self, windows: Sequence[Pending]) -> list[DeviceNotice]:
        """Run each model once on the windows of all its devices."""
        notices: list[DeviceNotice] = []
        waiting: dict[int, list[Pending]] = {}
        for pending in windows:
            waiting.setdefault(id(pending.device.bundle), []).append(pending)
        for together in waiting.values():
            cut = join_windows([one.cut for one in together])
            run = together[0].device.bundle.probabilities
            parts = [slice(at, at + BATCH) for at in range(0, len(cut.centre_s), BATCH)]
            probabilities = np.concatenate([run({name: values[part] for name, values in cut.inputs.items()}) for part in parts])
            notices += _judgements(together, cut.valid.mean(axis=1), probabilities)
        return notices


def _judgements(together: Sequence[Pending], valid: np.ndarray, probabilities: np.ndarray) -> list[DeviceNotice]:
    """Return what is to be told of the windows of devices with one model: (K,) their real share, 0..1, and (K, classes)."""
    notices, after = [], 0
    manifest = together[0].device.bundle.manifest
    numbers, use = has_numbers(probabilities), usable(valid, probabilities, manifest.window.kind)
    for one in together:
        first, after = after, after + len(one.cut.centre_s)
        notices += one.device.note_numbers(bool(numbers[first:after].any()), one.received)
        if manifest.positive is not None:
            falls = probabilities[first:after, manifest.labels.index(manifest.positive)]
            notices += one.device.judge(one, falls, use[first:after])
    return notices


def _packed(arrivals: Sequence[Arrival]) -> Iterator[tuple[Arrival, Packed | None]]:
    """Yield arrivals in order, with their samples packed; None for those without."""
    alike: dict[int, list[int]] = {}
    for place, one in enumerate(arrivals):
        if one.arrays is not None:
            alike.setdefault(one.device.stream.first, []).append(place)
    found: dict[int, Packed] = {}
    for first, places in alike.items():
        arrays = [one.arrays for one in (arrivals[place] for place in places) if one.arrays is not None]
        found.update(zip(places, pack(arrays, first), strict=True))
    for place, one in enumerate(arrivals):
        yield one, found.get(place)
