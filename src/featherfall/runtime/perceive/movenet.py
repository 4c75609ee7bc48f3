"""MoveNet SinglePose as an estimator of one person, and of several with a look for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Protocol

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.runtime.perceive.crop import Region, around, cut, whole
from featherfall.runtime.perceive.litert import open_net, opening
from featherfall.runtime.perceive.multipose import MultiPose
from featherfall.runtime.perceive.person_check import PersonCheck
from featherfall.runtime.perceive.pose import FAINT, Estimator, Pose, apart, check_picture, make_pose, rise
from featherfall.runtime.perceive.weights import KNOWN, STATED, find_weights, stated_weights


class PoseNetwork(Protocol):
    """A pose network for one person."""

    def look(self, image: np.ndarray, region: Region, hidden: Sequence[np.ndarray] = ()) -> Pose:
        """Return the pose of the person nearest to the middle of a region; hidden: boxes of other people, painted over (`crop.cut`).

        There is always a pose; where there is no person, its scores are low.
        """


class MoveNet:
    """MoveNet SinglePose (Lightning or Thunder; Votel and Li, Google 2021) on LiteRT: the pose of the person nearest to a region's middle.

    Attributes:
        size: side of its square input, pixels.
    """

    def __init__(self, path: str | Path, threads: int = 1) -> None:
        """Open a .tflite file; raises `UserError` where LiteRT is not installed or the file is no MoveNet SinglePose."""
        self._net = open_net(path, threads)
        with opening(path):
            self._net.allocate_tensors()
        eaten, given = self._net.get_input_details(), self._net.get_output_details()
        shape = [int(side) for side in eaten[0]["shape"]]
        fits = len(shape) == 4 and shape[1] == shape[2] and given[0]["dtype"] == np.float32
        if not fits or [int(side) for side in given[0]["shape"]] != [1, 1, 17, 3]:
            raise UserError(
                f"{path}: no MoveNet SinglePose, which maps (1, S, S, 3) to float32 (1, 1, 17, 3); give one of its .tflite files"
            )
        self.size = shape[1]
        self._eaten, self._given, self._type = eaten[0]["index"], given[0]["index"], eaten[0]["dtype"]

    def look(self, image: np.ndarray, region: Region, hidden: Sequence[np.ndarray] = ()) -> Pose:
        """As `PoseNetwork.look`."""
        picture = cut(image, region, self.size, hidden)
        self._net.set_tensor(self._eaten, picture[None].astype(self._type, copy=False))
        self._net.invoke()
        found = self._net.get_tensor(self._given)[0, 0]  # (17, 3): down, right, score; 0..1 of the region
        return make_pose(found[:, 1::-1] * region.side + region[:2], found[:, 2])


class OnePerson:
    """One person, searched around the last pose as MoveNet's authors do (`crop.around`), else in the whole picture.

    One run of the network a picture. When the followed person's trunk is not visible, it may jump to another person, so it is meant for
    people who live alone.
    """

    def __init__(self, net: PoseNetwork, least: float = FAINT) -> None:
        """least: mean score from which a pose counts as a person."""
        self._net, self._least = net, least
        self._region: Region | None = None

    def estimate(self, image: np.ndarray) -> list[Pose]:
        height, width = check_picture(image)
        pose = self._net.look(image, self._region or whole(height, width))
        self._region = around(pose.joints, pose.scores, height, width)
        return [pose] if pose.score >= self._least else []

    def reset(self) -> None:
        self._region = None


@dataclass
class _Known:
    """A known person.

    Attributes:
        pose: the last one. region: where to look next. reach: recent size, pixels. missed: pictures since last seen.
        age: pictures since first seen. confirmed: whether a second network has found a person there, too.
    """

    pose: Pose
    region: Region
    reach: float
    missed: int = 0
    age: int = 0
    confirmed: bool = False


class SeveralPeople:
    """Several people with a network for one: one run for each known person's region, and further runs to find new people.

    - A known person is sought around the last pose, with the boxes of the others painted over so that they cannot be taken for it. The
      region does not shrink with the pose at once: who falls may be seen in part for a moment. A pose that is fainter than `FADED`, that no
      person can have by the next picture, or that is another known person's is a miss: the place is kept, grows, and is looked at again for
      `PATIENCE` pictures.
    - New people are sought in every second picture, in the whole one and in overlapping squares by turns, with all known people painted
      over. What is found must reach `NEW` in a second look, around itself, and be no smaller than `SMALL` of the picture's height.

    - With a check by a second network, people whom it has not confirmed are not given: it is asked when somebody is found, and again every
      `ASK_EVERY` pictures until it confirms. Who is found again where a person was just lost stays confirmed, since lying people are hard
      to find for any network.

    Costs one look a known person and about half of one more a picture. Without a check it sees people in furniture too; see
    `Track.is_person`.
    """

    # Chosen on simulated and projected people (docs/log.md, "Camera").
    FADED = 0.12  # mean score; people who lie have about .2 to .4
    MOVE = 0.5  # sizes, a person's middle from one picture to the next: a fall moves it by less than a tenth at 15 Hz
    RISE = 0.3  # sizes, `rise`: people do not get up between two pictures; a pose mixed with another person's does
    RESIZE = 2.5  # ratio to the size of late, as the tracker's
    NEW = 0.3  # the score that MoveNet's model card recommends
    SMALL = 0.12  # of the picture's height: smaller people have too few of the network's pixels
    SAME = 0.15  # `apart`: two estimates of one person are some .05 apart, neighbours .3 or more
    PATIENCE = 30  # pictures, two seconds at 15 Hz: as long as a lost track can be continued (`track.people`)

    ASK_EVERY = 8  # pictures, half a second at 15 Hz: a person who was hidden or bent down has moved by then

    def __init__(self, net: PoseNetwork, most: int = 4, check: PersonCheck | None = None) -> None:
        """most: people known at once. check: None takes all for people."""
        self._net, self._most, self._check = net, most, check
        self._known: list[_Known] = []
        self._count = 0

    def reset(self) -> None:
        self._known, self._count = [], 0

    def estimate(self, image: np.ndarray) -> list[Pose]:
        height, width = check_picture(image)
        poses = [self._again(one, image) for one in self._known]
        for one, pose, stolen in zip(self._known, poses, self._stolen(poses), strict=True):
            if pose is None or stolen:
                one.missed += 1
                one.region = _at_least(one.region, min(1.1 * one.region.side, 2.5 * one.reach))
            else:
                one.pose, one.missed, one.reach = pose, 0, max(0.99 * one.reach, pose.size)
                one.region = _at_least(around(pose.joints, pose.scores, height, width) or _upon(pose), 1.2 * one.reach)
        self._known = [one for one in self._known if one.missed <= self.PATIENCE]
        if len(self._known) < self._most and self._count % 2 == 0:
            self._discover(image, height, width)
        self._count += 1
        if self._check is not None:
            self._ask(self._check, image)
        return [one.pose for one in self._known if not one.missed and (one.confirmed or self._check is None)]

    def _ask(self, check: PersonCheck, image: np.ndarray) -> None:
        """Ask the second network about those whom it has not confirmed."""
        unsure = [one for one in self._known if not one.missed and not one.confirmed and one.age % self.ASK_EVERY == 0]
        if unsure:
            for one, sure in zip(unsure, check.confirm(image, [one.pose for one in unsure]), strict=True):
                one.confirmed = sure
        for one in self._known:
            one.age += 1

    def _again(self, one: _Known, image: np.ndarray) -> Pose | None:
        """Return a known person in this picture; None where it cannot be."""
        others = [other.pose for other in self._known if other is not one and not other.missed and _beside(one.pose, other.pose)]
        pose = self._net.look(image, one.region, [_cover(other) for other in others])
        return pose if pose.score >= self.FADED and self._can_be(pose, one) else None

    def _can_be(self, pose: Pose, one: _Known) -> bool:
        grown = min(1 + 0.1 * one.missed, 2.0) * one.reach
        near = np.hypot(*(pose.middle - one.pose.middle)) <= self.MOVE * grown and rise(one.pose, pose) <= self.RISE * grown
        return bool(near and 1 / self.RESIZE <= pose.size / one.reach <= self.RESIZE)

    def _stolen(self, poses: list[Pose | None]) -> list[bool]:
        """Where two have become the same person: it is not the one that had to change more for it."""
        change = [apart(pose, one.pose) if pose else 0.0 for pose, one in zip(poses, self._known, strict=True)]
        stolen = [False] * len(poses)
        for a, b in combinations(range(len(poses)), 2):
            first, second = poses[a], poses[b]
            if first and second and apart(first, second) < self.SAME:
                stolen[a if change[a] > change[b] else b] = True
        return stolen

    def _discover(self, image: np.ndarray, height: int, width: int) -> None:
        regions = proposals(height, width)
        region = regions[self._count // 2 % len(regions)]
        seen = [one.pose for one in self._known if not one.missed]
        hidden = [_cover(pose) for pose in seen]
        first = self._net.look(image, region, hidden)
        if first.score < self.NEW / 2 or first.size < self.SMALL * height:
            return
        closer = around(first.joints, first.scores, height, width) or _upon(first)
        pose = self._net.look(image, closer, hidden)
        if pose.score < self.NEW or pose.size < self.SMALL * height or any(apart(pose, other) < self.SAME for other in seen):
            return
        found = _Known(pose, around(pose.joints, pose.scores, height, width) or _upon(pose), pose.size)
        for place, one in enumerate(self._known):
            if one.missed and self._can_be(pose, one):
                found.confirmed = one.confirmed
                self._known[place] = found
                return
        self._known.append(found)


def proposals(height: int, width: int) -> list[Region]:
    """Return the regions in which to look for new people: the whole picture, alternating with overlapping squares of its shorter side.

    Squares are half a side apart at most.
    """
    side = float(min(height, width))
    steps = max(int(np.ceil((max(height, width) / side - 1) * 2)), 0) + 1
    starts = np.linspace(0, max(height, width) - side, steps)
    squares = [Region(float(at), 0.0, side) if width >= height else Region(0.0, float(at), side) for at in starts]
    if len(squares) == 1:
        return squares
    return [region for square in squares for region in (whole(height, width), square)]


def _cover(pose: Pose) -> np.ndarray:
    """Return the pose's box (4,) with a margin for what lies beyond the joints: hair, hands, feet."""
    room = 0.1 * (pose.box[2:] - pose.box[:2]).max()
    return np.asarray(pose.box + np.array([-room, -room, room, room]))


