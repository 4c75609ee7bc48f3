from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.signals.quality import worn

from featherfall.core.units import GRAVITY_UNITS
from featherfall.signals.quality.gravity import KEPT, GravityMeter, GravityVerdict, judge, majority, measure_gravity

DAY = worn.day()
TIMES = worn.clock(40.0)


@pytest.mark.parametrize("true", GRAVITY_UNITS)
@pytest.mark.parametrize("stated", [*GRAVITY_UNITS, None])
def test_gravity_tells_the_unit(true: str, stated: str | None) -> None:
    verdict = judge(measure_gravity(TIMES, DAY * GRAVITY_UNITS[true]), stated)
    assert verdict.kind == ("fits" if true == stated else "other unit")
    assert verdict.unit == true and verdict.quiet
    assert verdict.magnitude == pytest.approx(GRAVITY_UNITS[true], rel=0.02)


@pytest.mark.parametrize("calibration", [0.66, 0.92, 1.0, 1.3, 1.57])
def test_badly_calibrated_sensors_pass(calibration: float) -> None:
    assert judge(measure_gravity(TIMES, DAY * calibration), "g").kind == "fits"


@pytest.mark.parametrize("scale", [1.0, 9.80665])
@pytest.mark.parametrize("stated", ["g", "m/s2"])
def test_acceleration_without_gravity_is_missing_it_in_any_unit(scale: float, stated: str) -> None:
    rest = 0.01 * np.random.default_rng(1).standard_normal((500, 3))
    assert judge(measure_gravity(TIMES, scale * np.concatenate([rest, worn.moving(20.0), rest])), stated).kind == "missing"


def test_a_phone_at_rest_without_gravity_is_missing_it() -> None:
    rest = 0.02 * np.random.default_rng(1).standard_normal((500, 3))
    assert judge(measure_gravity(worn.clock(10.0), rest), "g").kind == "missing"
    assert judge(measure_gravity(worn.clock(10.0), 0 * rest), "g").kind == "missing"


@pytest.mark.parametrize(("counts", "seen"), [(16384, 16384), (64, 64), (256 * 1.07, 256), (3000, 3000)])
def test_counts_are_told_with_their_resolution(counts: float, seen: float) -> None:
    evidence = measure_gravity(TIMES, DAY * counts)
    verdict = judge(evidence, "g")
    assert verdict.kind == "counts"
    assert verdict.counts_per_g == pytest.approx(seen, rel=0.01)
    assert judge(evidence, None).kind == "counts"
    assert judge(evidence, "count", verdict.counts_per_g).kind == "fits"


def test_jogging_without_a_quiet_stretch_is_no_fault() -> None:
    lively = worn.moving(20.0, size=0.9) + np.array([0.0, 0.6, 0.8])
    verdict = judge(measure_gravity(worn.clock(20.0), lively), "g")
    assert verdict.kind in ("fits", "unknown") and not verdict.quiet
    assert judge(measure_gravity(worn.clock(20.0), lively * 9.80665), "g").unit == "m/s2"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("level", [0.8, 1.2, 2.0, 4.2])
def test_lively_acceleration_without_gravity_in_m_s2_is_not_taken_for_g(level: float, seed: int) -> None:
    """Its level is that of gravity in g, but its mean over seconds is not."""
    evidence = measure_gravity(worn.clock(20.0), worn.moving(20.0, size=level / 1.6, seed=seed))
    assert evidence is not None and 0.5 * level < evidence.level < 1.3 * level
    assert judge(evidence, None).kind in ("unknown", "missing")
    assert judge(evidence, "m/s2").kind == "missing"  # no other unit is suggested, in which it would pass
    assert judge(evidence, "mg").kind == "missing"


@pytest.mark.parametrize(("unit", "size"), GRAVITY_UNITS.items())
def test_lively_acceleration_with_gravity_shows_its_unit(unit: str, size: float) -> None:
    lively = size * (worn.moving(20.0, size=0.9) + np.array([0.0, 0.6, 0.8]))
    assert judge(measure_gravity(worn.clock(20.0), lively), None).unit == unit


