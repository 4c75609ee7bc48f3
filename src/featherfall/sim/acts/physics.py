"""Physics: MuJoCo moves the body from the onset of a fall until it lies still.

The body has the puppet's segments, hinges and solids, so a fall starts from the puppet's posture and velocity and results in a trajectory.
Muscles are position servos with torque limits; contacts are soft (flesh, clothing, and a mat where there is one).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import mujoco
import numpy as np

from featherfall.core.recording import FallTimes

from ..puppet.kinematics import band_noise
from ..world.act import Act, PhysicsPhase
from ..world.body import HINGE_INDEX, HINGES, PARENTS, SEGMENT_NAMES, Body
from ..world.motion import SIM_RATE, Motion, Trajectory, forward_kinematics
from ..world.scene import Scene

# Torque limits in N m per kg of body mass, of an adult's strong side (rounded from Anderson, Madigan & Nussbaum 2007, table 3, for the
# legs, and Winter 2009 for the rest); elders have about two thirds.
_STRENGTH = {
    "lumbar": 2.8,
    "thoracic": 2.0,
    "neck": 0.5,
    "head": 0.3,
    "shoulder": 0.9,
    "elbow": 0.8,
    "pronation": 0.18,
    "wrist": 0.15,
    "hip": 2.4,
    "knee": 2.4,
    "ankle": 1.6,
}
_FULL_TORQUE_AT = 0.35  # rad of deviation at which a muscle gives its full torque
_DAMPING_TIME = 0.09  # s, ratio of a servo's damping to its stiffness
_PASSIVE_DAMPING = 0.04  # damping of a limp joint, as a share of the servo's
# How much each hinge takes part in flailing: mostly pronation, since real watches turn about the forearm in a fall (docs/log.md: 727 deg/s
# in WEDA-FALL, 436 in the first simulated falls).
_FLAIL_SHARE = {"shoulder flexion": 0.6, "shoulder abduction": 0.6, "shoulder rotation": 1.2, "elbow": 0.8, "pronation": 3.0, "wrist": 1.0}
_FLAIL_BY_HINGE = np.array([max([size for word, size in _FLAIL_SHARE.items() if word in hinge.name], default=0.0) for hinge in HINGES])
_TRUNK = [SEGMENT_NAMES.index(name) for name in ("pelvis", "abdomen", "chest", "head")]
# Contacts as MuJoCo's solref: time constant (s) and damping; of two that meet, the mean counts. Stiffer contacts gave peaks of 25 g at the
# wrist (docs/log.md): hands and forearms give way at wrist, elbow and shoulder girdle, which the model's rigid links do not.
_FLOOR, _MAT, _FLESH, _ARM_FLESH = "0.03 1", "0.07 0.7", "0.02 1", "0.045 1"
_RELAXATION_TIME, _LIMP_TONE = 0.35, 0.02  # time constant in s with which bracing ends, and the tone that is left
_ARM_TONE = 1.5  # arms are light for their muscles: they stay quick where legs give way (docs/log.md)
_FLAIL_BAND = (0.8, 4.0)  # Hz
_PUSH_GAINS = (1.0, 1.5, 2.2, 3.2)  # a fall that ends on furniture is repeated with pushes so much harder (docs/log.md, "Off a bed")
_LYING_HEIGHT = 0.16  # of the stature: a trunk below this lies on the floor
_TREMOR = 0.0008  # rad, of every hinge while lying: some 0.004 g at the wrist, as in real recordings (docs/log.md)
_STILL_SPEED = 0.15  # rad/s and m/s below which nothing moves
_SETTLING_TIME = 0.25  # s of stillness that end the physics


@dataclass(frozen=True)
class _Fallen:
    """Result of the physics.

    Attributes:
        trajectory: from the onset of the fall.
        height: m, of the trunk in the end.
        impact, rest: s after the onset, when the trunk hits the ground and comes to rest.
    """

    trajectory: Trajectory
    height: float
    impact: float
    rest: float


def simulate_act(body: Body, act: Act, rng: np.random.Generator) -> Motion:
    """Turn an act into a motion: its trajectory and, for a fall, the physics and the lying or getting up after it.

    Arguments:
        rng: decides small movements while lying, and how the person gets up.
    """
    if act.physics is None:
        return Motion(body, act.scene, *forward_kinematics(body, act.trajectory), strikes=act.strikes)
    start = round(act.physics.time * SIM_RATE)
    for push_gain in _PUSH_GAINS:
        fallen = _simulate_fall(body, act, act.physics, start, push_gain, rng)
        if fallen.height < _LYING_HEIGHT * body.person.height:
            break
    pieces = [_slice(act.trajectory, slice(0, start + 1)), fallen.trajectory]
    last = fallen.trajectory
    if act.after == "get up":
        from ..puppet.puppet import get_up

        waited = _lie(last, rng, float(rng.uniform(0.5, 2.0)))
        pieces += [waited, get_up(body, rng, waited.root[-1], waited.rotation[-1], waited.angles[-1])]
    else:
        pieces.append(_lie(last, rng, act.rest))
    whole = Trajectory(*(np.concatenate([getattr(piece, name) for piece in pieces]) for name in ("root", "rotation", "angles")))
    positions, rotations = forward_kinematics(body, whole)
    time = start / SIM_RATE
    strikes = tuple(strike for strike in act.strikes if strike.time < time)
    onset = time if act.physics.onset is None else act.physics.onset
    return Motion(body, act.scene, positions, rotations, FallTimes(onset, time + fallen.impact, time + fallen.rest), strikes)


def _slice(trajectory: Trajectory, part: slice) -> Trajectory:
    return Trajectory(trajectory.root[part], trajectory.rotation[part], trajectory.angles[part])


def _simulate_fall(body: Body, act: Act, physics: PhysicsPhase, start: int, push_gain: float, rng: np.random.Generator) -> _Fallen:
    """Step the physics from the puppet's state at `start` until the body lies still."""
    model = _model(body, act.scene, physics.foot_friction)
    data = mujoco.MjData(model)
    pose_now, pose_before = (_qpos(act.trajectory, index) for index in (start, start - 1))
    data.qpos[:] = pose_now
    mujoco.mj_differentiatePos(model, data.qvel, 1 / SIM_RATE, pose_before, pose_now)
    torque = _torques(body)
    held = pose_now[7:].copy()
    targets = held.copy()
    for name, angle in physics.targets.items():
        targets[HINGE_INDEX[name]] = angle
    steps = round(physics.seconds * SIM_RATE)
    flail = band_noise(rng, steps + 1, len(HINGES), *_FLAIL_BAND, SIM_RATE, 0.5) * (physics.flail * _FLAIL_BY_HINGE)
    record = np.empty((steps, model.nq))
    still, count = 0, 0
    for count in range(1, steps + 1):
        time = (count - 1) / SIM_RATE
        if (count - 1) % 10 == 0:
            _set_tone(model, torque, _tone(physics, time))
        data.ctrl[:] = (targets if time >= physics.reaction else held) + flail[count] * _bracing_share(physics, time)
        data.xfrc_applied[:] = 0
        for push in physics.pushes:
            phase = (time - push.start) / push.seconds
            if 0 <= phase < 1:
                force = np.multiply(push.impulse, push_gain * body.person.mass * np.pi / (2 * push.seconds) * np.sin(np.pi * phase))
                data.xfrc_applied[1 + SEGMENT_NAMES.index(push.segment), :3] += force
        mujoco.mj_step(model, data)
        record[count - 1] = data.qpos
        still = still + 1 if np.abs(data.qvel).max() < _STILL_SPEED else 0
        if still >= _SETTLING_TIME * SIM_RATE:
            break
    record = record[:count]
    trajectory = Trajectory(record[:, :3], record[:, 3:7], record[:, 7:])
    return _Fallen(trajectory, *_outcome(body, trajectory, slow=physics.onset is not None))


