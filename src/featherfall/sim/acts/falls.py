"""Falls: what the person was doing, when physics takes over, and what brings the body down.

The kinds follow what video of real falls in care homes shows (Robinovitch et al., Lancet 381, 2013: shifting weight wrongly, trips, loss of
support, collapse; while walking, standing, sitting down, rising) and what studies stage with volunteers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..puppet.kinematics import heading_of
from ..puppet.postures import KNEEL, LIE_BACK, SIT, BodyPosture
from ..puppet.puppet import Puppet
from ..world import furniture
from ..world.act import Act, PhysicsPhase, Push
from ..world.body import SEGMENT_NAMES, Body
from ..world.motion import SIM_RATE, Trajectory, forward_kinematics
from ..world.scene import Cuboid, Scene

Direction = Literal["forward", "backward", "left", "right"]


@dataclass(frozen=True, eq=False)
class FallStart:
    """What leads up to a fall: the puppet, its whole trajectory, and the time (s) at which physics takes over."""

    puppet: Puppet
    trajectory: Trajectory
    time: float

    @property
    def heading(self) -> float:
        """Heading at the onset, rad."""
        return heading_of(self.trajectory.rotation[round(self.time * SIM_RATE)])

    def foot(self, which: Literal["swinging", "front"]) -> str:
        """Return the foot that is higher ("swinging"), or further ahead ("front"), at the onset."""
        index = round(self.time * SIM_RATE)
        one = Trajectory(*(part[index : index + 1] for part in (self.trajectory.root, self.trajectory.rotation, self.trajectory.angles)))
        ankles = forward_kinematics(self.puppet.body, one)[0][0, [SEGMENT_NAMES.index(name) for name in _FEET]]
        ahead = ankles[:, :2] @ [np.cos(self.heading), np.sin(self.heading)]
        return _FEET[int(np.argmax(ankles[:, 2] if which == "swinging" else ahead))]

    def push(self, segment: str, start: float, seconds: float, forward: float = 0.0, left: float = 0.0, up: float = 0.0) -> Push:
        """Return a push in the person's own directions, in m/s that it would add to a free body."""
        c, s = float(np.cos(self.heading)), float(np.sin(self.heading))
        return Push(segment, start, float(seconds), (c * float(forward) - s * float(left), s * float(forward) + c * float(left), float(up)))


_FEET = ("right foot", "left foot")

# Protective targets by the direction of a fall, hinge -> rad. Hands go to the side on which the body lands (Hsiao & Robinovitch,
# J. Biomech. 31, 1998: some 0.4 to 0.6 s from loss of balance to hands on the floor).
_PROTECTIVE_ARMS: dict[Direction, dict[str, float]] = {
    "forward": {"right shoulder flexion": 1.35, "left shoulder flexion": 1.35, "right elbow flexion": 0.5, "left elbow flexion": 0.5},
    "backward": {"right shoulder flexion": -0.7, "left shoulder flexion": -0.7, "right shoulder abduction": 0.6,
                 "left shoulder abduction": 0.6, "right elbow flexion": 0.4, "left elbow flexion": 0.4},
    "left": {"left shoulder abduction": 1.2, "left elbow flexion": 0.5, "right shoulder flexion": 0.9, "right elbow flexion": 0.7},
    "right": {"right shoulder abduction": 1.2, "right elbow flexion": 0.5, "left shoulder flexion": 0.9, "left elbow flexion": 0.7},
}  # fmt: skip
_BENDING_LEGS: dict[Direction, dict[str, float]] = {
    "forward": {"right knee flexion": 0.3, "left knee flexion": 0.3, "right hip flexion": 0.15, "left hip flexion": 0.15},
    "backward": {"right knee flexion": 1.1, "left knee flexion": 1.1, "right hip flexion": 1.0, "left hip flexion": 1.0,
                 "neck flexion": 0.5, "thoracic flexion": 0.3},
    "left": {"left knee flexion": 0.9, "right knee flexion": 0.6, "left hip flexion": 0.6, "right hip flexion": 0.5, "neck bend": -0.3},
    "right": {"right knee flexion": 0.9, "left knee flexion": 0.6, "right hip flexion": 0.6, "left hip flexion": 0.5, "neck bend": 0.3},
}  # fmt: skip


