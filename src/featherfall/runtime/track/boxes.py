"""Boxes over time: which box of this picture is whose of the last one."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from featherfall.runtime.perceive.boxes import Found, area, overlap
from featherfall.runtime.track.assign import assign

KEEP = 10.0  # s of a track's boxes
PATIENCE = 2.0  # s unseen, after which a track ends
FARTHEST = 0.5  # of a body's size at once, from which two boxes are two people; grows by as much for every second unseen, up to twice
RESIZE = 2.2  # ratio of sizes
INSIDE = 0.6  # share of the smaller of two boxes that the other covers, from which the weaker may be the same person once more


@dataclass(eq=False)
class BoxTrack:
    """One person of a film.

    Attributes:
        id: from 0, never used again.
        born: s, when it was first seen.
        times, found: when and how it was seen, the last `KEEP` seconds; times in s, increasing.
    """

    id: int
    born: float
    times: deque[float] = field(default_factory=deque)
    found: deque[Found] = field(default_factory=deque)

    @property
    def seen(self) -> float:
        """When it was seen last, s."""
        return self.times[-1]

    @property
    def last(self) -> Found:
        """How it was seen last."""
        return self.found[-1]

    def add(self, time: float, found: Found) -> None:
        """Take up a sighting; those of more than `KEEP` seconds ago are forgotten."""
        self.times.append(time)
        self.found.append(found)
        while self.times[0] < time - KEEP:
            self.times.popleft()
            self.found.popleft()


class BoxTracker:
    """Gives each box to the track of the person it belongs to, and begins new tracks for those that belong to none.

    Boxes and tracks are paired at the least total `unlikeness` (Hungarian method). Classes play no part: who falls keeps the number. A
    detector often says one person twice, most of all while somebody falls: who stood there still, and who lies there now. So boxes that
    lie `INSIDE` a better one come second: they continue what nobody else continues (somebody behind a helper), but begin no track.

    Arguments:
        aspect: width over height of the pictures, so that distances are the same in both directions.
    """

    def __init__(self, aspect: float = 1.0) -> None:
        self.aspect = aspect
        self.tracks: list[BoxTrack] = []
        self._next = 0

    def update(self, time: float, found: Sequence[Found]) -> list[BoxTrack]:
        """The tracks that are seen in this picture; those that nobody has continued for `PATIENCE` seconds end.

        Arguments:
            found: best first.
        """
        self.tracks = [track for track in self.tracks if time - track.seen <= PATIENCE]
        clear, doubtful = apart(found)
        seen, new = self._continued(time, clear)
        for one in new:
            track = BoxTrack(self._next, time)
            track.add(time, one)
            self._next += 1
            self.tracks.append(track)
            seen.append(track)
        return seen + self._continued(time, doubtful)[0]

    def _continued(self, time: float, found: Sequence[Found]) -> tuple[list[BoxTrack], list[Found]]:
        """The tracks not yet seen at this time that these boxes continue, and the boxes that continue none."""
        waiting = [track for track in self.tracks if track.seen < time]
        if not waiting or not found:
            return [], list(found)
        pairs = dict(assign(np.array([[unlikeness(track, time, one, self.aspect) for one in found] for track in waiting]), 1.0))
        for row, column in pairs.items():
            waiting[row].add(time, found[column])
        return [waiting[row] for row in pairs], [one for i, one in enumerate(found) if i not in pairs.values()]


def apart(found: Sequence[Found]) -> tuple[list[Found], list[Found]]:
    """Boxes of which each is somebody, and those that lie `INSIDE` one of them; both best first, as `found`."""
    clear: list[Found] = []
    doubtful: list[Found] = []
    for one in found:
        (doubtful if any(covered(one, other) > INSIDE for other in clear) else clear).append(one)
    return clear, doubtful


def covered(one: Found, other: Found) -> float:
    """The share of the smaller box that the other covers, 0..1."""
    first, second = np.asarray(one.box), np.asarray(other.box)
    both = float(np.clip(np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2]), 0, None).prod())
    return both / max(min(float(area(first)), float(area(second))), 1e-9)


def unlikeness(track: BoxTrack, time: float, found: Found, aspect: float = 1.0) -> float:
    """0 for the same box, up to 1; inf where it cannot be the same person: too far for the time, or of another size.

    Half is 1 - IoU, half the distance of the middles over the largest that is allowed. A body's size is the box's diagonal, which changes
    least while it falls.
    """
    old, new = (np.asarray(box) * (aspect, 1, aspect, 1) for box in (track.last.box, found.box))
    sizes = [float(np.hypot(box[2] - box[0], box[3] - box[1])) for box in (old, new)]
    if min(sizes) <= 0 or max(sizes) / min(sizes) > RESIZE:
        return float("inf")
    reach = FARTHEST * (1 + min(time - track.seen, 1.0)) * max(sizes)
    far = float(np.hypot(*((old[:2] + old[2:] - new[:2] - new[2:]) / 2))) / reach
    return 0.5 * far + 0.5 * (1 - float(overlap(old[None], new[None])[0, 0])) if far <= 1 else float("inf")
