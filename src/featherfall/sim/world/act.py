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
        start: s after the cut.
        seconds: how long it lasts.
        impulse: (3,) N s per kg of body mass, in the world's frame (what it would add to the velocity of a free body, m/s).
    """

    segment: str
    start: float
    seconds: float
    impulse: tuple[float, float, float]


@dataclass(frozen=True)
class PhysicsPhase:
    """The part of an act in which physics moves the body, from the onset of a fall.

    Attributes:
        time: s in the trajectory; the onset of the fall.
        tone: strength of the muscles from 0 (limp) to 1 (as strong as they hold the trajectory).
        reaction: s after the cut until the muscles take up `targets`; before that they hold what they held.
        targets: joint angles in rad that the body reaches for (hinge name -> angle), e.g. arms to the front.
        pushes: what brings the body down.
        grip: friction of the feet: 1 as usual, near 0 on ice.
        flail: rad, how far the arms swing about what they reach for (standard deviation).
        braced: s after the reaction until the body gives in to lying: until then it braces, flails and settles.
        fade: s after which tone decays (a faint that starts as a sway); None for never.
        seconds: how long the fall and the rest after it may last at most.
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


@dataclass(frozen=True, eq=False)
class Act:
    """One activity of a person in a room.

    Attributes:
        scene: the room.
        trajectory: what the strings ask for; with a cut only its part before the cut counts.
        strikes: collisions of the puppet that its smooth curves do not show, in the order of time.
        cut: None for daily living.
        after: what follows a fall: "lie" still, or "get up" again.
        rest: s that the recording goes on lying (and moving a little) after the body has come to rest.
    """

    scene: Scene
    trajectory: Trajectory
    strikes: tuple[Strike, ...] = ()
    physics: PhysicsPhase | None = None
    after: Literal["lie", "get up"] = "lie"
    rest: float = 4.0
