"""Tracker: assign the people of a picture to those of earlier pictures, by a cost function of poses or of boxes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import numpy as np

from featherfall.runtime.perceive.boxes import PersonBox
from featherfall.runtime.perceive.pose import Pose
from featherfall.runtime.track.assign import assign

S = TypeVar("S", Pose, PersonBox)

KEEP = 10.0  # s of sightings that a track holds: more than a window and the longest wait; bounds the memory on a live camera
# The two below were chosen on films of simulated people, where it is known which poses are false (docs/explanation/camera.md, 6).
MIN_MOVED = 0.25  # sizes; the middle of a false pose in a chair wanders by about .1, people who walk or fall move farther
SETTLE = 0.3  # s, time constant of smoothed place, size and speed: about five pictures at 15 Hz, less than a fall takes (.6 to 1 s)


@dataclass(eq=False)
class Track(Generic[S]):
    """One person of a film.

    Attributes:
        id: number from 0, never reused.
        born: time of the first sighting, s.
        start: (2,) middle of the first sighting, pixels.
        size: pixels, smoothed.
        times, sightings: of the last `KEEP` seconds; times in s, increasing.
        speed: (2,) of the middle, pixels/s, smoothed.
        moved: largest distance from `start` so far, in sizes; small for false poses in furniture.
    """

    id: int
    born: float
    start: np.ndarray
    size: float
    times: deque[float] = field(default_factory=deque)
    sightings: deque[S] = field(default_factory=deque)
    speed: np.ndarray = field(default_factory=lambda: np.zeros(2))
    moved: float = 0.0
    _place: np.ndarray = field(init=False)  # the middle, smoothed

    def __post_init__(self) -> None:
        self._place = self.start

    @property
    def seen(self) -> float:
        """Time of the last sighting, s."""
        return self.times[-1]

    @property
    def last(self) -> S:
        """The last sighting."""
        return self.sightings[-1]

    @property
    def is_person(self) -> bool:
        """Whether it has moved by `MIN_MOVED`; False also for a person who has sat still since the first picture."""
        return self.moved >= MIN_MOVED

    def add(self, time: float, sighting: S) -> None:
        """Add a sighting at a later time (s); sightings older than `KEEP` are dropped."""
        if self.times:
            gap = time - self.seen
            new = 1 - float(np.exp(-gap / SETTLE))
            self.speed = self.speed + new * ((sighting.middle - self.last.middle) / gap - self.speed)
            self.size += new * (sighting.size - self.size)
            self._place = self._place + new * (sighting.middle - self._place)
            self.moved = max(self.moved, float(np.hypot(*(self._place - self.start))) / max(self.size, sighting.size, 1.0))
        self.times.append(time)
        self.sightings.append(sighting)
        while self.times[0] < time - KEEP:
            self.times.popleft()
            self.sightings.popleft()


class Cost(Protocol[S]):
    """Cost of a sighting as a track's next one.

    Attributes:
        limit: above this cost it is another person.
        memory: s unseen after which a track ends.
    """

    @property
    def limit(self) -> float: ...

    @property
    def memory(self) -> float: ...

    def __call__(self, track: Track[S], time: float, sighting: S, /) -> float:
        """Return 0 for the same sighting again, more for different ones, inf where it cannot be the same person."""

    def doubtful(self, sightings: Sequence[S], /) -> list[bool]:
        """Return for each sighting whether it may be a duplicate: duplicates continue tracks but start none."""


class Tracker(Generic[S]):
    """Assign each sighting to the track of its person; start tracks for people who have none.

    Sightings and tracks are paired at the least total cost (Hungarian method). A sighting that fits no track starts one, so tracks never
    jump. Doubtful sightings come second: they continue tracks that no other sighting continues (a person behind a helper) but start none.

    Attributes:
        tracks: all current tracks: seen in the last picture, or unseen for at most the cost's `memory`.
    """

    def __init__(self, cost: Cost[S]) -> None:
        self.cost: Cost[S] = cost
        self.tracks: list[Track[S]] = []
        self._next = 0

    def update(self, time: float, people: Sequence[S]) -> list[Track[S]]:
        """Take the people of one picture.

        Arguments:
            time: s, after that of the last picture.
        Returns: the tracks seen in it, in the order of `people`; doubtful sightings that continue no track are left out.
        Raises: `ValueError` for a time that is not later.
        """
        if any(track.seen >= time for track in self.tracks):
            raise ValueError(f"times should increase: {time} s comes after {max(track.seen for track in self.tracks)} s")
        self.tracks = [track for track in self.tracks if time - track.seen <= self.cost.memory]
        doubtful = self.cost.doubtful(people)
        certain = [index for index, doubt in enumerate(doubtful) if not doubt]
        owner = self._continue(time, people, certain)
        for index in certain:
            if index not in owner:
                owner[index] = self._begin(time, people[index])
        owner |= self._continue(time, people, [index for index, doubt in enumerate(doubtful) if doubt])
        return [owner[index] for index in sorted(owner)]

    def _continue(self, time: float, people: Sequence[S], chosen: Sequence[int]) -> dict[int, Track[S]]:
        """Continue tracks not yet seen at this time by the chosen people; return the track of each that continues one."""
        waiting = [track for track in self.tracks if track.seen < time]
        costs = np.array([[self.cost(track, time, people[index]) for index in chosen] for track in waiting])
        pairs = assign(costs.reshape(len(waiting), len(chosen)), self.cost.limit)
        for row, column in pairs:
            waiting[row].add(time, people[chosen[column]])
        return {chosen[column]: waiting[row] for row, column in pairs}

    def _begin(self, time: float, sighting: S) -> Track[S]:
        track: Track[S] = Track(self._next, time, sighting.middle, sighting.size)
        track.add(time, sighting)
        self._next += 1
        self.tracks.append(track)
        return track
