"""Pictures in which nothing has changed need no look; a person, a slow change and a picture now and then do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import numpy as np
from tests.runtime.boxes import detector_without_model

from featherfall.runtime.observation import Sighting
from featherfall.runtime.perceive.boxes import PersonBox
from featherfall.runtime.perceive.idle import AFTER_S, EVERY_S, PEOPLE_S, IdlePictures
from featherfall.runtime.watch import Monitor

RATE = 10
RNG = np.random.default_rng(0)
ROOM = cast(np.ndarray, RNG.integers(60, 180, (12, 16, 3))).repeat(6, axis=0).repeat(8, axis=1)  # 72 x 128: a pixel is a cell
NOISE = [RNG.normal(0, 1, ROOM.shape) for _ in range(16)]


def seen(change: float = 0.0, at: slice = slice(0), noise: float = 0.5) -> np.ndarray:
    """A picture of the room with noise; `change` levels more in the columns `at` of its lower half."""
    picture = ROOM + noise * NOISE[RNG.integers(16)]
    picture[36:, at] += change
    return np.clip(picture, 0, 255).astype(np.uint8)


def looks(pictures: Iterable[np.ndarray], idle: IdlePictures | None = None, start: float = 0.0) -> list[float]:
    """Return the times of those that are looked at, s."""
    idle = idle or IdlePictures()
    return [start + k / RATE for k, picture in enumerate(pictures) if not idle.is_idle(start + k / RATE, picture)]


def still(seconds: float, **options: Any) -> list[np.ndarray]:
    return [seen(**options) for _ in range(round(seconds * RATE))]


def test_a_still_room_is_looked_at_once_a_second_when_it_is_known() -> None:
    found = looks(still(AFTER_S + 10))
    assert found[: round(AFTER_S * RATE) + 1] == [k / RATE for k in range(round(AFTER_S * RATE) + 1)]
    np.testing.assert_allclose(np.diff(found[round(AFTER_S * RATE) :]), EVERY_S)


def test_somebody_who_comes_in_is_looked_at_from_the_first_picture_on() -> None:
    idle = IdlePictures()
    looks(still(AFTER_S + 5.5), idle)
    inside = [seen(40, slice(2 * k, 2 * k + 12)) for k in range(20)]
    assert len(looks(inside, idle, AFTER_S + 5.5)) == 20


def test_slow_changes_add_up_and_a_lamp_is_shared_by_all() -> None:
    idle = IdlePictures()
    looks(still(AFTER_S + 5), idle)
    lamp = [seen() + np.uint8(min(k, 30)) for k in range(50)]
    assert len(looks(lamp, idle, AFTER_S + 5)) <= 6
    creeping = [seen(0.2 * k, slice(30, 54)) for k in range(100)]  # 2 levels a second
    assert len(looks(creeping, idle, AFTER_S + 10)) > 40


def test_noise_of_a_night_is_looked_at() -> None:
    assert len(looks(still(AFTER_S + 5, noise=6.0))) == round((AFTER_S + 5) * RATE)


def test_who_was_seen_is_looked_at_for_a_minute() -> None:
    idle = IdlePictures()
    looks(still(AFTER_S + 5), idle)
    idle.saw_people(AFTER_S + 5)
    assert len(looks(still(PEOPLE_S), idle, AFTER_S + 5)) == round(PEOPLE_S * RATE)
    assert len(looks(still(10), idle, AFTER_S + 5 + PEOPLE_S + 0.1)) == 10


class Falling:
    """Finds the box of somebody who is there where the picture is brighter: upright, then lying."""

    def __init__(self) -> None:
        self.looks = 0

    def estimate(self, image: np.ndarray) -> Sequence[Sighting]:
        self.looks += 1
        rows, columns = np.nonzero(image[..., 1].astype(float) - ROOM[..., 1] > 45)
        if len(rows) < 20:
            return []
        box = np.percentile(columns, 2), np.percentile(rows, 2), np.percentile(columns, 98), np.percentile(rows, 98)
        down = box[2] - box[0] > box[3] - box[1]
        return [PersonBox(np.array(box), 0.9 if down else 0.1, 0.9)]

    def reset(self) -> None:
        pass


def test_a_fall_is_decided_as_without_skipping() -> None:
    """Empty room, somebody stands and falls and lies, the room is empty again."""

    def person(left: int, top: int, right: int, bottom: int) -> np.ndarray:
        picture = seen().astype(int)
        picture[top:bottom, left:right] += 60
        return np.clip(picture, 0, 255).astype(np.uint8)

    standing, lying = [person(40, 18, 52, 60)] * 30, [person(30, 51, 72, 63)] * 120
    film = [*still(15), *standing, *lying, *still(PEOPLE_S + 8)]
    found = {}
    for skip in (False, True):
        monitor = Monitor(detector_without_model(), Falling(), rate=RATE, skip_idle=skip)
        results = [monitor.see(k / RATE, picture) for k, picture in enumerate(film)]
        found[skip] = [one.to_json() for one in monitor.falls], [one.notices for one in results if one], monitor.idle
    assert found[True][:2] == found[False][:2] and len(found[False][0]) == 1
    assert found[False][2] == 0 and found[True][2] > 60
