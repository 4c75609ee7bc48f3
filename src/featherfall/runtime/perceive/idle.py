"""Tell pictures that need no look: nothing has changed in them, and nobody was there of late."""

from __future__ import annotations

import numpy as np

from featherfall.runtime.perceive.motion import CHANGED, coarse

# Cells of `motion.coarse`, 72 along a picture's height. The smallest person who is found (`SeveralPeople.SMALL`, .12 of the height) covers
# about 20; noise and compression rarely change more than one cell by `CHANGED` at once. Where they do, as at night, all is looked at.
LEAST_CELLS = 3
# s after the last change in which every picture is looked at. Estimators seek new people in other parts of the picture by turns: once
# around takes up to .8 s at 15 Hz, so somebody who comes in and stands still is sought a dozen times.
AFTER_S = 10.0
# s after somebody was last seen in which every picture is looked at: as long as a household may wait for somebody who lies
# (`incidents.LONGEST`), as people who lie still change nothing and are often lost by estimators.
PEOPLE_S = 60.0
EVERY_S = 1.0  # s between two looks at a picture in which nothing has changed, in case the change was too faint


class IdlePictures:
    """Choose the pictures of one film that need no look.

    A picture is compared with the last one that was looked at for a reason, so that slow changes add up. What all of the picture shares
    (a lamp, the camera's exposure) is subtracted, as in `motion.MotionEstimator`.
    """

    def __init__(self, people_s: float = PEOPLE_S) -> None:
        """people_s: s after somebody was last seen in which every picture is looked at; never less than `PEOPLE_S`."""
        self._people_s = max(people_s, PEOPLE_S)
        self._reference: np.ndarray | None = None  # cells of the picture to compare with
        self._until = -np.inf  # time up to which every picture is looked at, s
        self._looked = -np.inf  # time of the last look, s

    def is_idle(self, time: float, image: np.ndarray) -> bool:
        """Return whether a picture, (H, W, 3) uint8 at a later time (s) than the last one, needs no look; else it is taken as looked at."""
        cells = coarse(image)
        if self._has_changed(cells):
            self._until = max(self._until, time + AFTER_S)
        if time <= self._until:
            self._reference = cells
        elif time < self._looked + EVERY_S:
            return True
        self._looked = time
        return False

    def saw_people(self, time: float) -> None:
        """Take that somebody was found in a picture."""
        self._until = max(self._until, time + self._people_s)

    def _has_changed(self, cells: np.ndarray) -> bool:
        if self._reference is None or self._reference.shape != cells.shape:
            return True
        difference = cells - self._reference
        return int(np.count_nonzero(np.abs(difference - np.median(difference)) > CHANGED)) >= LEAST_CELLS
