"""Falls: what a person was doing, when the strings are cut, and what brings the body down.

The kinds follow what video of real falls in care homes shows (Robinovitch et al., Lancet 381, 2013: shifting weight wrongly, trips, loss of
support, collapse; while walking, standing, sitting down, rising) and what studies stage with volunteers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..puppet.kinematics import heading_of
from ..puppet.postures import LIE_BACK
from ..puppet.puppet import Puppet
from ..world import furniture
from ..world.act import Act, Cut, Push
from ..world.body import NAMES, Body
from ..world.motion import RATE, Trajectory, pose
from ..world.scene import Box, Scene

Way = Literal["forward", "backward", "left", "right"]


@dataclass(frozen=True, eq=False)
class Before:
    """What led up to a fall: the puppet, all that its strings ask for, and when they are cut (s)."""

    puppet: Puppet
    trajectory: Trajectory
    time: float

    @property
    def heading(self) -> float:
        """Where the person faces at the cut, rad."""
        return heading_of(self.trajectory.turn[round(self.time * RATE)])

    def foot(self, which: Literal["swinging", "front"]) -> str:
        """The foot that is higher, or further ahead, at the cut."""
        index = round(self.time * RATE)
        one = Trajectory(*(part[index : index + 1] for part in (self.trajectory.root, self.trajectory.turn, self.trajectory.angles)))
        ankles = pose(self.puppet.body, one)[0][0, [NAMES.index(name) for name in _FEET]]
        ahead = ankles[:, :2] @ [np.cos(self.heading), np.sin(self.heading)]
        return _FEET[int(np.argmax(ankles[:, 2] if which == "swinging" else ahead))]

    def push(self, segment: str, start: float, seconds: float, forward: float = 0.0, left: float = 0.0, up: float = 0.0) -> Push:
        """A push in the person's own directions, m/s that it would add to a free body."""
        c, s = float(np.cos(self.heading)), float(np.sin(self.heading))
        return Push(segment, start, float(seconds), (c * float(forward) - s * float(left), s * float(forward) + c * float(left), float(up)))


_FEET = ("right foot", "left foot")

# Which way a fall may go, hinge -> rad that the body reaches for when it protects itself. Hands go where the floor comes from (Hsiao &
# Robinovitch, J. Biomech. 31, 1998: some 0.4 to 0.6 s from balance lost to hands on the floor).
_ARMS: dict[Way, dict[str, float]] = {
    "forward": {"right shoulder flexion": 1.35, "left shoulder flexion": 1.35, "right elbow flexion": 0.5, "left elbow flexion": 0.5},
    "backward": {"right shoulder flexion": -0.7, "left shoulder flexion": -0.7, "right shoulder abduction": 0.6,
                 "left shoulder abduction": 0.6, "right elbow flexion": 0.4, "left elbow flexion": 0.4},
    "left": {"left shoulder abduction": 1.2, "left elbow flexion": 0.5, "right shoulder flexion": 0.9, "right elbow flexion": 0.7},
    "right": {"right shoulder abduction": 1.2, "right elbow flexion": 0.5, "left shoulder flexion": 0.9, "left elbow flexion": 0.7},
}  # fmt: skip
_LEGS: dict[Way, dict[str, float]] = {
    "forward": {"right knee flexion": 0.3, "left knee flexion": 0.3, "right hip flexion": 0.15, "left hip flexion": 0.15},
    "backward": {"right knee flexion": 1.1, "left knee flexion": 1.1, "right hip flexion": 1.0, "left hip flexion": 1.0,
                 "neck flexion": 0.5, "thoracic flexion": 0.3},
    "left": {"left knee flexion": 0.9, "right knee flexion": 0.6, "left hip flexion": 0.6, "right hip flexion": 0.5, "neck bend": -0.3},
    "right": {"right knee flexion": 0.9, "left knee flexion": 0.6, "right hip flexion": 0.6, "left hip flexion": 0.5, "neck bend": 0.3},
}  # fmt: skip


