"""Operating points: what a bundle finds, and how often it is wrong, at each threshold, on recordings that were left out of training."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from featherfall.core.checked import Checked

PointName = Literal["sensitive", "balanced", "quiet"]
POINTS: tuple[PointName, ...] = get_args(PointName)  # by rising threshold
AlarmsIn = Literal["daily life", "staged activities"]
_Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
_Hours = Annotated[float, Field(ge=0, le=1e9)]
_Threshold = Annotated[float, Field(ge=0, le=1)]
_CLOSE = 1e-9  # of thresholds: .1 + .2 is meant to be .3


class CurveRow(Checked):
    """Counts at one threshold: falls that were found, and false alarms (events)."""

    threshold: _Threshold
    falls_found: _Count
    false_alarms: _Count


class MeasuredOn(Checked):
    """One dataset whose recordings were left out. hours: of the recordings in which a false alarm can be told from a fall."""

    name: str = Field(max_length=200)
    recordings: _Count
    people: _Count
    falls: _Count
    hours: _Hours


class Operating(Checked):
    """The curve of a bundle, and thresholds with names.

    curve: by rising threshold. falls: how many there were; hours: in which the false alarms were counted.
    alarms_in: where they were counted: "daily life" (datasets without falls), or where there is none "staged activities" (datasets with
        falls: recordings without one, and those whose falls have times).
    points: threshold by name, see `evaluation.operating.choose_points`.
    left_out: what the models that gave these predictions were not trained on, e.g. "people", "people and datasets".
    """

    curve: list[CurveRow] = Field(min_length=1, max_length=1000)
    falls: _Count
    hours: _Hours
    alarms_in: AlarmsIn
    points: dict[PointName, _Threshold]
    left_out: str = Field(max_length=200)
    datasets: list[MeasuredOn] = Field(max_length=100)

    @model_validator(mode="after")
    def _consistent(self) -> Operating:
        if any(after.threshold <= before.threshold for before, after in pairwise(self.curve)):
            raise ValueError("the curve's thresholds do not rise")
        if max(row.falls_found for row in self.curve) > self.falls:
            raise ValueError(f"the curve finds more falls than there were ({self.falls})")
        return self

    def row_at(self, threshold: float) -> CurveRow | None:
        """Return the row of the highest measured threshold that is not above this one; None below the first."""
        below = [row for row in self.curve if row.threshold <= threshold + _CLOSE]
        return below[-1] if below else None
