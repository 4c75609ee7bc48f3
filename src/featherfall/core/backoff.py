"""Waiting times after wrong tokens, by address."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

FREE_TRIES = 5  # a person mistypes a few times
MAX_WAIT_S = 60.0  # one guess a minute finds no token of 12 characters, and somebody who shares the address waits no longer than this
FORGET_AFTER_S = 900.0  # without a wrong token
MAX_ADDRESSES = 10_000  # about 2 MB; beyond it the address whose last wrong token is the oldest is forgotten


@dataclass
class _Failures:
    count: int = 0
    last: float = 0.0
    until: float = 0.0


@dataclass
class Backoff:
    """Exponential back-off of addresses that send wrong tokens; no address waits because of another.

    After `FREE_TRIES` wrong tokens each further one doubles the wait: 1, 2, 4, ... s, at most `MAX_WAIT_S`. What is tried while an address
    waits is not evaluated and does not lengthen the wait, so a right token is accepted when the wait is over.

    Attributes:
        clock: returns the time in s.
    """

    clock: Callable[[], float] = time.monotonic
    _failures: OrderedDict[str, _Failures] = field(default_factory=OrderedDict)

    def wait_s(self, address: str) -> float:
        """Return the seconds until the address may try again; 0 where it may now."""
        known = self._failures.get(address)
        return max(0.0, known.until - self.clock()) if known is not None else 0.0

    def fail(self, address: str) -> None:
        """Count a wrong token."""
        now = self.clock()
        while self._failures and next(iter(self._failures.values())).last < now - FORGET_AFTER_S:
            self._failures.popitem(last=False)
        known = self._failures.setdefault(address, _Failures())
        self._failures.move_to_end(address)
        known.count, known.last = known.count + 1, now
        if known.count >= FREE_TRIES:
            known.until = now + min(2.0 ** min(known.count - FREE_TRIES, 30), MAX_WAIT_S)
        if len(self._failures) > MAX_ADDRESSES:
            self._failures.popitem(last=False)

    def succeed(self, address: str) -> None:
        """Forget the wrong tokens of an address that has sent the right one."""
        self._failures.pop(address, None)

    def __len__(self) -> int:
        """Return how many addresses are remembered."""
        return len(self._failures)
