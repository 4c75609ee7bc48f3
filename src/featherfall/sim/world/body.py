"""The simulated person: 17 segments, 36 hinges, sizes and masses from published tables.

Every frame is the world's when the person stands straight with the arms hanging: x forward, y to the left, z up, origin at the joint
that carries the segment. Joint angles are in rad, and zero in that posture; flexion, abduction and inward turns are positive.

Sources. Lengths as fractions of stature: Drillis & Contini 1966, as printed in Winter, Biomechanics and Motor Control of Human Movement
(2009), figure 4.1. Masses as fractions of body mass by sex: de Leva, J. Biomech. 29(9), 1996, table 4. Stature and body mass index by sex
and age: rounded from Fryar et al., Anthropometric Reference Data, Vital Health Stat. 3(46), 2021.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

# segment -> parent; the root is its own parent.
_PARENT_OF: dict[str, str] = {
    "pelvis": "pelvis",
    "abdomen": "pelvis",
    "chest": "abdomen",
    "neck": "chest",
    "head": "neck",
    "right upper arm": "chest",
    "right forearm": "right upper arm",
    "right hand": "right forearm",
    "left upper arm": "chest",
    "left forearm": "left upper arm",
    "left hand": "left forearm",
    "right thigh": "pelvis",
    "right shank": "right thigh",
    "right foot": "right shank",
    "left thigh": "pelvis",
    "left shank": "left thigh",
    "left foot": "left shank",
}
SEGMENT_NAMES = tuple(_PARENT_OF)
PARENTS = tuple(SEGMENT_NAMES.index(parent) for parent in _PARENT_OF.values())


class Hinge(NamedTuple):
    """One axis of a joint: the segment it turns (outermost first), its axis in that segment's frame, its range in rad."""

    name: str
    segment: str
    axis: tuple[float, float, float]
    low: float
    high: float


_FORWARD, _BACKWARD = (0.0, 1.0, 0.0), (0.0, -1.0, 0.0)  # what the upper (lower) end of a segment does when turned about y


def _side_hinges(side: Literal["right", "left"]) -> list[Hinge]:
    out, inward = ((-1.0, 0.0, 0.0), (0.0, 0.0, 1.0)) if side == "right" else ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0))
    return [
        Hinge(f"{side} shoulder flexion", f"{side} upper arm", _BACKWARD, -1.0, 3.0),
        Hinge(f"{side} shoulder abduction", f"{side} upper arm", out, -0.6, 2.8),
        Hinge(f"{side} shoulder rotation", f"{side} upper arm", inward, -1.5, 1.5),
        Hinge(f"{side} elbow flexion", f"{side} forearm", _BACKWARD, 0.0, 2.5),
        Hinge(f"{side} pronation", f"{side} forearm", inward, -1.5, 1.5),
        Hinge(f"{side} wrist flexion", f"{side} hand", _BACKWARD, -1.2, 1.2),
        Hinge(f"{side} wrist deviation", f"{side} hand", out, -0.6, 0.6),
        Hinge(f"{side} hip flexion", f"{side} thigh", _BACKWARD, -0.5, 2.2),
        Hinge(f"{side} hip abduction", f"{side} thigh", out, -0.5, 0.9),
        Hinge(f"{side} hip rotation", f"{side} thigh", inward, -0.8, 0.8),
        Hinge(f"{side} knee flexion", f"{side} shank", _FORWARD, 0.0, 2.5),
        Hinge(f"{side} ankle flexion", f"{side} foot", _BACKWARD, -0.9, 0.6),  # toes up is positive
        Hinge(f"{side} ankle inversion", f"{side} foot", out, -0.4, 0.4),
    ]


def _spine_hinges(name: str, segment: str, bend: float, side: float, turn: float) -> list[Hinge]:
    return [
        Hinge(f"{name} flexion", segment, _FORWARD, -bend / 2, bend),
        Hinge(f"{name} bend", segment, (-1.0, 0.0, 0.0), -side, side),  # to the left is positive
        Hinge(f"{name} turn", segment, (0.0, 0.0, 1.0), -turn, turn),  # to the left is positive
    ]


