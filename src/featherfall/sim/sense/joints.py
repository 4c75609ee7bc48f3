"""Joints as tracked by a depth camera: Microsoft's Kinect (20) or Azure Kinect (32)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featherfall.core.recording import Stream
from featherfall.core.skeletons import KINECT_20, channel_names

from ..world.body import SEGMENT_NAMES
from ..world.motion import SIM_RATE, Motion
from ..world.rotation import rotate

_BodyPoint = tuple[str, float, tuple[float, float, float]]  # segment, how far along it, how far off it as a share of the body's height

_ON_AXIS = (0.0, 0.0, 0.0)


def _limb_joints(side: str, names: tuple[str, ...]) -> dict[str, _BodyPoint]:
    """Return the joints of one side that both layouts have."""
    sign = -1 if side == "right" else 1
    points: dict[str, _BodyPoint] = {
        "clavicle": ("chest", 0.9, (0, sign * 0.022, 0)),
        "shoulder": (f"{side} upper arm", 0, _ON_AXIS),
        "elbow": (f"{side} forearm", 0, _ON_AXIS),
        "wrist": (f"{side} hand", 0, _ON_AXIS),
        "hand": (f"{side} hand", 0.45, _ON_AXIS),
        "handtip": (f"{side} hand", 1, _ON_AXIS),
        "thumb": (f"{side} hand", 0.4, (0.025, 0, 0)),
        "hip": (f"{side} thigh", 0, _ON_AXIS),
        "knee": (f"{side} shank", 0, _ON_AXIS),
        "ankle": (f"{side} foot", 0, _ON_AXIS),
        "foot": (f"{side} foot", 0.8, _ON_AXIS),
        "eye": ("head", 0.4, (0.045, sign * 0.018, 0)),
        "ear": ("head", 0.35, (-0.002, sign * 0.043, 0)),
    }
    return {f"{side} {name}": points[name] for name in names}


_COMMON_JOINTS = ("shoulder", "elbow", "wrist", "hand", "hip", "knee", "ankle", "foot")
_AZURE_JOINTS = (*_COMMON_JOINTS, "clavicle", "handtip", "thumb", "eye", "ear")
# Heights on the trunk as the two cameras give them for people who stand.
_KINECT_POINTS: dict[str, _BodyPoint] = {
    "head": ("head", 0.5, _ON_AXIS),
    "shoulder centre": ("chest", 1, _ON_AXIS),
    "spine": ("abdomen", 0.4, _ON_AXIS),
    "hip centre": ("pelvis", 1, _ON_AXIS),
    **_limb_joints("left", _COMMON_JOINTS),
    **_limb_joints("right", _COMMON_JOINTS),
}
_AZURE_POINTS: dict[str, _BodyPoint] = {
    "pelvis": ("pelvis", 0, _ON_AXIS),
    "spine navel": ("abdomen", 0.6, _ON_AXIS),
    "spine chest": ("chest", 0.25, _ON_AXIS),
    "neck": ("chest", 1, _ON_AXIS),
    "head": ("head", 0, _ON_AXIS),
    "nose": ("head", 0.25, (0.055, 0, 0)),
    **_limb_joints("left", _AZURE_JOINTS),
    **_limb_joints("right", _AZURE_JOINTS),
}


@dataclass(frozen=True)
class DepthCamera:
    """Position of the camera, which looks level at the middle of the person's path.

    Attributes:
        azimuth: rad about the vertical from the world's x: 0 is in front of a person who faces x.
        distance: m.
        height: m above the floor.
    """

    azimuth: float = 0.0
    distance: float = 3.0
    height: float = 0.9


def skeleton(
    motion: Motion,
    layout: dict[str, str] = KINECT_20,
    rate: float = 30.0,
    view: DepthCamera | None = DepthCamera(),
    rng: np.random.Generator | None = None,
    noise_m: float = 0.0,
    dropout: float = 0.0,
) -> Stream:
    """Return the joints over time, (N, 3 J) m, with channels `channel_names(layout)`.

    Arguments:
        layout: `KINECT_20` or `AZURE_32` of `core.skeletons`.
        rate: frames per second.
        view: the camera; axes are right-handed as in the recordings of the two devices: z away from the camera, and x to its left and y up
            (Kinect), or x to its right and y down (Azure Kinect). None: the world's axes, z up.
        rng: for noise and dropout.
        noise_m: standard deviation per axis of a trunk joint while the person stands; hands and feet have twice, elbows, knees and head one
            and a half times as much, and all up to three times as much when the trunk lies, where depth cameras lose hold. Half of its
            variance lingers for .3 s, half is new in every frame. By their second differences over time, the smoothed joints of UTD-MHAD
            have some 0.001, those of SmartFallMM some 0.005.
        dropout: share of joints missing (NaN) while the person stands, up to three times as many lying; each for about .3 s.
    """
    times = np.arange(int(motion.duration * rate + 1e-6) + 1) / rate
    joints = _interpolate(motion, layout, times)
    upright = _uprightness(motion, times)
    if view is not None:
        joints = _to_camera(view, motion, joints, upside_down="pelvis" in layout)
    if rng is not None and noise_m:
        joints += noise_m * (_LYING_FACTOR - (_LYING_FACTOR - 1) * upright)[:, None, None] * _jitter(layout, len(times), rate, rng)
    if rng is not None and dropout:
        joints[_gaps(layout, dropout * (_LYING_FACTOR - (_LYING_FACTOR - 1) * upright), rate, rng)] = np.nan
    return Stream(times, joints.reshape(len(times), -1).astype(np.float32), "m", rate, channels=channel_names(layout))


_LYING_FACTOR = 3.0  # noise and gaps of a lying person relative to a standing one: depth cameras lose track of lying bodies
_CORRELATION_TIME = 0.3  # s, of slow errors and of gaps


def _interpolate(motion: Motion, layout: dict[str, str], times: np.ndarray) -> np.ndarray:
    """Return joints (T, J, 3) m at the given times, in the world's axes."""
    points = _AZURE_POINTS if "pelvis" in layout else _KINECT_POINTS
    segments = [SEGMENT_NAMES.index(points[joint][0]) for joint in layout]
    body = motion.body
    along = np.array([points[joint][1] for joint in layout])[:, None]
    local = body.ends[segments] * along + body.person.height * np.array([points[joint][2] for joint in layout])
    position = times * SIM_RATE
    left = np.minimum(position.astype(np.int64), len(motion.positions) - 2)
    both = np.stack([left, left + 1])[:, :, None]
    before, after = motion.positions[both, segments] + rotate(motion.rotations[both, segments], local)
    joints: np.ndarray = before + (after - before) * (position - left)[:, None, None]
    return joints