def _tone(physics: PhysicsPhase, time: float) -> float:
    """Return the muscle strength `time` s after the onset; it fades once the person is down."""
    faded = 0.0 if physics.tone_decay is None else time / physics.tone_decay
    return max(physics.tone * float(np.exp(-faded)) * _bracing_share(physics, time), _LIMP_TONE)


def _bracing_share(physics: PhysicsPhase, time: float) -> float:
    """Return the share of bracing that is left, 1 to 0."""
    return float(np.exp(-max(time - physics.reaction - physics.bracing, 0.0) / _RELAXATION_TIME))


def _outcome(body: Body, trajectory: Trajectory, slow: bool) -> tuple[float, float, float]:
    """Return the trunk's final height (m), and the times (s from the start) of hardest braking and of coming to rest.

    `slow`: who begins on the knees or sits on the floor hits the ground with the trunk in the second half of the way down.
    """
    positions, _ = forward_kinematics(body, trajectory)
    weights = body.masses[_TRUNK] / body.masses[_TRUNK].sum()
    centre = np.einsum("nsk,s->nk", positions[:, _TRUNK], weights)
    velocity = np.gradient(centre, 1 / SIM_RATE, axis=0)
    upward = np.gradient(velocity[:, 2], 1 / SIM_RATE)
    window = np.ones(5) / 5  # 25 ms: the trunk's braking, not one step's contact
    braking = np.convolve(upward, window, mode="same")
    if slow:
        braking[: int(np.argmax(centre[:, 2] < (centre[0, 2] + centre[-1, 2]) / 2))] = -np.inf
    impact = int(np.argmax(braking))
    moving = np.flatnonzero(np.linalg.norm(velocity, axis=1) > 0.1)
    rest = max(int(moving[-1]) if len(moving) else 0, impact + 1)
    return float(centre[-1, 2]), (impact + 1) / SIM_RATE, (rest + 1) / SIM_RATE  # the first pose is one step after the onset


