from __future__ import annotations

import numpy as np
import pytest
from tests.runtime.people import noisy, person

from featherfall.runtime.perceive.pose import Pose, make_pose
from featherfall.runtime.track.poses import PoseCost, pose_cost
from featherfall.runtime.track.tracker import KEEP, Tracker

STEP = 1 / 15
FLOOR = 300.0


def tracker_of_poses() -> Tracker[Pose]:
    return Tracker(PoseCost())


def run(tracker: Tracker[Pose], films: list[list[Pose | None]], seed: int = 0, spread: float = 0.02) -> list[list[int | None]]:
    """Show several people's films (None: not found in that picture), each picture's people in random order; the ids each person got."""
    rng = np.random.default_rng(seed)
    ids: list[list[int | None]] = [[] for _ in films]
    for count, picture in enumerate(zip(*films, strict=True)):
        there = [index for index, pose in enumerate(picture) if pose is not None]
        rng.shuffle(there)
        poses = [noisy(pose, rng, spread) for index in there if (pose := picture[index]) is not None]
        found = dict(zip(there, tracker.update(count * STEP, poses), strict=True))
        for index, one in enumerate(ids):
            one.append(found[index].id if index in found else None)
    return ids


def walk(start: float, end: float, count: int) -> list[Pose | None]:
    return [person(x, FLOOR) for x in np.linspace(start, end, count)]


def fall(right: float, before: int, after: int, score: float = 0.25) -> list[Pose | None]:
    """Stands, falls to the right within .6 s, lies; lying people are seen less well."""
    middle = [person(right + 60 * s, FLOOR + 80 * s, turn=np.pi / 2 * s, score=0.6 - s * (0.6 - score)) for s in np.linspace(0, 1, 9)]
    return [person(right, FLOOR)] * before + middle + [middle[-1]] * after


def one_id(ids: list[int | None]) -> bool:
    return len({one for one in ids if one is not None}) == 1


def test_unlikeness_of_the_same_pose_is_nothing_and_of_a_moved_one_by_hand() -> None:
    tracker = tracker_of_poses()
    pose = person(100, FLOOR)
    (track,) = tracker.update(0.0, [pose])
    assert pose_cost(track, 0.1, pose) == pytest.approx(0, abs=1e-6)
    moved = make_pose(pose.joints + np.array([0.1 * pose.size, 0], dtype=np.float32), pose.scores)
    width = pose.box[2] - pose.box[0]
    union = (width - 0.1 * pose.size) / (width + 0.1 * pose.size)
    assert pose_cost(track, 0.1, moved) == pytest.approx(0.1 / (0.4 + 0.1) + 0.5 * (1 - union + 0.1 + 0 + 1), abs=1e-4)  # 1 size/s


def test_far_larger_and_much_higher_poses_are_somebody_else() -> None:
    (track,) = tracker_of_poses().update(0.0, [person(100, FLOOR)])
    assert pose_cost(track, STEP, person(250, FLOOR)) == float("inf")
    assert pose_cost(track, STEP, person(100, FLOOR, height=600)) == float("inf")
    assert pose_cost(track, 0.9, person(100, FLOOR + 140)) < float("inf")  # down: one falls within a second
    assert pose_cost(track, 0.9, person(100, FLOOR - 140)) == float("inf")  # up: nobody rises as fast


@pytest.mark.parametrize("seed", range(5))
def test_two_people_cross(seed: int) -> None:
    ids = run(tracker_of_poses(), [walk(100, 500, 45), walk(500, 120, 45)], seed)
    assert one_id(ids[0]) and one_id(ids[1]) and ids[0][0] != ids[1][0]


@pytest.mark.parametrize("seed", range(5))
def test_two_people_cross_and_one_is_hidden_meanwhile(seed: int) -> None:
    behind = walk(500, 120, 45)
    behind[20:27] = [None] * 7
    ids = run(tracker_of_poses(), [walk(100, 500, 45), behind], seed)
    assert one_id(ids[0]) and one_id(ids[1]) and ids[0][0] != ids[1][0]


@pytest.mark.parametrize("seed", range(5))
def test_one_falls_while_another_walks_up(seed: int) -> None:
    helper = [None] * 12 + walk(640, 330, 30) + [person(330, FLOOR)] * 12
    ids = run(tracker_of_poses(), [fall(200, 15, 30), helper], seed)
    assert one_id(ids[0]) and one_id(ids[1]) and ids[0][0] != next(one for one in ids[1] if one is not None)