def _beside(one: Pose, other: Pose) -> bool:
    """Return whether most of `one` stays visible when `other` is painted over."""
    low, high = np.maximum(one.box[:2], other.box[:2]), np.minimum(one.box[2:], other.box[2:])
    common = np.prod(np.maximum(high - low, 0))
    return bool(common < 0.25 * np.prod(one.box[2:] - one.box[:2]))


def _upon(pose: Pose) -> Region:
    """Return the square around a pose whose trunk is not visible: one and a half times its size, around its box."""
    side = 1.5 * pose.size
    left, top = (pose.box[:2] + pose.box[2:]) / 2 - side / 2
    return Region(float(left), float(top), side)


def _at_least(region: Region, side: float) -> Region:
    """Return the region, enlarged around its middle to at least this side."""
    grown = max(side, region.side)
    return Region(region.left - (grown - region.side) / 2, region.top - (grown - region.side) / 2, grown)


@register("estimator", "several")
def open_several(weights: str | Path | None, folder: str | Path | None, threads: int) -> Estimator:
    """Several people by MoveNet SinglePose, one run for each."""
    return SeveralPeople(_movenet(weights, folder, threads))


@register("estimator", "checked")
def open_checked(weights: str | Path | None, folder: str | Path | None, threads: int) -> Estimator:
    """As several, and MoveNet MultiPose must find each person, too; give its weights."""
    second = MultiPose(stated_weights(weights, "checked", STATED["multipose"]), threads=threads)
    return SeveralPeople(_movenet(None, folder, threads), check=PersonCheck(second))


@register("estimator", "one")
def open_one(weights: str | Path | None, folder: str | Path | None, threads: int) -> Estimator:
    """One person by MoveNet SinglePose; jumps to a bystander, for comparison."""
    return OnePerson(_movenet(weights, folder, threads))


def _movenet(weights: str | Path | None, folder: str | Path | None, threads: int) -> MoveNet:
    name = str(weights or "movenet_lightning_int8")
    return MoveNet(find_weights(name, folder) if name in KNOWN else Path(name), threads)
