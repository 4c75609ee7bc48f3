"""Gramian angular fields: time series as images of how each pair of moments relates.

Wang & Oates, "Imaging time-series to improve classification and imputation", IJCAI 2015. A series is scaled to x in [-1, 1] and read as
angles phi = arccos x; then GASF_ij = cos(phi_i + phi_j) and GADF_ij = sin(phi_i - phi_j). No angle is ever computed:

    GASF_ij = x_i x_j - s_i s_j        GADF_ij = s_i x_j - x_i s_j        s = sqrt(1 - x^2)

With p = (v - low) / (high - low) and q = (high - v) / (high - low), x = p - q and s = 2 sqrt(p q), which loses no digits near +-1. Work
per sample is in float64, because rounding errors at the maximum grow by a square root; work per pixel is a float32 matrix product.

An image keeps less than its series: scaled by the series' own range, neither strength nor offset; and GASF(-v) = GASF(v) then and with
every range that is symmetric about 0, while GADF(-v) = -GADF(v).
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from featherfall.core.errors import UserError

Method = Literal["summation", "difference"]
MAX_SAMPLE = float(np.finfo(np.float32).max)  # larger samples count as missing
_CONSTANT_SPAN = 1e-12  # a series left with less than this share of its span after averaging is constant: the rest is rounding

_BLOCK = 16_384  # samples of a block, whose intermediate results fit in the cache
_SIGNS = np.asarray([[1], [-1]], np.float32)


def gaf(
    series: ArrayLike,
    size: int | None = None,
    method: Method = "summation",
    *,
    range: tuple[float, float] | None = None,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Compute the Gramian angular fields of many series at once.

    A missing sample (NaN, infinite, or beyond float32) is bridged linearly between its neighbours and held at the ends. A series with
    no sample at all, and a constant one without a `range`, is the middle: x = 0, so GASF = -1 and GADF = 0. The result is never NaN.

    Arguments:
        series: (..., N) real numbers, N >= 1, in any unit.
        size: width and height of the image; default N. Any other size: the series is first averaged over `size` equal segments of time
            (piecewise aggregate approximation), where a sample that lies in two segments counts in both by its share.
        method: "summation" (GASF, symmetric) or "difference" (GADF, antisymmetric).
        range: (low, high) in the series' unit become -1 and 1 and what is beyond is clipped, so that images keep strength and offset, e.g.
            (-8, 8) g. Default: each series' own minimum and maximum, as published; images then do not tell a knock from a fall.
        out: (..., size, size) float32, C-contiguous, to write to; saves the allocation.
    Returns: (..., size, size) float32, in [-1, 1] but for rounding (2e-7); `out` where it was given.
    Raises: `UserError` for anything else.
    """
    values, size = _checked(series, size, method, range)
    shape = (*values.shape[:-1], size, size)
    if out is None:
        out = np.empty(shape, np.float32)
    elif not isinstance(out, np.ndarray) or out.shape != shape or out.dtype != np.float32 or not out.flags.carray:
        raise UserError(f"gaf: out must be a writable, C-contiguous float32 array of shape {shape}; give one, or leave it out")
    length = values.shape[-1]
    rows, images = values.reshape(-1, length), out.reshape(-1, size, size)
    step = max(_BLOCK // max(length, size), 1)
    first = 0
    while first < len(rows):
        last = first + step
        pair = _polar(rows[first:last], size, range)
        other = pair * _SIGNS if method == "summation" else pair[:, ::-1] * _SIGNS  # (x, -s), or (s, -x)
        np.matmul(other.swapaxes(1, 2), pair, out=images[first:last])
        first = last
    return out


def with_magnitude(vectors: ArrayLike) -> np.ndarray:
    """Append the vectors' magnitude, which no rotation of the sensor changes: (..., C, N) -> (..., C + 1, N) float64.

    It is NaN where a component is. Raises: `UserError` for a series without channels.
    """
    values = np.asarray(vectors, np.float64)
    if values.ndim < 2:
        raise UserError(f"with_magnitude: got an array of shape {values.shape}; give channels by samples, (..., C, N)")
    return np.concatenate([values, np.sqrt(np.square(values).sum(axis=-2, keepdims=True))], axis=-2)


def check_options(size: int | None, method: str, range: tuple[float, float] | None) -> None:
    """Raise `UserError` for options that neither `gaf` nor the layer accepts."""
    if size is not None and (isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1):
        raise UserError(f"gaf: size {size!r} is no whole number of pixels, 1 or more")
    if method not in get_args(Method):
        raise UserError(f"gaf: method {method!r} is unknown; use one of {', '.join(get_args(Method))}")
    if range is not None and not (len(range) == 2 and -MAX_SAMPLE <= range[0] < range[1] <= MAX_SAMPLE):
        raise UserError(f"gaf: range {range!r} is no (low, high) with low < high; for example (-8.0, 8.0)")


def _checked(series: ArrayLike, size: int | None, method: str, range: tuple[float, float] | None) -> tuple[np.ndarray, int]:
    check_options(size, method, range)
    values = np.asarray(series)
    if values.dtype.kind not in "fiub":
        raise UserError(f"gaf: a series of {values.dtype} is not one of real numbers")
    if values.ndim < 1 or values.shape[-1] < 1:
        raise UserError(f"gaf: got an array of shape {values.shape}; give series of at least one sample, (..., N)")
    return values, values.shape[-1] if size is None else int(size)


def _polar(values: np.ndarray, size: int, range: tuple[float, float] | None) -> np.ndarray:
    """Return cosines and sines of the angles, (K, N) -> (K, 2, size) float32."""
    values = _interpolate_missing(values.astype(np.float64), 0.0 if range is None else (range[0] + range[1]) / 2)
    values -= values.min(axis=1, keepdims=True) if range is None else range[0]  # before averaging, so that a constant stays exactly one
    span = values.max(axis=1, keepdims=True) if range is None else np.full((1, 1), float(range[1]) - range[0])
    high = span
    if size != values.shape[1]:
        values = _segment_means(values, size)
        if range is None:
            values -= values.min(axis=1, keepdims=True)
            high = values.max(axis=1, keepdims=True)
    if range is not None:
        np.clip(values, 0, span, out=values)
    rest = high - values
    flat = high <= _CONSTANT_SPAN * span
    if flat.any():
        values[flat[:, 0]] = rest[flat[:, 0]] = 0.5
        high = np.where(flat, 1.0, high)
    values /= high
    rest /= high
    pair = np.empty((len(values), 2, size), np.float32)
    np.subtract(values, rest, out=pair[:, 0], casting="same_kind")
    values *= rest
    np.sqrt(values, out=values)
    np.multiply(values, 2, out=pair[:, 1], casting="same_kind")
    return pair


def _interpolate_missing(values: np.ndarray, filler: float) -> np.ndarray:
    """Fill missing samples of (K, N) in place, linearly between neighbours, held at the ends; `filler` where all are missing."""
    seen = np.abs(values) <= MAX_SAMPLE  # False for NaN
    if seen.all():
        return values
    at = np.arange(values.shape[1])
    for k in np.flatnonzero(~seen.all(axis=1)):
        values[k] = np.interp(at, at[seen[k]], values[k, seen[k]]) if seen[k].any() else filler
    return values


def _segment_means(values: np.ndarray, size: int) -> np.ndarray:
    """Return means over equal segments of time, (K, N) -> (K, size), by running sums up to each border k N / size (exact)."""
    length = values.shape[1]
    border = np.arange(size + 1) * length
    whole, share = border // size, (border % size) / size
    sums = np.zeros((len(values), length + 1))
    np.cumsum(values, axis=1, out=sums[:, 1:])
    upto = sums[:, whole] + share * values[:, np.minimum(whole, length - 1)]
    means: np.ndarray = np.diff(upto, axis=1) * (size / length)
    return means