def trip(body: Body, rng: np.random.Generator) -> Act:
    """The swinging foot is caught while walking; the body goes on."""
    before = _walking(body, rng, rng.uniform(0.6, 1.5))
    foot = before.foot("swinging")
    speed = float(rng.uniform(0.25, 0.7))
    side = float(rng.normal(0, 0.12))
    pushes = (
        before.push(foot, 0.0, rng.uniform(0.08, 0.16), forward=-rng.uniform(0.03, 0.08)),
        before.push("chest", 0.05, rng.uniform(0.25, 0.5), forward=speed, left=side, up=-0.05),
    )
    return _fall(before, _cut(before, rng, "forward", pushes), rng)


def slip(body: Body, rng: np.random.Generator) -> Act:
    """The feet slide away to the front while walking; the body falls backward."""
    speed = float(rng.uniform(0.4, 1.2))
    before = _walking(body, rng, speed)
    first = before.foot("front")
    second = next(foot for foot in _FEET if foot != first)
    slide, back = float(rng.uniform(0.04, 0.1)), float(rng.uniform(0.9, 1.3)) + 0.5 * speed
    pushes = (
        before.push(first, 0.0, rng.uniform(0.2, 0.35), forward=slide, up=0.02),
        before.push(second, 0.15, 0.25, forward=slide * rng.uniform(0.6, 1.0)),
        before.push("pelvis", 0.0, 0.3, forward=0.25),
        before.push("chest", 0.0, rng.uniform(0.3, 0.45), forward=-back, left=float(rng.normal(0, 0.12))),
    )
    return _fall(before, _cut(before, rng, "backward", pushes, grip=float(rng.uniform(0.1, 0.3))), rng)


def sideways(body: Body, rng: np.random.Generator) -> Act:
    """Balance lost to one side, while walking or standing."""
    before = _walking(body, rng, rng.uniform(0.4, 1.3)) if rng.random() < 0.6 else _standing(body, rng)
    way: Way = "left" if rng.random() < 0.5 else "right"
    sign = 1.0 if way == "left" else -1.0
    shove = float(rng.uniform(0.35, 0.8))
    pushes = (
        before.push("chest", 0.0, rng.uniform(0.25, 0.5), left=sign * shove, forward=float(rng.normal(0, 0.1))),
        before.push("pelvis", 0.0, 0.3, left=sign * shove * rng.uniform(0.0, 0.5)),
    )
    return _fall(before, _cut(before, rng, way, pushes, grip=float(rng.uniform(0.3, 1.0))), rng)


def faint(body: Body, rng: np.random.Generator) -> Act:
    """Consciousness is lost while standing or walking: the muscles let go, nothing protects."""
    before = _walking(body, rng, rng.uniform(0.4, 1.0)) if rng.random() < 0.4 else _standing(body, rng)
    angle = float(rng.uniform(-np.pi, np.pi))
    size = float(rng.uniform(0.05, 0.35))
    pushes = (before.push("chest", 0.0, 0.6, forward=size * np.cos(angle), left=size * np.sin(angle)),)
    tone, fade = float(rng.uniform(0.4, 0.9)), float(rng.uniform(0.2, 0.6))
    knees = float(rng.uniform(0.4, 0.9))
    limp = {"right knee flexion": knees, "left knee flexion": knees, "neck flexion": 0.5}
    cut = Cut(before.time, tone, 0.0, limp, pushes, flail=float(rng.uniform(0.0, 0.3)), fade=fade, seconds=3.5)
    return _fall(before, cut, rng)


def slump(body: Body, rng: np.random.Generator) -> Act:
    """Consciousness is lost while sitting on a chair or stool: over to the front, the back or a side."""
    way: Way = rng.choice(["forward", "backward", "left", "right"], p=[0.34, 0.3, 0.18, 0.18])
    backrest = way != "backward" and rng.random() < 0.6
    puppet, boxes = _seated(body, rng, backrest)
    before = _before(puppet, puppet.time)
    forward, left = {"forward": (1.0, 0.0), "backward": (-1.0, 0.0), "left": (0.0, 1.0), "right": (0.0, -1.0)}[way]
    size = float(rng.uniform(0.45, 0.8))
    low, long = float(rng.uniform(0.15, 0.4)), float(rng.uniform(0.5, 0.8))
    pushes = (
        before.push("chest", 0.0, long, forward=forward * size, left=left * size),
        before.push("pelvis", 0.2, long, forward=forward * size * low * 2.2, left=left * size * low * 1.5),
    )
    conscious = rng.random() < 0.4
    tone, fade = (float(rng.uniform(0.15, 0.4)), None) if conscious else (float(rng.uniform(0.1, 0.25)), float(rng.uniform(0.3, 0.8)))
    targets = _ARMS[way] if conscious else {}
    cut = Cut(before.time, tone, float(rng.uniform(0.2, 0.4)), targets, pushes, flail=float(rng.uniform(0.0, 0.3)), fade=fade, seconds=3.5)
    return _fall(before, cut, rng, boxes)


