from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sim.motions import body, move

from featherfall.core.errors import UserError
from featherfall.sim.sense.sensors import (
    GRAVITY,
    SITES,
    Site,
    earth_field,
    find_site,
    measure_site,
    measure_sites,
    randomize_mounting,
    transient,
)
from featherfall.sim.world.body import SEGMENT_NAMES
from featherfall.sim.world.motion import SIM_RATE, Strike
from featherfall.sim.world.rotation import from_axis_angle, rotate

FOOT, HAND = SEGMENT_NAMES.index("right foot"), SEGMENT_NAMES.index("left hand")


def bare(site: Site) -> Site:
    """Screwed to the bone, so that nothing lags."""
    return replace(site, frequency=0.0)


def upward(site: Site) -> np.ndarray:
    """The world's up in the axes of a sensor on a standing person."""
    return np.array([rotate(np.asarray(site.mounting), axis)[2] for axis in np.eye(3)])


def test_the_twelve_sites_of_the_dataset_and_a_pocket() -> None:
    sided = ("shoulder", "upper arm", "forearm", "thigh", "lower leg")
    assert set(SITES) == {"head", "pelvis", "right pocket", *(f"{side} {name}" for side in ("right", "left") for name in sided)}
    assert find_site("left wrist") is SITES["left forearm"]
    with pytest.raises(UserError, match=r"unknown body site 'knee'.* right pocket, right wrist"):
        find_site("knee")


@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
def test_a_standing_person_feels_one_g_upwards_no_turn_and_the_earths_field(site: Site) -> None:
    imu = measure_site(move(), site)
    assert imu.times.shape == (401,)
    np.testing.assert_allclose(imu.acceleration, np.tile(upward(site), (401, 1)), atol=1e-9)
    np.testing.assert_allclose(imu.angular_velocity, 0, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(imu.magnetic_field, axis=1), np.hypot(20, 44))
    np.testing.assert_allclose(imu.magnetic_field @ upward(site), -44)  # it points down into the ground


def test_the_axes_of_a_watch() -> None:
    # Arms hang, thumbs to the front: the dial faces outwards, its right is towards the left hand or the right elbow, its top to the back.
    for side, x, y, z in (("left", [0, 0, -1], [-1, 0, 0], [0, 1, 0]), ("right", [0, 0, 1], [-1, 0, 0], [0, -1, 0])):
        mounting = np.asarray(SITES[f"{side} forearm"].mounting)
        np.testing.assert_allclose(rotate(mounting, np.eye(3)), [x, y, z], atol=1e-12)
    np.testing.assert_allclose(measure_site(move(), SITES["left forearm"]).acceleration[0], [-1, 0, 0], atol=1e-9)


def test_free_fall_weighs_nothing() -> None:
    t = np.arange(101) / SIM_RATE
    imu = measure_site(move(0.5, root=np.stack([0 * t, 0 * t, -GRAVITY * t**2 / 2], axis=1)), SITES["right forearm"])
    np.testing.assert_allclose(imu.acceleration, 0, atol=1e-9)


def test_pushed_forward_at_constant_acceleration() -> None:
    t = np.arange(101) / SIM_RATE
    site = bare(SITES["pelvis"])  # x up, z back
    imu = measure_site(move(0.5, root=np.stack([4.903325 * t**2 / 2, 0 * t, 0 * t], axis=1)), site)
    np.testing.assert_allclose(imu.acceleration, np.tile([1, 0, -0.5], (101, 1)), atol=1e-9)


def test_a_forearm_that_circles_about_the_shoulder_feels_the_centripetal_acceleration() -> None:
    t = np.arange(401) / SIM_RATE
    speed = 2 * np.pi  # rad/s
    site = bare(SITES["left forearm"])
    motion = move(angles={"left shoulder flexion": speed * t})
    imu = measure_site(motion, site)
    me = body()
    x, _, z = me.offsets[SEGMENT_NAMES.index("left forearm")] + site.position(
        me
    )  # from the shoulder; it turns about -y through the shoulder
    assert (x, round(z, 4)) == (0, round(-1.7 * (0.186 + 0.92 * 0.146), 4))
    # Watch: -x points from the hand to the shoulder, so the centripetal part is all there; gravity turns round.
    expected = -(speed**2) * np.hypot(x, z) / GRAVITY - np.cos(speed * t)
    np.testing.assert_allclose(imu.acceleration[1:-1, 0], expected[1:-1], atol=0.01)
    np.testing.assert_allclose(imu.acceleration[1:-1, 1], -np.sin(speed * t)[1:-1], atol=0.01)
    # About -y of the forearm, which is -z of the dial.
    np.testing.assert_allclose(imu.angular_velocity[1:-1], np.tile([0, 0, -360], (399, 1)), atol=1e-6)


