"""Quaternions (w, x, y, z) of any leading shape, in MuJoCo's order."""

from __future__ import annotations

import numpy as np


def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the Hamilton product, the rotation `b` followed by `a`; (..., 4)."""
    aw, ax, ay, az = a[..., 0], a[..., 1], a[..., 2], a[..., 3]
    bw, bx, by, bz = b[..., 0], b[..., 1], b[..., 2], b[..., 3]
    w = aw * bw - ax * bx - ay * by - az * bz
    out = np.empty((*np.shape(w), 4))
    out[..., 0] = w
    out[..., 1] = aw * bx + ax * bw + ay * bz - az * by
    out[..., 2] = aw * by - ax * bz + ay * bw + az * bx
    out[..., 3] = aw * bz + ax * by - ay * bx + az * bw
    return out


def conjugate(q: np.ndarray) -> np.ndarray:
    """Return the inverse rotation; (..., 4)."""
    back: np.ndarray = q * np.array([1.0, -1.0, -1.0, -1.0])
    return back


def rotate(q: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Rotate vectors `v` (..., 3) by unit quaternions `q` (..., 4); the two broadcast."""
    w, x, y, z = q[..., 0], q[..., 1], q[..., 2], q[..., 3]
    vx, vy, vz = v[..., 0], v[..., 1], v[..., 2]
    # v + w t + u x t with t = 2 u x v; written out, since np.cross is slow
    tx, ty, tz = 2 * (y * vz - z * vy), 2 * (z * vx - x * vz), 2 * (x * vy - y * vx)
    out = np.empty((*np.shape(tx), 3))
    out[..., 0] = vx + w * tx + y * tz - z * ty
    out[..., 1] = vy + w * ty + z * tx - x * tz
    out[..., 2] = vz + w * tz + x * ty - y * tx
    return out


def from_axis_angle(axis: tuple[float, float, float], angle: np.ndarray | float) -> np.ndarray:
    """Return rotations about a unit axis by angles (...) in rad; (..., 4)."""
    half = np.asarray(angle, dtype=np.float64) / 2
    sine = np.sin(half)
    return np.stack([np.cos(half), axis[0] * sine, axis[1] * sine, axis[2] * sine], axis=-1)


def angular_velocity(q: np.ndarray, rate: float) -> np.ndarray:
    """Return the angular velocity in the body's own frame, rad/s, of orientations (N, ..., 4) at `rate` Hz; (N, ..., 3).

    Central differences of the relative turn (first and last sample: one-sided).
    """
    before, after = np.concatenate([q[:1], q[:-1]]), np.concatenate([q[1:], q[-1:]])
    turn = multiply(conjugate(before), after)
    turn = np.where(turn[..., :1] < 0, -turn, turn)
    sine = np.linalg.norm(turn[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sine, turn[..., :1])
    steps = np.full((len(q), *[1] * (q.ndim - 1)), 2.0)
    steps[[0, -1]] = 1.0
    scale = np.divide(angle, sine, out=np.full_like(sine, 2.0), where=sine > 1e-9)
    velocity: np.ndarray = turn[..., 1:] * scale * rate / steps
    return velocity


def matrices(q: np.ndarray) -> np.ndarray:
    """Return rotation matrices (..., 3, 3) of unit quaternions."""
    columns = [rotate(q, np.broadcast_to(axis, (*q.shape[:-1], 3))) for axis in np.eye(3)]
    return np.stack(columns, axis=-1)
