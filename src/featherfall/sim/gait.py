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

from .body import HINGE_INDEX, NAMES, Body
from .kinematics import ANKLE, bump, ease, quintic
from .motion import RATE
from .rotation import about, multiply, rotate

if TYPE_CHECKING:
    from .puppet import Puppet

_Z = (0.0, 0.0, 1.0)
_THIGH, _SHANK = NAMES.index("right thigh"), NAMES.index("right shank")
_SIDES = ("right", "left")
# Centres of the ball and the heel on which a foot rolls, (ahead of the ankle, above the floor), fractions of stature, as in its solid.
_BALL, _HEEL = (0.094, 0.019), (-0.025, 0.022)

# A foot leaves the floor before its roll is over: share of the roll done, and its value, rate and change there.
_PART = 0.65
_ROLLED = float(ease(np.array(_PART)))
_RATE = 30 * _PART**2 * (1 - _PART) ** 2 * _PART / _ROLLED
_CHANGE = 60 * _PART * (1 - _PART) * (1 - 2 * _PART) * _PART**2 / _ROLLED


def cadence(speed: float, body: Body) -> float:
    """Steps per second at a walking or jogging speed (m/s): strides per minute = 64.8 (statures per second)^0.57 (Grieve & Gear 1966);
    people over 65 take some 4 % more and shorter ones (Winter 1991)."""
    steps = 2 * 64.8 / 60 * (speed / body.person.height) ** 0.57
    return float(steps * (1.04 if body.person.elder else 1.0))


@dataclass(frozen=True)
class Style:
    """How one moves at a speed. Angles in rad, lengths in m, times as shares of a stride.

    Attributes:
        stance: share of the stride with the foot on the floor; under 0.5 there is flight.
        bob: half of the pelvis' rise and fall; drop: how much lower its mean is than in standing; lateral: half of its way from side to
            side.
        toe_off, heel_strike: tilt of the foot as it leaves (toes down) and lands (toes up); clear: how high it is lifted on the way.
        yaw, list: half of the pelvis' turning and tilting; lean: of the trunk to the front.
        arm: half of the shoulders' swing (right, left); elbow: its mean bend beyond standing (right, left); bend: half of its change;
            give: how far it opens as the trunk goes down.
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
    elbow: tuple[float, float]
    bend: float
    give: float
    blow: float

    @property
    def flight(self) -> bool:
        """Whether both feet leave the floor."""
        return self.stance < 0.5


def style(speed: float, body: Body, rng: np.random.Generator) -> Style:
    """A person's way of going at `speed` m/s; above 2 m/s it is a jog. Older people swing their arms and roll their feet less."""
    frailty = float(np.clip((body.person.age - 55) / 35, 0, 1))
    height = body.person.height
    length = speed / cadence(speed, body)
    vigour = rng.uniform(0.8, 1.2) * (1 - 0.35 * frailty)
    uneven = rng.normal(0, 0.12)
    if speed > 2.0:
        arm = rng.uniform(0.22, 0.42) + 0.1 * (speed - 2.0)
        elbow = rng.uniform(0.95, 1.4)
        return Style(
            stance=0.40 - 0.04 * (speed - 2.0), bob=rng.uniform(0.034, 0.044), drop=0.035 * height, lateral=0.012, toe_off=0.8 * vigour,
            heel_strike=0.08, clear=0.12, yaw=0.12, list=0.05, lean=0.09, arm=(arm * (1 + uneven), arm * (1 - uneven)),
            elbow=(elbow * rng.uniform(0.93, 1.07), elbow), bend=0.10, give=rng.uniform(0.05, 0.11), blow=rng.uniform(0.8,
            1.3) * (0.5 + speed / 5),
        )  # fmt: skip
    arm = (0.05 + 0.13 * speed) * vigour
    elbow = 0.04 + 0.12 * speed
    return Style(
        stance=0.665 - 0.04 * speed, bob=min(length**2 / (22 * 0.53 * height), 0.03), drop=0.003 * height + 0.004 * speed,
        lateral=0.034 - 0.010 * speed, toe_off=(0.30 + 0.40 * min(speed, 1.5)) * (1 - 0.3 * frailty),
        heel_strike=(0.08 + 0.17 * speed) * (1 - 0.3 * frailty), clear=0.015 + 0.02 * speed * (1 - 0.4 * frailty),
        yaw=0.035 + 0.04 * speed, list=0.03 + 0.02 * speed,
        lean=0.02 + 0.03 * speed + 0.05 * frailty, arm=(arm * (1 + uneven), arm * (1 - uneven)),
        elbow=(elbow * (1 + rng.normal(0, 0.15)), elbow), bend=(0.03 + 0.06 * speed) * vigour, give=0.012 * speed,
        blow=(0.06 + 0.22 * speed) * rng.uniform(0.8, 1.2),
    )  # fmt: skip


