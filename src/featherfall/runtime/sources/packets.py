"""What live sources deliver: packets of devices; a bounded inbox for them; and how a source fares."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from featherfall.core.text import printable, shortened
from featherfall.recorders.recorder import Sensor

INBOX = 4096  # packets; at one a second and device this is a second of 4,096 devices, and some 20 MB where all are full
MOST_NAME = 128  # characters of a device's name

State = Literal["starting", "ok", "reconnecting", "ended", "failed", "stopped"]


@dataclass(frozen=True, eq=False)
class Reading:
    """Consecutive samples of one sensor, as a device sent them.

    Attributes:
        sensor: "accelerometer" includes gravity, "linear acceleration" does not.
        times: (N,) float64 s on the device's clock, since 1970 where it has a date; None where the device sends none.
        values: (N, 3) float64 in `unit`.
        unit: of `core.units`; None where the payload does not say.
        rate: Hz, of samples without times.
    """

    sensor: Sensor
    times: np.ndarray | None
    values: np.ndarray
    unit: str | None
    rate: float = 0.0


@dataclass(frozen=True, eq=False)
class Packet:
    """What one device sent at once.

    Attributes:
        device: as the source names it: a topic, an id in the payload.
        readings: at most one of each sensor.
        battery: 0..1; None where it is not said. worn: whether the device says that it is worn; None where it does not say.
        received: s since 1970 on this machine's clock.
        source: name of the source, which the source itself adds.
    """

    device: str
    readings: tuple[Reading, ...] = ()
    battery: float | None = None
    worn: bool | None = None
    received: float = field(default_factory=time.time)
    source: str = ""


@dataclass
class Health:
    """How a source fares; its thread writes, others read.

    Attributes:
        state: "ok" while it delivers or waits for data; "ended" where a file is over; "failed" for good.
        reason: of every state but "ok", one line.
        packets, refused, dropped: counted since the start: delivered; not understood or not allowed; lost in a full inbox.
        refusal: why the last one was refused, one line.
        reconnects: how often it was opened again.
        last: time of the last packet, s since 1970; 0 before.
    """

    state: State = "starting"
    reason: str = ""
    packets: int = 0
    refused: int = 0
    dropped: int = 0
    refusal: str = ""
    reconnects: int = 0
    last: float = 0.0

    def refuse(self, why: object) -> None:
        """Count what is not taken, e.g. a payload of another shape."""
        self.refused += 1
        self.refusal = shortened(printable(str(why)), 300)

    def change(self, state: State, reason: object = "") -> None:
        """Enter a state."""
        self.state, self.reason = state, shortened(printable(str(reason)), 300)


class Inbox:
    """Packets that wait to be judged: at most `most`; when it is full the oldest are lost, and counted."""

    def __init__(self, most: int = INBOX) -> None:
        self._waiting: deque[tuple[Packet, Health | None]] = deque()
        self._most = most
        self._changed = threading.Condition()
        self._closed = False

    def put(self, packet: Packet, health: Health | None = None) -> None:
        """Add a packet; `health` is that of its source."""
        with self._changed:
            if len(self._waiting) >= self._most:
                _, loser = self._waiting.popleft()
                if loser is not None:
                    loser.dropped += 1
            self._waiting.append((packet, health))
            self._changed.notify()

    def take(self, timeout_s: float, most: int = INBOX) -> list[Packet]:
        """Return the packets that wait, up to `most`; waits for the first one, at most `timeout_s`."""
        with self._changed:
            if not self._waiting and not self._closed:
                self._changed.wait(timeout_s)
            return [self._waiting.popleft()[0] for _ in range(min(most, len(self._waiting)))]

    def take_ready(self) -> bool:
        """Return whether a packet waits."""
        return bool(self._waiting)

    def close(self) -> None:
        """Let `take` return at once from now on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether nothing more will come, and nothing waits."""
        return self._closed and not self._waiting


def counts(health: Health) -> Mapping[str, int]:
    """Return a source's counters, by name."""
    return {name: getattr(health, name) for name in ("packets", "refused", "dropped", "reconnects")}
