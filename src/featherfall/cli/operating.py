"""`--point` and `--false-alarms-per-day`: a bundle at another operating point of its curve."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from featherfall.runtime import Bundle


class PointChoice(enum.StrEnum):
    """Values of --point."""

    sensitive = "sensitive"
    balanced = "balanced"
    quiet = "quiet"


Point = Annotated[
    PointChoice | None,
    typer.Option(help="Operating point of the bundle's curve. Default: the threshold with which it ships."),
]
FalseAlarmsPerDay = Annotated[
    float | None,
    typer.Option("--false-alarms-per-day", metavar="N", help="Or: the threshold for at most so many, as far as the hours can prove it."),
]


def at_point(bundle: Bundle, point: PointChoice | None, false_alarms_per_day: float | None) -> Bundle:
    """Return the bundle at the point that was asked for, and say on standard error what was measured there.

    Raises: `UserError` for both options at once, an impossible budget, and a bundle without a curve.
    """
    from featherfall.core.console import say
    from featherfall.core.errors import UserError
    from featherfall.runtime.operating import choose_point

    if point is None and false_alarms_per_day is None:
        return bundle
    if point is not None and false_alarms_per_day is not None:
        raise UserError(f"--point {point.value} and --false-alarms-per-day {false_alarms_per_day:g} both choose the threshold; give one")
    chosen = choose_point(bundle.manifest, point.value if point else None, false_alarms_per_day)
    say(*chosen.lines(), error=True)
    return bundle.at(chosen.threshold)
