"""The base of live sources of samples: a thread that delivers packets, opens the source again when it breaks, and keeps its health.

A live source is one file in this folder, or a plugin: a function `(spec, manifest, **options) -> LiveSource`, registered as

    @register("source", "mqtt", gives="samples", schemes=["mqtt", "mqtts"], live=True)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.runtime.sources.assemble import Assembler
from featherfall.runtime.sources.packets import Health, Inbox, Packet
from featherfall.runtime.sources.source import Samples
from featherfall.signals.video import Frame

Deliver = Callable[[Packet], None]
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # s before a broken source is opened again: doubled each time
MOST_PACKETS = 50_000  # a second and source: 10,000 devices that send five times a second
STABLE = 60.0  # s; a source that ran this long begins again with the first wait


class Waits:
    """Waiting times before a source is opened again."""

    def __init__(self) -> None:
        self._wait = FIRST_WAIT

    def after(self, ran_s: float) -> float:
        """Return how long to wait, s, after the source ran for `ran_s`."""
        if ran_s >= STABLE:
            self._wait = FIRST_WAIT
        wait, self._wait = self._wait, min(2 * self._wait, LONGEST_WAIT)
        return wait


class LiveSource:
    """Samples of one or many devices, as they come. Subclasses define `run`.

    Attributes:
        name: for messages; holds no credentials.
        health: how it fares.
        stopping: set when it should end.
    """

    def __init__(self, name: str, manifest: Manifest | None = None) -> None:
        self.name, self.health, self.stopping = name, Health(), threading.Event()
        self._manifest = manifest
        self._thread: threading.Thread | None = None

    def run(self, deliver: Deliver) -> None:
        """Deliver packets until `stopping` is set; return where there is an end, e.g. of a file.

        Raises: `UserError` or `OSError` where the source breaks: it is opened again.
        """
        raise NotImplementedError

    def start(self, inbox: Inbox) -> None:
        """Begin to deliver to an inbox."""

        second, count = 0, 0

        def deliver(packet: Packet) -> None:
            nonlocal second, count
            if int(packet.received) != second:
                second, count = int(packet.received), 0
            count += 1
            if count > MOST_PACKETS:
                self.health.dropped += 1
                return
            self.health.packets += 1
            self.health.last = packet.received
            inbox.put(packet, self.health)

        run = partial(self.run, deliver)
        self._thread = threading.Thread(target=keep_open, args=(run, self.health, self.stopping), name=self.name, daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End, and wait for that."""
        self.stopping.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)

    def samples(self) -> Iterator[Samples]:
        """Yield packets of the only device; raises `UserError` where a second one sends."""
        assert self._manifest is not None
        inbox, device, assembler = Inbox(), None, Assembler(self._manifest)
        self.start(inbox)
        try:
            while not inbox.closed and (self.health.state not in ("ended", "failed") or inbox.take_ready()):
                for packet in inbox.take(0.2):
                    device = device or packet.device
                    if packet.device != device:
                        raise UserError(f"{self.name}: {device} and {packet.device} both send; name one, or watch a configuration")
                    yield from assembler.take(packet)
            if self.health.state == "failed":
                raise UserError(f"{self.name}: {self.health.reason}")
        finally:
            self.stop()

    def frames(self, rate: float | None = None, problems: list[str] | None = None) -> Iterator[Frame]:
        """Yield nothing: this is a source of samples."""
        yield from ()


def keep_open(run: Callable[[], None], health: Health, stopping: threading.Event) -> None:
    """Run a source again and again until it ends or `stopping` is set; its health says how it fares.

    Arguments:
        run: returns at the source's end; raises where it breaks.
    """
    waits = Waits()
    while not stopping.is_set():
        began = time.monotonic()
        try:
            run()
            return health.change("stopped" if stopping.is_set() else "ended", "its end was reached")
        except FatalError as error:
            return health.change("failed", error)
        except (UserError, OSError) as error:
            why = str(error) or type(error).__name__
        except Exception as error:  # a library's fault must not end the source for good
            why = f"{type(error).__name__}: {error}"
        wait = waits.after(time.monotonic() - began)
        health.change("reconnecting", f"{why}; again in {wait:.0f} s")
        health.reconnects += 1
        stopping.wait(wait)
    health.change("stopped")


class FatalError(UserError):
    """A source that cannot be opened whatever the time, e.g. a file that is no recording."""