def test_a_helper_cannot_take_over_who_is_lost_on_the_floor() -> None:
    """The fallen one is not found any more from the helper's arrival on; the helper stands right there."""
    fallen = fall(200, 15, 10)
    helper = [None] * len(fallen) + [person(260, FLOOR - 20)] * 20
    ids = run(tracker_of_poses(), [fallen + [None] * 20, helper])
    assert one_id(ids[0]) and one_id(ids[1]) and ids[0][0] != ids[1][-1]


def test_a_person_missing_for_less_than_patience_comes_back_as_the_same() -> None:
    film = walk(100, 300, 60)
    film[20:32] = [None] * 12  # .87 s
    assert one_id(run(tracker_of_poses(), [film])[0])


def test_after_a_second_only_who_has_stayed_is_known_again() -> None:
    lying = person(100, FLOOR, turn=np.pi / 2)
    for pose, waited, known in (
        (lying, 45, True),
        (lying, 200, False),  # 13 s
        (person(180, FLOOR, turn=np.pi / 2), 45, False),
        (person(100, FLOOR), 45, False),  # somebody stands there
    ):
        ids = run(tracker_of_poses(), [[lying] * 10 + [None] * waited + [pose] * 5])[0]
        assert one_id(ids) == known


def test_a_pose_that_jumps_is_another_person() -> None:
    film = [person(100, FLOOR)] * 10 + [person(500, FLOOR)] * 10
    ids = run(tracker_of_poses(), [film])[0]
    assert ids == [0] * 10 + [1] * 10


@pytest.mark.parametrize("seed", range(5))
def test_a_chair_is_no_person_and_keeps_its_own_track(seed: int) -> None:
    chair = [person(400, FLOOR, height=90, score=0.2) if count % 3 else None for count in range(60)]
    tracker = tracker_of_poses()
    ids = run(tracker, [chair, walk(50, 420, 60)], seed, spread=0.05)
    assert one_id(ids[1])
    people = {track.id for track in tracker.tracks if track.is_person}
    assert people == {ids[1][-1]}


def test_a_film_without_people() -> None:
    tracker = tracker_of_poses()
    assert tracker.update(0.0, []) == [] and tracker.tracks == []
    tracker.update(0.1, [person(100, FLOOR)])
    assert tracker.update(0.2, []) == [] and len(tracker.tracks) == 1
    assert tracker.update(11.0, []) == [] and tracker.tracks == []


def test_history_is_bounded() -> None:
    tracker = tracker_of_poses()
    for count in range(400):
        (track,) = tracker.update(count * STEP, [person(100, FLOOR)])
    assert len(track.times) == len(track.sightings) and track.times[-1] - track.times[0] <= KEEP and track.born == 0.0


def test_times_should_increase() -> None:
    tracker = tracker_of_poses()
    tracker.update(1.0, [person(100, FLOOR)])
    with pytest.raises(ValueError, match="times should increase"):
        tracker.update(1.0, [])


@pytest.mark.parametrize(("grown", "same"), [(2.4, True), (2.6, False), (1 / 2.4, True), (1 / 2.6, False)])
def test_a_body_changes_its_size_only_so_fast(grown: float, same: bool) -> None:
    """Head and shoulders stay where they are, so that nothing else speaks against it."""
    tracker = tracker_of_poses()
    (first,) = tracker.update(0.0, [person(100, FLOOR)])
    (found,) = tracker.update(0.9, [person(100, FLOOR + 80 * (grown - 1), height=200 * grown)])
    assert (found is first) == same


@pytest.mark.parametrize(
    ("gap", "sizes", "same"),
    [(0.1, 0.48, True), (0.1, 0.52, False), (0.3, 0.68, True), (0.3, 0.72, False), (0.9, 0.78, True), (0.9, 0.82, False)],
)
def test_how_far_somebody_gets_grows_with_the_time_unseen(gap: float, sizes: float, same: bool) -> None:
    """.4 sizes at once and 1 for every second, .8 at most."""
    tracker = tracker_of_poses()
    pose = person(100, FLOOR)
    (first,) = tracker.update(0.0, [pose])
    (found,) = tracker.update(gap, [person(100 + sizes * pose.size, FLOOR)])
    assert (found is first) == same


@pytest.mark.parametrize(("gap", "sizes", "same"), [(0.1, 0.32, True), (0.1, 0.34, False), (0.9, 0.55, True), (0.9, 0.59, False)])
def test_how_far_head_and_shoulders_rise_grows_with_the_time_unseen(gap: float, sizes: float, same: bool) -> None:
    """.3 sizes at once and .3 for every second."""
    tracker = tracker_of_poses()
    pose = person(100, FLOOR)
    (first,) = tracker.update(0.0, [pose])
    (found,) = tracker.update(gap, [person(100, FLOOR - sizes * pose.size)])
    assert (found is first) == same


