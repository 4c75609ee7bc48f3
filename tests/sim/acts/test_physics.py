"""Physics of falls: the same body as the puppet's, gravity as it is, and everyone ends on the floor."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featherfall.sim.acts import physics
from featherfall.sim.world.act import Act, PhysicsPhase, Push
from featherfall.sim.world.body import HINGES, SEGMENT_NAMES, SimulatedPerson, make_body
from featherfall.sim.world.motion import SIM_RATE, Trajectory, forward_kinematics
from featherfall.sim.world.rotation import from_axis_angle, multiply
from featherfall.sim.world.scene import Cuboid, Scene

BODY = make_body(SimulatedPerson("P1", "female", 45, 1.66, 64))


def standing(count: int = 20, height: float = 0.0, speed: float = 0.0) -> Trajectory:
    root = np.tile(BODY.offsets[0] + [0, 0, height], (count, 1))
    root[:, 0] += np.arange(count) / SIM_RATE * speed
    return Trajectory(root, np.tile([1.0, 0, 0, 0], (count, 1)), np.zeros((count, len(HINGES))))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_puppet_and_physics_share_one_body(seed: int) -> None:
    rng = np.random.default_rng(seed)
    turn = multiply(from_axis_angle((0, 0, 1), rng.uniform(-3, 3)), from_axis_angle((0, 1, 0), rng.uniform(-1, 1)))
    angles = rng.uniform([hinge.low for hinge in HINGES], [hinge.high for hinge in HINGES])
    trajectory = Trajectory(rng.normal(size=(1, 3)), turn[None], angles[None])
    positions, rotations = forward_kinematics(BODY, trajectory)

    model = physics._model(BODY, Scene(), 1.0)
    data = mujoco.MjData(model)
    data.qpos[:] = np.concatenate([trajectory.root[0], turn, angles])
    mujoco.mj_kinematics(model, data)

    np.testing.assert_allclose(data.xpos[1:], positions[0], atol=1e-4)
    np.testing.assert_allclose(np.abs((data.xquat[1:] * rotations[0]).sum(-1)), 1.0, atol=1e-6)


def test_the_model_weighs_what_the_person_weighs() -> None:
    model = physics._model(BODY, Scene(), 1.0)
    assert [model.body(1 + index).name for index in range(len(SEGMENT_NAMES))] == list(SEGMENT_NAMES)
    assert [model.joint(1 + index).name for index in range(len(HINGES))] == [hinge.name for hinge in HINGES]
    assert model.body_mass.sum() == pytest.approx(64, rel=1e-3)


def test_a_body_in_the_air_falls_freely() -> None:
    act = Act(Scene(), standing(height=1.0), physics=PhysicsPhase(time=0.05, seconds=0.3))
    motion = physics.simulate_act(BODY, act, np.random.default_rng(0))
    start, steps = round(0.05 * SIM_RATE), 40
    dropped = motion.positions[start, 0, 2] - motion.positions[start + steps, 0, 2]
    # Semi-implicit Euler: g dt^2 (1 + 2 + ... + 40).
    assert dropped == pytest.approx(9.81 / SIM_RATE**2 * steps * (steps + 1) / 2, rel=0.02)


def test_a_push_adds_its_impulse() -> None:
    push = Push("pelvis", start=0.0, seconds=0.1, impulse=(0.5, 0.0, 0.0))
    act = Act(Scene(), standing(height=2.0), physics=PhysicsPhase(time=0.05, tone=1.0, seconds=0.25, pushes=(push,)))
    assert act.physics is not None
    for harder in (1.0, 2.0):
        positions, _ = forward_kinematics(
            BODY, physics._simulate_fall(BODY, act, act.physics, 10, harder, np.random.default_rng(0)).trajectory
        )
        centre = np.einsum("nsk,s->nk", positions, BODY.masses) / BODY.masses.sum()
        speed = (centre[40, 0] - centre[30, 0]) * SIM_RATE / 10
        assert speed == pytest.approx(0.5 * harder, rel=0.15)  # the segments' origins stand in for their centres of mass


@pytest.mark.parametrize("tone", [0.02, 0.3])
def test_a_fall_from_walking_ends_on_the_floor(tone: float) -> None:
    push = Push("chest", 0.0, 0.3, (0.3, 0.05, 0))
    act = Act(Scene(), standing(speed=1.2), physics=PhysicsPhase(time=0.05, tone=tone, pushes=(push,), seconds=4.0), rest=2.0)
    motion = physics.simulate_act(BODY, act, np.random.default_rng(0))
    assert motion.fall is not None and motion.fall.onset is not None and motion.fall.impact is not None and motion.fall.end is not None
    assert motion.fall.onset == 0.05
    assert motion.fall.onset + 0.3 < motion.fall.impact < motion.fall.onset + 2.0
    assert motion.fall.impact < motion.fall.end <= motion.duration
    assert motion.positions[-1, SEGMENT_NAMES.index("pelvis"), 2] < 0.35
    assert motion.positions[-1, SEGMENT_NAMES.index("head"), 2] < 0.5
    assert motion.positions[..., 2].min() > -0.12  # flesh gives way, the floor does not
    later = motion.positions[-round(SIM_RATE) :]
    assert np.abs(np.diff(later, axis=0)).max() * SIM_RATE < 0.1  # lies still


def test_the_same_seed_gives_the_same_fall() -> None:
    act = Act(Scene(), standing(speed=1.0), physics=PhysicsPhase(time=0.05, pushes=(Push("chest", 0.0, 0.2, (0.4, 0, 0)),)))
    first, second = (physics.simulate_act(BODY, act, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first.positions, second.positions)


def test_furniture_carries_the_body() -> None:
    bed = Cuboid("mattress", (0, 0, 0.25), (3.0, 3.0, 0.5), soft=True)
    lying = Trajectory(
        np.tile([0.0, 0.0, 0.75], (20, 1)), np.tile(from_axis_angle((0, 1, 0), -np.pi / 2), (20, 1)), np.zeros((20, len(HINGES)))
    )
    motion = physics.simulate_act(BODY, Act(Scene((bed,)), lying, physics=PhysicsPhase(time=0.05, seconds=2.0)), np.random.default_rng(0))
    assert 0.45 < motion.positions[-1, 0, 2] < 0.75


def test_a_motion_without_physics_is_the_trajectory() -> None:
    trajectory = standing(speed=1.0)
    motion = physics.simulate_act(BODY, Act(Scene(), trajectory), np.random.default_rng(0))
    assert motion.fall is None
    np.testing.assert_array_equal(motion.positions[:, 0], trajectory.root)
