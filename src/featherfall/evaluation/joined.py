"""Days joined from recordings of one activity each, to test a detector on long streams.

Nothing is invented at the seams: between two recordings the day has a gap, as where a device was switched off, and the clock code of the
runtime treats it as one. A gap is longer than a window and than the merging of alarms, so that every window holds samples of one recording
only, and no alarm belongs to two. A cross-fade between two postures would put movements into windows that nobody made, and rest without an
end would make false alarms per hour as rare as one likes; hours of joined days are those that were recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from featherfall.core.day import Day, DayActivity, shifted
from featherfall.core.errors import UserError
from featherfall.core.recording import Recording, Stream
from featherfall.signals.resample import even_grid, resample
from featherfall.signals.spool import Spool

LONGEST_H = 24.0  # of a day
MARGIN_S = 1.0  # by which a gap is longer than what must not reach across it


@dataclass(frozen=True)
class Piece:
    """A recording whose samples are in the spool. rows: first and after the last, by input. seconds: from its first sample to its last."""

    recording: Recording
    rows: dict[str, tuple[int, int]]
    seconds: float

    @property
    def person(self) -> tuple[str, str]:
        """Dataset and subject."""
        return self.recording.dataset, self.recording.subject


class Pieces:
    """Recordings to be joined, kept in temporary files where they are large."""

    def __init__(self, reference: str) -> None:
        """reference: the input whose clock is kept."""
        self._reference = reference
        self._times: dict[str, Spool] = {}
        self._values: dict[str, Spool] = {}
        self._arrays: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self.list: list[Piece] = []

    def add(self, recording: Recording) -> None:
        """Append a recording; its streams are named as inputs. Raises `UserError` where they share no clock."""
        rows = {}
        for name, stream in recording.streams.items():
            if stream.clock == "own" and len(recording.streams) > 1:
                raise UserError(f"{recording.id}: {name} has a clock of its own, so that no stream of several inputs can be joined")
            times = self._times.setdefault(name, Spool(np.float64))
            values = self._values.setdefault(name, Spool(np.float32, stream.values.shape[1]))
            rows[name] = (len(times), len(times) + len(stream.times))
            times.add(stream.times)
            values.add(stream.values)
        empty = {name: replace(stream, times=np.zeros(0), values=stream.values[:0]) for name, stream in recording.streams.items()}
        self.list.append(Piece(replace(recording, streams=empty), rows, recording.streams[self._reference].duration))

    def load(self, piece: Piece) -> Recording:
        """Return a recording with its samples; nothing can be added afterwards."""
        streams = {}
        for name, (first, after) in piece.rows.items():
            if name not in self._arrays:
                self._arrays[name] = self._times[name].array(), self._values[name].array()
            times, values = self._arrays[name]
            streams[name] = replace(piece.recording.streams[name], times=times[first:after], values=values[first:after])
        return replace(piece.recording, streams=streams)


def deal_days(pieces: Sequence[Piece], seed: int = 0) -> list[list[Piece]]:
    """Deal recordings to days, each recording to one: at most one fall of a person a day, in between daily life.

    There are as many days as one person has falls at most, more where days would be longer than `LONGEST_H`. Falls go to days at random,
    daily life in random order to the shortest day.
    """
    random = np.random.default_rng(seed)
    falls: dict[tuple[str, str], list[Piece]] = {}
    for piece in pieces:
        if piece.recording.fall is not None:
            falls.setdefault(piece.person, []).append(piece)
    daily = [piece for piece in pieces if piece.recording.fall is None]
    count = max(1, ceil(sum(piece.seconds for piece in pieces) / (3600 * LONGEST_H)), *map(len, falls.values()))
    fallen: list[list[Piece]] = [[] for _ in range(count)]
    for of_one in falls.values():
        for day, piece in zip(random.permutation(count), of_one, strict=False):
            fallen[day].append(piece)
    lived: list[list[Piece]] = [[] for _ in range(count)]
    seconds = [sum(piece.seconds for piece in day) for day in fallen]
    for number in random.permutation(len(daily)):
        shortest = int(np.argmin(seconds))
        lived[shortest].append(daily[number])
        seconds[shortest] += daily[number].seconds
    return [_placed(day, falling, random) for day, falling in zip(lived, fallen, strict=True) if day or falling]


def _placed(daily: list[Piece], falls: list[Piece], random: np.random.Generator) -> list[Piece]:
    """Put falls between recordings of daily life, at places of their own as far as there are enough."""
    falls = [falls[k] for k in random.permutation(len(falls))]
    inside = max(len(daily) - 1, 1)
    places = [*random.permutation(inside), *random.integers(inside, size=max(len(falls) - inside, 0))][: len(falls)]
    before = {place: [fall for fall, at in zip(falls, places, strict=True) if at == place] for place in places}
    out: list[Piece] = []
    for k, piece in enumerate(daily):
        out += [piece, *before.pop(k, [])]
    return out + [fall for some in before.values() for fall in some]


def join_day(recordings: Sequence[Recording], number: int, rate: float, gap_s: float, reference: str) -> Day:
    """Join recordings to a day at one rate, with gaps in between; samples are interpolated as windows of single recordings are.

    Arguments:
        number: of the day, its trial.
        rate: Hz. gap_s: see `gap_between`.
        reference: the input whose clock is kept.
    """
    parts: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    activities: list[DayActivity] = []
    at, silent = 0, 0.0  # samples of the day's clock
    for one in recordings:
        base = one.streams[reference]
        grid = even_grid(float(base.times[0]), float(base.times[-1]), rate)
        start = at / rate
        for name, stream in one.streams.items():
            values, valid = resample(stream.times, stream.values, grid)
            keep = valid if valid.sum() > 1 else np.ones(len(grid), dtype=bool)  # gaps of the recording remain gaps
            parts.setdefault(name, []).append(((at + np.flatnonzero(keep)) / rate, values[keep]))
        end = start + (len(grid) - 1) / rate
        fall = shifted(one.fall, start - float(base.times[0]))
        activities.append(DayActivity(one.activity, start, end, fall, one.subject, f"{one.dataset}: {one.id}"))
        step = ceil(gap_s * rate)
        at, silent = at + len(grid) - 1 + step, silent + step / rate
    first = recordings[0]
    streams = {}
    for name, some in parts.items():
        times, values = (np.concatenate(column) for column in zip(*some, strict=True))
        like = first.streams[name]
        streams[name] = Stream(times, values, like.unit, rate, like.placement, like.channels)
    dataset = " + ".join(dict.fromkeys(one.dataset for one in recordings))
    joined = Recording(dataset, "everybody", "day", str(number), streams)
    return Day(joined, tuple(activities), silent - ceil(gap_s * rate) / rate)


def gap_between(window_s: float, merge_s: float, after_impact_s: float) -> float:
    """Return the length of the gaps, s: longer than a window, than the merging of alarms, and than the tolerance after an impact."""
    return max(window_s, merge_s, after_impact_s) + MARGIN_S
