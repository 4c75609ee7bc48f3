"""Real electronics: errors of a chip, its clock and its radio on top of an ideal measurement."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from featherfall.core.recording import Stream
from featherfall.signals.resample import lowpass

from ..world.motion import SIM_RATE
from .sensors import Imu


@dataclass(frozen=True)
class Chip:
    """One three-axis sensor; u is its unit (g, deg/s, uT).

    Attributes:
        range: u, beyond which it saturates, both ways.
        bits: of its converter, which spans the range; 0 for an even finer one.
        noise: u / sqrt(Hz), white.
        step: u, to which written values are rounded, where that is coarser; 0 for none.
        bias: u, standard deviation of the axes' offsets.
        scale: standard deviation of the axes' gains around 1.
    """

    range: float = np.inf
    bits: int = 0
    step: float = 0.0
    noise: float = 0.0
    bias: float = 0.0
    scale: float = 0.0


@dataclass(frozen=True)
class Part:
    """A device with an accelerometer, a gyroscope and a magnetometer on one clock.

    Attributes:
        rate: Hz.
        bandwidth: Hz (-6 dB), of the filter before sampling; inf for none.
        accelerometer, gyroscope, magnetometer: the chips.
        misalignment: rad, standard deviation of each axis' tilt towards either other.
        drift: standard deviation of the clock's error, in parts per million.
        jitter: s, standard deviation of a sampling instant.
        dropped: share of samples that never arrive.
        packet: samples that travel, and are lost, together.
    """

    rate: float
    bandwidth: float = np.inf
    accelerometer: Chip = Chip()
    gyroscope: Chip = Chip()
    magnetometer: Chip = Chip()
    misalignment: float = 0.0
    drift: float = 0.0
    jitter: float = 0.0
    dropped: float = 0.0
    packet: int = 1


# Noise and ranges are round figures of the named chips (typical values). Offsets (after soldering; of magnetometers after calibration),
# gains and clocks are what is usual for such parts.
PARTS: dict[str, Part] = {
    "ideal": Part(SIM_RATE),
    # Bosch BMI270 (accelerometer, gyroscope) and BMM150 (magnetometer), read at 50 Hz and sent by Bluetooth LE.
    "watch": Part(
        50.0,
        20.0,
        Chip(range=8.0, bits=16, noise=160e-6, bias=0.020, scale=0.004),
        Chip(range=2000.0, bits=16, noise=0.007, bias=0.5, scale=0.004),
        Chip(range=1300.0, bits=13, noise=0.1, bias=2.0, scale=0.01),
        misalignment=0.005,
        drift=30.0,
        jitter=0.0008,
        dropped=0.004,
        packet=5,
    ),
    # As in the recordings of WEDA-FALL (Fitbit Sense): range 4 g, steps of 0.1 m/s2 and 0.1 rad/s, a sample every 20.24 ms.
    "fitbit": Part(
        49.4,
        20.0,
        Chip(range=4.0, bits=16, step=0.0102, noise=160e-6, bias=0.020, scale=0.004),
        Chip(range=2000.0, bits=16, step=5.73, noise=0.007, bias=0.5, scale=0.004),
        Chip(range=1300.0, bits=13, noise=0.1, bias=2.0, scale=0.01),
        misalignment=0.005,
        drift=600.0,
        jitter=0.00001,
    ),
    # ST LSM6DSO and AKM AK09918; Android keeps the asked rate only roughly.
    "phone": Part(
        100.0,
        40.0,
        Chip(range=8.0, bits=16, noise=80e-6, bias=0.020, scale=0.01),
        Chip(range=2000.0, bits=16, noise=0.004, bias=1.0, scale=0.01),
        Chip(range=4912.0, bits=16, noise=0.1, bias=2.0, scale=0.01),
        misalignment=0.01,
        drift=5000.0,
        jitter=0.0010,
        dropped=0.001,
    ),
    # Movella (Xsens) MTw Awinda: factory-calibrated, means over 1/60 s (-6 dB at .6 of the rate), clocks kept together by radio.
    "mocap": Part(
        60.0,
        29.0,
        Chip(range=16.0, bits=16, noise=200e-6, bias=0.003, scale=0.001),
        Chip(range=2000.0, bits=16, noise=0.01, bias=0.1, scale=0.001),
        Chip(range=190.0, bits=16, noise=0.02, bias=0.3, scale=0.002),
        misalignment=0.002,
    ),
}


def sample_imu(part: Part, imu: Imu, rng: np.random.Generator, placement: str = "") -> dict[str, Stream]:
    """Sample an ideal measurement with one specimen of a part.

    Arguments:
        imu: the ideal measurement, long enough for at least two samples of the part.
        placement: placement of the streams.
    Returns: "accelerometer" (g), "gyroscope" (deg/s) and "magnetometer" (uT), float32, of the same times: the true instants of
        sampling, from which drift shows as a rate a little off the nominal one, jitter as uneven steps and a lost packet as a gap.
    """
    chips = (part.accelerometer, part.gyroscope, part.magnetometer)
    clean = np.concatenate([imu.acceleration, imu.angular_velocity, imu.magnetic_field], axis=1)
    if part.bandwidth < SIM_RATE / 2:
        clean = lowpass(clean, part.bandwidth / SIM_RATE)
    times = _instants(part, float(imu.times[-1]), rng)
    position = times * SIM_RATE
    left = np.minimum(position.astype(np.int64), len(clean) - 2)
    values = clean[left]
    values += (clean[left + 1] - values) * (position - left)[:, None]
    deviation = np.array([chip.noise for chip in chips]) * np.sqrt(min(part.bandwidth, SIM_RATE / 2))
    noise = rng.standard_normal(values.shape) * deviation.repeat(3)
    streams = {}
    for index, (name, unit, chip) in enumerate(
        zip(("accelerometer", "gyroscope", "magnetometer"), ("g", "deg/s", "uT"), chips, strict=True)
    ):
        axes = slice(3 * index, 3 * index + 3)
        read = values[:, axes] @ _gain(part, chip, rng) + rng.normal(0, chip.bias, 3) + noise[:, axes]
        streams[name] = Stream(times, convert(chip, read).astype(np.float32), unit, part.rate, placement, ("x", "y", "z"))
    return streams


def at_rate(part: Part, rate: float) -> Part:
    """Return the part read at another rate (Hz), with its filter scaled accordingly."""
    return replace(part, rate=rate, bandwidth=part.bandwidth * rate / part.rate)


def convert(chip: Chip, values: np.ndarray) -> np.ndarray:
    """Saturate and round like a converter of 2^bits steps over the range; as in two's complement, the top step is missing."""
    top = chip.range
    if chip.bits:
        fine = 2 * chip.range / 2**chip.bits
        top = chip.range - fine
        values = np.rint(values / fine) * fine
    values = np.clip(values, -chip.range, top)
    return np.asarray(np.rint(values / chip.step) * chip.step if chip.step else values)


def _instants(part: Part, end: float, rng: np.random.Generator) -> np.ndarray:
    """Return increasing times (s) from 0 to `end` at which the part samples and whose samples arrive; at least two."""
    step = (1 + 1e-6 * part.drift * rng.standard_normal()) / part.rate
    phase = rng.random() * step if part.drift else 0.0  # a clock of its own does not start with the recording
    count = int(np.floor((end - phase) / step + 1e-6)) + 1
    # Instants keep their order: none strays by more than .45 of a step.
    stray = np.clip(part.jitter * rng.standard_normal(count), -0.45 * step, 0.45 * step)
    times = np.clip(phase + step * np.arange(count) + stray, 0.0, end)
    packets = -(-count // part.packet)
    arrived = np.repeat(rng.random(packets) >= part.dropped, part.packet)[:count]
    arrived[[0, -1]] = True
    return np.asarray(times[arrived])


def _gain(part: Part, chip: Chip, rng: np.random.Generator) -> np.ndarray:
    """Return the gain matrix (3, 3) for row vectors: gains on the diagonal, misalignments beside it."""
    gain: np.ndarray = part.misalignment * rng.standard_normal((3, 3))
    np.fill_diagonal(gain, 1 + chip.scale * rng.standard_normal(3))
    return gain