def _uprightness(motion: Motion, times: np.ndarray) -> np.ndarray:
    """Return the uprightness (T,) of the trunk: 1 upright, 0 lying or head down."""
    poses = motion.positions[np.minimum(np.rint(times * SIM_RATE).astype(np.int64), len(motion.positions) - 1)]
    trunk = poses[:, SEGMENT_NAMES.index("neck")] - poses[:, 0]
    return np.asarray(np.clip(trunk[:, 2] / np.linalg.norm(trunk, axis=1), 0.0, 1.0))


def _to_camera(view: DepthCamera, motion: Motion, joints: np.ndarray, upside_down: bool) -> np.ndarray:
    """Transform joints from the world's to the camera's axes."""
    cos, sin = np.cos(view.azimuth), np.sin(view.azimuth)
    towards = np.array([cos, sin, 0.0])  # from the person to the camera
    middle = motion.positions[:, 0].mean(axis=0)
    eye = np.array([*(middle[:2] + view.distance * towards[:2]), view.height])
    # The camera looks along -towards; its left is up x (-towards).
    left, up = np.array([sin, -cos, 0.0]), np.array([0.0, 0.0, 1.0])
    axes = np.stack([-left, -up, -towards] if upside_down else [left, up, -towards], axis=1)
    return np.asarray((joints - eye) @ axes)


def _jitter(layout: dict[str, str], count: int, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Return errors (T, J, 3) of standard deviation 1 for the trunk: half of the variance is first-order autoregressive, half white."""
    keep = float(np.exp(-1 / (rate * _CORRELATION_TIME)))
    fresh = rng.standard_normal((2, count, len(layout), 3))
    slow = fresh[0]
    slow[1:] *= np.sqrt(1 - keep**2)
    for frame in range(1, count):
        slow[frame] += keep * slow[frame - 1]
    ends = {"wrist": 1.5, "elbow": 1.5, "knee": 1.5, "head": 1.5, "hand": 2, "handtip": 2, "thumb": 2, "ankle": 2, "foot": 2}
    weight = np.array([ends.get(joint.split()[-1], 1.0) for joint in layout])
    return np.asarray((slow + fresh[1]) * np.sqrt(0.5) * weight[:, None])


def _gaps(layout: dict[str, str], share: np.ndarray, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Return where a joint is missing, (T, J) bool; `share` (T,) is the wanted share at each frame."""
    count = len(share)
    last = max(rate * _CORRELATION_TIME, 1.0)  # mean length of a gap, frames
    # Gaps that start as a Poisson process and last geometrically long cover 1 - exp(-starts x length).
    starts = -np.log1p(-np.minimum(share, 0.9)) / last
    frame, joint = np.nonzero(rng.random((count, len(layout))) < starts[:, None])
    length = rng.geometric(1 / last, len(frame))
    edges = np.zeros((count + 1, len(layout)), dtype=np.int64)
    np.add.at(edges, (frame, joint), 1)
    np.add.at(edges, (np.minimum(frame + length, count), joint), -1)
    return np.asarray(edges.cumsum(axis=0)[:-1] > 0)