HINGES: tuple[Hinge, ...] = tuple(
    sorted(
        [
            *_spine_hinges("lumbar", "abdomen", 1.0, 0.5, 0.4),
            *_spine_hinges("thoracic", "chest", 0.7, 0.4, 0.6),
            *_spine_hinges("neck", "neck", 0.9, 0.5, 0.8),
            Hinge("head nod", "head", _FORWARD, -0.5, 0.6),
            *_side_hinges("right"),
            *_side_hinges("left"),
        ],
        key=lambda hinge: SEGMENT_NAMES.index(hinge.segment),
    )
)
HINGE_INDEX = {hinge.name: index for index, hinge in enumerate(HINGES)}


@dataclass(frozen=True)
class SimulatedPerson:
    """A simulated person. Height in m, mass in kg, age in years."""

    name: str
    sex: Literal["female", "male"]
    age: float
    height: float
    mass: float

    @property
    def elder(self) -> bool:
        """Whether the person is 65 or older."""
        return self.age >= 65


@dataclass(frozen=True)
class Solid:
    """A rounded cone of a segment, in its frame: two ends (m), two radii (m), and what covers it."""

    segment: int
    start: tuple[float, float, float]
    end: tuple[float, float, float]
    start_radius: float
    end_radius: float
    cover: Literal["skin", "hair", "shirt", "trousers", "shoes"]


@dataclass(frozen=True)
class Body:
    """A person's body: dimensions, masses and shape.

    Attributes:
        offsets: (17, 3) m, each segment's origin in its parent's frame (the pelvis: above the floor when standing).
        ends: (17, 3) m, each segment's far end in its own frame.
        masses: (17,) kg.
        solids: the shape, for contacts and pictures.
    """

    person: SimulatedPerson
    offsets: np.ndarray
    ends: np.ndarray
    masses: np.ndarray
    solids: tuple[Solid, ...]


# Heights above the floor and half breadths, fractions of stature (Drillis & Contini; hip and shoulder centres lie inside the breadths).
_ANKLE, _KNEE, _HIP, _LUMBAR, _THORACIC, _SHOULDER, _NECK, _SKULL = 0.039, 0.285, 0.530, 0.575, 0.665, 0.818, 0.835, 0.890
_UPPER_ARM, _FOREARM, _HAND, _FOOT = 0.186, 0.146, 0.108, 0.152
_HALF_SHOULDERS, _HALF_HIPS = 0.110, 0.052

# de Leva 1996, table 4, fractions of body mass: (female, male).
_MASSES = {
    "pelvis": (0.1247, 0.1117),
    "abdomen": (0.1465, 0.1633),
    "chest": (0.1545, 0.1596),
    "neck": (0.0134, 0.0139),  # head and neck together 6.68 and 6.94 %; a fifth of it for the neck
    "head": (0.0534, 0.0555),
    "upper arm": (0.0255, 0.0271),
    "forearm": (0.0138, 0.0162),
    "hand": (0.0056, 0.0061),
    "thigh": (0.1478, 0.1416),
    "shank": (0.0481, 0.0433),
    "foot": (0.0129, 0.0137),
}


def draw_person(name: str, rng: np.random.Generator, age: float | None = None) -> SimulatedPerson:
    """Draw a random adult of `age`; by default 18 to 90 years, half of all people above 60."""
    if age is None:
        age = float(rng.uniform(18, 60) if rng.random() < 0.5 else rng.uniform(60, 90))
    sex: Literal["female", "male"] = "female" if rng.random() < 0.5 else "male"
    mean, spread = (1.625, 0.068) if sex == "female" else (1.762, 0.074)
    height = rng.normal(mean - 0.0006 * max(age - 40, 0.0), spread)
    index = np.clip(rng.normal(25.5 + (1.5 if 35 < age < 75 else 0.0), 3.6), 17.5, 40.0)
    height = float(np.clip(height, 1.42, 2.05))
    return SimulatedPerson(name, sex, round(age, 1), round(height, 3), round(float(index) * height**2, 1))


