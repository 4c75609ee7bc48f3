"""A day of one person with a watch as one continuous recording, for testing a detector on data that is not cut into trials."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from featherfall.core.day import Day, DayActivity, shifted
from featherfall.core.recording import FallTimes, Recording, Stream

from ..sense.parts import PARTS, sample_imu
from ..sense.sensors import Imu, Site, find_site, measure_site, randomize_mounting
from ..world.motion import SIM_RATE
from .generate import EXCERPT_STREAM, SENSOR_STREAM, Item, make_plan, make_subjects, simulate_item

ACTIVITIES_AN_HOUR = 20
_TRANSITION = 4.0  # s in which the watch turns from one posture to the next
_REST_NOISE = 0.004  # g, movement of a resting arm, as in real recordings (docs/log.md)


def simulate_day(
    hours: float = 8.0, falls: int = 3, seed: int = 0, part: str = "watch", report: Callable[[float], None] = lambda share: None
) -> Day:
    """Simulate a day with some twenty activities an hour, `falls` of them falls, and rest in between.

    Arguments:
        hours: its length; at least one activity takes place.
        part: the sensor, a name of `parts.PARTS`.
        report: called with the share that is done, 0 to 1.
    """
    count = max(round(hours * ACTIVITIES_AN_HOUR), 1)
    # The plan sets the person and the order of activities; `hours` sets the length.
    subject = make_subjects(make_plan(1, hours, seed, share=min(falls / count, 1.0)))[0]
    items = [subject.item(index) for index in range(count)]
    chance = np.random.default_rng(np.random.SeedSequence([seed, subject.number, 0, EXCERPT_STREAM]))
    site = randomize_mounting(find_site(subject.hand), items[0].habit())
    samples = round(hours * 3600 * SIM_RATE)
    starts = np.sort(chance.uniform(0, 1, count)) * samples
    activities: list[DayActivity] = []
    streams: list[dict[str, Stream]] = []
    block: list[np.ndarray] = []
    at, level = 0, np.array([0.0, 0.0, 1.0])
    for number, (item, start) in enumerate(zip(items, starts, strict=True)):
        measured, fall = _measure_activity(item, site)
        rest = max(round(start) - _sample_count(block) - at, round(_TRANSITION * SIM_RATE))
        block.append(_rest(rest, level, measured[0, :3], chance))
        begin = (at + _sample_count(block)) / SIM_RATE
        activities.append(DayActivity(item.activity, begin, begin + len(measured) / SIM_RATE, shifted(fall, begin)))
        block.append(measured)
        level = measured[-round(SIM_RATE / 2) :, :3].mean(axis=0)
        last = number == count - 1
        if last:
            left = max(samples - at - _sample_count(block), round(_TRANSITION * SIM_RATE))
            block.append(_rest(left, level, level, chance))
        if last or _sample_count(block) > 3600 * SIM_RATE:  # an hour at a time is sampled: the memory does not grow with the day
            streams.append(_sample(block, part, at / SIM_RATE, item, subject.hand))
            at, block = at + _sample_count(block), []
        report((number + 1) / count)
    joined = {name: _concatenate([some[name] for some in streams]) for name in ("accelerometer", "gyroscope")}
    recording = Recording("sim", subject.person.name, "day", "1", joined)
    return Day(recording, tuple(activities))


def _measure_activity(item: Item, site: Site) -> tuple[np.ndarray, FallTimes | None]:
    """Return what an ideal sensor measures during an activity, (N, 6) in g and deg/s, and the activity's fall."""
    motion = simulate_item(item)
    measured = measure_site(motion, site)
    return np.concatenate([measured.acceleration, measured.angular_velocity], axis=1), motion.fall


def _rest(count: int, level: np.ndarray, next_level: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return (count, 6) samples of a resting arm that turns smoothly into the orientation in which the next activity begins."""
    steps = round(_TRANSITION * SIM_RATE)
    u = np.clip((np.arange(count) - (count - steps)) / steps, 0, 1)
    u = (u * u * (3 - 2 * u))[:, None]
    level, next_level = (v / max(np.linalg.norm(v), 1e-9) for v in (level, next_level))
    towards = level + u * (next_level - level)
    towards /= np.maximum(np.linalg.norm(towards, axis=1, keepdims=True), 1e-9)
    knots = rng.normal(0, _REST_NOISE, (count // round(SIM_RATE) + 2, 3))
    noise = np.stack([np.interp(np.arange(count), np.arange(len(knots)) * SIM_RATE, knots[:, axis]) for axis in range(3)], axis=1)
    return np.concatenate([towards + noise, np.zeros((count, 3))], axis=1)


def _sample_count(block: list[np.ndarray]) -> int:
    return sum(len(piece) for piece in block)


def _sample(block: list[np.ndarray], part: str, start: float, item: Item, placement: str) -> dict[str, Stream]:
    measured = np.concatenate(block)
    imu = Imu(np.arange(len(measured)) / SIM_RATE, measured[:, :3], measured[:, 3:], np.zeros((len(measured), 3)))
    sampled = sample_imu(PARTS[part], imu, item.rng(SENSOR_STREAM), placement)
    return {name: Stream(s.times + start, s.values, s.unit, s.rate, s.placement, s.channels) for name, s in sampled.items()}


def _concatenate(parts: list[Stream]) -> Stream:
    first = parts[0]
    times = np.concatenate([part.times for part in parts])
    values = np.concatenate([part.values for part in parts])
    later = np.concatenate([[True], np.diff(np.maximum.accumulate(times)) > 0])  # jitter at the seam of two hours
    return Stream(times[later], values[later], first.unit, first.rate, first.placement, first.channels)
