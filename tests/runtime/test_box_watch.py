from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from featherfall.core.errors import UserError
from featherfall.runtime.box_watch import RATE, BoxWatcher
from featherfall.runtime.camera import Notice
from featherfall.runtime.perceive.boxes import Found
from featherfall.runtime.sinks.box_draw import BoxPainter, draw_found

UP, DOWN = (0.45, 0.3, 0.55, 0.8), (0.3, 0.7, 0.7, 0.85)


def person(box: tuple[float, float, float, float]) -> Found:
    return Found("person", 0.8, box, (0.8, 0.1))


def fallen(box: tuple[float, float, float, float]) -> Found:
    return Found("fall", 0.8, box, (0.1, 0.8))


def watcher(**options: Any) -> BoxWatcher:
    detector = SimpleNamespace(labels=["person", "fall"], positive="fall")
    return BoxWatcher(cast(Any, detector), **options)


def live(watch: BoxWatcher, seconds: float, at: Callable[[float], list[Found]]) -> list[Notice]:
    """What is told while the world is as `at` says."""
    notices: list[Notice] = []
    for k in range(int(seconds * RATE)):
        notices += watch.take(k / RATE, at(k / RATE), 240, 320).notices
    return notices


def test_who_was_up_and_is_down_has_fallen_and_is_still_down() -> None:
    watch = watcher(still_down_s=5)
    told = live(watch, 12, lambda t: [person(UP) if t < 3 else fallen(DOWN)])
    assert [one.kind for one in told] == ["possible fall", "still down"]
    assert 3.5 <= told[0].time_s <= 4.5 and told[1].time_s == pytest.approx(told[0].time_s + 5, abs=0.11)
    (fall,) = watch.falls
    assert fall.state == "still down" and 3 <= fall.start_s <= 3.6 and fall.confidence > 0.8


def test_who_lies_from_first_sight_on_has_not_fallen() -> None:
    assert live(watcher(), 20, lambda t: [fallen(DOWN)]) == []


def test_who_lies_and_is_taken_for_up_for_a_moment_has_not_fallen() -> None:
    assert live(watcher(), 20, lambda t: [person(DOWN) if 5 <= t < 6.5 else fallen(DOWN)]) == []  # the box has not sunk


def test_a_moment_of_doubt_is_no_fall() -> None:
    assert live(watcher(), 10, lambda t: [fallen(DOWN) if 4 <= t < 4.3 else person(UP)]) == []


def test_who_gets_up_ends_it() -> None:
    watch = watcher(still_down_s=5)
    told = live(watch, 15, lambda t: [fallen(DOWN) if 3 <= t < 6 else person(UP)])
    assert [one.kind for one in told] == ["possible fall"]
    assert watch.falls[0].state == "got up" and watch.falls[0].up_s == pytest.approx(7.3, abs=0.5)


def test_a_second_fall_is_told_again() -> None:
    told = live(watcher(), 20, lambda t: [fallen(DOWN) if 3 <= t < 6 or t > 12 else person(UP)])
    assert [one.kind for one in told] == ["possible fall", "possible fall", "still down"]


def test_who_is_lost_while_falling_is_still_the_same() -> None:
    told = live(watcher(), 10, lambda t: [] if 3 <= t < 4 else [person(UP) if t < 3 else fallen(DOWN)])
    assert [one.kind for one in told][:1] == ["possible fall"]


def test_one_falls_the_other_stands() -> None:
    other = (0.05, 0.3, 0.15, 0.8)
    watch = watcher()
    live(watch, 8, lambda t: [person(other), person(UP) if t < 3 else fallen(DOWN)])
    assert [fall.track for fall in watch.falls] == [1]


def test_pictures_between_steps_are_not_looked_at() -> None:
    watch = watcher()
    wanted = 0
    for k in range(300):  # 30 pictures a second
        if watch.wants(k / 30):
            watch.take(k / 30, [], 240, 320)
            wanted += 1
    assert wanted == pytest.approx(100, abs=1)


def test_an_impossible_number_is_refused() -> None:
    with pytest.raises(UserError, match="give more than 0"):
        watcher(still_down_s=0)


def test_boxes_are_drawn() -> None:
    pytest.importorskip("PIL", reason="drawing needs Pillow")
    image = np.full((240, 320, 3), 90, np.uint8)
    drawn = draw_found(image, [fallen(DOWN), person(UP)], "fall")
    assert drawn.shape == image.shape and (drawn != image).any(axis=2).sum() > 500
    watch = watcher()
    seen = watch.take(0.0, [fallen(DOWN), person(UP)], 240, 320)
    painted = BoxPainter(0.5).paint(image, seen, watch.falls)
    red = (painted[..., 0] > 180) & (painted[..., 1] < 80)
    assert painted.shape[0] > 360 and red.sum() > 200
