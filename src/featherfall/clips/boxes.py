"""The people that a picture's annotated boxes mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from featherfall.core.class_names import ClassNames
from featherfall.core.recording import Box
from featherfall.runtime.perceive.boxes import overlap

_SAME_PERSON = 0.7  # IoU from which two boxes are one person, labelled twice (once as a person, once by posture)


def unique_people(boxes: Sequence[Box], names: ClassNames, fall: int, other: int) -> list[tuple[int, Box]]:
    """Return one box and class a person: of two boxes that overlap by `_SAME_PERSON` or more, the fall, else the first.

    Arguments:
        names: which class names are a fall, which are none; the ignored ones are no people.
        fall, other: the numbers of the two classes.
    """
    falls = [(fall, box) for box in boxes if names.meaning(box.name) == "fall"]
    named = falls + [(other, box) for box in boxes if names.meaning(box.name) == "not_fall"]
    kept: list[tuple[int, Box]] = []
    for number, box in named:
        others = np.asarray([box_edges(one) for _, one in kept]).reshape(-1, 4)
        if not (overlap(np.asarray([box_edges(box)]), others) >= _SAME_PERSON).any():
            kept.append((number, box))
    return kept


def box_edges(box: Box) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom."""
    return box.left, box.top, box.right, box.bottom
