"""Idle motion of a living body: sway, breath, tremor, and the forearms' small rotations.

Sources. Sway of some 5 mm at 0.2-1 Hz: Winter, Gait & Posture 3, 1995; breath at 0.25 Hz. Arm movements vary in proportion to their effort:
Harris & Wolpert, Nature 394, 1998; forearm and upper arm turn along with every reach and swing, which the sizes here take from what
gyroscopes at the wrist show in daily living (WEDA-FALL, Marques & Moreno, Sensors 23(6), 2023).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..world.body import HINGE_INDEX, HINGES, Body
from ..world.motion import SIM_RATE
from .kinematics import LEG_HINGES, band_noise, ease
from .pose_targets import PoseTargets

_ARMS = np.array(["shoulder" in h.name or "elbow" in h.name or "pron" in h.name or "wrist" in h.name for h in HINGES])
_EFFORT_HINGES = ("shoulder flexion", "shoulder abduction", "shoulder rotation", "elbow flexion")
# rad of deviation for each rad/s of the arm: rotations of the forearm in place, and movements of the hand. Without them, the wrist turns at
# a third of its real angular velocity while walking (docs/log.md: 111 against 355 deg/s).
_FOREARM_GAINS: Mapping[str, float] = {"pronation": 0.16, "wrist flexion": 0.10, "wrist deviation": 0.04}
_SHOULDER_GAINS: Mapping[str, float] = {"shoulder rotation": 0.05, "shoulder abduction": 0.03, "shoulder flexion": 0.03}
_EFFORT_LIMIT = 2.5  # rad/s; more effort than this adds little
_SOFT_LIMITS = {
    "pronation": (-1.6, 1.6, 0.4),
    "elbow flexion": (0.0, 2.5, 0.1),
}  # rad: lowest, highest, and how far from them it begins to stop


def add_idle_motion(targets: PoseTargets, body: Body, rng: np.random.Generator) -> PoseTargets:
    """Return the targets with sway, breath, tremor, and arms that deviate from their ideal curves."""
    count = len(targets.root)
    sway = targets.sway[:, None]
    frailty = float(np.clip((body.person.age - 55) / 35, 0, 1))
    slow = band_noise(rng, count, 3 + len(HINGES), 0.15, 1.5, SIM_RATE, 1.5)
    fast = band_noise(rng, count, len(HINGES), 1.0, 9.0, SIM_RATE, 2.0)
    root = targets.root + slow[:, :3] * sway * (1 + frailty) * np.array([0.005, 0.003, 0.0004])
    size = np.where(_ARMS, 0.016, 0.007)
    tremor = np.where(_ARMS, 0.0030, 0.0010) * (1 + 0.6 * frailty)
    change = (slow[:, 3:] * size + fast * tremor) * sway
    change[:, LEG_HINGES.ravel()] = 0
    breath = np.sin(2 * np.pi * (rng.uniform(0.2, 0.3) * np.arange(count) / SIM_RATE + rng.random()) + 0.3 * slow[:, 2])
    change[:, HINGE_INDEX["thoracic flexion"]] -= 0.008 * breath
    change[:, HINGE_INDEX["neck flexion"]] += 0.006 * breath
    change += arm_deviation(targets, rng)
    return targets._replace(root=root, angles=limit_angles(targets.angles + change))


def arm_deviation(targets: PoseTargets, rng: np.random.Generator) -> np.ndarray:
    """Return deviations (N, 36) rad of moving arms from their course; zero at the start and where an arm rests."""
    count = len(targets.root)
    found = np.zeros((count, len(HINGES)))
    names = (*_FOREARM_GAINS, *_SHOULDER_GAINS)
    noise = band_noise(rng, count, 2 * len(names), 0.6, 4.0, SIM_RATE, 1.0).reshape(count, 2, len(names))
    vigour = np.exp(rng.normal(0, 0.35, 2))
    window = np.hanning(round(0.5 * SIM_RATE) + 2)[1:-1]
    begin = ease(np.arange(count) / (0.6 * SIM_RATE))
    for index, side in enumerate(("right", "left")):
        arm = targets.angles[:, [HINGE_INDEX[f"{side} {name}"] for name in _EFFORT_HINGES]]
        speed = np.linalg.norm(np.diff(arm, axis=0, prepend=arm[:1]), axis=1) * SIM_RATE
        effort = np.convolve(speed, window / window.sum(), mode="full")[len(window) // 2 :][:count]
        effort = vigour[index] * begin * effort / (1 + effort / _EFFORT_LIMIT)
        for k, name in enumerate(names):
            own = name in _FOREARM_GAINS
            size = _FOREARM_GAINS[name] if own else _SHOULDER_GAINS[name] * targets.sway
            found[:, HINGE_INDEX[f"{side} {name}"]] = size * effort * noise[:, index, k]
    return found


def limit_angles(angles: np.ndarray) -> np.ndarray:
    """Return angles (N, 36) rad with forearms and elbows kept within their range; two smooth derivatives."""
    found = angles.copy()
    for name, (low, high, soft) in _SOFT_LIMITS.items():
        hinges = [HINGE_INDEX[f"{side} {name}"] for side in ("right", "left")]
        asked = angles[:, hinges]
        up = soft * np.tanh(np.maximum(asked - high + soft, 0) / soft) - np.maximum(asked - high + soft, 0)
        down = soft * np.tanh(np.maximum(low + soft - asked, 0) / soft) - np.maximum(low + soft - asked, 0)
        found[:, hinges] = asked + up - down
    return found
