"""What other devices and ways of wearing them would have recorded: pure functions of a stream, to test how much a model endures.

Each returns a new stream; the times of what is left are those of the recording, so that annotated falls stay where they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.recording import Stream
from featherfall.signals.resample import even_grid, resample

PACKET_S = 0.5  # of a lost packet; watches send several a second to one every few seconds
# Signs of the axes when a sensor is moved to the other wrist: x lies along the forearm and is mirrored; the rotation about it is not.
_MIRROR = {"g": (-1.0, 1.0, 1.0), "deg/s": (1.0, -1.0, -1.0)}


def rotated(stream: Stream, turn: np.ndarray) -> Stream:
    """Return the stream of a sensor whose frame is turned. turn: (3, 3) rotation. Raises `UserError` for other than vectors."""
    return replace(stream, values=_vectors(stream) @ np.asarray(turn, dtype=np.float32).T)


def rotation(axis: Sequence[float] | np.ndarray, degrees: float) -> np.ndarray:
    """Return the (3, 3) rotation about an axis by an angle (Rodrigues)."""
    x, y, z = np.asarray(axis, dtype=np.float64) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.deg2rad(degrees)
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross))


def other_wrist(stream: Stream) -> Stream:
    """Return the stream as the other wrist would give it for the mirrored movement.

    Raises: `UserError` for other than acceleration or angular velocity.
    """
    signs = _MIRROR.get(stream.unit)
    if signs is None:
        raise UserError(f"a stream in {stream.unit!r} cannot be mirrored; only acceleration and angular velocity can")
    return replace(stream, values=_vectors(stream) * np.asarray(signs, dtype=np.float32))


def resampled_to(stream: Stream, rate: float) -> Stream:
    """Return the stream sampled at another rate, Hz: low-passed where it is lower, by straight lines in between where it is higher.

    Gaps stay gaps. A recording of fewer than two samples at this rate is returned as it is.
    """
    if not 0 < rate < float("inf"):
        raise UserError(f"rate {rate:g}; give a positive number of samples per second")
    if stream.duration * rate < 1:
        return stream
    grid = even_grid(float(stream.times[0]), float(stream.times[-1]), rate)
    values, valid = resample(stream.times, stream.values, grid)
    keep = valid if valid.sum() > 1 else np.ones(len(grid), dtype=bool)
    return replace(stream, times=grid[keep], values=values[keep], rate=rate)


def clipped_at(stream: Stream, limit: float) -> Stream:
    """Return the stream of a sensor whose axes end at +- `limit`, in the stream's unit."""
    if not limit > 0:
        raise UserError(f"range {limit:g}; give a positive number")
    return replace(stream, values=np.clip(stream.values, -limit, limit))


def with_packets_lost(stream: Stream, share: float, random: np.random.Generator, packet_s: float = PACKET_S) -> Stream:
    """Return the stream without some of its packets, each lost on its own; the first and the last are kept, so that it lasts as long.

    Arguments:
        share: probability of a loss, 0..1. random: draws one number a packet.
        packet_s: seconds of samples in a packet.
    """
    if not 0 <= share <= 1:
        raise UserError(f"packet loss {share:g}; give a share from 0 to 1")
    packet = np.floor((stream.times - stream.times[0]) / packet_s).astype(np.int64)
    lost = random.random(int(packet[-1]) + 1) < share
    lost[[0, -1]] = False
    keep = ~lost[packet]
    return replace(stream, times=stream.times[keep], values=stream.values[keep])


def _vectors(stream: Stream) -> np.ndarray:
    if stream.values.shape[1] != 3:
        raise UserError(f"a stream of {stream.values.shape[1]} channel(s) cannot be turned; it needs three axes")
    return np.asarray(stream.values, dtype=np.float32)
