"""Simulated people as a camera, a detector and a watch see them: what the golden traces are made of."""

from __future__ import annotations

import numpy as np

from featherfall.core.skeletons import KINECT_20, to_coco
from featherfall.datasets.projected import estimator, level
from featherfall.sim.dataset.generate import simulate_motion
from featherfall.sim.film.camera import Camera
from featherfall.sim.sense.joints import skeleton
from featherfall.sim.sense.parts import PARTS, sample_imu
from featherfall.sim.sense.sensors import Imu, find_site, measure_site, randomize_mounting
from featherfall.sim.world.body import draw_person
from featherfall.sim.world.motion import SIM_RATE as MOTION_RATE
from featherfall.sim.world.motion import Motion

RATE = 15.0  # pictures a second
HEIGHT, WIDTH = 480, 640
CAMERA = Camera((4.6, -0.6, 1.9), (0.0, 0.0, 0.75), 0.95)


def act(activity: str, seed: int) -> Motion:
    """Return one motion of a random person."""
    rng = np.random.default_rng(seed)
    return simulate_motion(activity, draw_person("P001", rng), rng)


def joints(motion: Motion, place: tuple[float, float] = (0.0, 0.0), before: float = 3.0, after: float = 0.0) -> np.ndarray:
    """Return (T, 20, 3) m at `RATE`, z up: from `before` s before a fall's onset, the last pose held for `after` s, ending at `place`."""
    values = skeleton(motion, KINECT_20, RATE, view=None).values.reshape(-1, 20, 3).astype(np.float64)
    if motion.fall is not None and motion.fall.onset is not None:
        values = values[max(round((motion.fall.onset - before) * RATE), 0) :]
    values = values - (*level.mean_joint(values[-1:], "hip centre")[0, :2], 0.0) + (*place, 0.0)
    return np.concatenate([values, np.repeat(values[-1:], round(after * RATE), axis=0)])


def view(people: np.ndarray) -> estimator.PersonView:
    """Return what `CAMERA` sees of (T, 20, 3) m."""
    pixels, depth = CAMERA.project(to_coco(people, KINECT_20), (WIDTH, HEIGHT))
    hips, shoulders = (level.mean_joint(people, part) for part in ("hip centre", "shoulder centre"))
    trunk = (shoulders - hips) / np.linalg.norm(shoulders - hips, axis=1, keepdims=True)
    size = CAMERA.focal(HEIGHT) / HEIGHT * 1.65 / depth.mean(axis=1)
    half = np.full(len(people), 0.5)
    return estimator.PersonView(pixels / HEIGHT, size, np.clip(trunk[:, 2], 0, 1), half, WIDTH / HEIGHT, RATE)


def keypoints(people: np.ndarray, seed: int) -> np.ndarray:
    """Return (T, 17, 3) int: right and down in pixels, score in hundredths; all 0 where nobody is seen."""
    found = estimator.estimate(view(people), np.random.default_rng(seed))
    return np.nan_to_num(np.rint(found * (HEIGHT, HEIGHT, 100))).astype(int)


def boxes(people: np.ndarray, seed: int) -> list[list[list[float]]]:
    """Return a detector's boxes per picture: left, top, right, bottom (fractions), scores of upright and of fallen; some twice."""
    rng = np.random.default_rng(seed)
    seen = view(people)
    low, high = seen.joints.min(axis=1) - 0.03, seen.joints.max(axis=1) + 0.03
    sides = np.concatenate([low, high], axis=1) / (seen.width, 1, seen.width, 1) + rng.normal(0, 0.004, (len(low), 4))
    fallen = 1 / (1 + np.exp(8 * (seen.upright - 0.5) + estimator.correlated_noise((len(low),), 0.3, RATE, rng)))
    out = []
    for box, share in zip(np.clip(sides, 0, 1), fallen, strict=True):
        sure = rng.uniform(0.6, 0.9)
        found = [[*box, sure * (1 - share), sure * share]]
        if rng.random() < 0.15:  # the same person once more, as a smaller box of the other class
            middle = (box + box[[2, 3, 0, 1]]) / 2
            found.append([*(middle + 0.7 * (box - middle)), 0.4 * share, 0.4 * (1 - share)])
        out.append([[round(float(value), 3) for value in one] for one in found])
    return out


def acceleration(activities: list[tuple[str, int]], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (N,) s and (N, 3) g that one watch gives during several activities, each by its name and seed."""
    rng = np.random.default_rng(seed)
    site = randomize_mounting(find_site("left wrist"), rng)
    felt: list[np.ndarray] = []
    for activity, number in activities:
        imu = measure_site(act(activity, number), site)
        now = np.concatenate([imu.acceleration, imu.angular_velocity], axis=1)
        if felt:  # the arm turns from how it hung to how it hangs, within a second
            share = np.linspace(0, 1, round(MOTION_RATE))[:, None]
            felt.append(felt[-1][-1] * (1 - share) + now[0] * share)
        felt.append(now)
    whole = np.concatenate(felt)
    imu = Imu(np.arange(len(whole)) / MOTION_RATE, whole[:, :3], whole[:, 3:], np.zeros((len(whole), 3)))
    stream = sample_imu(PARTS["watch"], imu, rng, "left wrist")["accelerometer"]
    return stream.times, stream.values