def trip(body: Body, rng: np.random.Generator) -> Act:
    """Trip: the swinging foot is caught while walking and the body goes on."""
    start = _walking(body, rng, rng.uniform(0.6, 1.5))
    foot = start.foot("swinging")
    speed = float(rng.uniform(0.25, 0.7))
    side = float(rng.normal(0, 0.12))
    pushes = (
        start.push(foot, 0.0, rng.uniform(0.08, 0.16), forward=-rng.uniform(0.03, 0.08)),
        start.push("chest", 0.05, rng.uniform(0.25, 0.5), forward=speed, left=side, up=-0.05),
    )
    return _finish_fall(start, _physics_phase(start, rng, "forward", pushes), rng)


def slip(body: Body, rng: np.random.Generator) -> Act:
    """Slip: the feet slide to the front while walking and the body falls backward."""
    speed = float(rng.uniform(0.4, 1.2))
    start = _walking(body, rng, speed)
    first = start.foot("front")
    second = next(foot for foot in _FEET if foot != first)
    slide, back = float(rng.uniform(0.04, 0.1)), float(rng.uniform(0.9, 1.3)) + 0.5 * speed
    pushes = (
        start.push(first, 0.0, rng.uniform(0.2, 0.35), forward=slide, up=0.02),
        start.push(second, 0.15, 0.25, forward=slide * rng.uniform(0.6, 1.0)),
        start.push("pelvis", 0.0, 0.3, forward=0.25),
        start.push("chest", 0.0, rng.uniform(0.3, 0.45), forward=-back, left=float(rng.normal(0, 0.12))),
    )
    return _finish_fall(start, _physics_phase(start, rng, "backward", pushes, foot_friction=float(rng.uniform(0.1, 0.3))), rng)


def sideways(body: Body, rng: np.random.Generator) -> Act:
    """Lose balance to one side, while walking or standing."""
    start = _walking(body, rng, rng.uniform(0.4, 1.3)) if rng.random() < 0.6 else _standing(body, rng)
    direction: Direction = "left" if rng.random() < 0.5 else "right"
    sign = 1.0 if direction == "left" else -1.0
    shove = float(rng.uniform(0.35, 0.8))
    pushes = (
        start.push("chest", 0.0, rng.uniform(0.25, 0.5), left=sign * shove, forward=float(rng.normal(0, 0.1))),
        start.push("pelvis", 0.0, 0.3, left=sign * shove * rng.uniform(0.0, 0.5)),
    )
    return _finish_fall(start, _physics_phase(start, rng, direction, pushes, foot_friction=float(rng.uniform(0.3, 1.0))), rng)


def faint(body: Body, rng: np.random.Generator) -> Act:
    """Faint while standing or walking: the muscles go limp and nothing protects the body."""
    start = _walking(body, rng, rng.uniform(0.4, 1.0)) if rng.random() < 0.4 else _standing(body, rng)
    angle = float(rng.uniform(-np.pi, np.pi))
    size = float(rng.uniform(0.05, 0.35))
    pushes = (start.push("chest", 0.0, 0.6, forward=size * np.cos(angle), left=size * np.sin(angle)),)
    tone, fade = float(rng.uniform(0.4, 0.9)), float(rng.uniform(0.2, 0.6))
    knees = float(rng.uniform(0.4, 0.9))
    limp = {"right knee flexion": knees, "left knee flexion": knees, "neck flexion": 0.5}
    physics = PhysicsPhase(start.time, tone, 0.0, limp, pushes, flail=float(rng.uniform(0.0, 0.3)), tone_decay=fade, seconds=3.5)
    return _finish_fall(start, physics, rng)


def slump(body: Body, rng: np.random.Generator) -> Act:
    """Faint while sitting on a chair or stool, and fall to the front, the back or a side."""
    direction: Direction = rng.choice(["forward", "backward", "left", "right"], p=[0.34, 0.3, 0.18, 0.18])
    backrest = direction != "backward" and rng.random() < 0.6
    puppet, boxes = _seated(body, rng, backrest)
    start = _fall_start(puppet, puppet.time)
    forward, left = {"forward": (1.0, 0.0), "backward": (-1.0, 0.0), "left": (0.0, 1.0), "right": (0.0, -1.0)}[direction]
    size = float(rng.uniform(0.45, 0.8))
    low, long = float(rng.uniform(0.15, 0.4)), float(rng.uniform(0.5, 0.8))
    pushes = (
        start.push("chest", 0.0, long, forward=forward * size, left=left * size),
        start.push("pelvis", 0.2, long, forward=forward * size * low * 2.2, left=left * size * low * 1.5),
    )
    conscious = rng.random() < 0.4
    tone, fade = (float(rng.uniform(0.15, 0.4)), None) if conscious else (float(rng.uniform(0.1, 0.25)), float(rng.uniform(0.3, 0.8)))
    targets = _PROTECTIVE_ARMS[direction] if conscious else {}
    physics = PhysicsPhase(
        start.time, tone, float(rng.uniform(0.2, 0.4)), targets, pushes, flail=float(rng.uniform(0.0, 0.3)), tone_decay=fade, seconds=3.5
    )
    return _finish_fall(start, physics, rng, boxes)


