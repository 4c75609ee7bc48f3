"""Activities of daily living on foot: walking, jogging, stairs, jumping, stumbling."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from ..puppet import gait, gestures
from ..puppet.feet import Feet
from ..puppet.kinematics import ease, quintic
from ..puppet.puppet import Puppet
from ..world import furniture
from ..world.act import Act
from ..world.body import HINGE_INDEX, Body
from ..world.motion import SIM_RATE
from ..world.rotation import from_axis_angle, multiply
from ..world.scene import Cuboid, Scene

_G = 9.81


def start_standing(body: Body, rng: np.random.Generator, back: float = 0.0, surface: float = 0.0, base: float = 1.0) -> Puppet:
    """Return a standing puppet at a random place near the middle of the room, moved `back` m backwards.

    `base`: how many times as far apart as usual the feet stand.
    """
    heading = float(rng.uniform(-np.pi, np.pi))
    x, y = rng.uniform(-0.5, 0.5, 2) - back * np.array([np.cos(heading), np.sin(heading)])
    return Puppet(body, rng, (float(x), float(y)), heading, surface=surface, base=base)


def finish_act(puppet: Puppet, boxes: tuple[Cuboid, ...] = ()) -> Act:
    """Return the act of a puppet whose movement is done, held so that it lasts at least 5 s."""
    puppet.hold(max(puppet.rng.uniform(0.4, 1.2), 5.0 - puppet.time + puppet.rng.uniform(0.1, 0.8)))
    return Act(Scene(boxes), puppet.trajectory(), tuple(puppet.strikes))


def age_speed_factor(body: Body) -> float:
    """Return the share of walking speed left at an age: 1 up to 55 years, 0.7 at 90 (Bohannon, Age Ageing 26, 1997)."""
    return 1 - 0.3 * float(np.clip((body.person.age - 55) / 35, 0, 1))


def _walk_around(body: Body, rng: np.random.Generator, low: float, high: float) -> Act:
    """Walk in a circle, or there and back, at a speed between `low` and `high` m/s."""
    speed = float(rng.uniform(low, high)) * age_speed_factor(body)
    jog = speed > 2.0
    if jog or rng.random() < 0.6:
        radius = float(rng.uniform(1.9, 2.3) if jog else rng.uniform(1.3, 2.0))
        heading, side = float(rng.uniform(-np.pi, np.pi)), float(rng.choice([-1.0, 1.0]))
        place = radius * side * np.array([np.sin(heading), -np.cos(heading)])  # the room's middle is beside
        puppet = Puppet(body, rng, (float(place[0]), float(place[1])), heading)
        puppet.hold(rng.uniform(0.1, 1.0))
        puppet.walk(speed, rng.uniform(6, 12), curve=side / radius)
    else:
        distance = float(rng.uniform(2.5, 4.0))
        puppet = start_standing(body, rng, back=distance / 2)
        puppet.hold(rng.uniform(0.1, 1.0))
        puppet.walk(speed, distance / speed)
        if puppet.time < 9:
            puppet.turn(float(rng.choice([-1.0, 1.0])) * np.pi * rng.uniform(0.95, 1.05))
            puppet.walk(speed, min(distance / speed, 13 - puppet.time))
    gestures.add_idle_gestures(puppet, 0.05, puppet.time - 0.05, 0.15 if jog else 0.35)
    return finish_act(puppet)


def walk(body: Body, rng: np.random.Generator) -> Act:
    """Walk at a comfortable pace."""
    return _walk_around(body, rng, 1.0, 1.4)


def walk_slowly(body: Body, rng: np.random.Generator) -> Act:
    """Stroll or shuffle."""
    return _walk_around(body, rng, 0.5, 0.9)


def walk_fast(body: Body, rng: np.random.Generator) -> Act:
    """Walk in a hurry."""
    return _walk_around(body, rng, 1.4, 1.8)


def jog(body: Body, rng: np.random.Generator) -> Act:
    """Jog; older people do not go much above 2 m/s."""
    return _walk_around(body, rng, 2.05 / age_speed_factor(body), max(2.9, 2.25 / age_speed_factor(body)))


def _draw_stairs(rng: np.random.Generator) -> tuple[int, float, float]:
    return int(rng.integers(4, 7)), float(rng.uniform(0.15, 0.18)), float(rng.uniform(0.26, 0.30))


def _flight_of_steps(
    puppet: Puppet, front: tuple[float, float], heading: float, count: int, rise: float, tread: float
) -> tuple[Cuboid, ...]:
    """Return a flight of solid steps whose lowest edge is at `front`, climbed towards `heading`."""
    forth = np.array([np.cos(heading), np.sin(heading)])
    boxes: list[Cuboid] = []
    for k in range(count):
        x, y = np.array(front) + k * tread * forth
        depth = tread if k < count - 1 else 0.9
        boxes.extend(furniture.make_step((float(x), float(y)), heading, (k + 1) * rise, depth))
    return tuple(boxes)


def _climb(puppet: Puppet, marks: np.ndarray, grounds: np.ndarray, seconds: float) -> np.ndarray:
    """Step onto `marks` (m ahead) at heights `grounds` (m), onto the last twice; return the times (s) of the landings."""
    marks, grounds = np.append(marks, marks[-1]), np.append(grounds, grounds[-1])
    durations = seconds * puppet.rng.normal(1, 0.04, len(marks))
    speeds = np.diff(marks, prepend=0.0) / durations
    style, vigour = gait.draw_style(0.9, puppet.body, puppet.rng), puppet.rng.uniform(0.8, 2.6)
    style = replace(
        style,
        bob=0.004,
        drop=0.012,
        toe_off=0.45 if grounds[-1] > grounds[0] else 1.0,
        roll=(2.0 * style.roll[0], 2.0 * style.roll[1]),
        lean=0.10 if grounds[-1] > grounds[0] else 0.02,
        heel_strike=0.0,
        blow=vigour * (0.35 if grounds[-1] > grounds[0] else 0.5),
    )
    return gait.add_steps(puppet, gait.Steps(durations, speeds, marks=list(marks), grounds=list(grounds)), style)


def _stairs_hands(puppet: Puppet, lands: np.ndarray) -> None:
    """Add a hand on a rail to stairs just climbed (most elders, and most others), or else idle gestures."""
    if puppet.rng.random() < (0.85 if puppet.body.person.elder else 0.65):
        gestures.hold_rail(puppet, gestures.SIDES[int(puppet.rng.integers(2))], lands)
    else:
        gestures.add_idle_gestures(puppet, 0.05, puppet.time - 0.05, 0.35)


def stairs_up(body: Body, rng: np.random.Generator) -> Act:
    """Climb a flight of 4 to 6 steps, one foot on each."""
    count, rise, tread = _draw_stairs(rng)
    puppet = start_standing(body, rng, back=1.2)
    puppet.hold(rng.uniform(0.2, 0.8))
    if rng.random() < 0.5:
        puppet.walk(0.9 * age_speed_factor(body), 1.6)
    first, heading = 0.12 * body.person.height, puppet.heading
    front = puppet.ahead(first)
    marks = first + 0.085 + tread * np.arange(count)
    _stairs_hands(puppet, _climb(puppet, marks, rise * np.arange(1, count + 1), rng.uniform(0.52, 0.70) * puppet.pace))
    return finish_act(puppet, _flight_of_steps(puppet, front, heading, count, rise, tread))


def stairs_down(body: Body, rng: np.random.Generator) -> Act:
    """Descend a flight of 4 to 6 steps."""
    count, rise, tread = _draw_stairs(rng)
    puppet = start_standing(body, rng, back=0.8, surface=count * rise)
    puppet.hold(rng.uniform(0.2, 0.8))
    edge, heading = 0.11 * body.person.height, puppet.heading
    # the lowest edge of the flight, seen from below
    front = puppet.ahead(edge + (count - 1) * tread)
    boxes = _flight_of_steps(puppet, front, heading + np.pi, count, rise, tread)
    marks = edge + 0.10 + tread * np.arange(count)
    _stairs_hands(puppet, _climb(puppet, marks, rise * np.arange(count - 1, -1, -1), rng.uniform(0.48, 0.68) * puppet.pace))
    if rng.random() < 0.5:
        puppet.walk(0.9 * age_speed_factor(body), 1.6)
    return finish_act(puppet, boxes)


def climb_a_step(body: Body, rng: np.random.Generator) -> Act:
    """Step up onto one step and down on its other side."""
    rise, depth = float(rng.uniform(0.15, 0.20)), float(rng.uniform(0.38, 0.45))
    puppet = start_standing(body, rng, back=1.5)
    puppet.hold(rng.uniform(0.2, 0.8))
    puppet.walk(rng.uniform(0.8, 1.1) * age_speed_factor(body), 1.8)
    heading, edge, seconds = puppet.heading, 0.125 * body.person.height, rng.uniform(0.65, 0.85) * puppet.pace
    box = furniture.make_step(puppet.ahead(edge), heading, rise, depth)
    _climb(puppet, np.array([edge + depth / 2 - 0.05]), np.array([rise]), seconds)
    puppet.hold(rng.uniform(0.1, 1.2))
    _climb(puppet, np.array([depth / 2 + 0.05 + 0.10]), np.array([0.0]), seconds)
    puppet.walk(rng.uniform(0.8, 1.1) * age_speed_factor(body), 1.6)
    return finish_act(puppet, box)


def stumble(body: Body, rng: np.random.Generator) -> Act:
    """Stumble while walking: two to four fast steps with the trunk lurching and the arms thrown, then walk on."""
    speed = float(rng.uniform(0.9, 1.4)) * age_speed_factor(body)
    step = 1 / gait.cadence(speed, body)
    before, saving, after = int(rng.integers(3, 5)), int(rng.integers(2, 5)), int(rng.integers(3, 5))
    severity = float(rng.uniform(0.7, 1.7))
    count = before + saving + after
    durations, speeds, lurch = np.full(count, step), np.full(count, speed), np.zeros(count)
    recovery = np.arange(before, before + saving)
    durations[recovery] *= rng.uniform(0.55, 0.75, saving)
    speeds[recovery] *= 1 + 0.35 * severity * np.linspace(1, 0.2, saving)
    lurch[recovery] = severity * np.linspace(0.55, 0.1, saving)
    speeds[[0, -1]] *= 0.55
    speeds[before + saving] *= 0.8
    puppet = start_standing(body, rng, back=float(np.sum(speeds * durations)) / 2)
    puppet.hold(rng.uniform(0.5, 2.0))
    first = int(rng.integers(2))
    start = puppet.heading
    lands = gait.add_steps(puppet, gait.Steps(durations, speeds, first=first, lurch=lurch), gait.draw_style(speed, body, rng))
    forth = np.array([np.cos(start), np.sin(start), 0.0])
    caught = ("right foot", "left foot")[(first + before) % 2]
    puppet.strike(caught, -rng.uniform(0.4, 1.0) * severity * forth, float(lands[before] - 0.6 * durations[before]))
    for k in recovery:
        foot = ("right foot", "left foot")[(first + k) % 2]
        puppet.strike(foot, severity * rng.uniform(0.2, 0.6) * np.array([0, 0, 1.0]) - 0.2 * forth, float(lands[k]) + 0.004)
    return finish_act(puppet)


def jump(body: Body, rng: np.random.Generator) -> Act:
    """Jump gently on the spot with the arms reaching up, once or twice."""
    puppet = start_standing(body, rng)
    puppet.hold(rng.uniform(0.8, 2.0))
    for _ in range(1 if rng.random() < 0.7 else 2):
        _jump(puppet, float(rng.uniform(0.02, 0.07)) * age_speed_factor(body) ** 3)
        puppet.hold(rng.uniform(0.5, 1.5))
    return finish_act(puppet)


def _jump(puppet: Puppet, high: float) -> None:
    """Append one jump: down, push, a flight `high` m high, landing, up."""
    body, rng, old = puppet.body, puppet.rng, puppet.last
    height = body.person.height
    speed = float(np.sqrt(2 * _G * high))
    down, push, flight = rng.uniform(0.4, 0.6), rng.uniform(0.28, 0.36), 2 * speed / _G
    catch, up = rng.uniform(0.22, 0.30), rng.uniform(0.5, 0.8)
    dip, sink, tip = rng.uniform(0.05, 0.07) * height, (0.03 + 0.25 * high) * height, 0.03 * height  # tip: risen on the toes
    keys = [
        (0.0, 0.0, 0.0, 0.0),
        (down, -dip, 0.0, 6.0),
        (down + push, tip, speed, -_G),
        (down + push + flight, tip, -speed, -_G),
        (down + push + flight + catch, -sink, 0.0, 6.0),
        (down + push + flight + catch + up, 0.0, 0.0, 0.0),
    ]
    count = round(keys[-1][0] * SIM_RATE)
    t = np.arange(1, count + 1) / SIM_RATE
    rise = np.zeros(count)
    for (t0, *start), (t1, *end) in pairwise(keys):
        inside = (t > t0) & (t <= t1)
        rise[inside] = quintic((t[inside] - t0) / (t1 - t0), np.array(start), np.array(end), t1 - t0)
    leave, land = keys[2][0], keys[3][0]
    air = np.where((t > leave) & (t < land), speed * (t - leave) - _G * (t - leave) ** 2 / 2, 0.0)
    kernel = np.hanning(13)[1:-1]
    air = np.convolve(np.pad(air, 5, mode="edge"), kernel / kernel.sum(), mode="valid")
    tilt = -0.55 * ease((t - leave + 0.2) / 0.2) * (1 - ease((t - land + 0.02) / 0.12))
    feet = Feet(puppet, t, gait.draw_style(1.0, body, rng))
    ankles, soles = feet.ankles.copy(), feet.soles.copy()
    for foot in (0, 1):
        ankles[:, foot] = feet.roll(old.ankles[foot], old.soles[foot], tilt)
        soles[:, foot] = multiply(old.soles[foot], from_axis_angle((0.0, -1.0, 0.0), tilt))
    ankles[:, :, 2] += air[:, None]
    root = np.repeat(old.root[None], count, 0)
    root[:, 2] += rise
    bend = -rise / (0.1 * height)
    bend = 0.5 * (bend + np.sqrt(bend**2 + 0.01)) - 0.05  # a smooth maximum of 0 and the bend
    root[:, :2] -= (0.02 * height * bend)[:, None] * np.array([np.cos(puppet.heading), np.sin(puppet.heading)])
    reach = ease((t - 0.6 * down) / (0.4 * down + push)) * (1 - ease((t - land + 0.1) / 0.6))
    back = ease(t / (0.7 * down)) * (1 - ease((t - 0.7 * down) / (0.3 * down + 0.5 * push)))
    angles = _jump_angles(puppet, reach, back, bend)
    began = puppet.time
    puppet.add(
        old._replace(
            root=root,
            rotation=np.repeat(old.rotation[None], count, 0),
            angles=angles,
            ankles=ankles,
            soles=soles,
            planted=np.ones((count, 2)),
            sway=np.repeat(old.sway, count),
        )
    )
    for struck in ("right foot", "left foot"):
        puppet.strike(struck, (0.0, 0.0, float(rng.uniform(0.10, 0.25)) * speed), began + land + float(rng.normal(0, 0.008)))


def _jump_angles(puppet: Puppet, reach: np.ndarray, back: np.ndarray, bend: np.ndarray) -> np.ndarray:
    """Return hinge angles (N, 36) in rad of a jump: arms swing back, then reach up; the trunk bends with the knees.

    Arguments:
        reach, back: (N,) shares, 0 to 1, of the arms' way up and back.
        bend: (N,) how far the knees bend, about 0 to 1.
    """
    rng = puppet.rng
    angles = np.repeat(puppet.last.angles[None], len(bend), 0)
    up_arm = rng.uniform(0.4, 1.3, 2) * (1.0, rng.uniform(0.3, 1.0))[:: int(rng.choice([-1, 1]))]
    for side, reached in zip(("right", "left"), up_arm, strict=True):
        angles[:, HINGE_INDEX[f"{side} shoulder flexion"]] += reached * reach - 0.4 * back
        angles[:, HINGE_INDEX[f"{side} elbow flexion"]] += 0.35 * back + float(rng.uniform(0.2, 1.0)) * reach
        angles[:, HINGE_INDEX[f"{side} pronation"]] += float(rng.uniform(0.3, 1.2)) * (reach - 0.5 * back)
    for name, share in (("lumbar flexion", 0.3), ("thoracic flexion", 0.1), ("neck flexion", -0.25)):
        angles[:, HINGE_INDEX[name]] += share * bend
    return angles
