"""People across broken tracks: estimators lose people while they fall, and the model needs to see what was before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from featherfall.runtime.perceive.pose import Pose, rise
from featherfall.runtime.track.tracker import KEEP, Track

# Softer than the tracker, which must not mix up people: this decides only whose past the model sees with a pose that would have none.
LONGEST = 2.0  # s that somebody may be lost
NEAR, GOING, FARTHEST = 0.5, 0.5, 1.0  # sizes: at once, a second, at most: a fall moves the middle by about half a body's length
SMALLEST, LARGEST = 0.4, 2.5  # ratio of sizes, as the tracker's
HIGHER = 0.3  # sizes that head and shoulders may rise: who stands there is no continuation of who was falling


@dataclass(eq=False)
class Person:
    """One person: the track that shows it now, after those that it continues.

    Attributes:
        id: number of the first track.
        tracks: oldest first.
    """

    id: int
    tracks: list[Track[Pose]]

    @property
    def track(self) -> Track[Pose]:
        """The track that shows it now."""
        return self.tracks[-1]

    @property
    def seen(self) -> float:
        """When it was last seen, s."""
        return self.track.seen

    @property
    def is_person(self) -> bool:
        """Whether it has ever moved as only the living do."""
        return any(track.is_person for track in self.tracks)

    def sightings(self, since: float) -> tuple[list[float], list[Pose]]:
        """Return times (s, increasing) and poses since a time."""
        found = [(time, pose) for track in self.tracks for time, pose in zip(track.times, track.sightings, strict=True) if time >= since]
        return [time for time, _ in found], [pose for _, pose in found]


class People:
    """Join tracks to people: a track that begins where somebody was just lost continues that person."""

    def __init__(self) -> None:
        self._by_track: dict[int, Person] = {}  # by the number of the track that shows them now

    def __len__(self) -> int:
        return len(self._by_track)

    def __iter__(self) -> Iterator[Person]:
        return iter(self._by_track.values())

    def update(self, time: float, seen: Sequence[Track[Pose]], waiting: Sequence[Track[Pose]]) -> list[Person]:
        """Return the people seen in a picture, in the order of their tracks.

        Arguments:
            time: s.
            seen: tracks seen in this picture.
            waiting: all that the tracker holds; others are forgotten after `KEEP` seconds.
        """
        shown = {track.id for track in seen}
        for track in seen:
            if track.id not in self._by_track:
                self._join(time, track, shown)
        held = {track.id for track in waiting}
        for number, person in list(self._by_track.items()):
            if number not in held and time - person.seen > KEEP:
                del self._by_track[number]
            person.tracks = [track for track in person.tracks if track is person.track or track.seen > time - KEEP]
        return [self._by_track[track.id] for track in seen]

    def _join(self, time: float, track: Track[Pose], shown: set[int]) -> None:
        """Give a track to the person whom it continues, or to a new one."""
        first = next((one for one in self if one.id == track.id), None)
        if first is not None:  # the first track is seen again: the one that seemed to continue it was somebody else
            other = first.track
            first.tracks.remove(other)
            self._by_track[other.id] = Person(other.id, [other])
            self._continue(first, track)
            return
        lost = [one for one in self if one.track.id not in shown and continues(one.track, time, track.last)]
        if lost:
            person = max(lost, key=lambda one: one.seen)
            del self._by_track[person.track.id]
            self._continue(person, track)
        else:
            self._by_track[track.id] = Person(track.id, [track])

    def _continue(self, person: Person, track: Track[Pose]) -> None:
        person.tracks = [*(one for one in person.tracks if one is not track), track]
        self._by_track[track.id] = person


def continues(lost: Track[Pose], time: float, pose: Pose) -> bool:
    """Return whether a new track's first pose can be who was lost: recently, near, of like size, and head and shoulders no higher."""
    gap = time - lost.seen
    near = float(np.hypot(*(pose.middle - lost.last.middle))) <= min(NEAR + GOING * gap, FARTHEST) * lost.size
    alike = SMALLEST <= pose.size / lost.size <= LARGEST
    return 0 < gap <= LONGEST and near and alike and rise(lost.last, pose) <= HIGHER * lost.size
