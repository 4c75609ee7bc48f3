"""The visible person: a dressed body as triangle meshes, skinned to the 17 segments.

Every garment (skin, hair, shirt, trousers, shoes) is a smooth union of rounded cones, turned into a mesh once by surface nets (Gibson,
Constrained Elastic Surface Nets, 1998) and then bent by dual-quaternion skinning (Kavan et al., Skinning with Dual Quaternions, 2007),
which keeps knees and elbows round. The bodies' `solids` are what physics and contacts see; this is the same shape with a face.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..world.body import HINGE_INDEX, HINGES, PARENTS, SEGMENT_NAMES, Body, SimulatedPerson, make_body
from ..world.motion import Trajectory, forward_kinematics
from ..world.rotation import conjugate, matrices, multiply, rotate
from .appearance import Appearance

Vector = tuple[float, float, float]


class _Part(NamedTuple):
    """A rounded cone of a garment in a segment's frame; lengths are fractions of stature, `scale` stretches it along the axes."""

    segment: int
    start: Vector
    end: Vector
    start_radius: float
    end_radius: float
    scale: Vector


@dataclass(frozen=True, eq=False)
class Figure:
    """The dressed body in its rest pose (arms and legs spread a little, standing at the origin).

    Attributes:
        points: (V, 3) m.
        normals: (V, 3) unit vectors, outward.
        triangles: (T, 3) indices of points, counter-clockwise as seen from outside.
        weights: (V, 17) how much each segment carries a point along; rows sum to 1.
        paint: (V,) indices of `SURFACES`.
        positions, rotations: (17, 3) and (17, 4), the segments' resting pose.
    """

    points: np.ndarray
    normals: np.ndarray
    triangles: np.ndarray
    weights: np.ndarray
    paint: np.ndarray
    positions: np.ndarray
    rotations: np.ndarray

    def bend(self, positions: np.ndarray, rotations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return points and normals (V, 3), float32, for segments at `positions` (17, 3) with `rotations` (17, 4)."""
        turns = multiply(rotations, conjugate(self.rotations))
        for segment, parent in enumerate(PARENTS):  # q and -q are one turn; a blend needs the same side
            if turns[segment] @ turns[parent] < 0:
                turns[segment] *= -1
        shifts = positions - rotate(turns, self.positions)
        duals = 0.5 * multiply(np.concatenate([np.zeros((len(shifts), 1)), shifts], axis=1), turns)
        blend = (self.weights @ np.concatenate([turns, duals], axis=1).astype(np.float32)).T
        blend /= np.sqrt(np.einsum("iv,iv->v", blend[:4], blend[:4]))
        w, x, y, z, dw, dx, dy, dz = blend
        matrix = np.empty((3, 3, len(w)), np.float32)
        matrix[0, 0], matrix[0, 1], matrix[0, 2] = 1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)
        matrix[1, 0], matrix[1, 1], matrix[1, 2] = 2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)
        matrix[2, 0], matrix[2, 1], matrix[2, 2] = 2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)
        moved = np.stack([w * dx - x * dw + y * dz - z * dy, w * dy - y * dw + z * dx - x * dz, w * dz - z * dw + x * dy - y * dx])
        points = np.einsum("ijv,vj->vi", matrix, self.points) + 2 * moved.T
        return points, np.einsum("ijv,vj->vi", matrix, self.normals)


GARMENTS = ("skin", "hair", "shirt", "trousers", "shoes")
SURFACES = (*GARMENTS, "eye", "lips", "sole")
_HEM = 0.512  # height of the shirt's hem, of stature
_SMOOTH = {"skin": 0.003, "hair": 0.004, "shirt": 0.012, "trousers": 0.006, "shoes": 0.003}  # width of the blend, of stature


@lru_cache(maxsize=8)
def make_figure(person: SimulatedPerson, long_hair: bool, long_sleeves: bool, spacing: float) -> Figure:
    """Return the mesh of a person; triangles are `spacing` m wide, about half as wide on head and hands."""
    body = make_body(person)
    positions, rotations = _rest_pose(body)
    turns = matrices(rotations)
    parts = _garment_parts(person, long_hair, long_sleeves)
    every = [part for group in parts.values() for part in group]
    meshes = []
    for garment, group, fineness in _mesh_groups(parts):
        width = _SMOOTH[garment] * person.height

        def distance(points: np.ndarray, group: list[_Part] = group, garment: str = garment, width: float = width) -> np.ndarray:
            apart = [_distance(points, part, body, positions, turns) for part in group]
            total = _smooth_minimum(np.stack(apart), width)
            cut = {"shoes": 0.0, "shirt": _HEM * person.height}.get(garment)  # flat soles, a straight hem
            return total if cut is None else np.maximum(total, cut - points[:, 2])

        points, triangles = _surface_nets(distance, *_bounds(group, body, positions, turns), spacing * fineness)
        points, normals = _project_to_surface(distance, points, garment not in ("shoes", "shirt"))
        meshes.append((points, normals, _outward(points, normals, triangles), _paint(garment, points, body, positions, turns)))
    starts = np.cumsum([0, *[len(mesh[0]) for mesh in meshes]])
    points = np.concatenate([mesh[0] for mesh in meshes])
    return Figure(
        points=points.astype(np.float32),
        normals=np.concatenate([mesh[1] for mesh in meshes]).astype(np.float32),
        triangles=np.concatenate([mesh[2] + start for mesh, start in zip(meshes, starts, strict=False)]),
        weights=_weights(points, every, body, positions, turns),
        paint=np.concatenate([mesh[3] for mesh in meshes]),
        positions=positions,
        rotations=rotations,
    )


def _mesh_groups(parts: dict[str, list[_Part]]) -> Iterator[tuple[str, list[_Part], float]]:
    """Yield groups of parts that become one mesh each, with the relative width of their triangles."""
    for garment, group in parts.items():
        if garment == "skin":
            for names, fineness in (("neck", "head"), 0.5), (("hand",), 0.55), (("upper arm", "forearm"), 0.9):
                for sign in ("right ", "left ") if names != ("neck", "head") else ("",):
                    chosen = {SEGMENT_NAMES.index(sign + name) for name in names}
                    yield garment, [part for part in group if part.segment in chosen], fineness
        else:
            yield garment, group, {"hair": 0.65, "shoes": 0.7}.get(garment, 1.0)


def palette(appearance: Appearance) -> np.ndarray:
    """Return linear colours (8, 3) float32 of `SURFACES`."""
    lips = np.multiply(appearance.skin, (0.62, 0.34, 0.34))
    rows = [
        appearance.skin,
        appearance.hair,
        appearance.shirt,
        appearance.trousers,
        appearance.shoes,
        (0.01, 0.01, 0.012),
        lips,
        (0.55, 0.54, 0.52),
    ]
    return np.array(rows, np.float32)


def _rest_pose(body: Body) -> tuple[np.ndarray, np.ndarray]:
    """Return a pose with arms and legs apart, so that no parts touch that are not joined."""
    angles = np.zeros((1, len(HINGES)))
    for side in ("right", "left"):
        angles[0, HINGE_INDEX[f"{side} shoulder abduction"]] = 0.9
        angles[0, HINGE_INDEX[f"{side} hip abduction"]] = 0.10
        angles[0, HINGE_INDEX[f"{side} ankle inversion"]] = -0.10
    drop = body.offsets[0] * (1, 1, np.cos(0.10)) + (0, 0, 0.039 * body.person.height * (1 - np.cos(0.10)))
    positions, rotations = forward_kinematics(body, Trajectory(drop[None], np.array([[1.0, 0, 0, 0]]), angles))
    return positions[0], rotations[0]


def _garment_parts(person: SimulatedPerson, long_hair: bool, long_sleeves: bool) -> dict[str, list[_Part]]:
    """Return garments as rounded cones in fractions of stature; girth follows the body mass index as in `body`."""
    female = person.sex == "female"
    girth = float(np.sqrt(person.mass / person.height**2 / 23))
    limb, belly, trunk = 1 + 0.6 * (girth - 1), 1 + 1.3 * (girth - 1), 1 + 0.8 * (girth - 1)
    parts: dict[str, list[_Part]] = {garment: [] for garment in GARMENTS}

    def add(garment: str, segment: str, start: Vector, end: Vector, radii: tuple[float, float], scale: Vector = (1, 1, 1)) -> None:
        parts[garment].append(_Part(SEGMENT_NAMES.index(segment), start, end, *radii, scale))

    # Torso: rounded cones flattened from front to back.
    shoulders, waist, hips = (0.080, 0.068, 0.086) if female else (0.086, 0.074, 0.081)
    add("shirt", "chest", (0.004, 0, 0.035), (0, 0, 0.110), (shoulders * 0.94 * trunk, shoulders * trunk), (0.72, 1, 0.62))
    add("shirt", "abdomen", (0.004 + 0.012 * (belly - 1), 0, 0.0), (0.004, 0, 0.085), (waist * belly, waist * 1.04 * trunk), (0.76, 1, 0.7))
    add("shirt", "pelvis", (-0.010, 0, -0.02), (0.002, 0, 0.04), (0.104 * limb * hips / 0.083, waist * 1.04 * belly), (0.84, 1, 0.45))
    if female:
        add("shirt", "chest", (0.040, -0.030, 0.074), (0.040, 0.030, 0.074), (0.027 * limb, 0.027 * limb))
    for sign in (-1, 1):
        add("shirt", "chest", (-0.006, sign * 0.016, 0.163), (-0.002, sign * 0.098, 0.138), (0.024 * limb, 0.027 * limb))
    add("trousers", "pelvis", (-0.004, 0, -0.012), (0, 0, 0.028), (hips * belly, hips * 0.9 * belly), (0.72, 1, 0.6))
    # Head: skull, jaw, chin, nose, ears.
    add("skin", "neck", (-0.006, 0, -0.02), (0.004, 0, 0.055), (0.034 * limb, 0.029 * limb))
    add("skin", "head", (0.000, 0, 0.054), (0.002, 0, 0.066), (0.0435, 0.0435), (1.24, 1, 1.02))
    add("skin", "head", (0.018, 0, 0.030), (0.033, 0, -0.003), (0.034, 0.017), (1, 0.95, 1))
    add("skin", "head", (0.055, 0, 0.048), (0.061, 0, 0.033), (0.0045, 0.0080))
    for sign in (-1, 1):
        add("skin", "head", (-0.004, sign * 0.043, 0.052), (-0.003, sign * 0.042, 0.036), (0.0105, 0.0075), (1, 0.5, 1))
    add("hair", "head", (-0.011, 0, 0.058), (-0.008, 0, 0.070), (0.0455, 0.0455), (1.18, 1.02, 1.0))
    add("hair", "head", (0.020, 0.006, 0.099), (0.036, -0.004, 0.092), (0.018, 0.012), (1, 1.7, 0.9))
    if long_hair:
        add("hair", "head", (-0.024, 0, 0.050), (-0.034, 0, -0.050), (0.046, 0.040), (0.7, 1.05, 1))
        for sign in (-1, 1):
            add("hair", "head", (0.006, sign * 0.043, 0.060), (-0.006, sign * 0.042, -0.035), (0.014, 0.012))
    for side, sign in (("right", -1), ("left", 1)):
        # Arms: the sleeve, the forearm, a mitten of a hand with a thumb.
        add("shirt", f"{side} upper arm", (0, -sign * 0.007, -0.014), (0, 0, -0.085), (0.0295 * limb, 0.0300 * limb))
        if long_sleeves:
            add("shirt", f"{side} upper arm", (0, 0, -0.085), (0, 0, -0.186), (0.0285 * limb, 0.0255 * limb))
            add("shirt", f"{side} forearm", (0, 0, 0), (0, 0, -0.135), (0.026 * limb, 0.019 * limb))
            add("skin", f"{side} forearm", (0, 0, -0.120), (0, 0, -0.146), (0.0150, 0.0145))
        else:
            add("skin", f"{side} upper arm", (0, 0, -0.085), (0, 0, -0.186), (0.0245 * limb, 0.0225 * limb))
            add("skin", f"{side} forearm", (0, 0, 0), (0.002, 0, -0.045), (0.0225 * limb, 0.0235 * limb))
            add("skin", f"{side} forearm", (0.002, 0, -0.045), (0, 0, -0.146), (0.0235 * limb, 0.0145 * limb))
        add("skin", f"{side} hand", (0.001, 0, -0.004), (0.003, 0, -0.046), (0.0155, 0.0245), (1, 0.52, 1))
        add("skin", f"{side} hand", (0.003, 0, -0.050), (0.003, -sign * 0.010, -0.093), (0.0225, 0.0165), (1, 0.5, 1))
        add("skin", f"{side} hand", (0.014, -sign * 0.002, -0.022), (0.033, -sign * 0.008, -0.056), (0.0095, 0.0075))
        # Legs: buttock, thigh, calf, trouser leg, shoe.
        add("trousers", "pelvis", (-0.022, sign * 0.038, -0.026), (-0.018, sign * 0.042, -0.012), (0.045 * limb, 0.041 * limb))
        add("trousers", f"{side} thigh", (0.002, -sign * 0.006, -0.02), (0.004, 0, -0.245), (0.050 * limb, 0.037 * limb))
        add("trousers", f"{side} shank", (0.003, 0, 0), (-0.008, 0, -0.080), (0.037 * limb, 0.036 * limb))
        add("trousers", f"{side} shank", (-0.008, 0, -0.080), (-0.002, 0, -0.222), (0.036 * limb, 0.029 * limb))
        add("shoes", f"{side} foot", (-0.004, 0, 0.000), (-0.004, 0, 0.020), (0.024, 0.023))
        add("shoes", f"{side} foot", (-0.026, 0, -0.020), (0.030, 0, -0.012), (0.0225, 0.0235), (1, 1, 1))
        add("shoes", f"{side} foot", (0.020, 0, -0.016), (0.082, sign * 0.002, -0.026), (0.023, 0.021), (1, 1.15, 0.95))
    return parts


def _distance(points: np.ndarray, part: _Part, body: Body, positions: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """Return signed distances (P,) m to a part: exact on its surface, approximate near it."""
    scale, height = np.array(part.scale), body.person.height
    local = ((points - positions[part.segment]) @ turns[part.segment]) / (scale * height)
    start, along = np.divide(part.start, scale), np.subtract(part.end, part.start) / scale
    local -= start
    share = np.clip(local @ along / max(along @ along, 1e-12), 0, 1)
    gap = np.linalg.norm(local - share[:, None] * along, axis=1)
    away: np.ndarray = (gap - part.start_radius - share * (part.end_radius - part.start_radius)) * (scale.min() * height)
    return away


def _smooth_minimum(values: np.ndarray, width: float) -> np.ndarray:
    least = values.min(axis=0)
    total: np.ndarray = least - width * np.log(np.exp((least - values) / width).sum(axis=0))
    return total


def _bounds(group: list[_Part], body: Body, positions: np.ndarray, turns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for part in group:
        for end, radius in ((part.start, part.start_radius), (part.end, part.end_radius)):
            centre = positions[part.segment] + turns[part.segment] @ np.multiply(end, body.person.height)
            reach = radius * max(part.scale) * body.person.height + 0.01
            low, high = np.minimum(low, centre - reach), np.maximum(high, centre + reach)
    return low, high


def _surface_nets(distance, low: np.ndarray, high: np.ndarray, spacing: float) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[no-untyped-def]
    """Return points (V, 3) and triangles (T, 3) of the zero level of `distance`, on a grid of `spacing` from `low` to `high`.

    Only blocks of 4x4x4 cells that the surface may cross are evaluated finely.
    """
    block = 4
    blocks = np.ceil((high - low) / (spacing * block)).astype(int) + 1
    origin = low - spacing
    coarse = np.stack(np.meshgrid(*[np.arange(n) for n in blocks], indexing="ij"), axis=-1).reshape(-1, 3)
    centres = origin + (coarse + 0.5) * block * spacing
    far = distance(centres)
    near = np.abs(far) < block * spacing * 0.87 * 2.2  # squeezed parts understate distances
    field = np.repeat(np.repeat(np.repeat(far.reshape(blocks), block, 0), block, 1), block, 2)
    inner = np.stack(np.meshgrid(*[np.arange(block)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    fine = (coarse[near][:, None] * block + inner).reshape(-1, 3)
    field[tuple(fine.T)] = distance(origin + fine * spacing)

    inside = field < 0
    corners = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    shape = np.array(field.shape) - 1
    count = sum(inside[tuple(slice(o, o + n) for o, n in zip(corner, shape, strict=True))].astype(np.int8) for corner in corners)
    cells = np.argwhere((count > 0) & (count < 8))
    values = np.stack([field[tuple((cells + corner).T)] for corner in corners], axis=1)
    total, hits = np.zeros((len(cells), 3)), np.zeros(len(cells))
    for a in range(8):
        for bit in (1, 2, 4):
            b = a | bit
            if a == b:
                continue
            crosses = (values[:, a] < 0) != (values[:, b] < 0)
            share = np.divide(values[:, a], values[:, a] - values[:, b], out=np.zeros(len(cells)), where=crosses)
            total += crosses[:, None] * (corners[a] + share[:, None] * (corners[b] - corners[a]))
            hits += crosses
    points = origin + (cells + total / hits[:, None]) * spacing

    number = np.full(shape, -1)
    number[tuple(cells.T)] = np.arange(len(cells))
    triangles = []
    for axis in range(3):
        u, v = np.eye(3, dtype=int)[[other for other in range(3) if other != axis]]
        first, second = np.take(inside, range(shape[axis]), axis), np.take(inside, range(1, shape[axis] + 1), axis)
        edges = np.argwhere(first != second)
        quad = np.stack([number[tuple((edges - step).T)] for step in (u + v, v, np.zeros(3, int), u)], axis=1)
        triangles += [quad[:, [0, 1, 2]], quad[:, [0, 2, 3]]]
    return points, np.concatenate(triangles)


def _project_to_surface(distance, points: np.ndarray, move: bool) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[no-untyped-def]
    """Move points onto the surface (with `move`) and return them with the normals there."""
    step = 1e-3
    for last in (False, True):
        here = distance(points)
        slope = np.stack([distance(points + step * axis) - distance(points - step * axis) for axis in np.eye(3)], axis=1) / (2 * step)
        length = np.linalg.norm(slope, axis=1, keepdims=True)
        if move and not last:
            points = points - np.clip(here[:, None] / np.maximum(length, 0.3), -0.01, 0.01) * slope / np.maximum(length, 1e-6)
    return points, slope / np.maximum(length, 1e-6)


def _outward(points: np.ndarray, normals: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return triangles oriented counter-clockwise as seen from outside."""
    a, b, c = points[triangles].swapaxes(0, 1)
    flipped = np.einsum("ij,ij->i", np.cross(b - a, c - a), normals[triangles].sum(axis=1)) < 0
    return np.where(flipped[:, None], triangles[:, ::-1], triangles).astype(np.int32)


def _paint(garment: str, points: np.ndarray, body: Body, positions: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """Return each point's surface: eyes, brows and lips on the skin, soles on the shoes, else the garment."""
    paint = np.full(len(points), SURFACES.index(garment))
    if garment == "skin":
        head = SEGMENT_NAMES.index("head")
        x, y, z = ((points - positions[head]) @ turns[head] / body.person.height).T
        front = x > 0.03
        paint[front & (((np.abs(y) - 0.0175) / 0.0070) ** 2 + ((z - 0.054) / 0.0045) ** 2 < 1)] = SURFACES.index("eye")
        paint[front & (((np.abs(y) - 0.0180) / 0.0110) ** 2 + ((z - 0.066) / 0.0035) ** 2 < 1)] = SURFACES.index("hair")
        paint[front & ((y / 0.0130) ** 2 + ((z - 0.013) / 0.0045) ** 2 < 1)] = SURFACES.index("lips")
    if garment == "shoes":
        paint[points[:, 2] < 0.011 * body.person.height] = SURFACES.index("sole")
    return paint


def _weights(points: np.ndarray, parts: list[_Part], body: Body, positions: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """Return skinning weights (V, 17) float32 of the nearest segment and its neighbours, blended over some 2 cm around a joint."""
    away = np.full((len(points), len(SEGMENT_NAMES)), np.inf)
    for part in parts:
        away[:, part.segment] = np.minimum(away[:, part.segment], _distance(points, part, body, positions, turns))
    tied = np.eye(len(SEGMENT_NAMES), dtype=bool)
    for child, parent in enumerate(PARENTS):
        tied[child, parent] = tied[parent, child] = True
    nearest = away.argmin(axis=1)
    shares = np.where(tied[nearest], np.exp((away.min(axis=1, keepdims=True) - away) / 0.015), 0)
    weights: np.ndarray = (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
    return weights
