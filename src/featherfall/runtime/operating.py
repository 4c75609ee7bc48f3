"""Choose a bundle's threshold from its curve, and say what the hours behind it can prove."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.core.operating import CurveRow, Operating
from featherfall.core.poisson import poisson_most
from featherfall.core.text import shortened

_DAY = 24.0  # h
LEAST_BUDGET = 1e-3  # false alarms a day: one in three years


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold, and what was measured there on recordings left out of training.

    Attributes:
        threshold: 0..1. name: of the point, "" for another threshold.
        falls_found, falls: counts.
        false_alarms, hours: counted events, and the hours in which they were counted.
        alarms_in: "daily life" or "staged activities".
        budget: false alarms a day that were asked for; None where none were.
    """

    threshold: float
    name: str
    falls_found: int
    falls: int
    false_alarms: int
    hours: float
    alarms_in: str
    budget: float | None = None

    @property
    def a_day(self) -> float | None:
        """False alarms a day, as counted; None without hours."""
        return self.false_alarms / self.hours * _DAY if self.hours else None

    @property
    def most_a_day(self) -> float | None:
        """False alarms a day above which the count excludes (one-sided, 95%); None without hours."""
        return poisson_most(self.false_alarms) / self.hours * _DAY if self.hours else None

    @property
    def proven(self) -> bool:
        """Whether the hours prove the budget; True without one."""
        return self.budget is None or (self.most_a_day is not None and self.most_a_day <= self.budget)

    def lines(self) -> Iterator[str]:
        """Yield what was chosen and measured in one line, and in another that a budget is not proven."""
        name = f"{self.name}, " if self.name else ""
        yield f"operating point: {name}threshold {self.threshold:g}: {self.falls_found} of {self.falls} falls found; {self._alarms()}"
        if not self.proven:
            yield self._unproven()

    def _alarms(self) -> str:
        if self.a_day is None or self.most_a_day is None:
            return "false alarms were not counted"
        alarms = f"{self.false_alarms} false alarm{'' if self.false_alarms == 1 else 's'}"
        return f"{alarms} in {_hours(self.hours)} of {self.alarms_in}, which excludes only more than {_number(self.most_a_day)} a day (95%)"

    def _unproven(self) -> str:
        assert self.budget is not None
        wanted = f"{self.budget:g} false alarm{'' if self.budget == 1 else 's'} a day"
        if self.a_day is None:
            return f"{wanted} cannot be judged: no hours were measured"
        if self.a_day > self.budget:
            return f"{wanted} is not met: no threshold raised fewer than {_number(self.a_day)} a day"
        needed = poisson_most(0) / self.budget * _DAY
        return f"{wanted} is not proven: that takes {_hours(needed)} without a false alarm, {_hours(self.hours)} were measured"


def choose_point(manifest: Manifest, name: str | None, budget: float | None) -> OperatingPoint:
    """Return the point of this name, or for a budget of false alarms a day.

    Raises: `UserError` where both are given, or neither, for what `named_point` or `budget_point` refuses.
    """
    if (name is None) == (budget is None):
        raise UserError("give either an operating point (sensitive, balanced, quiet) or a number of false alarms a day")
    return named_point(manifest, name) if name is not None else budget_point(manifest, float(budget or 0))


def named_point(manifest: Manifest, name: str) -> OperatingPoint:
    """Return a point of the bundle by name; raises `UserError` where it has no curve, or not this point."""
    operating = _operating(manifest)
    points: Mapping[str, float] = {str(known): threshold for known, threshold in operating.points.items()}
    if name not in points:
        has = ", ".join(points) or "none"
        raise UserError(f"bundle {manifest.name!r} has no operating point {shortened(repr(name), 60)}; it has: {has}")
    return point_at(operating, points[name], name)


def budget_point(manifest: Manifest, budget: float) -> OperatingPoint:
    """Return the point for at most so many false alarms a day.

    - Where the hours prove the budget at some threshold: the lowest from which on they do, which finds the most falls.
    - Else, of those that meet it by the count, the one with the fewest false alarms; of equals the lowest.
    - Else the one with the fewest false alarms of all.

    Arguments:
        budget: false alarms a day, at least `LEAST_BUDGET`.
    Raises: `UserError` for another budget, and where the bundle has no curve.
    """
    if not (math.isfinite(budget) and budget >= LEAST_BUDGET):
        raise UserError(f"{budget:g} false alarms a day: give a number from {LEAST_BUDGET:g} on, e.g. 1")
    operating = _operating(manifest)
    allowed = budget * operating.hours / _DAY
    proven = [row for row in operating.curve if row.false_alarms <= allowed and poisson_most(row.false_alarms) <= allowed]
    chosen = _lowest_from(operating, proven) or min(operating.curve, key=lambda row: (row.false_alarms, row.threshold))
    return point_at(operating, chosen.threshold, budget=budget)


def point_at(operating: Operating, threshold: float, name: str = "", budget: float | None = None) -> OperatingPoint:
    """Return what was measured at a threshold; below the first one that was measured, that of the first."""
    row = operating.row_at(threshold) or operating.curve[0]
    return OperatingPoint(threshold, name, row.falls_found, operating.falls, row.false_alarms, operating.hours, operating.alarms_in, budget)


def _lowest_from(operating: Operating, fitting: list[CurveRow]) -> CurveRow | None:
    """Return the first row from which on all rows are among these; None where the last is not."""
    chosen = None
    for row in reversed(operating.curve):
        if row not in fitting:
            break
        chosen = row
    return chosen


def _operating(manifest: Manifest) -> Operating:
    if manifest.operating is None:
        raise UserError(
            f"bundle {manifest.name!r} has no curve of operating points, only its threshold {manifest.decision.threshold:g}; "
            "bundles of cross-validated fall recipes have one"
        )
    return manifest.operating


def _hours(value: float) -> str:
    return f"{value:.0f} h" if value >= 20 else f"{value:.1f} h"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"
