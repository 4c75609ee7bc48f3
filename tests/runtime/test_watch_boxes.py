from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.runtime.boxes import detector_without_model, observation

from featherfall.core.errors import UserError
from featherfall.runtime.observation import FrameResult, Notice
from featherfall.runtime.perceive.boxes import Found
from featherfall.runtime.sinks.draw import Painter, draw_found
from featherfall.runtime.trace import BOX_RATE as RATE
from featherfall.runtime.watch import Monitor

UP, DOWN = (0.45, 0.3, 0.55, 0.8), (0.3, 0.7, 0.7, 0.85)


def person(box: tuple[float, float, float, float]) -> Found:
    return Found("person", 0.8, box, (0.8, 0.1))


def fallen(box: tuple[float, float, float, float]) -> Found:
    return Found("fall", 0.8, box, (0.1, 0.8))


class Nobody:
    """Perception of who gives boxes."""

    def estimate(self, image: np.ndarray) -> list[Any]:
        raise AssertionError("the boxes are known")

    def reset(self) -> None:
        pass


def monitor(**options: Any) -> Monitor:
    return Monitor(detector_without_model(), Nobody(), **options)


def take(watch: Monitor, time: float, found: list[Found]) -> FrameResult:
    return watch.take(observation(time, found, 240, 320))


def live(watch: Monitor, seconds: float, at: Callable[[float], list[Found]]) -> list[Notice]:
    """What is told while the world is as `at` says."""
    notices: list[Notice] = []
    for k in range(int(seconds * RATE)):
        notices += take(watch, k / RATE, at(k / RATE)).notices
    return notices


def test_who_was_up_and_is_down_has_fallen_and_is_still_down() -> None:
    watch = monitor(still_down_s=5)
    told = live(watch, 12, lambda t: [person(UP) if t < 3 else fallen(DOWN)])
    assert [one.kind for one in told] == ["possible fall", "still down"]
    sign = told[0].sign_s
    assert sign is not None and 3.5 <= sign <= 4.5
    assert told[0].time_s == pytest.approx(sign + 1, abs=0.11) and told[1].time_s == pytest.approx(sign + 5, abs=0.11)
    (fall,) = watch.falls
    assert fall.state == "still down" and 3 <= fall.start_s <= 3.6 and fall.confidence > 0.8


def test_who_lies_from_first_sight_on_has_not_fallen() -> None:
    assert live(monitor(), 20, lambda t: [fallen(DOWN)]) == []


def test_who_lies_and_is_taken_for_up_for_a_moment_has_not_fallen() -> None:
    assert live(monitor(), 20, lambda t: [person(DOWN) if 5 <= t < 6.5 else fallen(DOWN)]) == []  # the box has not sunk


def test_a_moment_of_doubt_is_no_fall() -> None:
    assert live(monitor(), 10, lambda t: [fallen(DOWN) if 4 <= t < 4.3 else person(UP)]) == []


def test_who_gets_up_ends_it() -> None:
    watch = monitor(still_down_s=5)
    told = live(watch, 15, lambda t: [fallen(DOWN) if 3 <= t < 6 else person(UP)])
    assert [one.kind for one in told] == ["possible fall"]
    assert watch.falls[0].state == "got up" and watch.falls[0].up_s == pytest.approx(7.3, abs=0.5)


def test_a_second_fall_is_told_again() -> None:
    told = live(monitor(), 20, lambda t: [fallen(DOWN) if 3 <= t < 6 or t > 12 else person(UP)])
    assert [one.kind for one in told] == ["possible fall", "possible fall", "still down"]


def test_who_is_lost_while_falling_is_still_the_same() -> None:
    told = live(monitor(), 10, lambda t: [] if 3 <= t < 4 else [person(UP) if t < 3 else fallen(DOWN)])
    assert [one.kind for one in told][:1] == ["possible fall"]


def test_one_falls_the_other_stands() -> None:
    other = (0.05, 0.3, 0.15, 0.8)
    watch = monitor()
    live(watch, 8, lambda t: [person(other), person(UP) if t < 3 else fallen(DOWN)])
    assert [fall.track for fall in watch.falls] == [1]


def test_pictures_between_steps_are_not_looked_at() -> None:
    watch = monitor()
    wanted = 0
    for k in range(300):  # 30 pictures a second
        if watch.wants(k / 30):
            take(watch, k / 30, [])
            wanted += 1
    assert wanted == pytest.approx(100, abs=1)


def test_an_impossible_number_is_refused() -> None:
    with pytest.raises(UserError, match="give more than 0"):
        monitor(still_down_s=0)


