"""The puppet: an animated person that stands, moves, walks, sits and lies along smooth curves, piece by piece.

Every piece is minimum-jerk (two smooth derivatives), starts and ends at rest, and sets targets of pelvis, trunk, arms and feet. Finally,
`Puppet.trajectory` adds idle motion and solves the legs, once for the whole trajectory.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..world.body import HINGES, SEGMENT_NAMES, Body
from ..world.motion import SIM_RATE, Strike, Trajectory, forward_kinematics
from ..world.rotation import from_axis_angle, multiply, rotate
from . import gait
from .idle_motion import add_idle_motion
from .kinematics import ANKLE_HEIGHT, LEG_HINGES, band_noise, bump, ease, heading_of, hinge_angles, pelvis_orientation, slerp
from .pose_targets import PoseTargets, solve_legs
from .postures import HALF_KNEEL, HANDS_AND_KNEES, LIE_BACK, LIE_LEFT, LIE_RIGHT, STAND, BodyPosture, sit
from .surface import keep_above_surface, lay_on_surface, plant_feet

_LEGS = LEG_HINGES.ravel()
_LOW, _HIGH = np.array([hinge.low for hinge in HINGES]), np.array([hinge.high for hinge in HINGES])


class Puppet:
    """A sequence of pieces of movement, each starting where the last has ended.

    Attributes:
        body: the person's body.
        pace: factor on the durations of whole actions (`walk`, `sit_down`, ...), about 0.9 for nimble to 1.7 for frail people; `move` takes
            its seconds as given.
        stand: this person's standing posture: STAND with individual arms, shoulders and (in elders) a stoop.
        strikes: collisions so far, in the order of time.

    Args:
        at: m; the middle of the feet, or the pelvis where the posture has free feet.
        heading: rad, where the person faces; lying on the back, the direction from head to feet; on the front, from feet to head.
        posture: how it starts; standing unless given.
        surface: m, height of what the person stands, lies or kneels on.
        base: how many times as far apart as usual the feet stand.
    """

    def __init__(
        self,
        body: Body,
        rng: np.random.Generator,
        at: tuple[float, float] = (0.0, 0.0),
        heading: float = 0.0,
        posture: BodyPosture | None = None,
        surface: float = 0.0,
        base: float = 1.0,
    ) -> None:
        self.body, self.rng, self.strikes = body, rng, list[Strike]()
        person = body.person
        frailty = float(np.clip((person.age - 55) / 35, 0, 1))
        self.pace = float((1 + 0.45 * frailty) * rng.uniform(0.88, 1.15))
        stoop = 0.04 + frailty * rng.uniform(0.0, 0.35)
        self.stand = STAND.modified(
            {
                "lumbar flexion": 0.3 * stoop, "thoracic flexion": 0.7 * stoop, "neck flexion": -0.6 * stoop + rng.uniform(-0.05, 0.15),
                **{
                    f"{side} {name}": STAND.angles[name] + rng.normal(0, spread)
                    for side in ("right", "left")
                    for name, spread in (("shoulder abduction", 0.025), ("elbow flexion", 0.07), ("shoulder rotation", 0.1),
                    ("pronation", 0.25))
                },
            },
            height=0.5275 - 0.006 * frailty,
        )  # fmt: skip
        self.half_base = person.height * rng.uniform(0.045, 0.065) * base  # half the distance between the feet
        self.splay = rng.uniform(0.03, 0.2)
        self._habit = rng.normal(0, 1, len(HINGES))  # the person's own deviation from every posture
        posture = posture or self.stand
        ankles, soles = self._feet(np.array(at), heading)
        ankles[:, 2] += surface if posture.planted else 0.0
        feet = PoseTargets(
            np.zeros(3), pelvis_orientation(heading), np.zeros(len(HINGES)), ankles, soles, np.ones(2), np.array(posture.sway)
        )
        root = self.over_feet(feet, posture) if posture.planted else np.array([*at, 0.0])
        start = feet._replace(
            root=root,
            rotation=pelvis_orientation(heading, posture.pitch, posture.twist),
            angles=self.target_angles(posture),
            planted=np.full(2, float(posture.planted)),
        )
        if not posture.planted:
            start = lay_on_surface(self.body, start, surface)
        self._pieces = [PoseTargets(*(np.asarray(part)[None] for part in start))]
        self._count = 1

    # ---- where things stand ----

    @property
    def time(self) -> float:
        """Seconds so far."""
        return (self._count - 1) / SIM_RATE

    @property
    def last(self) -> PoseTargets:
        """The present targets (without leading axis)."""
        return self._pieces[-1].last

    @property
    def heading(self) -> float:
        """Where the person faces, rad."""
        return heading_of(self.last.rotation)

    def now(self) -> Trajectory:
        """Return the present pose, a trajectory of one sample."""
        return solve_legs(self.body, PoseTargets(*(part[-1:] for part in self._pieces[-1])))

    def where(self, segment: str, point: tuple[float, float, float] = (0, 0, 0)) -> np.ndarray:
        """Return where a point of a segment's frame now is in the world, (3,) m."""
        positions, rotations = forward_kinematics(self.body, self.now())
        index = SEGMENT_NAMES.index(segment)
        return np.asarray(positions[0, index] + rotate(rotations[0, index], np.array(point)))

    def ahead(self, forward: float, left: float = 0.0) -> tuple[float, float]:
        """Return the place so many metres in front and to the left of the middle of the feet."""
        x, y = self.last.ankles[:, :2].mean(0)
        c, s = np.cos(self.heading), np.sin(self.heading)
        return float(x + c * forward - s * left), float(y + s * forward + c * left)

    def beside_left_foot(self) -> tuple[float, float]:
        """Return the place around which both feet stand once the right one has come beside the left."""
        x, y = self.where("left foot")[:2]
        return float(x + self.half_base * np.sin(self.heading)), float(y - self.half_base * np.cos(self.heading))

    def angles_between(self, start: float, end: float) -> np.ndarray:
        """Return a view of the angles (N, 36) rad between two past times (s) to edit in place; the first and last must not change."""
        self._pieces = [PoseTargets(*(np.concatenate(parts) for parts in zip(*self._pieces, strict=True)))]
        return self._pieces[0].angles[round(start * SIM_RATE) : round(end * SIM_RATE) + 1]

    # ---- pieces ----

    def add(self, targets: PoseTargets) -> None:
        """Append a piece that continues smoothly from `last` (its first sample is the one after)."""
        self._pieces.append(targets)
        self._count += len(targets.root)

    def strike(self, segment: str, velocity: tuple[float, float, float] | np.ndarray, time: float | None = None) -> None:
        """Record a collision: the change of a segment's velocity (m/s, world), now or at `time` (s)."""
        x, y, z = (float(v) for v in velocity)
        self.strikes.append(Strike(self.time if time is None else time, SEGMENT_NAMES.index(segment), (x, y, z)))
        self.strikes.sort(key=lambda strike: strike.time)

    def hold(self, seconds: float) -> None:
        """Keep the present pose (idle motion is added later)."""
        count = round(seconds * SIM_RATE)
        if count > 0:
            self.add(PoseTargets(*(np.repeat(part[-1:], count, axis=0) for part in self._pieces[-1])))

    def move(
        self,
        posture: BodyPosture,
        seconds: float,
        *,
        shift: tuple[float, float] = (0.0, 0.0),
        heading: float | None = None,
        surface: float = 0.0,
        via: Mapping[str, float] | None = None,
        lean: float = 0.0,
        lag: float = 0.0,
        skew: float = 1.0,
        feet: tuple[float, float] | None = None,
        habit: float = 1.0,
    ) -> None:
        """Move to a posture along a minimum-jerk curve.

        With planted feet, the pelvis moves over them and the legs follow; free feet are first set flat on the floor near where they are.
        With free feet, the body is laid on the surface, and its lowest point stays on the surface along the way.

        Args:
            posture: where to move.
            seconds: how long it takes.
            shift: m, further displacement of the pelvis to the front and the left (of the new heading).
            heading: rad; by default the present one.
            surface: m, height of what a body with free feet lies or kneels on.
            via: hinge name -> rad, an excursion that is largest half way.
            lean: rad, likewise for the pelvis' tilt.
            lag: share of the time by which the pelvis rises later than it moves forward (negative: sinks earlier).
            skew: above 1, the movement starts slowly and ends fast.
            feet: m, the place around which free feet are set; by default, each is set below where it is.
            habit: weight of the person's own deviation from the posture's angles.
        """
        count = max(round(seconds * SIM_RATE), 2)
        u = (np.arange(1, count + 1) / count) ** skew
        s = ease(u)
        old = self.last
        walking = posture.planted and old.planted.min() == 1  # the legs' free angles do not matter then
        now = Trajectory(old.root[None], old.rotation[None], old.angles[None]) if walking else self.now()
        facing = self.heading if heading is None else heading
        new = self._end_targets(posture, now, facing, shift, surface, feet, habit)
        lead, late = ease(u / (1 - abs(lag))), ease((u - abs(lag)) / (1 - abs(lag)))
        level, upright = (lead, late) if lag >= 0 else (late, lead)
        root = old.root + (new.root - old.root) * np.stack([level, level, upright], axis=1)
        rotation = slerp(old.rotation, new.rotation, s)
        if lean:
            axis = rotate(from_axis_angle((0.0, 0.0, 1.0), facing), np.array([0.0, 1.0, 0.0]))
            half = lean * bump(u)[:, None] / 2
            rotation = multiply(np.concatenate([np.cos(half), np.sin(half) * axis], axis=1), rotation)
        angles = now.angles[0] + (new.angles - now.angles[0]) * s[:, None]
        for hinge, value in hinge_angles(via or {}).items():
            angles[:, hinge] += value * bump(u)
        # At the start, solved legs and free leg angles agree, so blending from one to the other does not show.
        planted = old.planted + (new.planted - old.planted) * ease(u / 0.3)[:, None]
        ankles, soles = np.repeat(new.ankles[None], count, 0), np.repeat(new.soles[None], count, 0)
        if posture.planted and not walking:
            plant_feet(self.body, ankles, soles, now, old, new, u)
        piece = PoseTargets(root, rotation, angles, ankles, soles, planted, old.sway + (new.sway - old.sway) * s)
        self.add(piece if walking else keep_above_surface(self.body, piece, surface))

    def _end_targets(
        self,
        posture: BodyPosture,
        now: Trajectory,
        facing: float,
        shift: tuple[float, float],
        surface: float,
        feet: tuple[float, float] | None,
        habit: float,
    ) -> PoseTargets:
        """Return the targets (one sample) at the end of a `move`."""
        old = self.last
        forth = np.array([np.cos(facing), np.sin(facing), 0.0])
        left = np.array([-forth[1], forth[0], 0.0])
        new = old._replace(
            angles=self.target_angles(posture, habit),
            rotation=pelvis_orientation(facing, posture.pitch, posture.twist),
            sway=np.array(posture.sway),
        )
        step = shift[0] * forth + shift[1] * left
        if not posture.planted:
            return lay_on_surface(self.body, new._replace(root=old.root + step, planted=np.zeros(2)), surface)
        if old.planted.min() < 1:
            ankles, soles = self.feet_below(now, facing, None if feet is None else np.array(feet))
            free = old.planted < 0.5
            new = new._replace(ankles=np.where(free[:, None], ankles, old.ankles), soles=np.where(free[:, None], soles, old.soles))
        return new._replace(root=self.over_feet(new, posture) + step, planted=np.ones(2))

    def move_upper_body(self, posture: BodyPosture, seconds: float) -> None:
        """Move trunk, head and arms to a posture's angles along a minimum-jerk curve; pelvis and feet stay where they are."""
        count = max(round(seconds * SIM_RATE), 2)
        piece = PoseTargets(*(np.repeat(part[-1:], count, axis=0) for part in self._pieces[-1]))
        change = self.target_angles(posture, 0.3) - piece.angles[0]
        change[_LEGS] = 0
        piece.angles[:] += ease(np.arange(1, count + 1) / count)[:, None] * change
        self.add(piece)

    def swing(self, changes: Mapping[str, float], frequency: float, seconds: float, sharp: float = 0.0) -> np.ndarray:
        """Swing hinges around the present posture; return the times (s) of the furthest excursions, one a swing.

        Args:
            changes: hinge name -> rad, half of the way; where positive, first away and then back through the posture.
            frequency: Hz, about; it drifts a little.
            sharp: 0 for a sine; up to 1 the way out is quicker and the turn at its end is harder.
        """
        count = max(round(seconds * SIM_RATE), 2)
        t = np.arange(1, count + 1) / SIM_RATE
        drift = band_noise(self.rng, count, 2, 0.2, 1.0, SIM_RATE)
        beat = frequency * (t + 0.04 * (drift[:, 0] - drift[0, 0]) / max(frequency, 1.0))
        phase = 2 * np.pi * beat
        course = np.sin(phase - sharp * 0.5 * np.cos(phase)) * (1 + 0.12 * drift[:, 1])
        course *= ease(t * frequency) * ease((t[-1] - t) * frequency)
        piece = PoseTargets(*(np.repeat(part[-1:], count, axis=0) for part in self._pieces[-1]))
        for hinge, value in hinge_angles(changes).items():
            piece.angles[:, hinge] += value * course
        begin = self.time
        self.add(piece)
        cycles = np.arange(0.25, beat[-1] - 0.25)
        return np.asarray(begin + np.interp(cycles, beat, t))

    def walk(self, speed: float, seconds: float, curve: float = 0.0) -> None:
        """Walk (above 2 m/s: jog) ahead from standing to standing for about `seconds`; `curve` in rad/m, to the left is positive."""
        gait.add_walk(self, speed, seconds, curve=curve)

    def turn(self, angle: float) -> None:
        """Turn in place with small steps, to the left where `angle` (rad) is positive."""
        gait.add_turn(self, angle)

    def sit_down(self, seat: float, heavy: bool = False, back: float | None = None) -> None:
        """Sit down on a seat `seat` m high behind the puppet; `heavy`: drop the last part, so that the seat strikes the pelvis.

        `back` (m): how far behind the feet the pelvis comes to rest; unless given, as knees at a right angle want it.
        """
        target = sit(self.body, seat)
        shift = 0.0 if back is None else -back - target.forward * self.body.person.height
        seconds = self.pace * self.rng.uniform(1.3, 2.0) * (0.7 if heavy else 1.0)
        lean = self.rng.uniform(0.35, 0.6)
        self.move(
            target,
            seconds,
            shift=(shift, 0.0),
            lean=lean,
            lag=-0.1,
            skew=1.8 if heavy else 1.1,
            via={"lumbar flexion": 0.3, "shoulder flexion": 0.3, "neck flexion": -0.3},
        )
        # A soft landing is hardly felt; after a drop from some 10 cm the pelvis arrives with 1 to 1.5 m/s.
        blow = self.rng.uniform(0.2, 0.5) if heavy else self.rng.uniform(0.03, 0.12)
        self.strike("pelvis", (0.0, 0.0, blow), self.time - (0.06 if heavy else 0.1) * seconds)

    def stand_up(self, seconds: float | None = None) -> None:
        """Lean forward and rise, from sitting or any posture whose feet can be set on the floor below."""
        seconds = seconds or self.pace * self.rng.uniform(1.3, 1.9)
        lean = self.rng.uniform(0.4, 0.65)
        self.move(self.stand, seconds, lean=lean, lag=0.12, via={"lumbar flexion": 0.35, "shoulder flexion": 0.45, "neck flexion": -0.35})

    def lie_down(self, surface: float, head: str = "left") -> None:
        """Lie down from sitting on the long side of a bed `surface` m high to the back, the head to the "left" or "right"."""
        facing = self.heading + (-np.pi / 2 if head == "left" else np.pi / 2)
        # along the bed, towards its head, and further onto it
        along, onto = 0.12 * self.body.person.height, self.rng.uniform(0.06, 0.12) * self.body.person.height
        self.move(
            LIE_BACK, self.pace * self.rng.uniform(2.6, 3.8), heading=facing, surface=surface, shift=(-along,
            onto if head == "left" else -onto),
            via={"hip flexion": 1.0, "knee flexion": 0.9, "lumbar flexion": 0.25, "elbow flexion": 0.4},
        )  # fmt: skip

    def trajectory(self) -> Trajectory:
        """Return the whole trajectory with idle motion."""
        targets = PoseTargets(*(np.concatenate(parts) for parts in zip(*self._pieces, strict=True)))
        return solve_legs(self.body, add_idle_motion(targets, self.body, self.rng))

    # ---- within ----

    def target_angles(self, posture: BodyPosture, habit: float = 1.0) -> np.ndarray:
        """Return the angles (36,) of a posture with this person's habits and a random variation."""
        angles = np.zeros(len(HINGES))
        for hinge, value in hinge_angles(posture.angles).items():
            angles[hinge] = value
        vary = 0.025 * self._habit + 0.02 * self.rng.standard_normal(len(HINGES))
        vary[_LEGS] *= 0.3
        found: np.ndarray = np.clip(angles + habit * vary * (1 + np.abs(angles)), _LOW, _HIGH)
        return found

    def _feet(self, at: np.ndarray, heading: float) -> tuple[np.ndarray, np.ndarray]:
        """Return ankles (2, 3) and soles (2, 4) of feet that stand flat around a place on the floor."""
        sides = np.array([-1.0, 1.0])
        across = np.array([-np.sin(heading), np.cos(heading)])
        level = at + sides[:, None] * self.half_base * across
        ankles = np.concatenate([level, np.full((2, 1), ANKLE_HEIGHT * self.body.person.height)], axis=1)
        return ankles, from_axis_angle((0.0, 0.0, 1.0), heading + sides * self.splay)

    def feet_below(self, now: Trajectory, heading: float, at: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Return ankles and soles of free feet: set on the floor where they are, or around `at`."""
        ankles, soles = self._feet(np.zeros(2) if at is None else at[:2], heading)
        if at is None:
            positions, _ = forward_kinematics(self.body, now)
            ankles[:, :2] = positions[0, [SEGMENT_NAMES.index("right foot"), SEGMENT_NAMES.index("left foot")], :2]
        return ankles, soles

    def over_feet(self, feet: PoseTargets, posture: BodyPosture) -> np.ndarray:
        """Return the pelvis' position (3,) m over planted feet."""
        height = self.body.person.height
        front = rotate(feet.soles, np.array([1.0, 0.0, 0.0])).sum(0)[:2]
        front /= np.linalg.norm(front)
        # the middle of a foot is ahead of its ankle
        level = feet.ankles[:, :2].mean(0) + front * (posture.forward + 0.025) * height
        ground = feet.ankles[:, 2].mean() - ANKLE_HEIGHT * height
        return np.array([*level, ground + posture.height * height])


def get_up(body: Body, rng: np.random.Generator, start_root: np.ndarray, start_turn: np.ndarray, start_angles: np.ndarray) -> Trajectory:
    """Return the trajectory from a lying pose on the floor (pelvis (3,) m and (4,), angles (36,) rad) to standing.

    Over the side or the front to hands and knees, half kneeling, standing, as people get up (VanSant, Phys. Ther. 68(2), 1988). The first
    sample is the pose given.
    """
    puppet = Puppet(body, rng)
    feet = np.zeros((2, 3))
    puppet._pieces = [
        PoseTargets(
            *(
                np.asarray(part, dtype=np.float64)[None]
                for part in (start_root, start_turn, start_angles, feet, puppet.last.soles, np.zeros(2), 0.15)
            )
        )
    ]
    front = rotate(np.asarray(start_turn), np.array([1.0, 0.0, 0.0]))
    up = rotate(np.asarray(start_turn), np.array([0.0, 0.0, 1.0]))
    away = float(np.arctan2(-up[1], -up[0]))  # from head to feet
    pace = puppet.pace * rng.uniform(0.9, 1.3)
    if front[2] > -0.5:
        sideways = rotate(np.asarray(start_turn), np.array([0.0, 1.0, 0.0]))[2]  # above 0: the left is up
        to_left = rng.random() < 0.5 if abs(sideways) < 0.4 else sideways < 0
        side = LIE_LEFT if to_left else LIE_RIGHT
        puppet.move(side.modified({"neck bend": -side.angles["neck bend"]}), 1.5 * pace, heading=away)
    puppet.move(HANDS_AND_KNEES, 1.9 * pace, heading=away + np.pi)
    puppet.hold(rng.uniform(0.2, 0.8))
    puppet.move(HALF_KNEEL, 1.5 * pace, heading=away + np.pi)
    puppet.hold(rng.uniform(0.1, 0.5))
    puppet.move(puppet.stand, 1.7 * pace, heading=away + np.pi, lean=0.3, feet=puppet.beside_left_foot(), via={"lumbar flexion": 0.3})
    puppet.hold(rng.uniform(0.4, 1.0))
    return puppet.trajectory()
