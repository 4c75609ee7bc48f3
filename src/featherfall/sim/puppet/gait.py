"""Walking, jogging, turning and stairs: footfalls first, then the pelvis between them, then feet, trunk and arms.

A foot is set down where the pelvis will be at the middle of its stance, so that starting, stopping, curves and stumbles need no cases of
their own. Between two footfalls a foot rolls over its heel and its ball and swings on a quintic.

Sources. Steps per minute from speed and stature: Grieve & Gear, Ergonomics 9(5), 1966. Stance shares, foot angles, pelvis and arm
excursions: Murray, Drought & Kory, J. Bone Joint Surg. 46-A, 1964; Winter, The Biomechanics and Motor Control of Human Gait, 1991;
running: Novacheck, Gait & Posture 7, 1998.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..world.body import HINGE_INDEX, SEGMENT_NAMES, Body
from ..world.motion import SIM_RATE
from ..world.rotation import from_axis_angle, multiply
from .feet import Feet
from .kinematics import ANKLE_HEIGHT, bump, ease

if TYPE_CHECKING:
    from .puppet import Puppet

_Z = (0.0, 0.0, 1.0)
_THIGH, _SHANK = SEGMENT_NAMES.index("right thigh"), SEGMENT_NAMES.index("right shank")
_SIDES = ("right", "left")


def cadence(speed: float, body: Body) -> float:
    """Return steps per second at a speed (m/s): strides per minute = 64.8 (statures per second)^0.57 (Grieve & Gear 1966);
    people over 65 take some 4 % more and shorter ones (Winter 1991)."""
    steps = 2 * 64.8 / 60 * (speed / body.person.height) ** 0.57
    return float(steps * (1.04 if body.person.elder else 1.0))


@dataclass(frozen=True)
class GaitStyle:
    """How a person walks or jogs at a speed. Angles in rad, lengths in m, times as shares of a stride.

    Attributes:
        stance: share of the stride with the foot on the floor; under 0.5 there is flight.
        bob: half of the pelvis' rise and fall; drop: how much lower its mean is than in standing; lateral: half of its way from side to
            side.
        toe_off, heel_strike: tilt of the foot as it leaves (toes down) and lands (toes up); clear: how high it is lifted on the way.
        yaw, list: half of the pelvis' turning and tilting; lean: of the trunk to the front.
        arm: half of the shoulders' swing (right, left); roll: half of the forearms' turning with it (right, left);
            elbow: its mean bend beyond standing (right, left); bend: half of its change; give: how far it opens as the trunk goes down.
        blow: m/s, the change of a foot's velocity as it lands.
    """

    stance: float
    bob: float
    drop: float
    lateral: float
    toe_off: float
    heel_strike: float
    clear: float
    yaw: float
    list: float
    lean: float
    arm: tuple[float, float]
    roll: tuple[float, float]
    elbow: tuple[float, float]
    bend: float
    give: float
    blow: float

    @property
    def flight(self) -> bool:
        """Whether both feet leave the floor."""
        return self.stance < 0.5


def draw_style(speed: float, body: Body, rng: np.random.Generator) -> GaitStyle:
    """Draw a person's gait at `speed` m/s; above 2 m/s it is a jog. Older people swing their arms and roll their feet less."""
    frailty = float(np.clip((body.person.age - 55) / 35, 0, 1))
    height = body.person.height
    length = speed / cadence(speed, body)
    vigour = rng.uniform(0.8, 1.2) * (1 - 0.35 * frailty)
    uneven = rng.normal(0, 0.12)
    loose = np.exp(rng.normal(0, 0.3, 2)) * (1 - 0.3 * frailty)
    if speed > 2.0:
        arm = rng.uniform(0.26, 0.48) + 0.15 * (speed - 2.0)
        elbow = rng.uniform(0.95, 1.4)
        return GaitStyle(
            stance=0.40 - 0.04 * (speed - 2.0), bob=rng.uniform(0.034, 0.044), drop=0.035 * height, lateral=0.012, toe_off=0.8 * vigour,
            heel_strike=0.08, clear=0.12, yaw=0.12, list=0.05, lean=0.09, arm=(arm * (1 + uneven), arm * (1 - uneven)),
            roll=(0.3 * loose[0], 0.3 * loose[1]),
            elbow=(elbow * rng.uniform(0.93, 1.07), elbow), bend=rng.uniform(0.15, 0.35), give=rng.uniform(0.10, 0.18),
            blow=rng.uniform(0.8, 1.3) * (0.5 + speed / 5),
        )  # fmt: skip
    arm = (0.07 + 0.115 * min(speed, 1.4)) * vigour * rng.uniform(0.75, 1.25)
    elbow = 0.04 + 0.12 * speed
    return GaitStyle(
        stance=0.665 - 0.04 * speed, bob=min(length**2 / (22 * 0.53 * height), 0.03), drop=0.003 * height + 0.004 * speed,
        lateral=0.034 - 0.010 * speed, toe_off=(0.30 + 0.40 * min(speed, 1.5)) * (1 - 0.3 * frailty),
        heel_strike=(0.08 + 0.17 * speed) * (1 - 0.3 * frailty), clear=0.015 + 0.02 * speed * (1 - 0.4 * frailty),
        yaw=0.035 + 0.04 * speed, list=0.03 + 0.02 * speed,
        lean=0.02 + 0.03 * speed + 0.05 * frailty, arm=(arm * (1 + uneven), arm * (1 - uneven)),
        roll=((0.06 + 0.15 * speed) * loose[0], (0.06 + 0.15 * speed) * loose[1]),
        elbow=(elbow * (1 + rng.normal(0, 0.15)), elbow), bend=(0.03 + 0.06 * speed) * vigour, give=0.018 * speed,
        blow=(0.05 + 0.17 * speed) * rng.uniform(0.8, 1.2),
    )  # fmt: skip


