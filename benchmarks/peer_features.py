"""The usual features of a window of acceleration, for the peers that do not see samples.

Statistics, jerk, energy, correlation and bands: Figo et al. 2010 (Pers. Ubiquit. Comput. 14), Ozdemir and Barshan 2014 (Sensors 14), who
found them to suffice for falls. Free fall, impact, rest and change of posture: Bourke et al. 2007 and Kangas et al. 2008 (Gait & Posture
26 and 28).
"""

from __future__ import annotations

import itertools

import numpy as np

BANDS_HZ = (0.3, 1.0, 3.0, 5.0, 10.0, 20.0)  # posture, walking, running, blows
REST_AFTER_S = 1.0  # by then the body lies, and the arm has come to rest
STATISTICS = ("mean", "sd", "min", "max", "median", "p10", "p90", "skewness", "kurtosis")
AXES = ("x", "y", "z", "magnitude", "jerk")


def feature_names() -> list[str]:
    """Return the names of the columns of `usual_features`."""
    names = [f"{axis} {name}" for axis in AXES for name in STATISTICS]
    names += ["energy", "area", "correlation xy", "correlation xz", "correlation yz"]
    names += ["posture change", "peak", "lowest before peak", "rest", "turned after peak"]
    return [*names, *(f"{low:g}-{high:g} Hz" for low, high in itertools.pairwise(BANDS_HZ)), "spectral entropy", "main Hz"]


def usual_features(windows: np.ndarray, rate: float) -> np.ndarray:
    """Return (N, F) float32 features of (N, L, 3) acceleration in g at `rate` Hz, in the order of `feature_names`."""
    values = windows.astype(np.float64)
    magnitude = np.linalg.norm(values, axis=2)
    jerk = np.linalg.norm(np.diff(values, axis=1), axis=2) * rate  # g/s
    series = [values[..., 0], values[..., 1], values[..., 2], magnitude, jerk]
    columns = [column for one in series for column in _statistics(one)]
    columns += [(values**2).sum(axis=2).mean(axis=1), np.abs(values).sum(axis=2).mean(axis=1), *_correlations(values)]
    columns += [*_course(values, magnitude, rate), *_bands(magnitude, rate)]
    return np.stack(columns, axis=1).astype(np.float32)


def fall_signs(magnitude: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return each window's peak, lowest within 1 s before, sd from 1 s after it (all in g), and the peak's position; all (N,).

    The peak is the highest sample after which half a second of rest can be seen; of short windows, the highest of the first half.
    """
    length = magnitude.shape[1]
    last = max(length - round((REST_AFTER_S + 0.5) * rate), length // 2 + 1)
    at = magnitude[:, :last].argmax(axis=1)
    place = np.arange(length)[None] - at[:, None]
    before = (place <= 0) & (place >= -round(rate))
    after = place >= min(round(REST_AFTER_S * rate), length - last)
    rest = np.where(after, magnitude, np.nan)
    peak = np.take_along_axis(magnitude, at[:, None], axis=1)[:, 0]
    return peak, np.where(before, magnitude, np.inf).min(axis=1), np.nanstd(rest, axis=1), at


def _statistics(series: np.ndarray) -> list[np.ndarray]:
    mean, sd = series.mean(axis=1), series.std(axis=1)
    apart = (series - mean[:, None]) / np.maximum(sd, 1e-6)[:, None]
    p10, median, p90 = np.percentile(series, [10, 50, 90], axis=1)
    return [mean, sd, series.min(axis=1), series.max(axis=1), median, p10, p90, (apart**3).mean(axis=1), (apart**4).mean(axis=1)]


def _correlations(values: np.ndarray) -> list[np.ndarray]:
    apart = values - values.mean(axis=1, keepdims=True)
    apart /= np.maximum(np.sqrt((apart**2).mean(axis=1, keepdims=True)), 1e-6)
    return [(apart[..., i] * apart[..., j]).mean(axis=1) for i, j in ((0, 1), (0, 2), (1, 2))]


def _course(values: np.ndarray, magnitude: np.ndarray, rate: float) -> list[np.ndarray]:
    """Return the change of posture (degrees) over the window, the signs of a fall, and the turn from before to after the peak."""
    second = min(round(rate), values.shape[1] // 3)
    turned = _angle(values[:, :second].mean(axis=1), values[:, -second:].mean(axis=1))
    peak, lowest, rest, at = fall_signs(magnitude, rate)
    before = np.arange(values.shape[1])[None] < np.maximum(at - second // 2, 1)[:, None]
    after = np.arange(values.shape[1])[None] >= np.minimum(at + second, values.shape[1] - 1)[:, None]
    sides = [(values * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True) for mask in (before, after)]
    return [turned, peak, lowest, rest, _angle(*sides)]


def _angle(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return np.degrees(np.arccos(np.clip((first * second).sum(axis=1) / np.maximum(lengths, 1e-9), -1, 1)))


def _bands(magnitude: np.ndarray, rate: float) -> list[np.ndarray]:
    """Return the logarithm of the power in each band, the entropy of the spectrum and its highest line (Hz); the mean is left out."""
    power = np.abs(np.fft.rfft(magnitude - magnitude.mean(axis=1, keepdims=True), axis=1)) ** 2 / magnitude.shape[1]
    lines = np.fft.rfftfreq(magnitude.shape[1], 1 / rate)
    bands = [np.log10(power[:, (lines >= low) & (lines < high)].sum(axis=1) + 1e-6) for low, high in itertools.pairwise(BANDS_HZ)]
    share = power / np.maximum(power.sum(axis=1, keepdims=True), 1e-12)
    return [*bands, -(share * np.log(share + 1e-12)).sum(axis=1), lines[power.argmax(axis=1)]]
