"""Smooth curves, inverse kinematics of the legs, and band-limited noise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..world.body import HINGE_INDEX, SEGMENT_NAMES, Body
from ..world.motion import Trajectory, forward_kinematics
from ..world.rotation import conjugate, from_axis_angle, multiply, rotate

_Y, _X, _Z = (0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)
_LEGS = tuple(
    tuple(
        HINGE_INDEX[f"{side} {name}"]
        for name in ("hip flexion", "hip abduction", "hip rotation", "knee flexion", "ankle flexion", "ankle inversion")
    )
    for side in ("right", "left")
)
LEG_HINGES = np.array(_LEGS)  # (2, 6), right leg first
_ABDUCTION_SIGN = np.array([-1.0, 1.0])  # abduction turns about x with this sign, right and left
ANKLE_HEIGHT = 0.039  # height of the ankle over the sole, fraction of stature (Drillis & Contini)
TRUNK = tuple(SEGMENT_NAMES.index(name) for name in ("pelvis", "abdomen", "chest", "head"))


def ease(u: np.ndarray) -> np.ndarray:
    """Return a minimum-jerk curve from 0 to 1 for `u` from 0 to 1, held outside (Flash & Hogan, J. Neurosci. 5(7), 1985)."""
    u = np.clip(u, 0.0, 1.0)
    share: np.ndarray = u * u * u * (10.0 + u * (6.0 * u - 15.0))
    return share


def bump(u: np.ndarray) -> np.ndarray:
    """Return a curve from 0 to 1 (at u = 1/2) and back to 0 with two smooth derivatives, 0 outside [0, 1]."""
    u = np.clip(u, 0.0, 1.0)
    height: np.ndarray = 64.0 * (u * (1.0 - u)) ** 3
    return height


def quintic(u: np.ndarray, start: np.ndarray, end: np.ndarray, seconds: float) -> np.ndarray:
    """Return the quintic through position, velocity (1/s), acceleration (1/s2) at both ends, (3, ...); u (N,) in [0, 1]; (N, ...)."""
    p0, v0, a0 = start[0], start[1] * seconds, start[2] * seconds**2
    p1, v1, a1 = end[0], end[1] * seconds, end[2] * seconds**2
    gap = p1 - p0
    powers = np.stack(
        [
            p0,
            v0,
            a0 / 2,
            10 * gap - 6 * v0 - 4 * v1 - 1.5 * a0 + 0.5 * a1,
            -15 * gap + 8 * v0 + 7 * v1 + 1.5 * a0 - a1,
            6 * gap - 3 * (v0 + v1) - 0.5 * (a0 - a1),
        ]
    )
    curve: np.ndarray = np.tensordot(np.vander(u, 6, increasing=True), powers, axes=1)
    return curve


def slerp(a: np.ndarray, b: np.ndarray, s: np.ndarray) -> np.ndarray:
    """Interpolate from quaternion `a` to `b` (4,) along the shortest arc at shares `s` (N,): (N, 4)."""
    way = multiply(conjugate(a), b)
    way = -way if way[0] < 0 else way
    sine = float(np.linalg.norm(way[1:]))
    if sine < 1e-12:
        return np.broadcast_to(a, (len(s), 4)).copy()
    half = np.arctan2(sine, way[0]) * s
    step = np.concatenate([np.cos(half)[:, None], np.sin(half)[:, None] * (way[1:] / sine)], axis=1)
    return multiply(a, step)


def pelvis_orientation(heading: float, pitch: float = 0.0, twist: float = 0.0) -> np.ndarray:
    """Return the quaternion (4,) of a twist about the own long axis, a pitch forward, then a turn to the heading; rad."""
    return multiply(from_axis_angle(_Z, heading), multiply(from_axis_angle(_Y, pitch), from_axis_angle(_Z, twist)))


def heading_of(turn: np.ndarray) -> float:
    """Return the heading (rad) of a pelvis orientation (4,), the inverse of `pelvis_orientation`.

    Upright, where the front points; lying on the back or a side, from head to feet; on the front, from feet to head.
    """
    front, up = rotate(turn, np.array(_X)), rotate(turn, np.array(_Z))
    level = front if abs(up[2]) > 0.6 else up if front[2] < -0.5 else -up
    return float(np.arctan2(level[1], level[0]))


def leg_angles(body: Body, root: np.ndarray, turn: np.ndarray, ankles: np.ndarray, soles: np.ndarray) -> np.ndarray:
    """Return both legs' hinge angles (N, 2, 6) in rad that put the feet where they are wanted.

    Solved in closed form: the distance from hip to ankle gives the knee angle; the knee bends in the plane through hip and ankle that is
    perpendicular to the foot's cross axis; ankle and hip take up the remaining rotations (except the ankle's about the shank). A foot out
    of reach is smoothly drawn in along the line to the hip.

    Args:
        root, turn: (N, 3) m and (N, 4), the pelvis.
        ankles: (N, 2, 3) m; right first.
        soles: (N, 2, 4), the feet's orientations.
    """
    thigh = -body.ends[SEGMENT_NAMES.index("right thigh"), 2]
    shank = -body.ends[SEGMENT_NAMES.index("right shank"), 2]
    hips = np.stack([body.offsets[SEGMENT_NAMES.index(f"{side} thigh")] for side in ("right", "left")])
    way = rotate(conjugate(soles), root[:, None] + rotate(turn[:, None], hips) - ankles)  # from ankle to hip, as the foot sees it
    reach = thigh + shank
    far = np.sqrt(np.einsum("nfi,nfi->nf", way, way))
    way /= far[..., None]
    length = (far + reach - np.sqrt((far - reach) ** 2 + (0.006 * reach) ** 2)) / 2
    knee = np.arccos(np.clip((length * length - thigh * thigh - shank * shank) / (2 * thigh * shank), -0.85, 1.0))
    # The leg's frame in the foot's: `way` up, `cross` to the left, `fore` square to both.
    dx, dy, dz = way[..., 0], way[..., 1], way[..., 2]
    flat = np.sqrt(1 - dy * dy)
    cross = np.stack([-dy * dx / flat, flat, -dy * dz / flat], axis=-1)
    fore = np.stack([dz / flat, np.zeros_like(dx), -dx / flat], axis=-1)
    lean = np.arctan2(-thigh * np.sin(knee), shank + thigh * np.cos(knee))  # of the line to the hip against the shank
    ankle = np.arctan2(dx, dz) - lean
    roll = np.arcsin(np.clip(dy * dz / flat, -1, 1))
    # The thigh in the pelvis' frame is a turn about y (-flexion), then x (abduction), then z (rotation).
    seen = multiply(conjugate(turn)[:, None], soles)
    way, cross, fore = rotate(seen, way), rotate(seen, cross), rotate(seen, fore)
    c, s = np.cos(lean + knee)[..., None], np.sin(lean + knee)[..., None]
    front, up = fore * c + way * s, way * c - fore * s
    abduction = -np.arcsin(np.clip(up[..., 1], -1, 1))
    flexion = -np.arctan2(up[..., 0], up[..., 2])
    rotation = np.arctan2(front[..., 1], cross[..., 1])
    angles = np.stack([flexion, abduction * _ABDUCTION_SIGN, -rotation * _ABDUCTION_SIGN, knee, ankle, roll * _ABDUCTION_SIGN], axis=-1)
    return angles


def lowest_point(body: Body, trajectory: Trajectory, segments: tuple[int, ...] | None = None) -> np.ndarray:
    """Return the height (N,) m of the lowest point of the body's solids (of `segments` only, where given)."""
    solids = [solid for solid in body.solids if segments is None or solid.segment in segments]
    index = [solid.segment for solid in solids]
    positions, rotations = forward_kinematics(body, trajectory)
    heights = []
    for points, radii in (
        ([s.start for s in solids], [s.start_radius for s in solids]),
        ([s.end for s in solids], [s.end_radius for s in solids]),
    ):
        heights.append((positions[:, index] + rotate(rotations[:, index], np.array(points)))[..., 2] - np.array(radii))
    found: np.ndarray = np.minimum(*heights).min(axis=1)
    return found