def add_walk(puppet: Puppet, speed: float, seconds: float, curve: float = 0.0) -> None:
    """Walk or jog ahead from standing to standing; `curve` in rad/m, to the left is positive."""
    steps = cadence(speed, puppet.body) * puppet.rng.uniform(0.95, 1.05)
    count = max(round(seconds * steps) - 1, 2)
    durations = puppet.rng.normal(1, 0.018, count) / steps
    speeds = speed * np.clip(puppet.rng.normal(1, 0.025, count), 0.8, 1.2)
    speeds[[0, -1]] *= 0.55
    add_steps(puppet, Steps(durations, speeds, curve=curve), draw_style(speed, puppet.body, puppet.rng))


def add_turn(puppet: Puppet, angle: float) -> None:
    """Turn in place, to the left where `angle` (rad) is positive, with a step for every 40 degrees or so."""
    count = int(np.ceil(abs(angle) / puppet.rng.uniform(0.42, 0.58))) + 1
    durations = np.full(count, 0.52 * puppet.pace) * puppet.rng.normal(1, 0.04, count)
    first = 1 if angle > 0 else 0  # the inner foot goes first
    add_steps(puppet, Steps(durations, np.zeros(count), spin=angle, first=first), draw_style(0.4, puppet.body, puppet.rng))


@dataclass(frozen=True, eq=False)
class Steps:
    """K steps from standing to standing.

    Attributes:
        durations: (K,) s.
        speeds: (K,) m/s.
        curve: rad/m, to the left is positive.
        spin: rad turned in all while on the spot.
        first: the foot of the first step, 0 right, 1 left; random by default.
        marks: m ahead of the start, where each footfall goes; by default under the pelvis at the middle of its stance.
        grounds: m, height of the floor at each footfall; by default that of the start.
        lurch: (K,) rad, how far the trunk pitches forward around each landing.
    """

    durations: np.ndarray
    speeds: np.ndarray
    curve: float = 0.0
    spin: float = 0.0
    first: int | None = None
    marks: Sequence[float] | None = None
    grounds: Sequence[float] | None = None
    lurch: np.ndarray | None = None