def missed_chair(body: Body, rng: np.random.Generator) -> Act:
    """Sitting down where the chair is not, or slides away."""
    seat = float(rng.uniform(0.42, 0.48))
    puppet = _puppet(body, rng)
    puppet.hold(rng.uniform(1.0, 3.0))
    away = float(rng.uniform(0.75, 1.1))
    boxes = furniture.chair(puppet.ahead(-away, float(rng.normal(0, 0.1))), puppet.heading, seat) if rng.random() < 0.6 else ()
    start = puppet.time
    puppet.sit_down(seat, heavy=bool(rng.random() < 0.5))
    before = _before(puppet, start + float(rng.uniform(0.5, 0.75)) * (puppet.time - start))
    pushes = (before.push("chest", 0.0, 0.3, forward=-rng.uniform(0.15, 0.5), left=float(rng.normal(0, 0.08))),)
    return _fall(before, _cut(before, rng, "backward", pushes, grip=float(rng.uniform(0.3, 1.0))), rng, boxes)


def failed_sit_to_stand(body: Body, rng: np.random.Generator) -> Act:
    """The legs give way half-way up from a chair: to the front or a side, past the seat."""
    puppet, boxes = _seated(body, rng, backrest=rng.random() < 0.7)
    start = puppet.time
    puppet.stand_up()
    before = _before(puppet, start + float(rng.uniform(0.6, 0.95)) * (puppet.time - start))
    way: Way = rng.choice(["forward", "left", "right"], p=[0.5, 0.25, 0.25])
    left = {"forward": float(rng.normal(0, 0.1)), "left": 0.7, "right": -0.7}[way] * float(rng.uniform(0.7, 1.2))
    forward = float(rng.uniform(0.5, 0.9)) if way == "forward" else float(rng.uniform(0.2, 0.4))
    pushes = (
        before.push("chest", 0.0, 0.4, forward=forward, left=left),
        before.push("pelvis", 0.0, 0.4, forward=forward * 0.6, left=left * 0.4),
    )
    return _fall(before, _cut(before, rng, way, pushes), rng, boxes)


def off_a_bed(body: Body, rng: np.random.Generator) -> Act:
    """Rolling over the edge of a bed, half asleep."""
    height = float(rng.uniform(0.42, 0.58))
    heading = float(rng.uniform(-np.pi, np.pi))
    sign = 1.0 if rng.random() < 0.5 else -1.0
    puppet = Puppet(body, rng, (0.0, 0.0), heading, LIE_BACK, surface=height)
    puppet.hold(rng.uniform(1.5, 4.0))
    before = _before(puppet, puppet.time)
    # The pelvis starts at (0, 0), the heading runs from head to feet: its own left is the right of someone who looks along it on the back.
    across = np.array([-np.sin(heading), np.cos(heading)]) * sign
    along = np.array([np.cos(heading), np.sin(heading)])
    middle = -across * float(rng.uniform(0.2, 0.3)) + along * 0.02
    boxes = furniture.bed((float(middle[0]), float(middle[1])), heading, height)
    size = float(rng.uniform(0.8, 1.4))
    push = (float(across[0] * size), float(across[1] * size), 0.3)
    far = "left upper arm" if sign < 0 else "right upper arm"
    pushes = (
        Push(far, 0.0, 0.4, (push[0] * 0.25, push[1] * 0.25, 0.25)),
        Push("chest", 0.0, 0.45, push),
        Push("pelvis", 0.05, 0.45, push),
        Push("right thigh", 0.1, 0.4, tuple(0.35 * value for value in push)),  # type: ignore[arg-type]
        Push("left thigh", 0.1, 0.4, tuple(0.35 * value for value in push)),  # type: ignore[arg-type]
    )
    targets = _ARMS["forward"] if rng.random() < 0.5 else {}
    cut = Cut(
        before.time,
        float(rng.uniform(0.08, 0.3)),
        float(rng.uniform(0.3, 0.7)),
        targets,
        pushes,
        flail=float(rng.uniform(0.05, 0.3)),
        seconds=3.5,
    )
    return _fall(before, cut, rng, boxes)


