"""The table of the alarm's states: for each state and trigger the next state, what is done and what is told."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from featherfall.runtime.alarm import AlarmState, MessageKind

IDLE, POSSIBLE, COUNTDOWN, ALARM, HELP, ACKNOWLEDGED, CANCELLED, CLEARED, MUTED = AlarmState


class Trigger(enum.StrEnum):
    """What makes a state change."""

    fall = "fall"  # the first sign of a possible fall
    again = "again"  # a sign so near to the last one that it is of the same fall
    agreed = "agreed"  # another sensor of the person saw it, too
    denied = "denied"  # another sensor of the person is sure that there was none
    still_down = "still down"
    got_up = "got up"
    cancel = "cancel"
    acknowledge = "acknowledge"
    help = "help"  # the help button, pressed once
    confirm = "confirm"  # and once more in time
    mute = "mute"
    unmute = "unmute"
    test = "test"
    due = "due"  # the state's time is over


SENSED = frozenset({Trigger.fall, Trigger.again, Trigger.agreed, Trigger.denied, Trigger.still_down, Trigger.got_up})


class Do(enum.Enum):
    """What is done besides telling."""

    begin = "begin"  # a new episode
    count = "count"  # another sign of the episode
    rise = "rise"  # the severity is urgent
    hold = "hold"  # the state's end is put off
    ignore = "ignore"  # a fall that is muted is counted
    ask = "ask"  # wait for the second press of the help button
    lift = "lift"  # the mute ends


@dataclass(frozen=True)
class Cell:
    """What a trigger does in a state.

    Attributes:
        state: the next one; None to stay, with the state's end as it was.
        do: in this order.
        say: kinds of messages, in this order.
        rests: go to `muted` where a mute or the schedule still lasts, else to `idle`.
    """

    state: AlarmState | None = None
    do: tuple[Do, ...] = ()
    say: tuple[MessageKind, ...] = ()
    rests: bool = False


def _go(state: AlarmState, *rest: Do | MessageKind) -> Cell:
    return Cell(state, tuple(one for one in rest if isinstance(one, Do)), tuple(one for one in rest if not isinstance(one, Do)))


def _stay(*rest: Do | MessageKind) -> Cell:
    return Cell(None, tuple(one for one in rest if isinstance(one, Do)), tuple(one for one in rest if not isinstance(one, Do)))


_NOTHING = Cell()
_REST = Cell(say=("ready",), rests=True)
_T, _D = Trigger, Do
_FALLS = _go(POSSIBLE, _D.begin, "possible fall")
_LIES = _go(COUNTDOWN, _D.begin, _D.rise, "countdown")
_HELPS = _go(HELP, _D.begin, "help")
_TEST, _ASK, _LIFT = _stay("test"), _stay(_D.ask, "help asked"), _stay(_D.lift, "unmuted")
_CANCELLED, _ACKNOWLEDGED, _CLEARED = _go(CANCELLED, "cancelled"), _go(ACKNOWLEDGED, "acknowledged"), _go(CLEARED, "cleared")
_MUTED = _go(MUTED, "muted")

# A row is a state, in it each trigger once. What sensors see while an acknowledged or cancelled fall lasts is of its episode; a new fall
# begins an episode of its own.
TABLE: Mapping[AlarmState, Mapping[Trigger, Cell]] = {
    IDLE: {
        _T.fall: _FALLS,
        _T.again: _FALLS,
        _T.agreed: _FALLS,
        _T.denied: _NOTHING,
        _T.still_down: _LIES,  # whose fall was not seen, or before a restart
        _T.got_up: _NOTHING,
        _T.cancel: _NOTHING,
        _T.acknowledge: _NOTHING,
        _T.help: _ASK,
        _T.confirm: _HELPS,
        _T.mute: _MUTED,
        _T.unmute: _NOTHING,
        _T.test: _TEST,
        _T.due: _NOTHING,
    },
    POSSIBLE: {
        _T.fall: _stay(_D.count),
        _T.again: _stay(_D.count),
        _T.agreed: _go(COUNTDOWN, _D.count, "countdown"),
        _T.denied: _stay(_D.hold),
        _T.still_down: _go(COUNTDOWN, _D.count, _D.rise, "countdown"),
        _T.got_up: _CLEARED,
        _T.cancel: _CANCELLED,
        _T.acknowledge: _ACKNOWLEDGED,
        _T.help: _ASK,
        _T.confirm: _go(HELP, "help"),
        _T.mute: _go(MUTED, "cancelled", "muted"),
        _T.unmute: _NOTHING,
        _T.test: _TEST,
        _T.due: _go(COUNTDOWN, "countdown"),
    },
    COUNTDOWN: {
        _T.fall: _stay(_D.count),
        _T.again: _stay(_D.count),
        _T.agreed: _stay(_D.count),
        _T.denied: _stay(_D.hold),
        _T.still_down: _stay(_D.count, _D.rise, "still down"),
        _T.got_up: _CLEARED,
        _T.cancel: _CANCELLED,
        _T.acknowledge: _ACKNOWLEDGED,
        _T.help: _ASK,
        _T.confirm: _go(HELP, "help"),
        _T.mute: _go(MUTED, "cancelled", "muted"),
        _T.unmute: _NOTHING,
        _T.test: _TEST,
        _T.due: _go(ALARM, "alarm"),
    },
    ALARM: {
        _T.fall: _stay(_D.count),
        _T.again: _stay(_D.count),
        _T.agreed: _stay(_D.count),
        _T.denied: _NOTHING,
        _T.still_down: _stay(_D.count, _D.rise, "still down"),
        _T.got_up: _CLEARED,
        _T.cancel: _CANCELLED,
        _T.acknowledge: _ACKNOWLEDGED,
        _T.help: _ASK,
        _T.confirm: _go(HELP, "help"),
        _T.mute: _go(MUTED, "acknowledged", "muted"),
        _T.unmute: _NOTHING,
        _T.test: _TEST,
        _T.due: _go(ALARM, "reminder"),
    },
    HELP: {  # getting up does not end what a person has asked for
        _T.fall: _stay(_D.count),
        _T.again: _stay(_D.count),
        _T.agreed: _stay(_D.count),
        _T.denied: _NOTHING,
        _T.still_down: _stay(_D.count, _D.rise, "still down"),
        _T.got_up: _NOTHING,
        _T.cancel: _CANCELLED,
        _T.acknowledge: _ACKNOWLEDGED,
        _T.help: _NOTHING,
        _T.confirm: _NOTHING,
        _T.mute: _go(MUTED, "acknowledged", "muted"),
        _T.unmute: _LIFT,
        _T.test: _TEST,
        _T.due: _go(HELP, "reminder"),
    },
    ACKNOWLEDGED: {
        _T.fall: _FALLS,
        _T.again: _NOTHING,
        _T.agreed: _NOTHING,
        _T.denied: _NOTHING,
        _T.still_down: _stay(_D.rise, "still down"),
        _T.got_up: _CLEARED,
        _T.cancel: _CANCELLED,
        _T.acknowledge: _NOTHING,
        _T.help: _ASK,
        _T.confirm: _HELPS,
        _T.mute: _MUTED,
        _T.unmute: _LIFT,
        _T.test: _TEST,
        _T.due: _go(CLEARED, "closed"),
    },
    CANCELLED: {  # cool-down: a new fall waits as a possible one until it is over
        _T.fall: _FALLS,
        _T.again: _NOTHING,
        _T.agreed: _NOTHING,
        _T.denied: _NOTHING,
        _T.still_down: _NOTHING,
        _T.got_up: _NOTHING,
        _T.cancel: _NOTHING,
        _T.acknowledge: _NOTHING,
        _T.help: _ASK,
        _T.confirm: _HELPS,
        _T.mute: _MUTED,
        _T.unmute: _LIFT,
        _T.test: _TEST,
        _T.due: _REST,
    },
    CLEARED: {  # cool-down; who is down again after getting up is told at once
        _T.fall: _FALLS,
        _T.again: _NOTHING,
        _T.agreed: _FALLS,
        _T.denied: _NOTHING,
        _T.still_down: _LIES,
        _T.got_up: _NOTHING,
        _T.cancel: _NOTHING,
        _T.acknowledge: _NOTHING,
        _T.help: _ASK,
        _T.confirm: _HELPS,
        _T.mute: _MUTED,
        _T.unmute: _LIFT,
        _T.test: _TEST,
        _T.due: _REST,
    },
    MUTED: {
        _T.fall: _stay(_D.ignore, "possible fall"),
        _T.again: _NOTHING,
        _T.agreed: _NOTHING,
        _T.denied: _NOTHING,
        _T.still_down: _stay(_D.ignore, "still down"),
        _T.got_up: _NOTHING,
        _T.cancel: _NOTHING,
        _T.acknowledge: _NOTHING,
        _T.help: _ASK,
        _T.confirm: _HELPS,
        _T.mute: _MUTED,
        _T.unmute: _go(IDLE, _D.lift, "unmuted"),
        _T.test: _TEST,
        _T.due: _go(IDLE, _D.lift, "unmuted"),
    },
}
