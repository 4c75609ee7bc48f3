"""Idle gestures of the hands: looking at a watch, scratching, adjusting clothes, holding a rail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..world.body import HINGE_INDEX
from ..world.motion import SIM_RATE
from .kinematics import band_noise, ease

if TYPE_CHECKING:
    from .puppet import Puppet

SIDES = ("right", "left")


@dataclass(frozen=True)
class Gesture:
    """Where an arm moves, and what it does there.

    Attributes:
        arm: hinge name without its side -> rad; hinges not named stay as they are.
        oscillation: hinge name -> rad, amplitude of the movement there, at `beat` Hz.
        duration: s, shortest and longest.
    """

    arm: Mapping[str, float]
    oscillation: Mapping[str, float]
    beat: float
    duration: tuple[float, float]


CHECK_WATCH = Gesture(
    {"shoulder flexion": 0.55, "shoulder abduction": 0.25, "shoulder rotation": 0.75, "elbow flexion": 1.75, "pronation": 1.0},
    {"pronation": 0.08}, 1.5, (0.5, 1.4),
)  # fmt: skip
TOUCH_FACE = Gesture(
    {"shoulder flexion": 0.9, "shoulder abduction": 0.25, "shoulder rotation": 0.6, "elbow flexion": 2.2, "pronation": 0.0},
    {"pronation": 0.25, "elbow flexion": 0.05, "wrist flexion": 0.15}, 2.6, (0.3, 1.2),
)  # fmt: skip
TOUCH_HAIR = Gesture(
    {"shoulder flexion": 1.7, "shoulder abduction": 0.5, "shoulder rotation": 0.3, "elbow flexion": 2.2, "pronation": 0.3},
    {"shoulder flexion": 0.10, "elbow flexion": 0.1}, 1.8, (0.2, 0.9),
)  # fmt: skip
ADJUST_CLOTHES = Gesture(
    {"shoulder flexion": 0.05, "shoulder abduction": 0.15, "shoulder rotation": 0.6, "elbow flexion": 1.3, "pronation": 0.5},
    {"shoulder flexion": 0.08, "elbow flexion": 0.15, "pronation": 0.3}, 2.2, (0.4, 1.5),
)  # fmt: skip
HAND_IN_POCKET = Gesture(
    {"shoulder flexion": -0.25, "shoulder abduction": 0.2, "shoulder rotation": 0.1, "elbow flexion": 0.8, "pronation": 0.5},
    {"elbow flexion": 0.03}, 1.0, (0.8, 3.0),
)  # fmt: skip
SHAKE_HAND = Gesture(
    {"shoulder flexion": 0.15, "elbow flexion": 0.7, "pronation": 0.2}, {"pronation": 0.5, "elbow flexion": 0.05}, 2.2, (0.4, 0.9)
)
TALK_WITH_HANDS = Gesture(
    {"shoulder flexion": 0.3, "shoulder rotation": 0.0, "elbow flexion": 1.3, "pronation": -0.7},
    {"pronation": 0.45, "elbow flexion": 0.2, "shoulder rotation": 0.12}, 1.1, (0.6, 1.6),
)  # fmt: skip
IDLE_GESTURES = (
    CHECK_WATCH,
    TOUCH_FACE,
    TOUCH_HAIR,
    ADJUST_CLOTHES,
    ADJUST_CLOTHES,
    HAND_IN_POCKET,
    SHAKE_HAND,
    TALK_WITH_HANDS,
    TALK_WITH_HANDS,
)


def add_gesture(puppet: Puppet, kind: Gesture, side: str, start: float, seconds: float, ramps: tuple[float, float]) -> None:
    """Replace an arm's movement between `start` and `start + seconds`, both in the puppet's past, by a gesture.

    Args:
        ramps: s, how long the arm takes there and back.
    """
    angles = puppet.angles_between(start, start + seconds)
    count, rng = len(angles), puppet.rng
    t = np.arange(count) / SIM_RATE
    share = ease(t / ramps[0]) * ease((t[-1] - t) / ramps[1])
    drift = band_noise(rng, count, 2, 0.2, 1.0, SIM_RATE)
    beat = np.sin(2 * np.pi * (kind.beat * rng.uniform(0.8, 1.25) * t + 0.08 * drift[:, 0] + rng.random())) * (1 + 0.2 * drift[:, 1])
    scale = float(np.exp(rng.normal(0, 0.2)))
    for name, value in kind.arm.items():
        hinge = HINGE_INDEX[f"{side} {name}"]
        target = value * (1 + rng.normal(0, 0.08)) + rng.normal(0, 0.05) + kind.oscillation.get(name, 0.0) * scale * beat
        angles[:, hinge] += share * (target - angles[:, hinge])


def add_idle_gestures(puppet: Puppet, start: float, end: float, chance: float) -> None:
    """Add up to two gestures of free hands, each with probability `chance`, between two times (s) of the puppet's past."""
    rng, free = puppet.rng, start
    for _ in range(2):
        if rng.random() >= chance:
            continue
        kind = IDLE_GESTURES[int(rng.integers(len(IDLE_GESTURES)))]
        ramps = tuple(float(s) for s in rng.uniform(0.6, 1.1, 2) * puppet.pace**0.7)
        seconds = sum(ramps) + rng.uniform(*kind.duration)
        if free + seconds > end:
            return
        begin = float(rng.uniform(free, end - seconds))
        both = kind in (ADJUST_CLOTHES, HAND_IN_POCKET, TALK_WITH_HANDS, SHAKE_HAND) and rng.random() < 0.5
        first = int(rng.integers(2))
        for side in SIDES if both else SIDES[first : first + 1]:
            add_gesture(puppet, kind, side, begin, seconds, (ramps[0], ramps[1]))
        free = begin + seconds


def hold_rail(puppet: Puppet, side: str, lands: np.ndarray) -> None:
    """Put a hand on the rail beside stairs: set on before the first step, it slides or grabs on with every other step."""
    rng, step = puppet.rng, float(np.mean(np.diff(lands)))
    start, end = float(lands[0]) - 0.9 * step, puppet.time - 0.05
    reach = Gesture(
        {
            "shoulder flexion": 0.55, "shoulder abduction": 0.3, "shoulder rotation": 0.0, "elbow flexion": 0.85,
            "pronation": float(rng.uniform(0.4, 1.0)),
        },
        {"shoulder flexion": 0.4, "elbow flexion": -0.25, "pronation": 0.55, "shoulder abduction": 0.08},
        0.5 / step,
        (0, 0),
    )  # fmt: skip
    add_gesture(puppet, reach, side, start, end - start, (0.9 * step, 1.2 * step))
    grabs = np.arange(start + step, end - 1.5 * step, 2 * step) + rng.uniform(0, step)
    for time in grabs:
        if time < end - step:
            puppet.strike(f"{side} hand", rng.normal(0, 0.05, 3) + np.array([0, 0, rng.uniform(0.02, 0.15)]), float(time))
