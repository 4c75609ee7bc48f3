"""Progress of long work: reported where the work is done, shown where somebody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, float], None]  # what is done, and which share of it, 0..1

_listener: ContextVar[Listener | None] = ContextVar("progress", default=None)


def report(what: str, share: float) -> None:
    """Tell who listens, if anybody does, which share (0..1) of the work is done."""
    listener = _listener.get()
    if listener is not None:
        listener(what, min(max(share, 0.0), 1.0))


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Call `listener` with what is reported meanwhile."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
