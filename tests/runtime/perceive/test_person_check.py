"""People who are confirmed by a second network, and furniture that is not: drawn people, of which all is known."""

from __future__ import annotations

import numpy as np
import pytest
from tests.runtime.people import person
from tests.runtime.perceive.test_pose import Squares, lying, picture, upright

from featherfall.core.errors import UserError
from featherfall.runtime.perceive.estimators import open_estimator
from featherfall.runtime.perceive.movenet import SeveralPeople
from featherfall.runtime.perceive.person_check import PersonCheck
from featherfall.runtime.perceive.pose import Pose, make_pose

CHAIR = upright(2, 150)  # blue: taken for a person by the first network alone


class Reds:
    """A second network that finds red people who are upright."""

    def __init__(self) -> None:
        self.asked = 0

    def estimate(self, image: np.ndarray) -> list[Pose]:
        self.asked += 1
        rows, columns = np.nonzero(image[:, :, 0] > 150)
        if not len(rows) or np.ptp(columns) > np.ptp(rows):
            return []
        low, high = np.array([columns.min(), rows.min()]), np.array([columns.max() + 1, rows.max() + 1])
        return [make_pose(np.stack([low, high, *[(low + high) / 2] * 15]), np.full(17, 0.5))]


def checked() -> tuple[SeveralPeople, Reds]:
    second = Reds()
    return SeveralPeople(Squares(), check=PersonCheck(second)), second


def test_a_person_is_confirmed_where_both_networks_find_one() -> None:
    one, beside = person(100, 100), person(160, 100)

    class Finds:
        def estimate(self, image: np.ndarray) -> list[Pose]:
            return [make_pose(one.joints + 5, one.scores)]

    check = PersonCheck(Finds())
    assert check.confirm(np.zeros((200, 200, 3), np.uint8), [one, beside]) == [True, False] and check.looks == 1

    class Nobody:
        def estimate(self, image: np.ndarray) -> list[Pose]:
            return []

    assert PersonCheck(Nobody()).confirm(np.zeros((200, 200, 3), np.uint8), [one]) == [False]


def test_furniture_is_never_given_and_people_at_once() -> None:
    estimator, _ = checked()
    plain = SeveralPeople(Squares())
    image = picture(upright(0, 50), CHAIR)
    shown, all_of_them = [], []
    for _ in range(40):
        shown.append(estimator.estimate(image))
        all_of_them.append(plain.estimate(image))
    assert len(all_of_them[-1]) == 2 and [len(poses) for poses in shown[2:]] == [1] * 38
    assert all(abs(float(poses[0].middle[0]) - 50) < 6 for poses in shown[2:])


def test_who_is_confirmed_is_not_asked_about_again_and_may_lie() -> None:
    estimator, second = checked()
    for _ in range(10):
        estimator.estimate(picture(upright(0, 50)))
    asked = second.asked
    for k in range(9):  # .6 s of falling over
        share = k / 8
        shape = 0, 42 - 17 * share, 50 + 40 * share, 58 + 17 * share, 100 + 6 * share
        estimator.estimate(picture(shape))
    found = [len(estimator.estimate(picture(lying(0, 50)))) for _ in range(20)]
    assert second.asked == asked and found == [1] * 20


def test_the_second_network_is_asked_twice_a_second_at_most() -> None:
    estimator, second = checked()
    for _ in range(80):
        estimator.estimate(picture(CHAIR))
    assert 9 <= second.asked <= 11
    estimator.reset()
    assert estimator.estimate(picture(CHAIR)) == []


def test_without_weights_of_the_second_network() -> None:
    with pytest.raises(UserError, match=r"the estimator 'checked' has no known weights; give the path of yours, e\.g\. movenet_multipose"):
        open_estimator("checked")
    with pytest.raises(UserError, match="no such file"):
        open_estimator("checked", "absent.tflite")