def add_steps(puppet: Puppet, steps: Steps, style: GaitStyle) -> np.ndarray:
    """Append steps to the puppet's movement; return the times (K,) s at which the feet land, on the puppet's clock."""
    course, lurch = _plan(puppet, steps, style), steps.lurch
    t, lands, heading = course.t, course.lands, course.heading
    first = int(puppet.rng.integers(2)) if steps.first is None else steps.first
    feet = _set_feet(puppet, course, steps, style, first)
    stride = _stride(course, style, 1.0 if first == 1 else -1.0)
    gait, side = course.gait, stride.side
    # Lean into a curve until gravity balances the centripetal acceleration (to the left is negative about x).
    inward = steps.curve * course.speed**2 / 9.81
    root = _pelvis(puppet, course, feet, style, stride, inward, steps.marks is not None)

    pitch, yaw, tilt = 0.3 * gait * style.lean, -gait * style.yaw * stride.swing, gait * (style.list * side * np.sin(stride.phase) - inward)
    if lurch is not None:
        fall = sum(size * bump((t - at + 0.35) / 0.9) for size, at in zip(lurch, lands, strict=True))
        pitch = pitch + 0.35 * fall
    turns = multiply(
        from_axis_angle(_Z, heading + yaw), multiply(from_axis_angle((0.0, 1.0, 0.0), pitch), from_axis_angle((1.0, 0.0, 0.0), tilt))
    )

    old = puppet.last
    base = puppet.target_angles(puppet.stand)
    angles = old.angles + (base - old.angles) * ease(t / max(lands[0], 0.6))[:, None]
    _add_upper_body(angles, style, gait, stride)
    if lurch is not None:
        _add_stumble(angles, puppet.rng, fall)
    begin, sway = puppet.time, old.sway + (1 - old.sway) * ease(t)
    puppet.add(
        old._replace(
            root=root, rotation=turns, angles=angles, ankles=feet.ankles, soles=feet.soles, planted=np.ones((len(t), 2)), sway=sway
        )
    )
    return np.asarray(begin + lands)


@dataclass(frozen=True, eq=False)
class _Course:
    """Times and places of the steps; N samples, K steps.

    Attributes:
        t: (N,) s. lifts, lands: (K,) s, when each step's foot leaves the floor and comes down. mean: s, of a step.
        speed: (N,) m/s. gait: (N,), how much of going, 0 to 1. heading: (N,) rad. level: (N, 2) m, the pelvis' way on the floor.
        floor: m, its height at the start; levels: (K,) m, at each footfall.
    """

    t: np.ndarray
    lifts: np.ndarray
    lands: np.ndarray
    mean: float
    speed: np.ndarray
    gait: np.ndarray
    heading: np.ndarray
    level: np.ndarray
    floor: float
    levels: np.ndarray


@dataclass(frozen=True, eq=False)
class _Stride:
    """Periodic quantities of a stride, (N,). phase: rad, pi at every landing; side: 1 where the left foot landed at phase 0, else -1;
    swing: 1 with that foot ahead; twice: the bounce, twice a stride."""

    phase: np.ndarray
    side: float
    swing: np.ndarray
    twice: np.ndarray


def _plan(puppet: Puppet, steps: Steps, style: GaitStyle) -> _Course:
    """Place the footfalls first, then move the pelvis between them."""
    durations, speeds, marked = steps.durations, steps.speeds, steps.marks is not None
    old = puppet.last
    mean = float(np.mean(durations))
    swings = 2 * (1 - style.stance) * durations
    lands = 0.25 + 0.25 * mean + swings[0] + np.concatenate([[0.0], np.cumsum(durations[1:])])
    last = round((lands[-1] + (1.0 if marked else 0.7) * mean) * SIM_RATE)
    t = np.arange(1, last + 1) / SIM_RATE
    # The pelvis' way: speeds blend smoothly from step to step and end as the last foot comes alongside.
    # On given marks it comes over each foot half a step after that is set down.
    late = 0.45 * mean if marked else 0.0
    knots = np.concatenate([[0.3], lands - 0.5 * mean + late, [lands[-1] + 0.15 * mean + late]])
    values = np.concatenate([[0.0], speeds, [0.0]])
    speed = np.zeros(last)
    for left, right, a, b in zip(knots[:-1], knots[1:], values[:-1], values[1:], strict=True):
        speed += (b - a) * ease((t - left) / (right - left))
    gait = ease(t / lands[0]) * ease((lands[-1] + 0.45 * mean - t) / (1.1 * mean))
    distance = np.cumsum(speed) / SIM_RATE
    heading = puppet.heading + steps.curve * distance + steps.spin * ease(t / (lands[-1] + 0.1 * mean))
    level = old.root[:2] + np.cumsum(speed[:, None] * np.stack([np.cos(heading), np.sin(heading)], axis=1), axis=0) / SIM_RATE
    floor = float(old.ankles[:, 2].mean()) - ANKLE_HEIGHT * puppet.body.person.height
    levels = np.full(len(durations), floor) if steps.grounds is None else np.asarray(steps.grounds, dtype=np.float64)
    return _Course(t, lands - swings, lands, mean, speed, gait, heading, level, floor, levels)


