"""Alarms of one recording against its fall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from featherfall.core.recording import FallTimes
from featherfall.runtime.decide.events import Event

BEFORE_ONSET_S, AFTER_IMPACT_S = 1.0, 5.0


@dataclass(frozen=True)
class EventMatch:
    """Events of one recording against its fall. delay_s: from impact (or the annotated end) until a live device knew."""

    hit: bool
    false_alarms: int
    delay_s: float | None


def match_events(events: Sequence[Event], fall: FallTimes | None) -> EventMatch:
    """Match events with a fall: one whose alarm starts within [onset - 1 s, impact + 5 s] is the fall, all others are false alarms.

    An alarm starts when a live device knows (`raised_s`, the end of the first window that counts), not at the peak that it was cut around.

    Where only the end of a fall is annotated, it stands for the impact. `fall` must have times (see `has_times`).
    """
    if fall is None:
        return EventMatch(False, len(events), None)
    impact = fall.impact if fall.impact is not None else fall.end
    onset = fall.onset if fall.onset is not None else impact
    assert impact is not None and onset is not None
    near = [event for event in events if onset - BEFORE_ONSET_S <= event.raised_s <= impact + AFTER_IMPACT_S]
    if not near:
        return EventMatch(False, len(events), None)
    return EventMatch(True, len(events) - 1, near[0].raised_s - impact)


def has_times(fall: FallTimes | None) -> bool:
    """Return whether a fall's interval is annotated (a recording without a fall needs none)."""
    return fall is None or fall.impact is not None or fall.end is not None
