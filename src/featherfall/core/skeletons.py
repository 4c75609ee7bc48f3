"""Joint names and parents of the skeletons of datasets, simulator and cameras."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from featherfall.core.errors import UserError

# joint -> parent; the root is its own parent.
KINECT_20: dict[str, str] = {
    "head": "shoulder centre",
    "shoulder centre": "spine",
    "spine": "hip centre",
    "hip centre": "hip centre",
    "left shoulder": "shoulder centre",
    "left elbow": "left shoulder",
    "left wrist": "left elbow",
    "left hand": "left wrist",
    "right shoulder": "shoulder centre",
    "right elbow": "right shoulder",
    "right wrist": "right elbow",
    "right hand": "right wrist",
    "left hip": "hip centre",
    "left knee": "left hip",
    "left ankle": "left knee",
    "left foot": "left ankle",
    "right hip": "hip centre",
    "right knee": "right hip",
    "right ankle": "right knee",
    "right foot": "right ankle",
}
AZURE_32: dict[str, str] = {
    "pelvis": "pelvis",
    "spine navel": "pelvis",
    "spine chest": "spine navel",
    "neck": "spine chest",
    "left clavicle": "spine chest",
    "left shoulder": "left clavicle",
    "left elbow": "left shoulder",
    "left wrist": "left elbow",
    "left hand": "left wrist",
    "left handtip": "left hand",
    "left thumb": "left wrist",
    "right clavicle": "spine chest",
    "right shoulder": "right clavicle",
    "right elbow": "right shoulder",
    "right wrist": "right elbow",
    "right hand": "right wrist",
    "right handtip": "right hand",
    "right thumb": "right wrist",
    "left hip": "pelvis",
    "left knee": "left hip",
    "left ankle": "left knee",
    "left foot": "left ankle",
    "right hip": "pelvis",
    "right knee": "right hip",
    "right ankle": "right knee",
    "right foot": "right ankle",
    "head": "neck",
    "nose": "head",
    "left eye": "head",
    "left ear": "head",
    "right eye": "head",
    "right ear": "head",
}

# Keypoints of MoveNet and most pose estimators, in their order; the parents are ours (COCO only draws edges).
COCO_17: dict[str, str] = {
    "nose": "nose",
    "left eye": "nose",
    "right eye": "nose",
    "left ear": "left eye",
    "right ear": "right eye",
    "left shoulder": "nose",
    "right shoulder": "nose",
    "left elbow": "left shoulder",
    "right elbow": "right shoulder",
    "left wrist": "left elbow",
    "right wrist": "right elbow",
    "left hip": "left shoulder",
    "right hip": "right shoulder",
    "left knee": "left hip",
    "right knee": "right hip",
    "left ankle": "left knee",
    "right ankle": "right knee",
}


def channel_names(skeleton: dict[str, str]) -> tuple[str, ...]:
    """Return the channels of a (N, 3 J) skeleton stream: ("head.x", "head.y", "head.z", ...)."""
    return tuple(f"{joint}.{axis}" for joint in skeleton for axis in "xyz")


def parents_of(channels: Sequence[str]) -> list[int]:
    """Return each joint's parent index from a skeleton stream's channel names; raises `UserError` for an unknown skeleton."""
    joints = [name.removesuffix(".x") for name in channels[::3]]
    for skeleton in (KINECT_20, AZURE_32):
        if joints == list(skeleton):
            return [joints.index(parent) for parent in skeleton.values()]
    raise UserError(f"unknown skeleton of {len(joints)} joints ({', '.join(joints[:4])}, ...); known are Kinect (20) and Azure Kinect (32)")


# Kinect's head joint is the middle of the head; COCO's points of the face from there, in m to the front, left and top, of an adult.
_FACE: dict[str, tuple[float, float, float]] = {
    "nose": (0.10, 0.0, 0.0),
    "left eye": (0.08, 0.03, 0.03),
    "right eye": (0.08, -0.03, 0.03),
    "left ear": (0.0, 0.075, 0.01),
    "right ear": (0.0, -0.075, 0.01),
}


def to_coco(joints: np.ndarray, skeleton: dict[str, str]) -> np.ndarray:
    """Convert a depth camera's joints to the 17 of COCO, as pose estimators give them.

    `AZURE_32` has all of them. `KINECT_20` lacks the face, which is placed around the head, facing as the shoulders do and upright along
    the neck.

    Arguments:
        joints: (..., J, 3) m, in right-handed axes; NaN for a joint not seen.
        skeleton: `KINECT_20` or `AZURE_32`.
    Returns: (..., 17, 3) in the order of `COCO_17`; NaN where a source joint is.
    """
    names = list(skeleton)
    if "nose" in skeleton:
        return np.asarray(joints[..., [names.index(joint) for joint in COCO_17], :])

    def at(joint: str) -> np.ndarray:
        return np.asarray(joints[..., names.index(joint), :])

    up = _normalize(at("head") - at("shoulder centre"))
    ahead = _normalize(np.cross(at("left shoulder") - at("right shoulder"), up))
    left = np.cross(up, ahead)
    face = {joint: at("head") + x * ahead + y * left + z * up for joint, (x, y, z) in _FACE.items()}
    return np.stack([face[joint] if joint in face else at(joint) for joint in COCO_17], axis=-2)


def _normalize(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))