FALLS: Mapping[str, Callable[[Body, np.random.Generator], Act]] = {
    "trip": trip,
    "slip": slip,
    "sideways": sideways,
    "faint": faint,
    "slump": slump,
    "missed chair": missed_chair,
    "failed sit-to-stand": failed_sit_to_stand,
    "off a bed": off_a_bed,
}


def _before(puppet: Puppet, time: float) -> Before:
    return Before(puppet, puppet.trajectory(), time)


def _puppet(body: Body, rng: np.random.Generator) -> Puppet:
    at = (float(rng.uniform(-0.6, 0.6)), float(rng.uniform(-0.6, 0.6)))
    return Puppet(body, rng, at, float(rng.uniform(-np.pi, np.pi)))


def _standing(body: Body, rng: np.random.Generator) -> Before:
    puppet = _puppet(body, rng)
    puppet.hold(rng.uniform(2.0, 5.0))
    return _before(puppet, puppet.time)


def _walking(body: Body, rng: np.random.Generator, speed: float) -> Before:
    """In the middle of walking, at any moment of a stride, about the middle of the room."""
    heading = float(rng.uniform(-np.pi, np.pi))
    speed = float(speed) / (1 + 0.3 * float(body.person.elder))
    seconds = min(float(rng.uniform(3.0, 5.0)), 3.6 / speed)
    way = 0.6 * speed * seconds
    puppet = Puppet(body, rng, (-way * float(np.cos(heading)), -way * float(np.sin(heading))), heading)
    puppet.hold(rng.uniform(0.5, 1.5))
    start = puppet.time
    puppet.walk(speed, seconds)
    return _before(puppet, start + float(rng.uniform(0.5, 0.75)) * (puppet.time - start))


def _seated(body: Body, rng: np.random.Generator, backrest: bool) -> tuple[Puppet, tuple[Box, ...]]:
    """Sitting on a chair or stool after having sat down."""
    seat = float(rng.uniform(0.42, 0.48))
    puppet = _puppet(body, rng)
    puppet.hold(rng.uniform(0.5, 1.5))
    puppet.sit_down(seat)
    x, y = puppet.last.root[:2]
    puppet.hold(rng.uniform(1.5, 4.0))
    return puppet, furniture.chair((float(x), float(y)), puppet.heading, seat, backrest)


def _cut(before: Before, rng: np.random.Generator, way: Way, pushes: tuple[Push, ...], grip: float = 1.0) -> Cut:
    """The strings go; two of three people bring their arms up, elders later and with less strength."""
    frailty = float(np.clip((before.puppet.body.person.age - 30) / 45, 0, 1))
    protects = rng.random() < 0.7 - 0.2 * frailty
    targets = {name: angle * float(rng.uniform(0.7, 1.3)) for name, angle in {**_LEGS[way], **(_ARMS[way] if protects else {})}.items()}
    return Cut(
        time=before.time,
        tone=float(rng.uniform(0.12, 0.45)),
        reaction=float(rng.uniform(0.12, 0.3) + 0.08 * frailty),
        targets=targets,
        pushes=pushes,
        grip=grip,
        flail=float(rng.uniform(0.05, 0.4)),
        braced=float(rng.uniform(0.6, 1.6)),
        seconds=3.5,
    )


def _fall(before: Before, cut: Cut, rng: np.random.Generator, boxes: tuple[Box, ...] = ()) -> Act:
    """A third get up again (elders a tenth); one in three falls on a mat, as in a study."""
    rises = rng.random() < (0.1 if before.puppet.body.person.elder else 0.33)
    return Act(
        Scene(boxes, mat=bool(rng.random() < 0.35)),
        before.trajectory,
        tuple(before.puppet.strikes),
        cut,
        after="get up" if rises else "lie",
        rest=float(rng.uniform(2.0, 5.0)),
    )
