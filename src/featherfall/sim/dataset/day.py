"""A day of one person with a watch: one continuous recording, to see what a detector says when nobody cuts its data into trials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from featherfall.core.recording import FallTimes, Recording, Stream

from ..sense.parts import PARTS, sample
from ..sense.sensors import Imu, Site, find_site, measure, wear
from ..world.motion import RATE
from .generate import PIECE, SENSORS, Item, cast, make_plan, simulate

ACTIVITIES_AN_HOUR = 20
_CHANGE = 4.0  # s in which the watch goes over from one posture to the next
_STIR = 0.004  # g, how much a resting arm moves


@dataclass(frozen=True)
class Happening:
    """One activity of the day: its name, when it began and ended (s of the day), and its fall, if it is one."""

    activity: str
    start: float
    end: float
    fall: FallTimes | None


@dataclass(frozen=True, eq=False)
class Day:
    """The recording of a day, and what truly happened."""

    recording: Recording
    happenings: tuple[Happening, ...]

    @property
    def hours(self) -> float:
        """Its length."""
        return self.recording.duration / 3600


def simulate_day(
    hours: float = 8.0, falls: int = 3, seed: int = 0, part: str = "watch", report: Callable[[float], None] = lambda share: None
) -> Day:
    """Live through a day: some twenty activities an hour, `falls` of them falls, and rest in between.

    Arguments:
        hours: its length; at least one activity takes place.
        part: the sensor, a name of `parts.PARTS`.
        report: told the share that is done, 0 to 1.
    """
    count = max(round(hours * ACTIVITIES_AN_HOUR), 1)
    # The plan says who lives the day and in what order things are done; how long it is, is said here.
    subject = cast(make_plan(1, hours, seed, share=min(falls / count, 1.0)))[0]
    items = [subject.item(index) for index in range(count)]
    chance = np.random.default_rng(np.random.SeedSequence([seed, subject.number, 0, PIECE]))
    site = wear(find_site(subject.hand), items[0].habit())
    samples = round(hours * 3600 * RATE)
    starts = np.sort(chance.uniform(0, 1, count)) * samples
    happenings: list[Happening] = []
    streams: list[dict[str, Stream]] = []
    block: list[np.ndarray] = []
    at, level = 0, np.array([0.0, 0.0, 1.0])
    for number, (item, start) in enumerate(zip(items, starts, strict=True)):
        felt, fall = _live(item, site)
        rest = max(round(start) - _total(block) - at, round(_CHANGE * RATE))
        block.append(_rest(rest, level, felt[0, :3], chance))
        begin = (at + _total(block)) / RATE
        happenings.append(Happening(item.activity, begin, begin + len(felt) / RATE, _moved(fall, begin)))
        block.append(felt)
        level = felt[-round(RATE / 2) :, :3].mean(axis=0)
        last = number == count - 1
        if last:
            left = max(samples - at - _total(block), round(_CHANGE * RATE))
            block.append(_rest(left, level, level, chance))
        if last or _total(block) > 3600 * RATE:  # an hour at a time is sampled: the memory does not grow with the day
            streams.append(_sample(block, part, at / RATE, item, subject.hand))
            at, block = at + _total(block), []
        report((number + 1) / count)
    joined = {name: _joined([some[name] for some in streams]) for name in ("accelerometer", "gyroscope")}
    recording = Recording("sim", subject.person.name, "day", "1", joined)
    return Day(recording, tuple(happenings))


def _live(item: Item, site: Site) -> tuple[np.ndarray, FallTimes | None]:
    """(N, 6) g and deg/s that a perfect sensor feels during an activity, and its fall."""
    motion = simulate(item)
    felt = measure(motion, site)
    return np.concatenate([felt.acceleration, felt.angular_velocity], axis=1), motion.fall


def _rest(count: int, level: np.ndarray, next_level: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(count, 6): the arm rests, and turns smoothly from how it hung before to how the next activity begins."""
    steps = round(_CHANGE * RATE)
    u = np.clip((np.arange(count) - (count - steps)) / steps, 0, 1)
    u = (u * u * (3 - 2 * u))[:, None]
    level, next_level = (v / max(np.linalg.norm(v), 1e-9) for v in (level, next_level))
    towards = level + u * (next_level - level)
    towards /= np.maximum(np.linalg.norm(towards, axis=1, keepdims=True), 1e-9)
    knots = rng.normal(0, _STIR, (count // round(RATE) + 2, 3))
    stir = np.stack([np.interp(np.arange(count), np.arange(len(knots)) * RATE, knots[:, axis]) for axis in range(3)], axis=1)
    return np.concatenate([towards + stir, np.zeros((count, 3))], axis=1)


def _total(block: list[np.ndarray]) -> int:
    return sum(len(piece) for piece in block)


def _sample(block: list[np.ndarray], part: str, start: float, item: Item, placement: str) -> dict[str, Stream]:
    felt = np.concatenate(block)
    imu = Imu(np.arange(len(felt)) / RATE, felt[:, :3], felt[:, 3:], np.zeros((len(felt), 3)))
    sampled = sample(PARTS[part], imu, item.rng(SENSORS), placement)
    return {name: Stream(s.times + start, s.values, s.unit, s.rate, s.placement, s.channels) for name, s in sampled.items()}


def _joined(parts: list[Stream]) -> Stream:
    first = parts[0]
    times = np.concatenate([part.times for part in parts])
    values = np.concatenate([part.values for part in parts])
    later = np.concatenate([[True], np.diff(np.maximum.accumulate(times)) > 0])  # jitter at the seam of two hours
    return Stream(times[later], values[later], first.unit, first.rate, first.placement, first.channels)


def _moved(fall: FallTimes | None, seconds: float) -> FallTimes | None:
    if fall is None:
        return None
    return FallTimes(*(None if time is None else time + seconds for time in (fall.onset, fall.impact, fall.end)))
