"""What a step of a recorder's clock means that is not one sample: a counter that wraps, a clock that was set, a restart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

UNKNOWN = 60.0  # s that stand for a pause of unknown length: more than any window, and than the merging of alarms
EPOCH = 9.46e8  # s; stamps from here on, the year 2000, are dates
YEARS = 3.15e8  # s; ten years: no recorder pauses so long, its clock was set
# Periods after which stamps begin anew, s: counters of 16 bit in ms, of 32 bit in us and in ms, times of day of 24 and of 12 hours.
_COUNTERS = {65.536: "16-bit counter", 4294.967296: "32-bit counter", 4294967.296: "32-bit counter"}
_CLOCKS = {86400.0: "time of day", 43200.0: "time of day"}
_SAVING = (3600.0, 1800.0)  # s; half an hour on Lord Howe Island

LONGEST = 1e11  # s, 3,000 years; a number beyond it is no time in s, and too large to tell samples apart

StepKind = Literal["counter", "time of day", "back", "forward", "set", "restart", "set back"]


@dataclass(frozen=True)
class ClockStep:
    """What a step means. shift: s to add to all later stamps."""

    kind: StepKind
    shift: float


def known_step(before: float, after: float, usual: float) -> ClockStep | None:
    """Return what a step between two neighbouring stamps means; None for a gap, or for rows that are not in order.

    Arguments:
        before, after: s as recorded.
        usual: longest step that is none, s.
    """
    step = after - before
    if step > 0:
        return _forward(after, step, usual)
    for period in _COUNTERS:
        wrapped = before > period - usual or abs(before - period / 2) < usual
        if _fits(step + period, usual) and (wrapped or period > 1000):
            return ClockStep("counter", period)
    for period in _CLOCKS:
        if _fits(step + period, usual):
            return ClockStep("time of day", period)
    for period in _SAVING:
        if _fits(step + period, usual):
            return ClockStep("back", period)
    return None


def _forward(after: float, step: float, usual: float) -> ClockStep | None:
    before = after - step
    if step > YEARS or (before < EPOCH <= after and step > UNKNOWN):
        return ClockStep("set", UNKNOWN - step)
    for period in _SAVING:
        # A pause may last an hour, too: clocks are moved at the full (or half) hour.
        if after >= EPOCH and _fits(step - period, usual) and after % 1800 <= usual:
            return ClockStep("forward", -period)
    return None


def _fits(step: float, usual: float) -> bool:
    return -1e-3 <= step <= usual