def test_the_mean_over_seconds_by_hand() -> None:
    turning = np.repeat([[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]], 100, axis=0)  # 2 s each at 50 Hz: the mean over 4 s is (1, 1, 0)
    evidence = measure_gravity(worn.clock(16.0), np.tile(turning, (4, 1)))
    assert evidence is not None
    assert evidence.mean == pytest.approx(2**0.5) and evidence.persistence == pytest.approx(0.5**0.5)
    assert evidence.direction == pytest.approx(1.0)
    assert evidence.shows(1.0) and evidence.shows(3.5) and not evidence.shows(3.6)
    short = measure_gravity(worn.clock(2.0), turning[50:150])  # all of it
    assert short is not None and short.persistence == pytest.approx(0.5**0.5)


def test_nothing_is_known_of_nothing() -> None:
    assert measure_gravity(np.zeros(1), np.zeros((1, 3))) is None
    assert judge(None, "g").kind == "unknown"
    assert measure_gravity(np.arange(50) / 50, np.full((50, 3), np.nan)) is None


@pytest.mark.parametrize("rate", [8.0, 18.0, 50.0, 238.0])
def test_a_few_samples_at_any_rate(rate: float) -> None:
    times = worn.clock(3.0, rate)
    assert judge(measure_gravity(times, worn.still(3.0, rate)), "g").kind == "fits"
    assert judge(measure_gravity(times, worn.still(3.0, rate) * 1000), "g").unit == "mg"


def test_a_gap_is_no_window() -> None:
    times = np.concatenate([np.arange(60) / 50, 100 + np.arange(60) / 50])
    values = np.concatenate([worn.still(1.2), 3 * worn.still(1.2)])
    evidence = measure_gravity(times, values)
    assert evidence is not None and evidence.quiet in (pytest.approx(1.0, abs=0.02), pytest.approx(3.0, abs=0.06))


def test_stamps_that_stand_still_are_no_fault() -> None:
    assert judge(measure_gravity(np.zeros(500), worn.still()), "g").kind == "fits"


@given(st.lists(st.integers(1, 300), min_size=1, max_size=30))
def test_blocks_and_the_whole_give_the_same(sizes: list[int]) -> None:
    meter = GravityMeter()
    meter.add(TIMES[:48], DAY[:48])  # the rate is measured in the first block
    at = 48
    for size in sizes:
        meter.add(TIMES[at : at + size], DAY[at : at + size])
        at += size
    meter.add(TIMES[at:], DAY[at:])
    whole, seen = GravityMeter(), meter.evidence()
    whole.add(TIMES[:48], DAY[:48])
    whole.add(TIMES[48:], DAY[48:])
    assert seen == whole.evidence()


def test_memory_does_not_grow() -> None:
    meter = GravityMeter()
    values = worn.still(400.0)
    for k in range(60):
        meter.add(400.0 * k + worn.clock(400.0), values)
    assert len(meter._groups) <= KEPT and meter._stride > 1 and len(meter._times) < 200
    assert judge(meter.evidence(), "g").kind == "fits"


@given(st.floats(0.01, 1e5), st.sampled_from([*GRAVITY_UNITS, None]))
def test_what_a_verdict_suggests_fits(scale: float, stated: str | None) -> None:
    evidence = measure_gravity(TIMES, DAY * scale)
    verdict = judge(evidence, stated)
    if verdict.kind == "other unit":
        assert judge(evidence, verdict.unit).kind == "fits"
    if verdict.kind == "counts":
        assert judge(evidence, "count", verdict.counts_per_g).kind == "fits"


def test_most_recordings_decide_for_a_dataset() -> None:
    wrong, lively = GravityVerdict("other unit", 9.8, "m/s2", True), GravityVerdict("unknown", 12.0)
    fits, missing = GravityVerdict("fits", 1.0, "g", True), GravityVerdict("missing", 0.1)
    assert majority([lively, wrong, fits, wrong, lively]) == (wrong, 2, 3)
    assert majority([fits, GravityVerdict("fits", 2.0, "g", False), missing]) == (fits, 1, 2)
    assert majority([lively]) == (GravityVerdict("unknown", pytest.approx(float("nan"), nan_ok=True)), 0, 0)