def missed_chair(body: Body, rng: np.random.Generator) -> Act:
    """Sit down where the chair is not, or slides away."""
    seat = float(rng.uniform(0.42, 0.48))
    puppet = _puppet(body, rng)
    puppet.hold(rng.uniform(1.0, 3.0))
    away = float(rng.uniform(0.75, 1.1))
    boxes = furniture.make_chair(puppet.ahead(-away, float(rng.normal(0, 0.1))), puppet.heading, seat) if rng.random() < 0.6 else ()
    action_start = puppet.time
    puppet.sit_down(seat, heavy=bool(rng.random() < 0.5))
    start = _fall_start(puppet, action_start + float(rng.uniform(0.5, 0.75)) * (puppet.time - action_start))
    pushes = (start.push("chest", 0.0, 0.3, forward=-rng.uniform(0.15, 0.5), left=float(rng.normal(0, 0.08))),)
    return _finish_fall(start, _physics_phase(start, rng, "backward", pushes, foot_friction=float(rng.uniform(0.3, 1.0))), rng, boxes)


def failed_sit_to_stand(body: Body, rng: np.random.Generator) -> Act:
    """Rise from a chair until the legs give way: a fall to the front or a side, past the seat."""
    puppet, boxes = _seated(body, rng, backrest=rng.random() < 0.7)
    action_start = puppet.time
    puppet.stand_up()
    start = _fall_start(puppet, action_start + float(rng.uniform(0.6, 0.95)) * (puppet.time - action_start))
    direction: Direction = rng.choice(["forward", "left", "right"], p=[0.5, 0.25, 0.25])
    left = {"forward": float(rng.normal(0, 0.1)), "left": 0.7, "right": -0.7}[direction] * float(rng.uniform(0.7, 1.2))
    forward = float(rng.uniform(0.5, 0.9)) if direction == "forward" else float(rng.uniform(0.2, 0.4))
    pushes = (
        start.push("chest", 0.0, 0.4, forward=forward, left=left),
        start.push("pelvis", 0.0, 0.4, forward=forward * 0.6, left=left * 0.4),
    )
    return _finish_fall(start, _physics_phase(start, rng, direction, pushes), rng, boxes)


def off_a_bed(body: Body, rng: np.random.Generator) -> Act:
    """Roll over the edge of a bed."""
    height = float(rng.uniform(0.42, 0.58))
    heading = float(rng.uniform(-np.pi, np.pi))
    sign = 1.0 if rng.random() < 0.5 else -1.0
    puppet = Puppet(body, rng, (0.0, 0.0), heading, LIE_BACK, surface=height)
    puppet.hold(rng.uniform(1.5, 4.0))
    start = _fall_start(puppet, puppet.time)
    # The pelvis starts at (0, 0), and the heading runs from head to feet: left of it is the right side of a person on the back.
    across = np.array([-np.sin(heading), np.cos(heading)]) * sign
    along = np.array([np.cos(heading), np.sin(heading)])
    middle = -across * float(rng.uniform(0.2, 0.3)) + along * 0.02
    boxes = furniture.make_bed((float(middle[0]), float(middle[1])), heading, height)
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
    targets = _PROTECTIVE_ARMS["forward"] if rng.random() < 0.5 else {}
    physics = PhysicsPhase(
        start.time,
        float(rng.uniform(0.08, 0.3)),
        float(rng.uniform(0.3, 0.7)),
        targets,
        pushes,
        flail=float(rng.uniform(0.05, 0.3)),
        seconds=3.5,
    )
    return _finish_fall(start, physics, rng, boxes)


# Sunk down on the knees, the pelvis near the heels, trunk and head hanging.
_SUNK = KNEEL.modified(
    {"knee flexion": 2.0, "hip flexion": 0.9, "lumbar flexion": 0.35, "thoracic flexion": 0.35, "neck flexion": 0.45,
    "shoulder flexion": 0.5, "elbow flexion": 0.3},
    pitch=0.3,
)  # fmt: skip
# Slid to the edge of a seat: the trunk leans back, the legs are stretched out.
_SLID = BodyPosture(
    {**SIT.angles, "hip flexion": 0.8, "knee flexion": 0.75, "ankle flexion": -0.1, "lumbar flexion": 0.35, "thoracic flexion": 0.35,
    "neck flexion": 0.4},
    pitch=-0.6, planted=False, sway=0.3,
)  # fmt: skip
# On the floor before the seat, leaning back against it.
_SLUMPED = _SLID.modified({"hip flexion": 1.15, "knee flexion": 0.4, "shoulder abduction": 0.25, "elbow flexion": 0.5}, pitch=-0.5)
_ON_A_FRAME = {"shoulder flexion": 0.45, "elbow flexion": 0.65, "shoulder abduction": 0.15, "lumbar flexion": 0.15}