def test_turning_on_the_spot() -> None:
    imu = measure_site(move(turn=((0.0, 0.0, 1.0), np.radians(90))), bare(SITES["head"]))  # x up, z forward: y to the right
    np.testing.assert_allclose(imu.angular_velocity, np.tile([90, 0, 0], (401, 1)), atol=1e-6)
    np.testing.assert_allclose(imu.magnetic_field[0], [-44, 0, 20], atol=1e-9)
    np.testing.assert_allclose(imu.magnetic_field[200], [-44, 20, 0], atol=1e-6)  # facing west, north is on the right


def test_heading_and_strength_of_the_field() -> None:
    np.testing.assert_allclose(earth_field(np.pi / 2, 30, 40), [0, 30, -40], atol=1e-12)
    imu = measure_site(move(0.1), SITES["head"], earth_field(np.pi / 2, 30, 40))
    np.testing.assert_allclose(imu.magnetic_field[0], [-40, -30, 0], atol=1e-9)


def test_all_sites_at_once_measure_what_each_measures_alone() -> None:
    t = np.arange(401) / SIM_RATE
    motion = move(turn=((0.0, 0.6, 0.8), 1.0), angles={"left elbow flexion": 1 + np.sin(5 * t)}, strikes=(Strike(0.5, FOOT, (0, 0, 1)),))
    together = measure_sites(motion, SITES.values())
    for site, imu in zip(SITES.values(), together, strict=True):
        alone = measure_site(motion, site)
        np.testing.assert_array_equal(imu.acceleration, alone.acceleration)
        np.testing.assert_array_equal(imu.angular_velocity, alone.angular_velocity)
        assert all(np.isfinite(values).all() for values in (imu.acceleration, imu.angular_velocity, imu.magnetic_field))


# --- tissue and strap


def test_the_strap_softens_a_rigid_stop_but_keeps_its_velocity() -> None:
    t = np.arange(401) / SIM_RATE
    drop = np.stack([0 * t, 0 * t, -2 * np.minimum(t, 1)], axis=1)  # 2 m/s, then stops between two samples
    hard, soft = (measure_site(move(root=drop), site).acceleration[:, 0] for site in (bare(SITES["pelvis"]), SITES["pelvis"]))
    assert hard.max() == pytest.approx(1 + 2 * SIM_RATE / GRAVITY, rel=1e-6)  # 42 g
    # The impulse response of w^2 / (s^2 + 2 d w s + w^2) peaks at w exp(-d / sqrt(1 - d^2) acos d) = .457 w; a push of 5 ms a little lower.
    assert soft.max() == pytest.approx(1 + 2 * 0.457 * 2 * np.pi * 35 / GRAVITY, rel=0.06)
    assert (soft - 1).sum() / SIM_RATE * GRAVITY == pytest.approx(2, rel=1e-6)


def test_a_phone_in_a_pocket_swings() -> None:
    t = np.arange(401) / SIM_RATE
    shake = np.stack([0.001 * np.sin(2 * np.pi * 9 * t), 0 * t, 0 * t], axis=1)
    loose = measure_site(move(root=shake), SITES["right pocket"]).acceleration[200:, 2].std()
    tight = measure_site(move(root=shake), bare(SITES["right pocket"])).acceleration[200:, 2].std()
    assert loose / tight == pytest.approx(1 / (2 * 0.35), rel=0.05)  # at the natural frequency: 1 / (2 d)


# --- strikes


def test_a_strikes_first_swing_takes_up_its_velocity_and_then_nothing_is_left() -> None:
    t = np.arange(-0.05, 0.3, 1e-4)
    velocity = transient(t)
    assert velocity.max() == pytest.approx(1, abs=1e-4)
    assert 0.005 < t[velocity.argmax()] < 0.02  # s, to the first peak
    assert np.abs(velocity[t < 0]).max() == 0
    assert np.abs(velocity[t > 0.2]).max() < 1e-3
    assert transient(t, 1.6).max() == pytest.approx(np.exp(-1), abs=1e-4)


@given(time=st.floats(0.3, 1.2), speed=st.floats(-3, 3))
def test_a_strike_leaves_no_velocity_behind(time: float, speed: float) -> None:
    for site in (SITES["right lower leg"], SITES["head"]):
        still, struck = (measure_site(move(strikes=strikes), site).acceleration for strikes in ((), (Strike(time, FOOT, (0, 0, speed)),)))
        difference = struck - still
        assert np.abs(difference.sum(axis=0) / SIM_RATE * GRAVITY).max() <= 0.002 * abs(speed)
        assert np.abs(difference[: int(time * SIM_RATE)]).max() < 1e-9


