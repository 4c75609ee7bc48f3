from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sim.motions import move

from featherfall.sim.sense.parts import PARTS, Chip, Part, at_rate, convert, sample_imu
from featherfall.sim.sense.sensors import SITES, Imu, measure_site
from featherfall.sim.world.motion import SIM_RATE

seeds = st.integers(0, 2**32 - 1)


def still(seconds: float = 20.0, acceleration: tuple[float, float, float] = (0.0, 0.0, 1.0)) -> Imu:
    count = round(seconds * SIM_RATE) + 1
    zero = np.zeros((count, 3))
    return Imu(np.arange(count) / SIM_RATE, zero + acceleration, zero, zero + np.array([20.0, 0.0, -44.0]))


def test_the_ideal_part_changes_nothing() -> None:
    t = np.arange(401) / SIM_RATE
    imu = measure_site(move(angles={"left elbow flexion": 1 + np.sin(6 * t)}), SITES["left forearm"])
    streams = sample_imu(PARTS["ideal"], imu, np.random.default_rng(0), "left wrist")
    assert list(streams) == ["accelerometer", "gyroscope", "magnetometer"]
    for (name, stream), values, unit in zip(
        streams.items(), (imu.acceleration, imu.angular_velocity, imu.magnetic_field), ("g", "deg/s", "uT"), strict=True
    ):
        np.testing.assert_allclose(stream.times, t, atol=1e-12, err_msg=name)
        np.testing.assert_allclose(stream.values, values, atol=1e-4, err_msg=name)
        assert (stream.unit, stream.rate, stream.placement, stream.channels) == (unit, SIM_RATE, "left wrist", ("x", "y", "z"))


@given(seed=seeds, name=st.sampled_from(list(PARTS)), seconds=st.floats(0.2, 5))
def test_every_part_gives_finite_increasing_samples_within_its_range(seed: int, name: str, seconds: float) -> None:
    rng = np.random.default_rng(seed)
    imu = still(seconds)
    wild = replace(imu, acceleration=imu.acceleration * rng.normal(0, 30, imu.acceleration.shape))
    part = PARTS[name]
    streams = sample_imu(part, wild, np.random.default_rng(seed))
    again = sample_imu(part, wild, np.random.default_rng(seed))
    for key, stream in streams.items():
        assert stream.values.dtype == np.float32 and np.isfinite(stream.values).all()
        assert (np.diff(stream.times) > 0).all() and len(stream.times) >= 2
        assert stream.times[0] >= 0 and stream.times[-1] <= imu.times[-1]
        np.testing.assert_array_equal(stream.values, again[key].values)
    assert np.abs(streams["accelerometer"].values).max() <= part.accelerometer.range + part.accelerometer.step / 2


def test_noise_is_its_density_times_the_root_of_the_bandwidth() -> None:
    part = Part(50.0, 20.0, Chip(noise=160e-6), Chip(noise=0.007))
    streams = sample_imu(part, still(100), np.random.default_rng(0))
    assert streams["accelerometer"].values.std(axis=0) == pytest.approx([160e-6 * np.sqrt(20)] * 3, rel=0.05)  # .7 mg
    assert streams["gyroscope"].values.std(axis=0) == pytest.approx([0.007 * np.sqrt(20)] * 3, rel=0.05)
    assert streams["magnetometer"].values.std(axis=0).max() < 1e-5


def test_specimens_differ_by_bias_gain_and_misalignment() -> None:
    part = Part(50.0, accelerometer=Chip(bias=0.02, scale=0.01), misalignment=0.005)
    means = np.array(
        [sample_imu(part, still(0.2, (0, 0, 1)), np.random.default_rng(seed))["accelerometer"].values.mean(axis=0) for seed in range(800)]
    )
    assert means.mean(axis=0) == pytest.approx([0, 0, 1], abs=0.003)
    assert means.std(axis=0) == pytest.approx([np.hypot(0.02, 0.005)] * 2 + [np.hypot(0.02, 0.01)], rel=0.08)


def test_saturation_and_quantisation() -> None:
    chip = Chip(range=8.0, bits=4)  # steps of 1 u
    np.testing.assert_array_equal(convert(chip, np.array([-20, -8, -0.6, 0.4, 2.6, 7.2, 20])), [-8, -8, -1, 0, 3, 7, 7])
    np.testing.assert_array_equal(convert(Chip(range=8.0), np.array([-20, 0.4, 20])), [-8, 0.4, 8])
    np.testing.assert_array_equal(convert(Chip(), np.array([-20, 0.4])), [-20, 0.4])
    np.testing.assert_array_equal(convert(Chip(range=4.0, step=0.5), np.array([-9, 0.3, 9])), [-4, 0.5, 4])
    step = 16 / 2**16
    values = sample_imu(PARTS["watch"], still(), np.random.default_rng(0))["accelerometer"].values / step
    np.testing.assert_array_equal(values, np.rint(values))


@pytest.mark.parametrize("frequency", [5.0, 35.0])
def test_what_the_rate_cannot_carry_is_filtered_out(frequency: float) -> None:
    imu = still()
    imu.acceleration[:, 0] = np.sin(2 * np.pi * frequency * imu.times)
    part = Part(50.0, 20.0)
    deviation = sample_imu(part, imu, np.random.default_rng(0))["accelerometer"].values[50:-50, 0].std()
    assert deviation == pytest.approx(np.sqrt(0.5), rel=0.03) if frequency == 5 else deviation < 0.02


def test_the_clock_drifts_and_trembles() -> None:
    rates = []
    for seed in range(300):
        times = sample_imu(Part(100.0, drift=5000.0, jitter=0.001), still(10), np.random.default_rng(seed))["gyroscope"].times
        rates.append((len(times) - 1) / (times[-1] - times[0]))
    assert np.mean(rates) == pytest.approx(100, abs=0.1)
    assert np.std(rates) == pytest.approx(0.5, rel=0.12)
    assert np.diff(times).std() == pytest.approx(0.001 * np.sqrt(2), rel=0.1)


def test_a_value_belongs_to_its_own_instant() -> None:
    imu = still()
    imu.acceleration[:, 0] = imu.times
    stream = sample_imu(Part(50.0, jitter=0.003, drift=500.0), imu, np.random.default_rng(3))["accelerometer"]
    np.testing.assert_allclose(stream.values[:, 0], stream.times, atol=1e-5)


def test_packets_are_lost_whole() -> None:
    stream = sample_imu(Part(50.0, dropped=0.2, packet=5), still(200), np.random.default_rng(1))["accelerometer"]
    assert len(stream.times) / 10001 == pytest.approx(0.8, abs=0.03)
    lost = np.rint(np.diff(stream.times) * 50).astype(int) - 1
    assert set(lost[1:-1] % 5) == {0} and lost.max() >= 5


def test_another_rate_moves_the_filter_along() -> None:
    part = at_rate(PARTS["phone"], 50.0)
    assert (part.rate, part.bandwidth) == (50.0, 20.0)
    assert len(sample_imu(part, still(10), np.random.default_rng(0))["accelerometer"].times) == pytest.approx(501, abs=10)
