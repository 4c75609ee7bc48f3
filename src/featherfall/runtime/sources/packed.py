"""Packets of samples as arrays, and what the rules ask of every one of them: found for the packets of many devices in a few passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Packed(NamedTuple):
    """The samples of a packet.

    Attributes:
        times: (N,) float64 s, as stamped. values: (N, C) float32, all inputs side by side.
        begin, end: first and last time, s; NaN without samples.
        shortest, longest: steps between the samples, s; inf and -inf where there is none.
        peak: largest squared length of a sample of the first input; 0 without samples.
        is_finite: whether all values are.
    """

    times: np.ndarray
    values: np.ndarray
    begin: float
    end: float
    shortest: float
    longest: float
    peak: float
    is_finite: bool


def pack(packets: Sequence[tuple[np.ndarray, np.ndarray]], first: int) -> list[Packed]:
    """Return packets, in order, with their figures.

    Those of one length are looked at together, as most devices of a household or a ward send packets of one length.

    Arguments:
        packets: times, (N,) float64 s, and values, (N, C) numbers. first: channels of the first input, up to C.
    """
    found: list[Packed | None] = [None] * len(packets)
    alike: dict[tuple[int, ...], list[int]] = {}
    for place, (_, values) in enumerate(packets):
        alike.setdefault(values.shape, []).append(place)
    for shape, places in alike.items():
        times = np.concatenate([packets[place][0] for place in places]).reshape(len(places), shape[0])
        parts = [packets[place][1] for place in places]
        with np.errstate(over="ignore"):  # what is beyond float32 becomes infinite, and is refused as such
            values = np.concatenate(parts, dtype=np.float32, casting="unsafe").reshape(len(places), *shape)
        for place, one in zip(places, _figures(times, values, first), strict=True):
            found[place] = one
    return [one for one in found if one is not None]


def _figures(times: np.ndarray, values: np.ndarray, first: int) -> list[Packed]:
    """Return the packets of (D, N) times and (D, N, C) values."""
    if not times.shape[1]:
        return [Packed(*one, np.nan, np.nan, np.inf, -np.inf, 0.0, True) for one in zip(times, values, strict=True)]
    steps = times[:, 1:] - times[:, :-1]
    lead = values[:, :, :first]
    columns = (
        times[:, 0],
        times[:, -1],
        steps.min(axis=1, initial=np.inf),
        steps.max(axis=1, initial=-np.inf),
        np.einsum("dij,dij->di", lead, lead).max(axis=1),
        np.isfinite(values.reshape(len(values), -1)).all(axis=1),
    )
    return [Packed(*one) for one in zip(times, values, *(column.tolist() for column in columns), strict=True)]