def _set_feet(puppet: Puppet, course: _Course, steps: Steps, style: GaitStyle, foot: int) -> Feet:
    """Set each foot down where the pelvis will be at the middle of its stance, or at its mark, and let it strike the floor."""
    durations, speeds, marks = steps.durations, steps.speeds, steps.marks
    rng, old, start = puppet.rng, puppet.last, puppet.heading
    count, last = len(durations), len(course.t)
    feet = Feet(puppet, course.t, style)
    middles = course.lands + (1.0 * style.stance if style.flight else 0.54) * durations + (0.25 * durations if steps.spin else 0.0)
    middles[-1] = middles[-2:].min() if count > 1 else middles[-1]  # the last foot comes to stand beside the one before
    for k in range(count):
        at = min(int(middles[k] * SIM_RATE), last - 1)
        where, heading = course.level[at], course.heading[at]
        if marks is not None:
            where = old.ankles[:, :2].mean(0) + marks[k] * np.array([np.cos(start), np.sin(start)])
        elif speeds.any():
            where = where + (old.ankles[:, :2].mean(0) - old.root[:2]) @ _rotation_2d(heading - start).T
        else:
            where = old.ankles[:, :2].mean(0)
        feet.step(foot, course.lifts[k], course.lands[k], where, float(course.levels[k]), float(heading))
        # the floor pushes up and, in walking on, back
        blow = style.blow * rng.normal(1, 0.15) * (0.5 + 0.5 * min(speeds[k] / max(speeds.max(), 1e-6), 1.5) if speeds.any() else 0.5)
        back = -0.35 * blow * np.array([np.cos(heading), np.sin(heading)])
        puppet.strike(f"{_SIDES[foot]} foot", (back[0], back[1], blow), puppet.time + course.lands[k])
        foot = 1 - foot
    return feet


def _stride(course: _Course, style: GaitStyle, side: float) -> _Stride:
    """Return the stride's phase, pi at every landing and continued evenly before the first and after the last."""
    phase = np.pi * _landing_count(course.t, course.lands, course.mean)
    twice = np.cos(2 * phase - 0.6)
    if style.flight:
        beat = 2 * phase - 2 * np.pi * style.stance  # lowest at the middle of stance
        twice = np.cos(beat) + 0.12 * np.cos(2 * beat)  # and in flight close to free fall
    return _Stride(phase, side, side * np.cos(phase), twice)


def _pelvis(puppet: Puppet, course: _Course, feet: Feet, style: GaitStyle, stride: _Stride, inward: np.ndarray, marked: bool) -> np.ndarray:
    """Return pelvis positions (N, 3) m: along the course, swaying and bouncing, never out of the legs' reach."""
    body, old, t, mean = puppet.body, puppet.last, course.t, course.mean
    final = puppet.over_feet(old._replace(ankles=feet.ankles[-1], soles=feet.soles[-1]), puppet.stand)
    rise = _pelvis_rise(t, course.lands, course.floor, course.levels, mean)
    root = np.concatenate([course.level, (old.root[2] + rise)[:, None]], axis=1)
    root += (
        (final - root[-1]) * ease((t - course.lands[0]) / (t[-1] - course.lands[0]))[:, None]
        if marked
        else (final - root[-1]) * ease((t - t[-1] + 2 * mean) / (2 * mean))[:, None]
    )
    across = np.stack([-np.sin(course.heading), np.cos(course.heading)], axis=1)
    sway = stride.side * np.sin(stride.phase - 0.3)
    root[:, :2] += (course.gait * (style.lateral * sway + 0.45 * body.person.height * inward))[:, None] * across
    root[:, 2] -= course.gait * (style.drop + style.bob * stride.twice)

    # where a leg would have to be longer than it is, the pelvis goes lower
    reach = 0.994 * float(np.linalg.norm(body.ends[_THIGH]) + np.linalg.norm(body.ends[_SHANK]))
    gap = root[:, None] - feet.ankles
    over = np.sqrt(np.maximum(reach**2 - gap[..., 0] ** 2 - gap[..., 1] ** 2, 0.01))
    still = ease(t / 0.3) * ease((t[-1] - t) / 0.3)
    root[:, 2] -= still * _smooth_peaks(np.maximum((gap[..., 2] - over).max(axis=1), 0.0), round(0.5 * mean * SIM_RATE))
    return root