def test_boxes_are_drawn() -> None:
    pytest.importorskip("PIL", reason="drawing needs Pillow")
    image = np.full((240, 320, 3), 90, np.uint8)
    drawn = draw_found(image, [fallen(DOWN), person(UP)], "fall")
    assert drawn.shape == image.shape and (drawn != image).any(axis=2).sum() > 500
    watch = monitor()
    seen = take(watch, 0.0, [fallen(DOWN), person(UP)])
    painted = Painter(0.5).paint(image, seen, watch.falls)
    red = (painted[..., 0] > 180) & (painted[..., 1] < 80)
    assert painted.shape[0] > 360 and red.sum() > 200


def shown(watch: Monitor, *sightings: tuple[float, Found | None]) -> list[str]:
    """What is told of one person's sightings: time and box (None: nobody)."""
    return [one.kind for time, found in sightings for one in take(watch, time, [found] if found else []).notices]


def steps(start: float, end: float, found: Found) -> list[tuple[float, Found]]:
    """Ten sightings a second, from a time to before another."""
    return [(start + 0.1 * k, found) for k in range(round((end - start) * 10))]


@pytest.mark.parametrize(("second", "told"), [(0.05, []), (0.12, ["possible fall"])])
def test_a_long_silence_counts_as_half_a_second_seen_up(second: float, told: list[str]) -> None:
    """Seen up until `second` and, unseen for 1.5 s, once more; the two pictures until the share turns count too: .75 s and .82 s of .8."""
    again = second + 1.5
    turn = steps(again + 0.1, again + 0.3, fallen(UP))
    film = [(0.0, person(UP)), (second, person(UP)), (again, person(UP)), *turn, *steps(again + 0.3, again + 3, fallen(DOWN))]
    assert shown(monitor(), *film) == told


@pytest.mark.parametrize(("up", "told"), [(0.5, []), (0.8, ["possible fall"])])
def test_somebody_must_have_been_up_for_a_while(up: float, told: list[str]) -> None:
    """Two more pictures pass until the share turns; the first counts for nothing: .6 s and .9 s of .8."""
    assert shown(monitor(), *steps(0, up, person(UP)), *steps(up, 4, fallen(DOWN))) == told


@pytest.mark.parametrize(("down", "what"), [(0.45, "somebody was last seen upright"), (0.55, "the first sign of a fall")])
def test_somebody_must_be_down_for_half_a_second(down: float, what: str) -> None:
    """The share turns at the third picture, at 3.2 s."""
    watch = monitor()
    assert shown(watch, *steps(0, 3, person(UP)), *steps(3, 3.6, fallen(DOWN)), (3.2 + down, fallen(DOWN))) == []
    left_open = watch.unsettled(3.2 + down)
    assert left_open is not None and left_open[1] == what


@pytest.mark.parametrize(("sunk", "told"), [(0.18, []), (0.22, ["possible fall"])])
@pytest.mark.parametrize("whole", [True, False])
def test_the_box_must_have_sunk_by_a_fifth_of_its_height(sunk: float, told: list[str], whole: bool) -> None:
    """All of it, or the middle alone (the top stays as it was)."""
    left, top, right, bottom = UP
    by = sunk * (bottom - top)
    low = (left, top + by, right, bottom + by) if whole else (left, top, right, bottom + 2 * by)
    assert shown(monitor(), *steps(0, 3, person(UP)), *steps(3, 6, fallen(low))) == told


def test_sunk_is_measured_from_the_last_second_up() -> None:
    """Somebody sits down slowly and long ago; what counts is how the box was just before."""
    sat = (0.45, 0.5, 0.55, 0.8)
    film = [*steps(0, 3, person(UP)), *steps(3, 6, person(sat)), *steps(6, 9, fallen((0.45, 0.54, 0.55, 0.84)))]
    assert shown(monitor(), *film) == []


@pytest.mark.parametrize(("up", "state"), [(1.0, "possible fall"), (1.5, "got up")])
def test_somebody_has_got_up_who_is_up_for_a_second(up: float, state: str) -> None:
    watch = monitor()
    shown(watch, *steps(0, 3, person(UP)), *steps(3, 5, fallen(DOWN)), *steps(5, 5 + up, person(UP)), *steps(5 + up, 7, fallen(DOWN)))
    assert watch.falls[0].state == state


def test_the_share_follows_the_scores_by_hand() -> None:
    watch = monitor()
    first = take(watch, 0.0, [person(UP)]).scores[0]
    assert first == pytest.approx(1 / 9)
    second = take(watch, 0.3, [fallen(UP)]).scores[0]
    assert second == pytest.approx(1 / 9 + (8 / 9 - 1 / 9) * (1 - np.exp(-1)))


def test_the_peak_is_where_the_share_is_highest() -> None:
    watch = monitor()
    sure = Found("fall", 0.8, DOWN, (0.0, 0.8))
    shown(watch, *steps(0, 3, person(UP)), *steps(3, 5, fallen(DOWN)), *steps(5, 6, sure), *steps(6, 8, fallen(DOWN)))
    (fall,) = watch.falls
    assert fall.peak_s == pytest.approx(5.9) and fall.confidence > 0.98
