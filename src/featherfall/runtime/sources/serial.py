"""Lines that a microcontroller prints on a serial port."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.core.registry import register
from featherfall.runtime.sources.live import Deliver, LiveSource
from featherfall.runtime.sources.payloads.payload import MOST_BYTES, find_payload

TOGETHER_S = 0.5  # of lines that are decoded together
_LONGEST = 4096  # bytes of a line; what has no end is no text
_SILENT_S = 10.0  # s without a byte after which the port is opened again: an adapter that was pulled out reads as silence


@dataclass(frozen=True)
class SerialOptions:
    """Attributes:
    baud: of the port. payload: name of the registered payload.
    """

    baud: int = 115_200
    payload: str = "lines"


class SerialSource(LiveSource):
    """Read lines from a port, and decode those of half a second together."""

    def __init__(self, port: str, options: SerialOptions, manifest: Manifest | None = None) -> None:
        """port: as /dev/ttyUSB0. Raises: `UserError` for an unknown payload."""
        super().__init__(port, manifest)
        self._port, self._options, self._decode = port, options, find_payload(options.payload)

    def run(self, deliver: Deliver) -> None:
        """As of `LiveSource`."""
        try:
            import serial
        except ImportError:
            raise UserError("serial ports need pyserial; pip install 'featherfall[watch]'") from None
        try:
            with serial.Serial(self._port, self._options.baud, timeout=TOGETHER_S) as port:
                port.reset_input_buffer()
                self.health.change("ok")
                self._read(port.read, deliver)
        except serial.SerialException as error:
            raise UserError(f"{self._port} cannot be read ({str(error)[:120]})") from None

    def _read(self, read: Callable[[int], bytes], deliver: Deliver) -> None:
        rest, silent, skip = b"", 0.0, True  # the first line has no beginning
        while not self.stopping.is_set():
            new = read(_LONGEST)
            silent = 0.0 if new else silent + TOGETHER_S
            if silent >= _SILENT_S:
                raise UserError(f"nothing came for {silent:.0f} s")
            whole, end, rest = (rest + new).rpartition(b"\n")
            if len(rest) > _LONGEST:
                self.health.refuse("a line without an end; check the baud rate")
                rest, skip = b"", True
            if not end:
                continue
            lines, skip = (whole.partition(b"\n")[2] if skip else whole), False
            if lines.strip():
                self._take(lines[-MOST_BYTES:], deliver)

    def _take(self, lines: bytes, deliver: Deliver) -> None:
        try:
            for packet in self._decode(lines, self._port):
                deliver(packet)
        except UserError as error:
            self.health.refuse(error)


@register("source", "serial", gives="samples", schemes=["serial"], live=True)
def open_serial(url: str, manifest: Manifest | None = None, **options: Any) -> SerialSource:
    """Lines of a serial port: serial:///dev/ttyUSB0, or the port's path.

    Arguments:
        options: the fields of `SerialOptions`.
    """
    return SerialSource(str(url).removeprefix("serial://"), SerialOptions(**options), manifest)