def _lie(last: Trajectory, rng: np.random.Generator, seconds: float) -> Trajectory:
    """Continue lying: residual velocity runs out, the chest breathes, and every hinge trembles a little."""
    count = max(round(seconds * SIM_RATE), 1)
    time = np.arange(1, count + 1) / SIM_RATE
    out = 0.08
    run = out * (1 - np.exp(-time / out))[:, None]
    root = last.root[-1] + (last.root[-1] - last.root[-2]) * SIM_RATE * run
    angles = last.angles[-1] + (last.angles[-1] - last.angles[-2]) * SIM_RATE * run
    swell = 1 - np.exp(-time)
    breath = 2 * np.pi * float(rng.uniform(0.2, 0.4))
    for name, size in (("thoracic flexion", 0.012), ("lumbar flexion", 0.006), ("neck flexion", 0.006)):
        angles[:, HINGE_INDEX[name]] += size * swell * (np.cos(breath * time) - 1)
    angles += band_noise(rng, count, len(HINGES), 0.5, 8.0, SIM_RATE, 1.5) * (_TREMOR * swell[:, None])
    return Trajectory(root, np.tile(last.rotation[-1], (count, 1)), angles)


def _qpos(trajectory: Trajectory, index: int) -> np.ndarray:
    return np.concatenate([trajectory.root[index], trajectory.rotation[index], trajectory.angles[index]])


def _torques(body: Body) -> np.ndarray:
    """Return the torque limits (36,) of the hinges' muscles, N m."""
    age = 1 - 0.33 * float(np.clip((body.person.age - 30) / 45, 0, 1))
    words = [hinge.name.removeprefix("right ").removeprefix("left ").split()[0] for hinge in HINGES]
    return np.array([_STRENGTH[word] for word in words]) * body.person.mass * age


