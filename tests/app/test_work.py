from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from featherfall.app import work
from featherfall.app.analysis import TaskProgress
from featherfall.app.work import Done, Failed, InProgress, WorkQueue


def until(news: Iterator[object], wanted: str) -> str:
    """What a page shows, until it holds words."""
    end = time.monotonic() + 20
    for one in news:
        if isinstance(one, InProgress) and wanted in one.what:
            return one.what
        assert time.monotonic() < end, one
    raise AssertionError("it ended first")


def test_pages_are_told_how_many_are_before_them() -> None:
    queue, go = WorkQueue(), threading.Event()

    def task(progress: TaskProgress) -> str:
        while not go.wait(0.01):
            progress.report(0.5, "analysing")
        return "done"

    first, second, third = (queue.run(name, task) for name in ("first", "second", "third"))
    assert until(first, "analysing") == "analysing"
    assert until(second, "before") == "waiting: one file is before yours"
    assert until(third, "2 files") == "waiting: 2 files are before yours"
    second.close()  # type: ignore[attr-defined]
    assert until(third, "one file") == "waiting: one file is before yours"
    go.set()
    assert list(first)[-1] == list(third)[-1] == Done("done")


def test_they_are_done_in_the_order_of_their_arrival() -> None:
    queue, go, order = WorkQueue(), threading.Event(), list[str]()
    running = [queue.run(name, lambda progress, name=name: (go.wait(), order.append(name))) for name in "abcdef"]
    for one in running:
        next(one)
    go.set()
    for one in reversed(running):
        list(one)
    assert order == list("abcdef")


def test_more_than_the_server_can_hold_are_refused() -> None:
    queue, go = WorkQueue(), threading.Event()
    waiting = [queue.run(str(number), lambda progress: go.wait()) for number in range(work.MAX_TASKS)]
    for one in waiting:
        next(one)
    assert list(queue.run("late", lambda progress: go.wait())) == [
        Failed(f"{work.MAX_TASKS} files are before yours, which is too many; try again in some minutes.")
    ]
    go.set()
    assert all(list(one)[-1] == Done(True) for one in waiting)
    assert list(queue.run("late", lambda progress: True))[-1] == Done(True)


def test_an_error_after_the_page_was_left_is_none() -> None:
    queue, gone = WorkQueue(), threading.Event()

    def task(progress: TaskProgress) -> None:
        gone.wait()
        raise FileNotFoundError

    page = queue.run("page", task)
    next(page)
    queue.stop("page")
    gone.set()
    assert list(page)[-1] == Failed("Stopped.")
