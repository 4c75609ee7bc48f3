"""The empty room: furniture as boxes, ray-cast once per camera into an image and a depth map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..world.scene import Cuboid, Scene
from .appearance import Appearance, linear_colour
from .camera import Camera
from .furniture import WHITE, SurfacedBox, add_furniture

CEILING = 2.7  # m
TO_LIGHT = np.array([0.42, 0.30, 0.86]) / np.linalg.norm([0.42, 0.30, 0.86])  # unit vector towards the light, the same in every room
AMBIENT, DIRECT = 0.62, 0.55  # how much of a surface's colour the room's and the light's own light show


@dataclass(frozen=True, eq=False)
class Backdrop:
    """A camera's view of an empty room, all float32.

    Attributes:
        picture: (H, W, 3) linear colours.
        nearness: (H * samples, W * samples), one over the depth in m, of every sample.
        spots: (H, W, 3) m, what every pixel shows, in the world.
        lit: (H, W) share of a pixel's light that comes straight from the light, which a person in its way takes off.
    """

    picture: np.ndarray
    nearness: np.ndarray
    spots: np.ndarray
    lit: np.ndarray


def draw_backdrop(scene: Scene, camera: Camera, size: tuple[int, int], appearance: Appearance, samples: int) -> Backdrop:
    """Ray-cast the room at `size` (width, height) pixels of `samples` x `samples` rays each."""
    width, height = size
    eye, full = np.array(camera.position), (width * samples, height * samples)
    rays = camera.rays(full).reshape(-1, 3)
    items = [item for item in add_furniture(scene, appearance) if not _contains(item.box, eye)]

    # The room is a box seen from within: the wall, floor or ceiling is where the ray leaves it.
    low, high = np.array([scene.x[0], scene.y[0], 0.0]), np.array([scene.x[1], scene.y[1], CEILING])
    with np.errstate(divide="ignore", invalid="ignore"):
        exits = np.where(rays > 0, (high - eye) / rays, (low - eye) / rays)
    exits[~np.isfinite(exits)] = np.inf
    axis = exits.argmin(axis=1)
    far = exits[np.arange(len(rays)), axis]
    normal = -np.sign(rays) * np.eye(3)[axis]
    which = np.full(len(rays), -1)
    for index, item in enumerate(items):
        seen = _pixels_around(item.box, camera, full)
        if seen is not None and len(seen):
            hit, face = _intersect(item.box, eye, rays[seen])
            closer = hit < far[seen]
            far[seen[closer]], normal[seen[closer]], which[seen[closer]] = hit[closer], face[closer], index
    spots = eye + far[:, None] * rays

    albedo = _room_colours(spots, normal, far / camera.focal(full[1]), scene, appearance)
    for index, item in enumerate(items):
        mine = which == index
        if mine.any():
            albedo[mine] = _item_colours(item, spots[mine], normal[mine])
    glows = np.array([item.glows for item in items] + [False])[which]
    ambient = AMBIENT * _ambient_occlusion(spots, normal, which, items, low, high)
    direct = DIRECT * np.maximum(normal @ TO_LIGHT, 0) * _light_share(spots, normal, items, full, samples)
    ambient, direct = np.where(glows, 1.05, ambient), np.where(glows, 0, direct)

    def averaged(values: np.ndarray) -> np.ndarray:
        mean: np.ndarray = values.reshape(height, samples, width, samples, -1).mean(axis=(1, 3)).astype(np.float32)
        return mean

    return Backdrop(
        picture=np.minimum(averaged(albedo * (ambient + direct)[:, None]), 1),
        nearness=(1 / far).reshape(full[::-1]).astype(np.float32),
        spots=np.ascontiguousarray(spots.reshape(full[1], full[0], 3)[samples // 2 :: samples, samples // 2 :: samples], dtype=np.float32),
        lit=averaged(direct / (ambient + direct))[..., 0],
    )


def _local(box: Cuboid, vectors: np.ndarray) -> np.ndarray:
    """Return world directions (..., 3) in the box's own axes."""
    cosine, sine = np.cos(box.yaw), np.sin(box.yaw)
    turned: np.ndarray = vectors @ np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    return turned


def _contains(box: Cuboid, point: np.ndarray) -> bool:
    """Return whether a camera at `point` would be inside the box or right in front of it."""
    return bool((np.abs(_local(box, point - box.centre)) < np.array(box.size) / 2 + 0.15).all())