def walk(puppet: Puppet, speed: float, seconds: float, curve: float = 0.0) -> None:
    """Walk or jog ahead from standing to standing; `curve` in rad/m, to the left is positive."""
    steps = cadence(speed, puppet.body) * puppet.rng.uniform(0.95, 1.05)
    count = max(round(seconds * steps) - 1, 2)
    durations = puppet.rng.normal(1, 0.018, count) / steps
    speeds = speed * np.clip(puppet.rng.normal(1, 0.025, count), 0.8, 1.2)
    speeds[[0, -1]] *= 0.55
    go(puppet, durations, speeds, style(speed, puppet.body, puppet.rng), curve=curve)


def turn(puppet: Puppet, angle: float) -> None:
    """Turn in place, to the left where `angle` (rad) is positive, with a step for every 40 degrees or so."""
    count = int(np.ceil(abs(angle) / puppet.rng.uniform(0.42, 0.58))) + 1
    durations = np.full(count, 0.52 * puppet.pace) * puppet.rng.normal(1, 0.04, count)
    first = 1 if angle > 0 else 0  # the inner foot goes first
    go(puppet, durations, np.zeros(count), style(0.4, puppet.body, puppet.rng), spin=angle, first=first)


def go(
    puppet: Puppet,
    durations: np.ndarray,
    speeds: np.ndarray,
    way: Style,
    *,
    curve: float = 0.0,
    spin: float = 0.0,
    first: int | None = None,
    marks: Sequence[float] | None = None,
    grounds: Sequence[float] | None = None,
    lurch: np.ndarray | None = None,
) -> np.ndarray:
    """From standing to standing in len(durations) steps; returns the times (s, of the puppet) at which the feet land.

    Args:
        durations: s, of each step; speeds: m/s, of each.
        curve: rad/m; spin: rad, turned in all while on the spot.
        first: the foot that goes first, 0 right, 1 left.
        marks: m ahead of the start, where each footfall goes; unless given, under the pelvis at the middle of its stance.
        grounds: m, the height of the floor at each footfall; unless given, that of the start.
        lurch: (steps,) rad, how far the trunk pitches forward around each landing.
    """
    body, rng, old = puppet.body, puppet.rng, puppet.last
    height = body.person.height
    count = len(durations)
    mean = float(np.mean(durations))
    swings = 2 * (1 - way.stance) * durations
    lands = 0.25 + 0.25 * mean + swings[0] + np.concatenate([[0.0], np.cumsum(durations[1:])])
    lifts = lands - swings
    last = round((lands[-1] + (0.7 if marks is None else 1.0) * mean) * RATE)
    t = np.arange(1, last + 1) / RATE
    # The pelvis' way: speeds blend smoothly from step to step and end as the last foot comes alongside.
    # On given marks it comes over each foot half a step after that is set down.
    late = 0.0 if marks is None else 0.45 * mean
    knots = np.concatenate([[0.3], lands - 0.5 * mean + late, [lands[-1] + 0.15 * mean + late]])
    values = np.concatenate([[0.0], speeds, [0.0]])
    speed = np.zeros(last)
    for left, right, a, b in zip(knots[:-1], knots[1:], values[:-1], values[1:], strict=True):
        speed += (b - a) * ease((t - left) / (right - left))
    gait = ease(t / lands[0]) * ease((lands[-1] + 0.45 * mean - t) / (1.1 * mean))
    distance = np.cumsum(speed) / RATE
    start = puppet.heading
    heading = start + curve * distance + spin * ease(t / (lands[-1] + 0.1 * mean))
    level = old.root[:2] + np.cumsum(speed[:, None] * np.stack([np.cos(heading), np.sin(heading)], axis=1), axis=0) / RATE
    floor = float(old.ankles[:, 2].mean()) - ANKLE * height
    levels = np.full(count, floor) if grounds is None else np.asarray(grounds, dtype=np.float64)

    feet = Feet(puppet, t, way)
    foot = int(rng.integers(2)) if first is None else first
    foot_first = foot
    middles = lands + (1.0 * way.stance if way.flight else 0.54) * durations + (0.25 * durations if spin else 0.0)
    middles[-1] = middles[-2:].min() if count > 1 else middles[-1]  # the last foot comes to stand beside the one before
    for k in range(count):
        at = min(int(middles[k] * RATE), last - 1)
        where = level[at]
        if marks is not None:
            where = old.ankles[:, :2].mean(0) + marks[k] * np.array([np.cos(start), np.sin(start)])
        elif speeds.any():
            where = where + (old.ankles[:, :2].mean(0) - old.root[:2]) @ _turn2(heading[at] - start).T
        else:
            where = old.ankles[:, :2].mean(0)
        feet.step(foot, lifts[k], lands[k], where, float(levels[k]), float(heading[at]))
        # the floor pushes up and, in walking on, back
        blow = way.blow * rng.normal(1, 0.15) * (0.5 + 0.5 * min(speeds[k] / max(speeds.max(), 1e-6), 1.5) if speeds.any() else 0.5)
        back = -0.35 * blow * np.array([np.cos(heading[at]), np.sin(heading[at])])
        puppet.strike(f"{_SIDES[foot]} foot", (back[0], back[1], blow), puppet.time + lands[k])
        foot = 1 - foot

    # Phase: pi at every landing, and on evenly before the first and after the last.
    phase = np.pi * _smooth_count(t, lands, mean)
    side = 1.0 if foot_first == 1 else -1.0  # the foot that landed at phase 0: left is positive
    sway, swing, twice = side * np.sin(phase - 0.3), side * np.cos(phase), np.cos(2 * phase - 0.6)
    if way.flight:
        beat = 2 * phase - 4 * np.pi * way.stance  # lowest at the middle of stance
        twice = np.cos(beat) + 0.12 * np.cos(2 * beat)  # and in flight close to free fall
    final = puppet._over_feet(old._replace(ankles=feet.ankles[-1], soles=feet.soles[-1]), puppet.stand)
    rise = _climb(t, lands, floor, levels, mean)
    root = np.concatenate([level, (old.root[2] + rise)[:, None]], axis=1)
    root += (
        (final - root[-1]) * ease((t - lands[0]) / (t[-1] - lands[0]))[:, None]
        if marks is not None
        else (final - root[-1]) * ease((t - t[-1] + 2 * mean) / (2 * mean))[:, None]
    )
    across = np.stack([-np.sin(heading), np.cos(heading)], axis=1)
    # In a curve one leans inwards (to the left is negative about x).
    inward = curve * speed**2 / 9.81
    root[:, :2] += (gait * (way.lateral * sway + 0.45 * height * inward))[:, None] * across
    root[:, 2] -= gait * (way.drop + way.bob * twice)

    # where a leg would have to be longer than it is, the pelvis goes lower
    reach = 0.994 * float(np.linalg.norm(body.ends[_THIGH]) + np.linalg.norm(body.ends[_SHANK]))
    gap = root[:, None] - feet.ankles
    over = np.sqrt(np.maximum(reach**2 - gap[..., 0] ** 2 - gap[..., 1] ** 2, 0.01))
    still = ease(t / 0.3) * ease((t[-1] - t) / 0.3)
    root[:, 2] -= still * _hull(np.maximum((gap[..., 2] - over).max(axis=1), 0.0), round(0.5 * mean * RATE))

    pitch, yaw, tilt = 0.3 * gait * way.lean, -gait * way.yaw * swing, gait * (way.list * side * np.sin(phase) - inward)
    if lurch is not None:
        fall = sum(size * bump((t - at + 0.35) / 0.9) for size, at in zip(lurch, lands, strict=True))
        pitch = pitch + 0.35 * fall
    turns = multiply(about(_Z, heading + yaw), multiply(about((0.0, 1.0, 0.0), pitch), about((1.0, 0.0, 0.0), tilt)))

    base = puppet._targets(puppet.stand)
    angles = old.angles + (base - old.angles) * ease(t / max(lands[0], 0.6))[:, None]

    def turned(name: str, change: np.ndarray) -> None:
        angles[:, HINGE_INDEX[name]] += change

    turned("lumbar flexion", 0.5 * gait * way.lean)
    turned("lumbar turn", 0.5 * gait * way.yaw * swing)
    turned("thoracic turn", 1.3 * gait * way.yaw * swing)
    turned("neck turn", -0.8 * gait * way.yaw * swing)
    turned("lumbar bend", 0.6 * gait * way.list * side * np.sin(phase))
    turned("thoracic bend", 0.4 * gait * way.list * side * np.sin(phase))
    turned("neck flexion", -0.5 * gait * way.lean + 0.02 * gait * twice)
    turned("head nod", -0.015 * gait * np.cos(2 * phase + 0.5))
    for index, hand in enumerate(_SIDES):
        forth = -side * np.cos(phase - 0.25) * (1.0 if hand == "left" else -1.0)  # against the leg of the same side
        turned(f"{hand} shoulder flexion", gait * (way.arm[index] * (forth + 0.12 * np.cos(2 * phase - 0.5)) - 0.1 * way.flight))
        # the forearms give way a little as the trunk bounces
        turned(f"{hand} elbow flexion", gait * (way.elbow[index] + way.bend * forth - way.give * twice))
        turned(f"{hand} shoulder rotation", gait * (0.1 * way.arm[index] * forth + (0.25 if way.flight else 0.0)))
        turned(f"{hand} shoulder abduction", gait * (0.05 + (0.12 if way.flight else 0.0)))
    if lurch is not None:
        turned("lumbar flexion", 0.4 * fall)
        turned("thoracic flexion", 0.25 * fall)
        turned("neck flexion", -0.3 * fall)
        for hand, throw, open_ in zip(_SIDES, rng.uniform(0.8, 2.4, 2), rng.uniform(0.3, 1.6, 2), strict=True):
            turned(f"{hand} shoulder flexion", throw * fall)
            turned(f"{hand} shoulder abduction", open_ * fall)
            turned(f"{hand} elbow flexion", 0.7 * fall)
    grip = np.ones((last, 2))
    begin = puppet.time
    puppet.add(
        old._replace(
            root=root, turn=turns, angles=angles, ankles=feet.ankles, soles=feet.soles, grip=grip, sway=old.sway + (1 - old.sway) * ease(t)
        )
    )
    return np.asarray(begin + lands)