def _add_upper_body(angles: np.ndarray, style: GaitStyle, gait: np.ndarray, stride: _Stride) -> None:
    """Add the stride's trunk, head and arm movement to `angles` (N, 36) rad in place; gait: (N,), share of walking, 0 to 1."""
    phase, side, swing, twice = stride.phase, stride.side, stride.swing, stride.twice

    def turned(name: str, change: np.ndarray) -> None:
        angles[:, HINGE_INDEX[name]] += change

    turned("lumbar flexion", 0.5 * gait * style.lean)
    turned("lumbar turn", 0.5 * gait * style.yaw * swing)
    turned("thoracic turn", 1.3 * gait * style.yaw * swing)
    turned("neck turn", -0.8 * gait * style.yaw * swing)
    turned("lumbar bend", 0.6 * gait * style.list * side * np.sin(phase))
    turned("thoracic bend", 0.4 * gait * style.list * side * np.sin(phase))
    turned("neck flexion", -0.5 * gait * style.lean + 0.02 * gait * twice)
    turned("head nod", -0.015 * gait * np.cos(2 * phase + 0.5))
    for index, hand in enumerate(_SIDES):
        forth = -side * np.cos(phase - 0.25) * (1.0 if hand == "left" else -1.0)  # against the leg of the same side
        turned(f"{hand} shoulder flexion", gait * (style.arm[index] * (forth + 0.12 * np.cos(2 * phase - 0.5)) - 0.1 * style.flight))
        # the forearms give way a little as the trunk bounces
        turned(f"{hand} elbow flexion", gait * (style.elbow[index] + style.bend * forth - style.give * twice))
        # the forearm turns inwards as it comes to the front, and shakes a little as the trunk goes down
        turning = np.cos(phase - 0.25 - 0.5) * (-side if hand == "left" else side) + (0.5 if style.flight else 0.15) * np.cos(2 * phase)
        turned(f"{hand} shoulder rotation", gait * (0.3 * style.roll[index] * turning + (0.25 if style.flight else 0.0)))
        turned(f"{hand} pronation", gait * style.roll[index] * turning)
        turned(f"{hand} shoulder abduction", gait * (0.05 + (0.12 if style.flight else 0.0)))


def _add_stumble(angles: np.ndarray, rng: np.random.Generator, fall: np.ndarray) -> None:
    """Add the trunk and arm movement of a stumble in place; `fall` (N,) rad is how far the trunk pitches."""

    def turned(name: str, change: np.ndarray) -> None:
        angles[:, HINGE_INDEX[name]] += change

    turned("lumbar flexion", 0.4 * fall)
    turned("thoracic flexion", 0.25 * fall)
    turned("neck flexion", -0.3 * fall)
    for hand, throw, open_ in zip(_SIDES, rng.uniform(1.0, 2.6, 2), rng.uniform(0.4, 1.8, 2), strict=True):
        turned(f"{hand} shoulder flexion", throw * fall)
        turned(f"{hand} shoulder abduction", open_ * fall)
        turned(f"{hand} elbow flexion", 0.7 * fall)
        turned(f"{hand} shoulder rotation", -0.5 * throw * fall)
        turned(f"{hand} pronation", 0.8 * throw * fall)


def _rotation_2d(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s], [s, c]])


def _landing_count(t: np.ndarray, lands: np.ndarray, mean: float) -> np.ndarray:
    """Return the number of the landing as a smooth function of time: 0 at the first, 1 at the second, ..."""
    beat = np.concatenate([lands[0] - mean * np.arange(4, 0, -1), lands, lands[-1] + mean * np.arange(1, 5)])
    steps = np.arange(-4, len(lands) + 4)
    from scipy.interpolate import CubicSpline

    return np.asarray(CubicSpline(beat, steps)(t))


def _pelvis_rise(t: np.ndarray, lands: np.ndarray, floor: float, grounds: np.ndarray, mean: float) -> np.ndarray:
    """Return the pelvis' height (N,) m over its height at the start: it follows the feet up during push-off, down during landing."""
    rise = np.zeros(len(t))
    before = floor
    for land, ground in zip(lands, grounds, strict=True):
        if ground > before:
            rise += (ground - before) * ease((t - land + 0.1 * mean) / (1.1 * mean))
        elif ground < before:
            rise += (ground - before) * ease((t - land + 0.8 * mean) / (1.1 * mean))
        before = ground
    return rise


def _smooth_peaks(values: np.ndarray, width: int) -> np.ndarray:
    """Return a smooth curve over the peaks of `values` (N,): the maximum within `width` samples, then three moving means."""
    window = 2 * width + 1
    tall = np.lib.stride_tricks.sliding_window_view(np.pad(values, width), window).max(axis=1)
    part = 2 * (width // 3) + 1
    for _ in range(3):
        total = np.cumsum(np.concatenate([[0.0], np.pad(tall, part // 2, mode="edge")]))
        tall = (total[part:] - total[:-part]) / part
    return np.asarray(tall)
