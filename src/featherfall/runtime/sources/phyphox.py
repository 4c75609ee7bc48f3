"""phyphox's remote access: the app serves its buffers over HTTP, and is asked for what is new.

Documents: phyphox.org/wiki, "Remote-interface communication": /get?acc_time=T&accX=T|acc_time&... gives
{"buffer": {"accX": {"buffer": [...]}}, "status": {"measuring": true, "session": "..."}}. The experiment "Acceleration with g" names its
buffers acc_time, accX, accY, accZ, in s and m/s2.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.core.registry import register
from featherfall.runtime.sources.live import Deliver, LiveSource
from featherfall.runtime.sources.packets import Packet, Reading
from featherfall.runtime.sources.payloads.payload import decode_message, mapping, numbers

EVERY_S = 0.5
_ANSWER_S = 5.0
_MOST = 4 << 20  # bytes of an answer
_TIME, _AXES = "acc_time", ("accX", "accY", "accZ")


class PhyphoxSource(LiveSource):
    """Ask a phone for the samples that are new, twice a second."""

    def __init__(self, host: str, manifest: Manifest | None = None) -> None:
        """host: address of the phone and port, as the app shows it: 192.168.0.42:8080."""
        super().__init__(f"phyphox://{host}", manifest)
        self._url = f"http://{host}/get?"
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a phone in the house is not behind a proxy

    def run(self, deliver: Deliver) -> None:
        """As of `LiveSource`."""
        last = -1.0
        while not self.stopping.is_set():
            reading, measuring = self._ask(last)
            self.health.change("ok" if measuring else "reconnecting", "" if measuring else "phyphox is paused; press its start button")
            if reading is not None and reading.times is not None and len(reading.times):
                last = float(reading.times[-1])
                deliver(Packet(self.name, (reading,)))
            elif not measuring:
                last = -1.0  # a new measurement begins at 0
            self.stopping.wait(EVERY_S)

    def _ask(self, last: float) -> tuple[Reading | None, bool]:
        """Return the samples after a time (s) in order, and whether the app measures."""
        query = {_TIME: f"{last:g}"} | {axis: f"{last:g}|{_TIME}" for axis in _AXES}
        try:
            with self._opener.open(self._url + urlencode(query, safe="|"), timeout=_ANSWER_S) as answer:
                body = answer.read(_MOST)
        except urllib.error.URLError as error:
            raise UserError(f"the phone does not answer ({error.reason}); is remote access on?") from None
        return read_answer(body)


def read_answer(body: bytes) -> tuple[Reading | None, bool]:
    """Return the samples of phyphox's answer, and whether it measures; raises `UserError` for another answer."""
    message = mapping(decode_message(body, _MOST))
    buffers, status = mapping(message.get("buffer"), "buffer"), mapping(message.get("status"), "status")
    missing = [name for name in (_TIME, *_AXES) if name not in buffers]
    if missing:
        raise UserError(f'phyphox has no buffer {missing[0]!r}; open the experiment "Acceleration with g"')
    columns = []
    for name in (_TIME, *_AXES):
        values = mapping(buffers[name], name).get("buffer")
        columns.append(numbers([one for one in values if one is not None] if isinstance(values, list) else values, name))
    count = min(len(column) for column in columns)  # the axes are read one after the other, while it measures
    if not count:
        return None, bool(status.get("measuring"))
    times, *axes = (column[:count] for column in columns)
    return Reading("accelerometer", times, np.stack(axes, axis=1), "m/s2"), bool(status.get("measuring"))


@register("source", "phyphox", gives="samples", schemes=["phyphox"], live=True)
def open_phyphox(url: str, manifest: Manifest | None = None, **_: Any) -> PhyphoxSource:
    """phyphox's remote access: phyphox://192.168.0.42:8080."""
    return PhyphoxSource(str(url).removeprefix("phyphox://").rstrip("/"), manifest)
