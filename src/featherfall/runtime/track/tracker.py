"""People over time: which person of this picture is which of the last ones. One tracker; what is alike is the cost's to say."""

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

KEEP = 10.0  # s of sightings that a track holds: more than a window and the longest wait; bounded on a camera that never stops
# The two below were looked at on films of simulated people, where it is known who is a ghost (docs/explanation/camera.md, 6).
MIN_MOVED = 0.25  # sizes; the middle of a pose seen in a chair wanders by some .1, who walks or falls goes farther
SETTLE = 0.3  # s, time constant of smoothed place, size and speed: some five pictures at 15 Hz, less than a fall takes (.6 to 1 s)


@dataclass(eq=False)
class Track(Generic[S]):
    """One person of a film.

    Attributes:
        id: from 0, never used again.
        born: s, when it was first seen.
        start: (2,) where it was first seen, pixels.
        size: pixels, smoothed.
        times, sightings: when and how it was seen, the last `KEEP` seconds; times in s, increasing.
        speed: (2,) of the middle, pixels/s, smoothed.
        moved: the farthest that it has been from `start`, in sizes; small for ghosts, the poses that an estimator sees in furniture.
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
        """When it was last seen, s."""
        return self.times[-1]

    @property
    def last(self) -> S:
        """The last sighting."""
        return self.sightings[-1]

    @property
    def is_person(self) -> bool:
        """Whether it has moved as only the living do; who has sat still since the first picture is not yet one."""
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
    """How unlike a sighting is to be a track's next one.

    Attributes:
        limit: above this cost it is somebody else.
        memory: s unseen after which a track ends.
    """

    @property
    def limit(self) -> float: ...

    @property
    def memory(self) -> float: ...

    def __call__(self, track: Track[S], time: float, sighting: S, /) -> float:
        """Return 0 for the same sighting again, more for unlike ones, inf where it cannot be the same person."""

    def doubtful(self, sightings: Sequence[S], /) -> list[bool]:
        """Return for each sighting whether it may be somebody seen once more: it continues a track, but begins none."""


class Tracker(Generic[S]):
    """Give each sighting to the track of its person; begin tracks for those who have none.

    Sightings and tracks are paired at the least total cost (Hungarian method). A sighting that fits no track begins one, so no track ever
    jumps. Doubtful sightings come second: they continue tracks that nobody else continues (somebody behind a helper), but begin none.

    Attributes:
        tracks: those seen last and those that are waited for.
    """

    def __init__(self, cost: Cost[S]) -> None:
        self.cost: Cost[S] = cost
        self.tracks: list[Track[S]] = []
        self._next = 0

    def update(self, time: float, people: Sequence[S]) -> list[Track[S]]:
        """Take the people of one picture.

        Arguments:
            time: s, after that of the last picture.
        Returns: the tracks seen in it, in the order of `people`; doubtful ones that continue no track have none.
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