class Feet:
    """Both feet over a stretch of time, step by step."""

    def __init__(self, puppet: Puppet, t: np.ndarray, way: Style) -> None:
        self.t, self.way, self.puppet = t, way, puppet
        self.height = puppet.body.person.height
        self.ankles = np.repeat(puppet.last.ankles[None], len(t), axis=0)
        self.soles = np.repeat(puppet.last.soles[None], len(t), axis=0)
        self.flat = [0.0, 0.0]  # since when each foot has been flat on the floor

    def step(self, foot: int, lift: float, land: float, where: np.ndarray, ground: float, heading: float) -> None:
        """Lift a foot at one time and land it at another, set around `where` on a floor at `ground`."""
        t, way, height = self.t, self.way, self.height
        land += (0.04 if way.flight else 0.12) * (land - lift)  # the heel touches the floor just before the foot has come to rest
        sign = 1.0 if foot else -1.0
        narrow = 0.75 if way.heel_strike > 0.12 or way.flight else 1.0
        spread = sign * narrow * self.puppet._stance
        new = np.array([*(where + spread * np.array([-np.sin(heading), np.cos(heading)])), ground + ANKLE * height])
        sole_new = about(_Z, heading + sign * self.puppet._splay)
        now = min(int(lift * RATE), len(t) - 1)
        old, sole_old = self.ankles[now, foot].copy(), self.soles[now, foot].copy()
        first = self.flat == [0.0, 0.0]
        stance = lift - self.flat[foot]
        off = min((0.8 if way.flight or new[2] < old[2] - 0.05 else 0.6) * stance, 0.6)
        tip = way.toe_off * (0.5 if first else 1.0)
        landing = way.heel_strike
        going = new - old
        far = float(np.hypot(going[0], going[1]))
        tip, landing = tip * min(far / (0.3 * height), 1.0), landing * min(far / (0.3 * height), 1.0)
        if going[2] < -0.05:
            landing = -0.35  # down a stair one lands on the ball
        # rolling off over the ball until `lift`
        settle = (0.13 if way.flight else 0.3) * (land - lift)
        rise, leave, arrive, still = (int(i) for i in np.searchsorted(t, (lift - off, lift, land, land + settle), side="right"))
        rolling, flying, settling = slice(rise, leave), slice(leave, arrive), slice(arrive, still)
        u = (t[rolling] - lift + off) / off
        alpha = -tip * ease(_PART * u) / _ROLLED
        self.ankles[rolling, foot] = self.roll(old, sole_old, alpha)
        self.soles[rolling, foot] = multiply(sole_old, about((0.0, -1.0, 0.0), alpha))
        # the swing
        u = (t[flying] - lift) / (land - lift)
        rate, change = -tip * _RATE / off, -tip * _CHANGE / off**2
        spot, velocity, acceleration = self._roll_motion(old, sole_old, -tip, rate, change)
        end = self.roll(new, sole_new, np.array([landing]))[0]
        zero = np.zeros(3)
        curve = quintic(u, np.stack([spot, velocity, acceleration]), np.stack([end, zero, zero]), land - lift)
        lifted = max(way.clear, 0.03 if far < 0.1 else 0.0)
        curve[:, 2] += lifted * (_skewed(u, 3, 4) if way.flight else bump(u))
        if going[2] > 0.05:
            curve[:, 2] += (0.05 + 0.35 * going[2]) * _skewed(u, 3, 6)
        elif going[2] < -0.05:
            curve[:, 2] += (0.04 - 0.25 * going[2]) * _skewed(u, 3, 5)
        self.ankles[flying, foot] = curve
        tilt = quintic(u, np.array([-tip, rate, change]), np.array([landing, 0.0, 0.0]), land - lift)
        angle = _yaw(sole_new) - _yaw(sole_old)
        yaw = _yaw(sole_old) + ((angle + np.pi) % (2 * np.pi) - np.pi) * ease(u)
        self.soles[flying, foot] = multiply(about(_Z, yaw), about((0.0, -1.0, 0.0), tilt))
        # and down to flat
        alpha = landing * (1 - ease((t[settling] - land) / settle))
        self.ankles[settling, foot] = self.roll(new, sole_new, alpha)
        self.soles[settling, foot] = multiply(sole_new, about((0.0, -1.0, 0.0), alpha))
        self.ankles[still:, foot], self.soles[still:, foot] = new, sole_new
        self.flat[foot] = land + settle

    def roll(self, ankle: np.ndarray, sole: np.ndarray, alpha: np.ndarray) -> np.ndarray:
        """(N, 3) where the ankle of a foot that stands flat at `ankle` goes as the foot tilts by `alpha` (toes up) over heel or ball."""
        toes = alpha < 0
        x = -np.where(toes, _BALL[0], _HEEL[0]) * self.height
        z = (ANKLE - np.where(toes, _BALL[1], _HEEL[1])) * self.height
        c, s = np.cos(alpha), np.sin(alpha)
        local = np.stack([x * c - z * s - x, np.zeros_like(alpha), x * s + z * c - z], axis=-1)
        return np.asarray(ankle + rotate(sole, local))

    def _roll_motion(
        self, ankle: np.ndarray, sole: np.ndarray, alpha: float, rate: float, change: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Place, velocity and acceleration of the ankle as the foot tilts over its ball at `rate` (rad/s, changing by `change` rad/s2)."""
        x, z = -_BALL[0] * self.height, (ANKLE - _BALL[1]) * self.height
        c, s = np.cos(alpha), np.sin(alpha)
        spot = self.roll(ankle, sole, np.array([alpha]))[0]
        arm = np.array([x * c - z * s, 0.0, x * s + z * c])
        across = np.array([-arm[2], 0.0, arm[0]])
        return spot, rotate(sole, rate * across), rotate(sole, change * across - rate**2 * arm)


def _turn2(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s], [s, c]])


def _yaw(q: np.ndarray) -> float:
    return float(2 * np.arctan2(q[3], q[0]))


def _skewed(u: np.ndarray, a: int, b: int) -> np.ndarray:
    """A smooth bump of height 1 whose peak is at a / (a + b)."""
    peak = a / (a + b)
    found: np.ndarray = u**a * (1 - u) ** b / (peak**a * (1 - peak) ** b)
    return found


def _smooth_count(t: np.ndarray, lands: np.ndarray, mean: float) -> np.ndarray:
    """Which landing it is, smoothly: 0 at the first, 1 at the second, ...; by a steady beat outside."""
    beat = np.concatenate([lands[0] - mean * np.arange(4, 0, -1), lands, lands[-1] + mean * np.arange(1, 5)])
    steps = np.arange(-4, len(lands) + 4)
    from scipy.interpolate import CubicSpline

    return np.asarray(CubicSpline(beat, steps)(t))


def _climb(t: np.ndarray, lands: np.ndarray, floor: float, grounds: np.ndarray, mean: float) -> np.ndarray:
    """(N,) m by which the pelvis is over its height at the start: it follows the feet up with the push after, down with the landing."""
    rise = np.zeros(len(t))
    before = floor
    for land, ground in zip(lands, grounds, strict=True):
        if ground > before:
            rise += (ground - before) * ease((t - land + 0.1 * mean) / (1.1 * mean))
        elif ground < before:
            rise += (ground - before) * ease((t - land + 0.8 * mean) / (1.1 * mean))
        before = ground
    return rise


def _hull(values: np.ndarray, width: int) -> np.ndarray:
    """A smooth curve over the peaks of `values` (N,): the highest within `width` samples, then three moving means."""
    window = 2 * width + 1
    tall = np.lib.stride_tricks.sliding_window_view(np.pad(values, width), window).max(axis=1)
    part = 2 * (width // 3) + 1
    for _ in range(3):
        total = np.cumsum(np.concatenate([[0.0], np.pad(tall, part // 2, mode="edge")]))
        tall = (total[part:] - total[:-part]) / part
    return np.asarray(tall)
