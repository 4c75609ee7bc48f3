"""Transform skeletons to room axes (z up, the floor at 0), and find the time of a fall in them."""

from __future__ import annotations

import numpy as np

from featherfall.core.recording import FallTimes
from featherfall.core.skeletons import AZURE_32, KINECT_20
from featherfall.signals.resample import lowpass

_UPRIGHT = 0.94  # cosine between trunk and legs, and the share of the greatest height, of people who stand
MAX_DESCENT = 1.3  # s of a descent that count
_AZURE_NAMES = {"hip centre": "pelvis", "spine": "spine navel", "shoulder centre": "neck"}  # Kinect's name -> Azure Kinect's


def layout_of(joints: np.ndarray) -> dict[str, str]:
    """Return `KINECT_20` or `AZURE_32`, by the number of joints of (T, J, 3)."""
    return KINECT_20 if joints.shape[1] == len(KINECT_20) else AZURE_32


def to_kinect(joints: np.ndarray) -> np.ndarray:
    """Convert (T, J, 3) of `KINECT_20` or `AZURE_32` to (T, 20, 3) in the order of `KINECT_20`."""
    if layout_of(joints) is KINECT_20:
        return joints
    names = list(AZURE_32)
    return np.asarray(joints[:, [names.index(_AZURE_NAMES.get(joint, joint)) for joint in KINECT_20]])


def estimate_up(kinect: np.ndarray, guess: np.ndarray) -> np.ndarray:
    """Estimate the vertical: from the ankles to the head while the person stands, on average.

    Arguments:
        kinect: (T, 20, 3) m in a camera's axes, which may be tilted.
        guess: (3,) unit vector within 45 degrees of the vertical; returned for a person who never stands.
    Returns: (3,) unit vector.
    """
    head, hips, feet = (mean_joint(kinect, *names) for names in (("head",), ("hip centre",), ("left ankle", "right ankle")))
    trunk, legs, whole = head - hips, hips - feet, head - feet
    height = np.linalg.norm(whole, axis=1)
    straight = (trunk * legs).sum(axis=1) / np.maximum(np.linalg.norm(trunk, axis=1) * np.linalg.norm(legs, axis=1), 1e-9)
    near = whole @ guess > np.sqrt(0.5) * height
    standing = (straight > _UPRIGHT) & near
    if not standing.any():
        return guess
    standing &= height > _UPRIGHT * np.percentile(height[standing], 90)
    up = (whole[standing] / height[standing, None]).mean(axis=0)
    return np.asarray(up / np.linalg.norm(up))


def rotation_to_up(up: np.ndarray) -> np.ndarray:
    """Return the (3, 3) rotation of the unit vector `up` to (0, 0, 1), about the horizontal axis between them (Rodrigues)."""
    cross = np.array([up[1], -up[0], 0.0])  # up x z
    skew = np.array([[0, -cross[2], cross[1]], [cross[2], 0, -cross[0]], [-cross[1], cross[0], 0]])
    if up[2] < -0.9999:
        return np.diag([1.0, -1.0, -1.0])
    return np.asarray(np.eye(3) + skew + skew @ skew / (1 + up[2]))


def level_joints(joints: np.ndarray, tilted: bool) -> np.ndarray:
    """Transform (T, J, 3) m from a camera's axes to z up, with the floor at z = 0 and the person's path around x = y = 0.

    y is up for the Kinect and down for the Azure Kinect.

    Arguments:
        tilted: whether the camera may be tilted, so that the vertical is estimated from the standing person.
    """
    guess = np.array([0.0, 1.0 if layout_of(joints) is KINECT_20 else -1.0, 0.0])
    turned = joints @ rotation_to_up(estimate_up(to_kinect(joints), guess) if tilted else guess).T
    kinect = to_kinect(turned)
    middle = mean_joint(kinect, "hip centre").mean(axis=0)
    floor = np.percentile(mean_joint(kinect, "left ankle", "right ankle", mean=False)[..., 2], 25) - 0.08  # ankles are that high
    return np.asarray(turned - [middle[0], middle[1], floor])


def fall_times(kinect: np.ndarray, rate: float) -> FallTimes:
    """Find the fall in a levelled recording of one fall: around the fastest descent of head and hips to near the floor.

    The descent begins where it first has a fifth of its greatest speed and ends (impact) where it is slower than that again.

    Arguments:
        kinect: (T, 20, 3) m, z up, floor at 0. rate: Hz.
    Returns: onset, impact and end = impact, in seconds; onset is at most `MAX_DESCENT` before the impact.
    """
    height = (mean_joint(kinect, "head") + mean_joint(kinect, "hip centre") + mean_joint(kinect, "shoulder centre"))[:, 2:] / 3
    smooth = lowpass(height, 2.0 / rate)[:, 0]
    speed = -np.gradient(smooth) * rate
    half = max(round(0.75 * rate), 1)
    ahead = np.minimum(np.arange(len(smooth)) + half, len(smooth) - 1)
    behind = np.maximum(np.arange(len(smooth)) - half, 0)
    drop = smooth[behind] - smooth[ahead]  # descent within 1.5 s
    # The fastest moment among those of a large descent: speed alone may belong to a jump or a bow before the fall.
    fastest = int(np.argmax(np.where(drop > 0.6 * drop.max(), speed, -np.inf)))
    slow = speed < 0.2 * speed[fastest]
    before, after = np.flatnonzero(slow[:fastest]), np.flatnonzero(slow[fastest:])
    onset = (int(before[-1]) + 1 if len(before) else 0) / rate
    impact = (fastest + int(after[0]) if len(after) else len(smooth) - 1) / rate
    return limit_descent(FallTimes(onset, impact, None))


def limit_descent(fall: FallTimes) -> FallTimes:
    """Return fall times for windows of the descent: end at the impact, onset at most `MAX_DESCENT` before."""
    assert fall.onset is not None and fall.impact is not None
    return FallTimes(max(fall.onset, fall.impact - MAX_DESCENT), fall.impact, fall.impact)


def mean_joint(kinect: np.ndarray, *joints: str, mean: bool = True) -> np.ndarray:
    """Return the mean (T, 3) of some joints of (T, 20, 3); (T, n, 3) without `mean`."""
    names = list(KINECT_20)
    chosen = kinect[:, [names.index(joint) for joint in joints]]
    return np.asarray(chosen.mean(axis=1) if mean else chosen)
