"""An act: one activity before physics: the scene, its trajectory, and when physics takes over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .motion import Strike, Trajectory
from .scene import Scene


@dataclass(frozen=True)
class Push:
    """A pull or push on a segment: a half-sine of force.

    Attributes:
        segment: its name.
        start: s after the onset of the fall.
        seconds: duration of the push.
        impulse: (3,) N s per kg of body mass, in the world's frame (what it would add to the velocity of a free body, m/s).
    """

    segment: str
    start: float
    seconds: float
    impulse: tuple[float, float, float]


@dataclass(frozen=True)
class PhysicsPhase:
    """The part of an act in which physics moves the body.

    Attributes:
        time: s in the trajectory; the onset of the fall, unless `onset` says otherwise.
        tone: strength of the muscles from 0 (limp) to 1 (as strong as they hold the trajectory).
        reaction: s after the onset until the muscles move to `targets`; before that they hold the pose of the onset.
        targets: angles that the muscles move to (hinge name -> rad), e.g. arms to the front.
        pushes: what brings the body down.
        foot_friction: factor on the feet's friction: 1 as usual, near 0 on ice.
        flail: rad, standard deviation of the arms' swing about their targets.
        bracing: s after the reaction in which the body braces and flails; the tone decays after it.
        tone_decay: time constant in s of the tone from the onset (a faint that starts as a sway); None for no decay.
        seconds: maximum duration of the fall and the rest after it.
        onset: s in the trajectory, where a fall begins before physics takes over (somebody sinks to the knees first).
    """

    time: float
    tone: float = 0.3
    reaction: float = 0.2
    targets: Mapping[str, float] = field(default_factory=dict)
    pushes: tuple[Push, ...] = ()
    foot_friction: float = 1.0
    flail: float = 0.0
    bracing: float = 0.9
    tone_decay: float | None = None
    seconds: float = 3.0
    onset: float | None = None


@dataclass(frozen=True, eq=False)
class Act:
    """One activity of a person in a room.

    Attributes:
        scene: the room.
        trajectory: the animation; of a fall only the part before its onset is used.
        strikes: collisions of the puppet that its smooth curves do not show, in the order of time.
        physics: how the body falls; None for daily living.
        after: what follows a fall: "lie" still, or "get up" again.
        rest: s that the recording continues (with small movements) after the body has come to rest.
    """

    scene: Scene
    trajectory: Trajectory
    strikes: tuple[Strike, ...] = ()
    physics: PhysicsPhase | None = None
    after: Literal["lie", "get up"] = "lie"
    rest: float = 4.0