def make_body(person: SimulatedPerson) -> Body:
    """Return a person's body."""
    height = person.height
    offsets, ends = np.zeros((len(SEGMENT_NAMES), 3)), np.zeros((len(SEGMENT_NAMES), 3))

    def place(segment: str, offset: tuple[float, float, float], end: tuple[float, float, float]) -> None:
        offsets[SEGMENT_NAMES.index(segment)] = np.multiply(offset, height)
        ends[SEGMENT_NAMES.index(segment)] = np.multiply(end, height)

    place("pelvis", (0, 0, _HIP), (0, 0, _LUMBAR - _HIP))
    place("abdomen", (0, 0, _LUMBAR - _HIP), (0, 0, _THORACIC - _LUMBAR))
    place("chest", (0, 0, _THORACIC - _LUMBAR), (0, 0, _NECK - _THORACIC))
    place("neck", (0, 0, _NECK - _THORACIC), (0, 0, _SKULL - _NECK))
    place("head", (0, 0, _SKULL - _NECK), (0, 0, 1 - _SKULL))
    for side, sign in (("right", -1), ("left", 1)):
        place(f"{side} upper arm", (0, sign * _HALF_SHOULDERS, _SHOULDER - _THORACIC), (0, 0, -_UPPER_ARM))
        place(f"{side} forearm", (0, 0, -_UPPER_ARM), (0, 0, -_FOREARM))
        place(f"{side} hand", (0, 0, -_FOREARM), (0, 0, -_HAND))
        place(f"{side} thigh", (0, sign * _HALF_HIPS, 0), (0, 0, _KNEE - _HIP))
        place(f"{side} shank", (0, 0, _KNEE - _HIP), (0, 0, _ANKLE - _KNEE))
        place(f"{side} foot", (0, 0, _ANKLE - _KNEE), (_FOOT * 0.75, 0, -_ANKLE))
    sex = 0 if person.sex == "female" else 1
    masses = person.mass * np.array([_MASSES[name.removeprefix("right ").removeprefix("left ")][sex] for name in SEGMENT_NAMES])
    return Body(person, offsets, ends, masses, _solids(person))


def _solids(person: SimulatedPerson) -> tuple[Solid, ...]:
    """Return rounded cones whose thickness follows the body mass index; radii are fractions of stature at an index of 23."""
    h = person.height
    girth = float(np.sqrt(person.mass / h**2 / 23))
    limb, belly = 1 + 0.6 * (girth - 1), 1 + 1.3 * (girth - 1)
    solids: list[Solid] = []

    def add(
        segment: str, start: tuple[float, ...], end: tuple[float, ...], radii: tuple[float, float], cover: str, thick: float = 1
    ) -> None:
        a, b = (tuple(map(float, np.multiply(point, h))) for point in (start, end))
        low, high = (radius * h * thick for radius in radii)
        solids.append(Solid(SEGMENT_NAMES.index(segment), a, b, low, high, cover))  # type: ignore[arg-type]

    hips = 0.046 if person.sex == "female" else 0.041
    chest = 0.050 if person.sex == "female" else 0.058
    add("pelvis", (-0.005, -hips, 0.0), (-0.005, hips, 0.0), (0.060, 0.060), "trousers", belly)
    add("pelvis", (0, -hips * 0.8, 0.035), (0, hips * 0.8, 0.035), (0.056, 0.056), "trousers", belly)
    add("abdomen", (0.004, -0.032, 0.045), (0.004, 0.032, 0.045), (0.058, 0.058), "shirt", belly)
    add("chest", (0, -chest * 0.9, 0.035), (0, chest * 0.9, 0.035), (0.060, 0.060), "shirt", 1 + 0.7 * (girth - 1))
    add("chest", (0, -chest, 0.100), (0, chest, 0.100), (0.062, 0.062), "shirt", limb)
    add("chest", (0, -0.085, 0.142), (0, 0.085, 0.142), (0.034, 0.034), "shirt", limb)
    add("neck", (0, 0, -0.005), (0.006, 0, 0.055), (0.032, 0.030), "skin", limb)
    add("head", (0.012, 0, 0.020), (0.008, 0, 0.062), (0.040, 0.048), "skin")
    add("head", (-0.008, 0, 0.040), (0.000, 0, 0.066), (0.045, 0.047), "hair")
    for side in ("right", "left"):
        add(f"{side} upper arm", (0, 0, 0), (0, 0, -_UPPER_ARM), (0.031, 0.025), "shirt", limb)
        add(f"{side} forearm", (0, 0, 0), (0, 0, -_FOREARM), (0.024, 0.016), "skin", limb)
        add(f"{side} hand", (0, 0, -0.015), (0.006, 0, -_HAND * 0.75), (0.018, 0.013), "skin")
        add(f"{side} thigh", (0, 0, -0.01), (0, 0, _KNEE - _HIP), (0.050, 0.033), "trousers", limb)
        add(f"{side} shank", (0, 0, 0), (0, 0, _ANKLE - _KNEE), (0.032, 0.022), "trousers", limb)
        add(f"{side} foot", (-0.025, 0, -0.017), (_FOOT * 0.62, 0, -0.020), (0.022, 0.019), "shoes")
    return tuple(solids)