def slow_collapse(body: Body, rng: np.random.Generator) -> Act:
    """Sink to the knees within a second or two, then to the floor; half of the elders hold on to a walking frame before."""
    puppet, boxes = _puppet(body, rng), tuple[Cuboid, ...]()
    puppet.hold(rng.uniform(0.5, 1.5))
    if rng.random() < 0.5:
        puppet.walk(float(rng.uniform(0.4, 0.8)) * (0.7 if body.person.elder else 1.0), float(rng.uniform(1.5, 3.0)))
    if body.person.elder and rng.random() < 0.5:
        puppet.move(puppet.stand.modified(_ON_A_FRAME), float(rng.uniform(0.8, 1.2)))
        boxes = furniture.make_walking_frame(puppet.ahead(0.3), puppet.heading, 0.85)
    puppet.hold(rng.uniform(0.8, 2.5))
    onset = puppet.time
    sinking = float(rng.uniform(1.3, 2.6))
    puppet.move(_SUNK, sinking, shift=(float(rng.uniform(0.02, 0.12)) * body.person.height, 0.0), skew=float(rng.uniform(1.0, 1.4)))
    start = _fall_start(puppet, onset + float(rng.uniform(0.85, 1.0)) * sinking)
    side = float(rng.choice([-1.0, 1.0]))
    angle = side * float(rng.uniform(0.5, 2.0))  # 0 is to the front
    size = float(rng.uniform(0.3, 0.6))
    pushes = (start.push("chest", 0.0, rng.uniform(0.5, 0.9), forward=size * np.cos(angle), left=size * np.sin(angle)),)
    targets = {name: 0.6 * value for name, value in _PROTECTIVE_ARMS["forward"].items()} if rng.random() < 0.4 else {}
    physics = PhysicsPhase(
        start.time,
        float(rng.uniform(0.2, 0.45)),
        float(rng.uniform(0.1, 0.3)),
        {**targets, "right hip flexion": 0.2, "left hip flexion": 0.2, "right knee flexion": 1.0, "left knee flexion": 1.0},
        pushes,
        flail=float(rng.uniform(0.0, 0.15)),
        tone_decay=float(rng.uniform(0.5, 1.0)),
        seconds=4.0,
        onset=onset,
    )
    return _finish_fall(start, physics, rng, boxes)


def slide_from_chair(body: Body, rng: np.random.Generator) -> Act:
    """Slide forward on a seat, slowly, then off its edge to the floor, and tip over to a side."""
    seat = float(rng.uniform(0.42, 0.48))
    puppet = _puppet(body, rng)
    puppet.hold(rng.uniform(0.5, 1.5))
    puppet.sit_down(seat)
    x, y = puppet.last.root[:2]
    boxes = furniture.make_chair((float(x), float(y)), puppet.heading, seat, bool(rng.random() < 0.8))
    puppet.hold(rng.uniform(1.5, 4.0))
    onset = puppet.time
    puppet.move(_SLID, float(rng.uniform(0.9, 2.2)), surface=seat, shift=(float(rng.uniform(0.16, 0.24)), 0.0))
    puppet.move(_SLUMPED, float(rng.uniform(0.5, 1.0)), shift=(float(rng.uniform(0.1, 0.2)), 0.0), skew=1.3)
    puppet.strike("pelvis", (0.0, 0.0, float(rng.uniform(0.3, 0.9))), puppet.time - 0.06)
    start = _fall_start(puppet, puppet.time)
    angle = float(rng.choice([-1.0, 1.0])) * float(rng.uniform(1.2, 2.2))  # 0 is to the front
    size = float(rng.uniform(0.35, 0.6))
    pushes = (start.push("chest", rng.uniform(0.0, 0.4), rng.uniform(0.5, 0.9), forward=size * np.cos(angle), left=size * np.sin(angle)),)
    straight = {"right hip flexion": 0.5, "left hip flexion": 0.5, "right knee flexion": 0.5, "left knee flexion": 0.5}
    physics = PhysicsPhase(
        start.time,
        float(rng.uniform(0.1, 0.3)),
        float(rng.uniform(0.1, 0.3)),
        straight,
        pushes,
        flail=float(rng.uniform(0.0, 0.15)),
        tone_decay=float(rng.uniform(0.5, 1.0)),
        seconds=4.0,
        onset=onset,
    )
    return _finish_fall(start, physics, rng, boxes)