def test_a_heel_strike_comes_later_and_lower_up_the_body() -> None:
    still = measure_sites(move(), SITES.values())
    struck = measure_sites(move(strikes=(Strike(0.5, FOOT, (0, 0, 1)),)), SITES.values())
    felt = {name: (b.acceleration - a.acceleration) @ upward(SITES[name]) for name, a, b in zip(SITES, still, struck, strict=True)}
    way = [felt[name] for name in ("right lower leg", "right thigh", "pelvis", "right shoulder", "head")]
    peaks = [float(values.max()) for values in way]
    assert peaks == sorted(peaks, reverse=True)
    starts = [int(np.argmax(values > 0.2 * values.max())) for values in way]
    assert starts == sorted(starts) and starts[-1] > starts[0]
    foot = measure_site(move(strikes=(Strike(0.5, FOOT, (0, 0, 1)),)), Site("shoe", "right foot", 0.5, (0, 0, 0), (1, 0, 0, 0)))
    # Shorten & Winslow, Lafortune: some 70 % of the peak is lost from the foot to the head.
    assert peaks[-1] / (foot.acceleration[:, 2].max() - 1) == pytest.approx(0.3, abs=0.05)
    assert felt["left forearm"].max() < felt["pelvis"].max()


def test_a_palm_on_a_table_is_felt_at_its_wrist_most() -> None:
    struck = dict(zip(SITES, measure_sites(move(strikes=(Strike(0.5, HAND, (0, 0, 0.5)),)), SITES.values()), strict=True))
    peak = {name: np.linalg.norm(imu.acceleration, axis=1).max() for name, imu in struck.items()}
    assert max(peak, key=lambda name: peak[name]) == "left forearm"
    assert 3 < peak["left forearm"] < 6  # g


@pytest.mark.parametrize("time", [-0.1, 0.0, 1.999, 2.0, 5.0])
def test_strikes_at_the_edges_of_the_motion(time: float) -> None:
    assert np.isfinite(measure_site(move(strikes=(Strike(time, FOOT, (1, 2, 3)),)), SITES["head"]).acceleration).all()


# --- wearing


@given(seed=st.integers(0, 2**32 - 1), name=st.sampled_from(list(SITES)))
def test_however_it_is_worn_it_stays_on_its_limb(seed: int, name: str) -> None:
    site = SITES[name]
    worn = randomize_mounting(site, np.random.default_rng(seed))
    assert worn == randomize_mounting(site, np.random.default_rng(seed))
    assert (worn.name, worn.segment, worn.damping) == (site.name, site.segment, site.damping)
    assert np.linalg.norm(worn.mounting) == pytest.approx(1)
    assert np.hypot(*worn.off[:2]) == pytest.approx(np.hypot(*site.off[:2]))
    assert 0 <= worn.along <= 1
    # The dial (or a phone's back) faces as before but for a slide around the limb, which took the place along, and a tilt.
    before, after = (np.arctan2(*off[1::-1]) for off in (site.off, worn.off))
    front = rotate(from_axis_angle((0, 0, 1), after - before), rotate(np.asarray(site.mounting), np.array([0.0, 0.0, 1.0])))
    assert abs(rotate(np.asarray(worn.mounting), np.array([0.0, 0.0, 1.0])) @ front) > (0.5 if site.name == "right pocket" else 0.8)


def test_how_often_a_watch_is_worn_otherwise() -> None:
    rng = np.random.default_rng(0)
    site = SITES["left forearm"]
    turns = [(rotate(np.asarray(worn.mounting), np.eye(3)), worn.off) for worn in (randomize_mounting(site, rng) for _ in range(2000))]
    upside_down = np.mean([axes[0, 2] > 0 for axes, _ in turns])
    inside = np.mean([off[1] < 0 for _, off in turns])
    assert 0.02 < upside_down < 0.06 and 0.02 < inside < 0.06
    usual = [np.degrees(np.arctan2(off[0], off[1])) for _, off in turns if off[1] > 0]
    assert 13 < np.std(usual) < 17


def test_importing_it_is_quick_and_needs_neither_torch_nor_mujoco_nor_scipy() -> None:
    imports = "import sys, featherfall.sim.sense.sensors, featherfall.sim.sense.parts, featherfall.sim.sense.joints"
    code = f"{imports}; print({{'torch', 'mujoco', 'scipy'}} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "set()"
