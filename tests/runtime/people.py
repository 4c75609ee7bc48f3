"""Drawn people: poses for tests, without an estimator."""

from __future__ import annotations

import numpy as np

from featherfall.runtime.perceive.pose import Pose, make_pose

# A standing person of height 1, (right, down) from the middle of the hips, in the order of COCO_17.
_FACE = [[0, -0.42], [0.02, -0.44], [-0.02, -0.44], [0.04, -0.43], [-0.04, -0.43]]
_ARMS = [[0.1, -0.3], [-0.1, -0.3], [0.13, -0.15], [-0.13, -0.15], [0.14, 0], [-0.14, 0]]
_LEGS = [[0.06, 0], [-0.06, 0], [0.07, 0.24], [-0.07, 0.24], [0.07, 0.48], [-0.07, 0.48]]
STANDING = np.array([*_FACE, *_ARMS, *_LEGS])


def person(right: float, down: float, height: float = 200.0, turn: float = 0.0, score: float = 0.6) -> Pose:
    """Middle of the hips in pixels; turn in rad: 0 stands, pi / 2 lies with the head to the right."""
    cos, sin = np.cos(turn), np.sin(turn)
    joints = STANDING @ np.array([[cos, sin], [-sin, cos]]) * height + (right, down)
    return make_pose(joints, np.full(17, score))


def noisy(pose: Pose, rng: np.random.Generator, spread: float = 0.02) -> Pose:
    """As an estimator would give it: every joint off by some of the size."""
    return make_pose(pose.joints + rng.normal(0, spread * pose.size, (17, 2)), pose.scores)