FALL_ACTIVITIES: Mapping[str, Callable[[Body, np.random.Generator], Act]] = {
    "trip": trip,
    "slip": slip,
    "sideways": sideways,
    "faint": faint,
    "slump": slump,
    "missed chair": missed_chair,
    "failed sit-to-stand": failed_sit_to_stand,
    "off a bed": off_a_bed,
    "slow collapse": slow_collapse,
    "slide from a chair": slide_from_chair,
}


def _fall_start(puppet: Puppet, time: float) -> FallStart:
    return FallStart(puppet, puppet.trajectory(), time)


def _puppet(body: Body, rng: np.random.Generator) -> Puppet:
    at = (float(rng.uniform(-0.6, 0.6)), float(rng.uniform(-0.6, 0.6)))
    return Puppet(body, rng, at, float(rng.uniform(-np.pi, np.pi)))


def _standing(body: Body, rng: np.random.Generator) -> FallStart:
    puppet = _puppet(body, rng)
    puppet.hold(rng.uniform(2.0, 5.0))
    return _fall_start(puppet, puppet.time)


def _walking(body: Body, rng: np.random.Generator, speed: float) -> FallStart:
    """Return a moment in the middle of walking, at any phase of a stride, near the middle of the room."""
    heading = float(rng.uniform(-np.pi, np.pi))
    speed = float(speed) / (1 + 0.3 * float(body.person.elder))
    seconds = min(float(rng.uniform(3.0, 5.0)), 3.6 / speed)
    lead = 0.6 * speed * seconds  # m walked before the fall
    puppet = Puppet(body, rng, (-lead * float(np.cos(heading)), -lead * float(np.sin(heading))), heading)
    puppet.hold(rng.uniform(0.5, 1.5))
    action_start = puppet.time
    puppet.walk(speed, seconds)
    return _fall_start(puppet, action_start + float(rng.uniform(0.5, 0.75)) * (puppet.time - action_start))


def _seated(body: Body, rng: np.random.Generator, backrest: bool) -> tuple[Puppet, tuple[Cuboid, ...]]:
    """Return a puppet that has sat down, and its chair or stool."""
    seat = float(rng.uniform(0.42, 0.48))
    puppet = _puppet(body, rng)
    puppet.hold(rng.uniform(0.5, 1.5))
    puppet.sit_down(seat)
    x, y = puppet.last.root[:2]
    puppet.hold(rng.uniform(1.5, 4.0))
    return puppet, furniture.make_chair((float(x), float(y)), puppet.heading, seat, backrest)


def _physics_phase(
    start: FallStart, rng: np.random.Generator, direction: Direction, pushes: tuple[Push, ...], foot_friction: float = 1.0
) -> PhysicsPhase:
    """Return how the body falls; about two of three people bring their arms up, older ones later and with less strength."""
    frailty = float(np.clip((start.puppet.body.person.age - 30) / 45, 0, 1))
    protects = rng.random() < 0.7 - 0.2 * frailty
    targets = {
        name: angle * float(rng.uniform(0.7, 1.3))
        for name, angle in {**_BENDING_LEGS[direction], **(_PROTECTIVE_ARMS[direction] if protects else {})}.items()
    }
    return PhysicsPhase(
        time=start.time,
        tone=float(rng.uniform(0.12, 0.45)),
        reaction=float(rng.uniform(0.12, 0.3) + 0.08 * frailty),
        targets=targets,
        pushes=pushes,
        foot_friction=foot_friction,
        flail=float(rng.uniform(0.05, 0.4)),
        bracing=float(rng.uniform(0.6, 1.6)),
        seconds=3.5,
    )


def _finish_fall(start: FallStart, physics: PhysicsPhase, rng: np.random.Generator, boxes: tuple[Cuboid, ...] = ()) -> Act:
    """Return the act of a fall; a third of the people get up again (a tenth of the elders), one in three falls on a mat."""
    rises = rng.random() < (0.1 if start.puppet.body.person.elder else 0.33)
    return Act(
        Scene(boxes, mat=bool(rng.random() < 0.35)),
        start.trajectory,
        tuple(start.puppet.strikes),
        physics,
        after="get up" if rises else "lie",
        rest=float(rng.uniform(2.0, 5.0)),
    )
