"""Produce items in a background thread: a film is decoded while the model runs on the last picture."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

_T = TypeVar("_T")


def prefetch(items: Iterable[_T], most: int = 2) -> Iterator[_T]:
    """Yield the same items in the same order, up to `most` of them produced in advance.

    An error of the iterable is raised after the last item before it. Stopping early (`close`, or leaving the loop) stops the thread.
    """
    line: queue.Queue[tuple[_T | None, BaseException | None]] = queue.Queue(most)
    stop = threading.Event()

    def put(item: _T | None, error: BaseException | None) -> None:
        while not stop.is_set():
            try:
                return line.put((item, error), timeout=0.1)
            except queue.Full:
                continue

    def make() -> None:
        try:
            for item in items:
                if stop.is_set():
                    return
                put(item, None)
        except BaseException as error:
            put(None, error)
        else:
            put(None, _End())

    maker = threading.Thread(target=make, daemon=True)
    maker.start()
    try:
        while True:
            item, error = line.get()
            if isinstance(error, _End):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc]
    finally:
        stop.set()
        maker.join()


class _End(Exception):
    """Marks the end of the items."""
