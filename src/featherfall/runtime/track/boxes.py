"""Cost of assigning a detector's box to a track, and the smoothed fall score of each track."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from featherfall.runtime.perceive.boxes import PersonBox, area, overlap
from featherfall.runtime.track.tracker import Track

# Chosen on films of simulated people (docs/explanation/detectors.md, "In films"); no real film was used.
MAX_BOX_MOVE = 0.5  # sizes that the middle may move between two pictures; grows by as much in the first second unseen
MAX_BOX_RESIZE = 2.2  # largest ratio of sizes: of all measures of a box, the diagonal changes least in a fall
# Share of the smaller of two boxes above which the weaker one may be a duplicate: with this rule 22 instead of 20 of 32 simulated falls.
INSIDE = 0.6
SMOOTH = 0.3  # s, time constant of the smoothed share: single pictures are sometimes misclassified, and a fall takes .6 to 1 s
MAX_STEP = 0.5  # s; a longer gap counts as this much: the next picture says no more about the share


@dataclass(frozen=True)
class BoxCost:
    """`box_cost`. Classes play no part, so a person who falls keeps the number.

    Attributes:
        memory: s unseen after which a track ends; a person hidden for longer gets a new number (docs/explanation/detectors.md, limits).
        limit: `box_cost` is 1 at most.
    """

    memory: float = 2.0
    limit: float = 1.0

    def __call__(self, track: Track[PersonBox], time: float, box: PersonBox) -> float:
        """Return `box_cost`."""
        return box_cost(track, time, box)

    def doubtful(self, boxes: Sequence[PersonBox]) -> list[bool]:
        """Return for each box, best first, whether more than `INSIDE` of it or of a better one is shared.

        A detector often reports one person twice, above all during a fall: once standing, once lying.
        """
        certain: list[PersonBox] = []
        out = []
        for one in boxes:
            out.append(any(covered(one, other) > INSIDE for other in certain))
            if not out[-1]:
                certain.append(one)
        return out


def covered(one: PersonBox, other: PersonBox) -> float:
    """Return the share of the smaller box that the other covers, 0..1."""
    both = float(np.clip(np.minimum(one.box[2:], other.box[2:]) - np.maximum(one.box[:2], other.box[:2]), 0, None).prod())
    return both / max(min(float(area(one.box)), float(area(other.box))), 1e-9)


def box_cost(track: Track[PersonBox], time: float, box: PersonBox) -> float:
    """Return the cost, 0 (same box) to 1; inf where it cannot be the same person: too far for the time, or of another size.

    Mean of 1 - IoU and of the distance between the middles, relative to the largest that is allowed.
    """
    last = track.last
    sizes = last.size, box.size
    if min(sizes) <= 0 or max(sizes) / min(sizes) > MAX_BOX_RESIZE:
        return float("inf")
    reach = MAX_BOX_MOVE * (1 + min(time - track.seen, 1.0)) * max(sizes)
    far = float(np.hypot(*(last.middle - box.middle))) / reach
    return 0.5 * far + 0.5 * (1 - float(overlap(last.box, box.box)[0, 0])) if far <= 1 else float("inf")


class FallenShare:
    """Share of the fall class among each track's scores, smoothed over `SMOOTH` seconds."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[float, float]] = {}  # time s and share by track's number

    def update(self, track: Track[PersonBox]) -> float:
        """Return the smoothed share after the track's last sighting, 0..1; the first is not smoothed."""
        before, share = self._known.get(track.id, (track.seen, track.last.share))
        step = min(track.seen - before, MAX_STEP)
        share += (track.last.share - share) * (1 - float(np.exp(-step / SMOOTH)))
        self._known[track.id] = track.seen, share
        return share

    def keep(self, tracks: Sequence[Track[PersonBox]]) -> None:
        """Forget all other tracks."""
        ids = {track.id for track in tracks}
        self._known = {number: known for number, known in self._known.items() if number in ids}