def hinge_angles(named: Mapping[str, float]) -> dict[int, float]:
    """Map names to hinge indices; a name without its side ("elbow flexion") means both, and a name with a side wins over it."""
    found: dict[int, float] = {}
    for name, value in sorted(named.items(), key=lambda item: item[0].startswith(("right ", "left "))):
        if name in HINGE_INDEX:
            found[HINGE_INDEX[name]] = value
        else:
            found[HINGE_INDEX[f"right {name}"]] = found[HINGE_INDEX[f"left {name}"]] = value
    return found


def band_noise(rng: np.random.Generator, count: int, channels: int, low: float, high: float, rate: float, slope: float = 2.0) -> np.ndarray:
    """Return noise (count, channels) between `low` and `high` Hz with unit deviation; amplitude falls as frequency^-`slope`."""
    size = 1 << max(int(np.ceil(rate / low)), count).bit_length()
    frequency = np.fft.rfftfreq(size, 1 / rate)
    inside = np.flatnonzero((frequency >= low) & (frequency <= high))
    spectrum = np.zeros((channels, len(frequency)), dtype=np.complex128)
    level = frequency[inside] ** -slope
    spectrum[:, inside] = (rng.standard_normal((channels, len(inside))) + 1j * rng.standard_normal((channels, len(inside)))) * level
    scale = size / (2 * np.sqrt(np.sum(level * level)))
    noise: np.ndarray = np.fft.irfft(spectrum, size)[:, :count].T * scale
    return noise