def _pixels_around(box: Cuboid, camera: Camera, size: tuple[int, int]) -> np.ndarray | None:
    """Return the flat indices of the pixels in the rectangle around the box; None where it cannot be seen."""
    signs = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)])
    corners = np.array(box.centre) + _local(Cuboid("", (0, 0, 0), (0, 0, 0), -box.yaw), signs * np.array(box.size) / 2)
    pixels, depth = camera.project(corners, size)
    if (depth <= 0.05).all():
        return None
    low, high = np.zeros(2, int), np.array(size)
    if (depth > 0.05).all():
        low, high = np.maximum(np.floor(pixels.min(axis=0)).astype(int), 0), np.minimum(np.ceil(pixels.max(axis=0)).astype(int), size)
    window: np.ndarray = (np.arange(low[1], high[1])[:, None] * size[0] + np.arange(low[0], high[0])).ravel()
    return window


def _intersect(box: Cuboid, origin: np.ndarray, rays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distances at which rays (P, 3) from `origin` ((3,) or (P, 3)) enter the box (inf: nowhere), and the normals there."""
    start, along, half = _local(box, origin - np.array(box.centre)), _local(box, rays), np.array(box.size) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = 1 / along
        first = (-np.sign(along) * half - start) * inverse
        last = (np.sign(along) * half - start) * inverse
    first, last = np.nan_to_num(first, nan=-np.inf), np.nan_to_num(last, nan=np.inf)
    axis = first.argmax(axis=1)
    enter = first[np.arange(len(rays)), axis]
    hit = np.where((enter <= last.min(axis=1)) & (enter > 1e-4), enter, np.inf)
    normal = -np.sign(along) * np.eye(3)[axis]
    return hit, _local(Cuboid("", (0, 0, 0), (0, 0, 0), -box.yaw), normal)


def _pseudo_random(*numbers: np.ndarray) -> np.ndarray:
    """Return a pseudo-random number from 0 to 1 for each tuple of whole numbers."""
    mixed = sum(number * factor for number, factor in zip(numbers, (12.9898, 78.233, 37.719), strict=False))
    scrambled: np.ndarray = np.abs(np.sin(mixed) * 43758.5453) % 1
    return scrambled


def _room_colours(spots: np.ndarray, normal: np.ndarray, footprint: np.ndarray, scene: Scene, appearance: Appearance) -> np.ndarray:
    """Return colours of floor, rug or mat, walls, skirting and ceiling; patterns finer than a pixel fade."""
    x, y, z = spots.T
    albedo = np.tile(appearance.wall, (len(spots), 1)).astype(float)
    wall = np.abs(normal[:, 2]) < 0.5
    albedo[wall & (z < 0.10)] = WHITE
    albedo[wall & (z < 0.10) & (z > 0.088)] = np.multiply(WHITE, 0.75)
    albedo[normal[:, 2] < -0.5] = WHITE
    floor = normal[:, 2] > 0.5
    x, y, wide = x[floor], y[floor], footprint[floor]
    if appearance.tiles:
        side, joint = 0.40, 0.006
        shade = 1 + 0.05 * (_pseudo_random(np.floor(x / side), np.floor(y / side)) - 0.5)
        edge = np.minimum(np.minimum(x % side, side - x % side), np.minimum(y % side, side - y % side))
    else:
        side, joint, length = 0.15, 0.004, 1.6
        row = np.floor(y / side)
        along = x + length * _pseudo_random(row)
        board = np.floor(along / length)
        shade = (
            1
            + 0.20 * (_pseudo_random(row, board) - 0.5)
            + 0.03 * np.sin(y * 190 + 3 * np.sin(along * 5 + row)) * np.clip(0.01 / wide, 0, 1)
        )
        edge = np.minimum(np.minimum(y % side, side - y % side), np.minimum(along % length, length - along % length))
    shade = shade * (1 - 0.35 * np.clip((joint + wide / 2 - edge) / wide, 0, 1) * np.clip(joint / wide, 0.12, 1))
    tint = shade[:, None] * np.array(appearance.floor)
    middle_x, middle_y = sum(scene.x) / 2, sum(scene.y) / 2
    if scene.mat:
        inner = np.minimum(
            *[(span[1] - span[0]) / 2 - 0.5 - np.abs(v - m) for v, m, span in ((x, middle_x, scene.x), (y, middle_y, scene.y))]
        )
        seam = np.minimum((x - middle_x) % 1.0, (y - middle_y) % 1.0) < 0.012
        tint[inner > 0] = linear_colour(0x5B7F99)
        tint[(inner > 0) & seam] = linear_colour(0x4C6C84)
    else:
        inner = np.minimum(1.25 - np.abs(x - middle_x), 0.9 - np.abs(y - middle_y))
        tint[inner > 0] = appearance.rug
        tint[(inner > 0.07) & (inner < 0.12)] = np.multiply(appearance.rug, 0.62)
    albedo[floor] = tint
    return albedo


def _item_colours(item: SurfacedBox, spots: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Return a plain colour with darker grain on wood and a light line along the edges."""
    local, half = _local(item.box, spots - np.array(item.box.centre)), np.array(item.box.size) / 2
    shade = np.ones(len(spots))
    if item.grain:
        long = int(np.argmax(half))
        across = local[:, (long + 1) % 3] + local[:, (long + 2) % 3]
        shade += 0.05 * np.sin(across * 95 + 2.5 * np.sin(local[:, long] * 4)) + 0.03 * np.sin(across * 230 + 1.3)
    if not item.glows and half.min() > 0.02:
        to_edge = np.sort(half - np.abs(local), axis=1)[:, 1]  # the smallest is the face's own
        shade += 0.22 * np.clip(1 - to_edge / 0.012, 0, 1)
    if any(word in item.box.name.lower() for word in ("mattress", "bed")):
        base = local[:, 2] < half[2] - 0.22  # the frame under the mattress
        shade = np.where(base, 0.42, shade)
    return np.outer(shade, item.colour)


def _ambient_occlusion(
    spots: np.ndarray, normal: np.ndarray, which: np.ndarray, items: list[SurfacedBox], low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Return the share of ambient light, 0 to 1, that corners and the feet of furniture leave."""
    share = np.ones(len(spots))
    for axis in range(3):
        for wall in (low, high):
            own = (which < 0) & (np.abs(normal[:, axis]) > 0.5)
            share *= np.where(own, 1, 1 - 0.24 * np.exp(-np.abs(spots[:, axis] - wall[axis]) / 0.30))
    floor = np.flatnonzero((which < 0) & (normal[:, 2] > 0.5))
    for item in items:
        if item.box.centre[2] - item.box.size[2] / 2 < 0.12:
            outside = np.maximum(
                np.abs(_local(item.box, spots[floor] - np.array(item.box.centre)))[:, :2] - np.array(item.box.size[:2]) / 2, 0
            )
            weight = min(min(item.box.size[:2]) / 0.2, 1)
            share[floor] *= 1 - 0.40 * weight * np.exp(-np.hypot(*outside.T) / 0.09)
    return share * (0.93 + 0.07 * normal[:, 2]) * (1 + 0.05 * normal[:, 0] - 0.04 * normal[:, 1])


def _light_share(spots: np.ndarray, normal: np.ndarray, items: list[SurfacedBox], full: tuple[int, int], samples: int) -> np.ndarray:
    """Return the share of light that furniture lets through to every sample, with one soft shadow per pixel."""
    coarse = spots.reshape(full[1], full[0], 3)[::samples, ::samples].reshape(-1, 3)
    faces = normal.reshape(full[1], full[0], 3)[::samples, ::samples].reshape(-1, 3)
    free, origins = np.ones(len(coarse)), coarse + faces * 5e-3
    spread = [(0.0, 0.0), (0.06, 0.02), (-0.05, 0.05), (0.01, -0.07), (-0.07, -0.04), (0.05, 0.08)]
    big = [item.box for item in items if not item.glows and min(item.box.size) > 0.035 and item.box.centre[2] < 1.3]
    reach = np.hypot(*TO_LIGHT[:2]) / TO_LIGHT[2]
    for box in big:
        top = box.centre[2] + box.size[2] / 2
        radius = np.hypot(*box.size[:2]) / 2 + (reach + 0.15) * top
        around = np.flatnonzero(
            (np.hypot(coarse[:, 0] - box.centre[0], coarse[:, 1] - box.centre[1]) < radius) & (coarse[:, 2] < top) & (faces @ TO_LIGHT > 0)
        )
        for x, y in spread:
            hit, _ = _intersect(box, origins[around], np.broadcast_to(np.add(TO_LIGHT, (x, y, 0)), (len(around), 3)))
            free[around] -= (hit < np.inf) / len(spread)
    grid = np.clip(free, 0, 1).reshape(full[1] // samples, full[0] // samples)
    return np.repeat(np.repeat(grid, samples, 0), samples, 1).ravel()
