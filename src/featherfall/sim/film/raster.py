"""Images of a person in a room, rasterised with NumPy alone.

The empty room is ray-cast once per camera (`backdrop`). For every frame the person's triangles (`figure`) are bent, lit at their corners,
drawn into a depth buffer at `_SAMPLES` x `_SAMPLES` samples a pixel, and laid over the room together with the shadow that they cast.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from featherfall.core.errors import UserError

from ..world.body import SEGMENT_NAMES, Body
from ..world.motion import SIM_RATE, Motion
from ..world.scene import Scene
from .appearance import Appearance, draw_appearance
from .backdrop import AMBIENT, DIRECT, TO_LIGHT, draw_backdrop
from .camera import Camera
from .figure import make_figure, palette

__all__ = ["Appearance", "Renderer", "draw_appearance", "render_frames"]

_SAMPLES = 2
_CELL, _CELLS = 0.05, 72  # of a shadow map: m, and how many along each side
_DOWN = np.array([0.0, 0.0, 1.0])


class Renderer:
    """A camera that renders one person in one room.

    Args:
        size: (width, height) in pixels, 16 to 4096 each.

    Raises `UserError` for a size outside that.
    """

    def __init__(
        self, body: Body, scene: Scene, camera: Camera, size: tuple[int, int] = (160, 160), appearance: Appearance | None = None
    ) -> None:
        if not all(16 <= side <= 4096 for side in size):
            raise UserError(f"size: a picture of {size[0]} x {size[1]} pixels cannot be drawn; give 16 to 4096 for each side")
        appearance = appearance or Appearance()
        self.size, self.camera, self.scene = size, camera, scene
        pixel = np.linalg.norm(np.subtract(camera.target, camera.position)) / camera.focal(size[1] * _SAMPLES)
        spacing = min((0.011, 0.016, 0.022, 0.030), key=lambda spacing: abs(spacing - 3.6 * pixel))
        self._figure = make_figure(body.person, appearance.long_hair, appearance.long_sleeves, spacing)
        self._albedo = palette(appearance)[self._figure.paint]
        self._head = self._figure.weights[:, SEGMENT_NAMES.index("head")] > 0.5  # too small for the cells of a shadow map
        room = draw_backdrop(scene, camera, size, appearance, _SAMPLES)
        self._picture, self._nearness, self._lit = room.picture, room.nearness, room.lit.reshape(-1)
        spots = room.spots.reshape(-1, 3)
        self._light_spots, self._plan_spots, self._height = _flatten(spots, TO_LIGHT), _flatten(spots, _DOWN), spots[:, 2].copy()
        self._empty = _as_bytes(self._picture)
        self._axes, self._eye = camera.axes.astype(np.float32), np.array(camera.position, np.float32)

    @property
    def background(self) -> np.ndarray:
        """(H, W, 3) uint8, the empty room."""
        return self._empty.copy()

    def box(self, positions: np.ndarray, rotations: np.ndarray) -> tuple[float, float, float, float] | None:
        """Return left, top, right, bottom of the person as fractions of the image, clipped to it; None where the person is out of view.

        Parts hidden by furniture are included.
        """
        pixels, depth = self.camera.project(self._figure.bend(positions, rotations)[0], self.size)
        seen = pixels[depth > 0.1] / self.size
        if not len(seen):
            return None
        left, top, right, bottom = np.clip([*seen.min(axis=0), *seen.max(axis=0)], 0, 1).tolist()
        return (left, top, right, bottom) if left < right and top < bottom else None

    def frame(self, positions: np.ndarray, rotations: np.ndarray) -> np.ndarray:
        """Render one image (H, W, 3) uint8 of segments at `positions` (17, 3) m with `rotations` (17, 4), both in the world."""
        points, normals = self._figure.bend(positions, rotations)
        cast, under = _Shadow(points, TO_LIGHT), _Shadow(points, _DOWN)
        picture = self._empty.copy()
        self._darken(picture, cast, under)
        seen = (points - self._eye) @ self._axes.T
        width, height = self.size
        safe = np.maximum(seen[:, 2], 1e-3)
        focal = np.float32(self.camera.focal(height * _SAMPLES))
        across, down = focal * seen[:, 0] / safe + width * _SAMPLES / 2, focal * seen[:, 1] / safe + height * _SAMPLES / 2
        near = np.where(seen[:, 2] > 0.1, 1 / safe, np.nan).astype(np.float32)
        left, right = (int(np.clip(edge, 0, width)) for edge in (across.min() // _SAMPLES, across.max() // _SAMPLES + 1))
        top, bottom = (int(np.clip(edge, 0, height)) for edge in (down.min() // _SAMPLES, down.max() // _SAMPLES + 1))
        if left >= right or top >= bottom:
            return picture
        depth = self._nearness[top * _SAMPLES : bottom * _SAMPLES, left * _SAMPLES : right * _SAMPLES]
        colours = self._light(points, normals, cast)
        figure, cover = _rasterize(across - left * _SAMPLES, down - top * _SAMPLES, near, colours, self._figure.triangles, depth)
        patch = picture[top:bottom, left:right]
        behind = np.square(patch.astype(np.float32) / 255)
        patch[:] = _as_bytes(behind * (1 - cover[..., None]) + figure)
        return picture

    def _light(self, points: np.ndarray, normals: np.ndarray, cast: _Shadow) -> np.ndarray:
        """Return the person's colours (V, 3): ambient light mostly from above, direct light, soft gloss, darker edges."""
        _, _, top = cast.at(_flatten(points, TO_LIGHT))  # of other parts of the person
        free = np.maximum(1 - 0.75 * np.clip((top - points[:, 2] - 0.08) / 0.20, 0, 1), self._head)
        direct = np.maximum(normals @ TO_LIGHT.astype(np.float32), 0) * free
        view = self._eye - points[:: max(len(points) // 64, 1)].mean(axis=0)
        view /= np.linalg.norm(view)
        half = (view + TO_LIGHT) / np.linalg.norm(view + TO_LIGHT)
        gloss = np.maximum(normals @ half.astype(np.float32), 0) ** 2
        gloss *= gloss
        gloss *= gloss
        facing = np.clip(normals @ view.astype(np.float32), 0, 1)
        low = np.clip(points[:, 2] / 0.35, 0, 1)  # the floor takes light from what is near it
        ambient = AMBIENT * (0.66 + 0.24 * normals[:, 2]) * (0.75 + 0.25 * low) * (0.72 + 0.28 * facing)
        light = ambient + 1.25 * DIRECT * direct
        colours: np.ndarray = self._albedo * light[:, None] + (0.05 * gloss * direct)[:, None]
        return colours

    def _darken(self, picture: np.ndarray, cast: _Shadow, under: _Shadow) -> None:
        """Draw the person's shadow and the contact shadow onto the empty room, in place."""
        flat = picture.reshape(-1, 3)
        for shadow, where, reach, strength in ((cast, self._light_spots, 2.5, self._lit), (under, self._plan_spots, 0.10, None)):
            near = shadow.touches(where)
            share, bottom, top = shadow.at(where[:, near])
            height = self._height[near]
            dark = np.minimum(1.15 * share, 1) * np.clip((top - height) / 0.06, 0, 1) * np.exp(np.minimum(height - bottom, 0) / reach)
            kept = 1 - dark * (0.5 if strength is None else 0.9 * strength[near])
            flat[near] = flat[near] * np.sqrt(kept)[:, None]


class _Shadow:
    """The person seen along the light: which columns of light are blocked, and between which heights."""

    def __init__(self, points: np.ndarray, direction: np.ndarray) -> None:
        flat, height = _flatten(points, direction), points[:, 2]
        self._corner = np.array([(axis.min() + axis.max() - _CELL * _CELLS) / 2 for axis in flat], np.float32)
        row, column = np.clip((flat - self._corner[:, None]) / _CELL, 3, _CELLS - 4).astype(np.int32)
        cell = row * _CELLS + column
        high, low = np.full(_CELLS**2, -1.0, np.float32), np.full(_CELLS**2, 9.0, np.float32)
        np.maximum.at(high, cell, height)
        np.minimum.at(low, cell, height)
        hit = (high >= 0).astype(np.float32)
        share, bottom, top = _blur(_blur(np.stack([hit, hit * low, hit * high]).reshape(3, _CELLS, _CELLS))).reshape(3, -1)
        safe = np.maximum(share, 1e-6)
        self._maps = np.stack([share, bottom / safe, top / safe])
        self._falls = share > 0
        self.top = float(height.max())

    def touches(self, flat: np.ndarray) -> np.ndarray:
        """Return the indices of those of `flat` (2, P) that the shadow may fall on."""
        x, y = ((axis - corner) / _CELL for axis, corner in zip(flat, self._corner, strict=True))
        inside = np.flatnonzero((x > 1) & (x < _CELLS - 2) & (y > 1) & (y < _CELLS - 2))
        row, column = x[inside].astype(np.int32), y[inside].astype(np.int32)
        touched: np.ndarray = inside[self._falls[row * _CELLS + column]]
        return touched

    def at(self, flat: np.ndarray) -> np.ndarray:
        """Return (3, P) for `flat` (2, P): the share of light blocked, and the lowest and highest point (m) that blocks it."""
        x, y = (np.clip((axis - corner) / _CELL - 0.5, 0, _CELLS - 2.001) for axis, corner in zip(flat, self._corner, strict=True))
        row, column = x.astype(np.int32), y.astype(np.int32)
        x, y, cell = x - row, y - column, row * _CELLS + column
        a, b, c, d = (self._maps.take(cell + step, axis=1) for step in (0, 1, _CELLS, _CELLS + 1))
        found: np.ndarray = (a + (b - a) * y) * (1 - x) + (c + (d - c) * y) * x
        return found


def _flatten(points: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Project points (P, 3) along the light onto the floor, (2, P) float32."""
    x, y, z = points.T
    return np.stack([x - z * np.float32(direction[0] / direction[2]), y - z * np.float32(direction[1] / direction[2])]).astype(np.float32)


def _blur(fields: np.ndarray) -> np.ndarray:
    """Return means of 3 x 3 cells of fields (K, C, C) whose border is 0."""
    mean = np.zeros_like(fields)
    rows = fields[:, :-2] + fields[:, 1:-1] + fields[:, 2:]
    mean[:, 1:-1, 1:-1] = (rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]) / 9
    return mean


def _downsample(samples: np.ndarray) -> np.ndarray:
    """Return means of _SAMPLES x _SAMPLES blocks of (h, w, ...)."""
    total: np.ndarray = np.zeros_like(samples[::_SAMPLES, ::_SAMPLES])
    for row in range(_SAMPLES):
        for column in range(_SAMPLES):
            total += samples[row::_SAMPLES, column::_SAMPLES]
    total /= _SAMPLES**2
    return total


def _rasterize(
    x: np.ndarray, y: np.ndarray, near: np.ndarray, colours: np.ndarray, triangles: np.ndarray, behind: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Draw triangles (T, 3) of points at samples `x`, `y` with `near` = 1 / depth (NaN: not to be drawn) and colours (V, 3).

    `behind` (h, w) is the nearness of what is there already. Returns, per pixel of SAMPLES x SAMPLES samples, colours weighted by cover,
    and cover from 0 to 1.
    """
    height, width = behind.shape
    depth = behind.reshape(-1).copy()
    ia, ib, ic = triangles.T
    ax, ay, bx, by, cx, cy = x[ia], y[ia], x[ib], y[ib], x[ic], y[ic]
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    left = np.maximum(np.ceil(np.minimum(np.minimum(ax, bx), cx) - 0.5), 0)
    right = np.minimum(np.floor(np.maximum(np.maximum(ax, bx), cx) - 0.5), width - 1)
    top = np.maximum(np.ceil(np.minimum(np.minimum(ay, by), cy) - 0.5), 0)
    bottom = np.minimum(np.floor(np.maximum(np.maximum(ay, by), cy) - 0.5), height - 1)
    span = np.maximum(right - left, bottom - top) + 1
    drawn = np.flatnonzero((area < -1e-6) & (right >= left) & (bottom >= top) & np.isfinite(near[ia] + near[ib] + near[ic]))
    order = drawn[np.argsort(span[drawn], kind="stable")]
    ax, ay, bx, by, cx, cy, area, left, top, span = (v[order] for v in (ax, ay, bx, by, cx, cy, area, left, top, span))
    # Shares of the first two corners change evenly across the picture; the third's is what remains.
    ux, uy, vx, vy = (by - cy) / area, (cx - bx) / area, (cy - ay) / area, (ax - cx) / area
    u0, v0 = ux * (left + 0.5 - cx) + uy * (top + 0.5 - cy), vx * (left + 0.5 - cx) + vy * (top + 0.5 - cy)
    start = (top * width + left).astype(np.int32)
    pieces: list[tuple[np.ndarray, ...]] = []
    begin = 0
    while begin < len(order):  # triangles of about one size at a time, as a block of little squares
        side = int(span[begin])
        side = side if side < 4 else int(side * 1.3)
        end = int(np.searchsorted(span, side, side="right"))
        chosen = slice(begin, end)
        steps = np.arange(side, dtype=np.float32)
        u = (ux[chosen, None] * steps)[:, None, :] + (u0[chosen, None] + uy[chosen, None] * steps)[:, :, None]
        v = (vx[chosen, None] * steps)[:, None, :] + (v0[chosen, None] + vy[chosen, None] * steps)[:, :, None]
        inside = np.flatnonzero((u >= -1e-4) & (v >= -1e-4) & (u + v <= 1.0001))
        which, offset = np.divmod(inside, side * side)
        row, column = np.divmod(offset, side)
        which += begin
        pixel = start[which] + row * width + column
        fits = (left[which] + column < width) & (top[which] + row < height)
        piece = (which, pixel, u.reshape(-1)[inside], v.reshape(-1)[inside])
        pieces.append(piece if fits.all() else tuple(values[fits] for values in piece))
        begin = end
    if not pieces:
        return np.zeros((height // _SAMPLES, width // _SAMPLES, 3), np.float32), np.zeros(
            (height // _SAMPLES, width // _SAMPLES), np.float32
        )
    which, pixel, u, v = (np.concatenate(values) for values in zip(*pieces, strict=True))
    corners = order[which]
    a, b, c = ia[corners], ib[corners], ic[corners]
    third = 1 - u - v
    here = u * near[a] + v * near[b] + third * near[c]
    np.maximum.at(depth, pixel, here)
    seen = np.flatnonzero(here >= depth[pixel])
    a, b, c, pixel = a[seen], b[seen], c[seen], pixel[seen]
    picture, cover = np.zeros((height * width, 3), np.float32), np.zeros(height * width, np.float32)
    picture[pixel] = colours[a] * u[seen, None] + colours[b] * v[seen, None] + colours[c] * third[seen, None]
    cover[pixel] = 1
    return _downsample(picture.reshape(height, width, 3)), _downsample(cover.reshape(height, width))


def _as_bytes(colours: np.ndarray) -> np.ndarray:
    """Convert linear colours to uint8 with gamma 2."""
    light: np.ndarray = (np.sqrt(np.clip(colours, 0, 1)) * 255 + 0.5).astype(np.uint8)
    return light


def render_frames(motion: Motion, renderer: Renderer, rate: float = 30.0) -> Iterator[np.ndarray]:
    """Yield images (H, W, 3) uint8 of a motion at `rate` Hz, the first at 0 s, each of the pose nearest in time."""
    if not 0 < rate <= SIM_RATE:
        raise UserError(f"rate: {rate} pictures a second; give more than 0 and at most {SIM_RATE:g}")
    for index in range(int(motion.duration * rate + 1e-9) + 1):
        pose = round(index / rate * SIM_RATE)
        yield renderer.frame(motion.positions[pose], motion.rotations[pose])