@pytest.mark.parametrize(
    ("gap", "right", "same"), [(0.9, 40, True), (1.0, 55, True), (1.1, 40, True), (1.1, 55, False), (9.9, 40, True), (10.2, 0, False)]
)
def test_after_patience_only_who_has_stayed_is_known_again(gap: float, right: float, same: bool) -> None:
    """40 pixels are .21 sizes, 55 are .29."""
    tracker = tracker_of_poses()
    (first,) = tracker.update(0.0, [person(100, FLOOR)])
    (found,) = tracker.update(gap, [person(100 + right, FLOOR)])
    assert (found is first) == same


def test_after_patience_another_posture_in_the_place_is_somebody_else() -> None:
    tracker = tracker_of_poses()
    (first,) = tracker.update(0.0, [person(100, FLOOR)])
    assert tracker.update(2.0, [person(100, FLOOR, turn=np.pi / 2)]) != [first]


@pytest.mark.parametrize(("sizes", "moved"), [(0.22, False), (0.28, True)])
def test_who_has_moved_by_a_quarter_of_the_size_is_a_person(sizes: float, moved: bool) -> None:
    tracker = tracker_of_poses()
    pose = person(100, FLOOR)
    for k in range(60):  # goes there within a second and stays
        (track,) = tracker.update(k * STEP, [person(100 + sizes * pose.size * min(k / 15, 1), FLOOR)])
    assert track.is_person == moved and track.moved == pytest.approx(sizes, rel=0.01)


def test_place_speed_and_size_follow_with_a_time_constant_of_three_tenths() -> None:
    tracker = tracker_of_poses()
    pose = person(100, FLOOR)
    tracker.update(0.0, [pose])
    (track,) = tracker.update(0.3, [person(130, FLOOR, height=220)])
    new = 1 - np.exp(-1)
    assert track.size == pytest.approx(pose.size * (1 + 0.1 * new), rel=1e-4)
    assert track.speed[0] == pytest.approx(100 * new, rel=1e-4)
    assert track.moved == pytest.approx(np.hypot(30, 0.095 * 20) * new / (1.1 * pose.size), rel=0.01)


def walked(speed: float, seconds: float = 4.0) -> tuple[Tracker[Pose], float]:
    """A tracker that has seen one person walk to the right, pixels/s, and the time of the last sighting."""
    tracker = tracker_of_poses()
    count = round(seconds / STEP)
    for k in range(count + 1):
        tracker.update(k * STEP, [person(100 + speed * k * STEP, FLOOR)])
    return tracker, count * STEP


def test_who_moves_on_as_before_costs_nothing() -> None:
    """Place, box and joints are all expected where the speed carries them."""
    tracker, time = walked(150)
    (track,) = tracker.tracks
    assert pose_cost(track, time + 0.2, person(100 + 150 * (time + 0.2), FLOOR)) == pytest.approx(0, abs=0.01)
    assert pose_cost(track, time + 0.2, person(100 + 150 * time, FLOOR)) == pytest.approx(0.5 * 150 / track.size, abs=0.01)  # stopped


@pytest.mark.parametrize(("gap", "carried"), [(0.5, 0.5), (0.9, 0.6)])
def test_speed_carries_for_six_tenths_of_a_second(gap: float, carried: float) -> None:
    """Where somebody stands still in the place to which the speed carries, the cost is the change of speed alone."""
    tracker, time = walked(150)
    (track,) = tracker.tracks
    change = 150 * (1 - carried / gap) / track.size
    assert pose_cost(track, time + gap, person(100 + 150 * (time + carried), FLOOR)) == pytest.approx(0.5 * change, abs=0.01)


@pytest.mark.parametrize(("grown", "cost", "same"), [(0.5, 2.466, True), (0.45, 2.540, False)])
def test_near_all_bounds_at_once_is_somebody_else(grown: float, cost: float, same: bool) -> None:
    tracker = tracker_of_poses()
    pose = person(100, FLOOR)
    (first,) = tracker.update(0.0, [pose])
    other = person(100 + 0.4 * pose.size, FLOOR + 80 * (grown - 1), height=200 * grown)
    assert pose_cost(first, 0.1, other) == pytest.approx(cost, abs=0.01)
    assert (tracker.update(0.1, [other]) == [first]) == same


def test_one_sighting_is_no_movement() -> None:
    (track,) = tracker_of_poses().update(0.0, [person(100, FLOOR)])
    assert track.moved == 0 and not track.is_person