def _set_tone(model: mujoco.MjModel, torque: np.ndarray, tone: float) -> None:
    """Scale the servos: stiffness, damping and torque limits."""
    torque = torque * np.where(_FLAIL_BY_HINGE > 0, min(tone * _ARM_TONE, 1.0), tone)
    stiffness = torque / _FULL_TORQUE_AT
    model.actuator_gainprm[:, 0] = stiffness
    model.actuator_biasprm[:, 1] = -stiffness
    model.actuator_biasprm[:, 2] = -stiffness * _DAMPING_TIME
    model.actuator_forcerange[:, 0] = -torque
    model.actuator_forcerange[:, 1] = torque


def _model(body: Body, scene: Scene, foot_friction: float) -> mujoco.MjModel:
    """Return the body and the solid boxes of a room as a MuJoCo model, in the order of `SEGMENT_NAMES` and `HINGES`."""
    return mujoco.MjModel.from_xml_string(_mjcf(body, scene, foot_friction))


def _mjcf(body: Body, scene: Scene, foot_friction: float) -> str:
    ground = _MAT if scene.mat else _FLOOR
    boxes = "".join(
        f'<geom type="box" pos="{_numbers(box.centre)}" size="{_numbers(np.divide(box.size, 2))}" euler="0 0 {box.yaw:.5f}" '
        f'solref="{"0.05 1" if box.soft else "0.02 1"}" priority="1" friction="{0.25 if box.soft else 0.5} 0.01 0.003" '
        'contype="2" conaffinity="1"/>'
        for box in scene.boxes
        if box.solid
    )
    joints = "".join(f'<position name="{hinge.name}" joint="{hinge.name}" kp="1" kv="1" forcerange="-1 1"/>' for hinge in HINGES)
    return f"""<mujoco>
  <compiler angle="radian" inertiafromgeom="true"/>
  <option timestep="{1 / SIM_RATE}" integrator="implicitfast" iterations="12" ls_iterations="8" cone="pyramidal">
    <flag eulerdamp="disable"/>
  </option>
  <default>
    <geom solimp="0.6 0.95 0.03" friction="0.7 0.01 0.003" contype="1" conaffinity="2" condim="3"/>
    <joint limited="true" armature="0.006" solreflimit="0.03 1"/>
  </default>
  <worldbody>
    <geom type="plane" size="0 0 1" solref="{ground}" contype="2" conaffinity="1"/>
    {boxes}
    {_segment(body, 0, foot_friction)}
  </worldbody>
  <actuator>{joints}</actuator>
</mujoco>"""


def _segment(body: Body, index: int, foot_friction: float) -> str:
    name = SEGMENT_NAMES[index]
    if index == 0:
        joints = "<freejoint/>"
    else:
        torque = _torques(body)
        joints = "".join(
            f'<joint name="{hinge.name}" axis="{_numbers(hinge.axis)}" range="{hinge.low} {hinge.high}" '
            f'damping="{torque[number] / _FULL_TORQUE_AT * _DAMPING_TIME * _PASSIVE_DAMPING:.4f}"/>'
            for number, hinge in enumerate(HINGES)
            if hinge.segment == name
        )
    solids = [solid for solid in body.solids if solid.segment == index]
    flesh = _ARM_FLESH if name.endswith(("arm", "hand")) else _FLESH
    friction = f'friction="{0.9 * foot_friction:.3f} 0.01 0.003"' if name.endswith("foot") else ""
    geoms = "".join(
        f'<geom type="capsule" fromto="{_numbers(solid.start)} {_numbers(solid.end)}" '
        f'size="{(solid.start_radius + solid.end_radius) / 2:.4f}" '
        f'mass="{body.masses[index] / len(solids):.4f}" solref="{flesh}" {friction}/>'
        for solid in solids
    )
    children = "".join(_segment(body, child, foot_friction) for child, parent in enumerate(PARENTS) if parent == index and child != index)
    return f'<body name="{name}" pos="{_numbers(body.offsets[index])}">{joints}{geoms}{children}</body>'


@functools.lru_cache(maxsize=1024)
def _number(value: float) -> str:
    return f"{value:.5f}"


def _numbers(values: object) -> str:
    return " ".join(_number(float(value)) for value in values)  # type: ignore[attr-defined]
