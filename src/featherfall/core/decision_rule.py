"""How a recipe says from which probability on a window counts as a fall."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from featherfall.core.manifest import Decision, Merging
from featherfall.core.operating import PointName


class DecisionRule(Merging):
    """From window probabilities to fall events.

    threshold: a window counts when the fall class's probability reaches it. A number, or the name of an operating point ("sensitive",
    "balanced" or "quiet"): the threshold is then chosen, and probabilities are calibrated, on recordings that were left out of training;
    each fold is evaluated with what was chosen on the others.
    merge_s: windows that count within this many seconds of each other are one event.
    overlap: of a detector: of two boxes that overlap by more than this (IoU) the better one stays.
    """

    threshold: Annotated[float, Field(ge=0, le=1)] | PointName = 0.5

    @property
    def point(self) -> PointName | None:
        """The operating point by which the threshold is chosen; None for a threshold that is stated."""
        return self.threshold if isinstance(self.threshold, str) else None

    @property
    def stated(self) -> Decision:
        """The decision with the stated threshold; .5 where it is still to be chosen."""
        threshold = 0.5 if isinstance(self.threshold, str) else self.threshold
        return Decision(threshold=threshold, merge_s=self.merge_s, overlap=self.overlap)
