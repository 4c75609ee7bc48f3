"""What people order through a sink: read from bytes of outside, bounded in size, form and number."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from featherfall.core.documents import parse_json
from featherfall.core.errors import UserError
from featherfall.core.tables import nearest
from featherfall.core.text import printable, shortened
from featherfall.runtime.alarm import COMMANDS, AlarmCommand

MOST_BYTES = 1000  # of an order
_NAME = 60  # characters of who gave it
_MOST, _WITHIN = 30, 10.0  # orders within so many s; people press a button some times a second at most
_WORD = re.compile(r"[a-z]{1,20}")


def read_order(body: bytes, subject: str, via: str, by: str = "") -> AlarmCommand:
    """Return the order that a message holds.

    Arguments:
        body: one word, e.g. b"acknowledge", or JSON {"command": "mute", "by": "Ben", "seconds": 600}.
        subject: id of the person whose alarm is meant.
        by: who gives it, where the message does not say so.
    Raises: `UserError` for anything else.
    """
    if len(body) > MOST_BYTES:
        raise UserError(f"an order of {len(body)} bytes; send at most {MOST_BYTES}")
    try:
        text = body.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise UserError("an order that is no text; send a word, e.g. acknowledge") from None
    values: Any = {"command": text} if _WORD.fullmatch(text) else parse_json(text, "order", 20)
    return order_of(values, subject, via, by)


def order_of(values: Any, subject: str, via: str, by: str = "") -> AlarmCommand:
    """Return the order of JSON's values; raises `UserError` as `read_order`."""
    if not isinstance(values, Mapping):
        raise UserError('an order that is no object; send {"command": "acknowledge"}')
    kind, seconds, who = values.get("command"), values.get("seconds"), values.get("by", by)
    if kind not in COMMANDS:
        raise UserError(f"unknown order {shortened(printable(str(kind)), 40)!r}; {nearest(str(kind)[:40], COMMANDS)}")
    if seconds is not None and not (isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds <= 1e6):
        raise UserError("seconds of an order: give a number from 1 to 1,000,000")
    if not isinstance(who, str):
        raise UserError("who gives the order: give a name")
    return AlarmCommand(kind, subject, shortened(printable(who), _NAME), via, None if seconds is None else float(seconds))


class OrderGate:
    """Pass on orders, but no flood of them.

    Attributes:
        refused: orders that were not understood or too many; problem: the last reason.
    """

    def __init__(self, order: Callable[[AlarmCommand], object], clock: Callable[[], float] = time.monotonic) -> None:
        self.refused = 0
        self.problem = ""
        self._order, self._clock = order, clock
        self._times: deque[float] = deque(maxlen=_MOST)

    def take(self, read: Callable[[], AlarmCommand]) -> None:
        """Read an order and pass it on; what is not understood is counted."""
        now = self._clock()
        try:
            if len(self._times) == _MOST and now - self._times[0] < _WITHIN:
                raise UserError(f"more than {_MOST} orders within {_WITHIN:g} s")
            self._times.append(now)
            self._order(read())
        except UserError as error:
            self.refused += 1
            self.problem = str(error)
