"""Join broken tracks of a person: estimators often lose people during a fall, and the model needs the poses before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from featherfall.runtime.perceive.pose import Pose, rise
from featherfall.runtime.track.tracker import KEEP, Track

# More tolerant than the tracker, which must not confuse people: a wrong join only puts another person's past before a new track's poses.
MAX_ABSENCE = 2.0  # s that a person may be lost
# Sizes that the middle may move: at once, per second, and at most. A fall moves the middle by about half a body's length.
NEAR, GOING, MAX_DISTANCE = 0.5, 0.5, 1.0
MIN_RATIO, MAX_RATIO = 0.4, 2.5  # of sizes, as in the tracker (`poses.MAX_POSE_RESIZE`)
HIGHER = 0.3  # sizes that head and shoulders may rise: a person who stands in the place is not the one who was falling


@dataclass(eq=False)
class Person:
    """One person: the current track and the earlier tracks that it continues.

    Attributes:
        id: number of the first track.
        tracks: oldest first.
    """

    id: int
    tracks: list[Track[Pose]]

    @property
    def track(self) -> Track[Pose]:
        """The current track."""
        return self.tracks[-1]

    @property
    def seen(self) -> float:
        """Time of the last sighting, s."""
        return self.track.seen

    @property
    def is_person(self) -> bool:
        """Whether any track has moved (see `Track.is_person`)."""
        return any(track.is_person for track in self.tracks)

    def sightings(self, since: float) -> tuple[list[float], list[Pose]]:
        """Return times (s, increasing) and poses since a time."""
        found = [(time, pose) for track in self.tracks for time, pose in zip(track.times, track.sightings, strict=True) if time >= since]
        return [time for time, _ in found], [pose for _, pose in found]


class People:
    """Join tracks to people: a track that begins where somebody was just lost continues that person."""

    def __init__(self) -> None:
        self._by_track: dict[int, Person] = {}  # by the number of the current track

    def __len__(self) -> int:
        return len(self._by_track)

    def __iter__(self) -> Iterator[Person]:
        return iter(self._by_track.values())

    def update(self, time: float, seen: Sequence[Track[Pose]], waiting: Sequence[Track[Pose]]) -> list[Person]:
        """Return the people seen in a picture, in the order of their tracks.

        Arguments:
            time: s.
            seen: tracks seen in this picture.
            waiting: all tracks that the tracker holds; people without one are forgotten after `KEEP` seconds.
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
        """Assign a track to the person whom it continues, or to a new one."""
        first = next((one for one in self if one.id == track.id), None)
        if first is not None:  # the first track is seen again, so the one that seemed to continue it was another person
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
    """Return whether a new track's first pose can be the lost person: recent, near, of similar size, head and shoulders no higher."""
    gap = time - lost.seen
    near = float(np.hypot(*(pose.middle - lost.last.middle))) <= min(NEAR + GOING * gap, MAX_DISTANCE) * lost.size
    alike = MIN_RATIO <= pose.size / lost.size <= MAX_RATIO
    return 0 < gap <= MAX_ABSENCE and near and alike and rise(lost.last, pose) <= HIGHER * lost.size
