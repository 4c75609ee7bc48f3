"""Each cell of the table, and that a machine does what the cell says."""

from __future__ import annotations

import itertools

import pytest
from tests.alarms.conftest import ANNA

from featherfall.alarms.events import AlarmEvent
from featherfall.alarms.machine import AlarmMachine
from featherfall.alarms.settings import AlarmSettings
from featherfall.alarms.table import TABLE, Trigger
from featherfall.runtime.alarm import AlarmState

S, T = AlarmState, Trigger
START = 1_000_000.0  # s
SETTINGS = AlarmSettings(confirm_s=2, cooldown_s=30, acknowledged_s=60)
# How each state is reached: events after START, each with its s.
WAYS: dict[AlarmState, list[tuple[float, Trigger]]] = {
    S.idle: [],
    S.possible: [(0, T.fall)],
    S.countdown: [(0, T.fall), (1, T.agreed)],
    S.alarm: [(0, T.fall), (1, T.agreed), (21, T.due)],
    S.help: [(0, T.help), (1, T.help)],
    S.acknowledged: [(0, T.fall), (1, T.agreed), (2, T.acknowledge)],
    S.cancelled: [(0, T.fall), (1, T.agreed), (2, T.cancel)],
    S.cleared: [(0, T.fall), (1, T.agreed), (2, T.got_up)],
    S.muted: [(0, T.mute)],
}
# The next state, by state, as the issue of alarms states it; "" stays. Written apart from TABLE: a change of either fails.
EXPECTED = """
              fall      again     agreed    denied still_down got_up  cancel    acknowledge  help confirm mute  unmute test due
idle          possible  possible  possible  -      countdown  -       -         -            -    help    muted -      -    -
possible      -         -         countdown -      countdown  cleared cancelled acknowledged -    help    muted -      -    countdown
countdown     -         -         -         -      -          cleared cancelled acknowledged -    help    muted -      -    alarm
alarm         -         -         -         -      -          cleared cancelled acknowledged -    help    muted -      -    alarm
help          -         -         -         -      -          -       cancelled acknowledged -    -       muted -      -    help
acknowledged  possible  -         -         -      -          cleared cancelled -            -    help    muted -      -    cleared
cancelled     possible  -         -         -      -          -       -         -            -    help    muted -      -    idle
cleared       possible  -         possible  -      countdown  -       -         -            -    help    muted -      -    idle
muted         -         -         -         -      -          -       -         -            -    help    muted idle   -    idle
"""
LINES = EXPECTED.strip().splitlines()
COLUMNS = LINES[0].split()
NEXT = {(row.split()[0], column): cell for row in LINES[1:] for column, cell in zip(COLUMNS, row.split()[1:], strict=True)}


def reached(state: AlarmState) -> AlarmMachine:
    machine = AlarmMachine(SETTINGS, ANNA)
    for time, trigger in WAYS[state]:
        if trigger is T.due:
            machine.tick(START + time)
        else:
            machine.handle(AlarmEvent(trigger, START + time, "watch", 0.9, by="Ben", via="app"))
    assert machine.state is state
    return machine


def test_no_cell_is_undefined() -> None:
    assert set(TABLE) == set(AlarmState)
    for row in TABLE.values():
        assert set(row) == set(Trigger)
    assert len(NEXT) == len(AlarmState) * len(Trigger)


@pytest.mark.parametrize(("state", "trigger"), [*itertools.product(AlarmState, Trigger)])
def test_cell(state: AlarmState, trigger: Trigger) -> None:
    machine, cell = reached(state), TABLE[state][trigger]
    memory = machine.memory
    now, before = memory.now, memory.model_copy(deep=True)
    if trigger is T.due:
        now = now + 1000 if memory.due is None else memory.due
        messages = machine.tick(now)
    else:
        now += 0.5
        if trigger is T.confirm:
            memory.asked_until = now + 1
        elif trigger is T.fall:
            memory.last_sign = None  # long ago
        elif trigger is T.unmute:
            memory.muted_until = now + 100 if cell.say else 0.0
        elif trigger is T.again:
            memory.last_sign = now - 1
        sent = {T.confirm: T.help, T.again: T.fall}.get(trigger, trigger)
        messages = machine.handle(AlarmEvent(sent, now, "watch", 0.95, by="Ben", via="app"))
    wanted = NEXT[state.value, trigger.name]
    assert machine.state == (state.value if wanted == "-" else wanted)
    assert [one.kind for one in messages] == list(cell.say)
    assert [one.number for one in messages] == list(range(before.number + 1, before.number + 1 + len(messages)))
    assert all(one.subject is ANNA and one.time == now for one in messages)
    if trigger in (T.cancel, T.acknowledge, T.mute, T.unmute, T.test):
        assert all((one.by, one.via) == ("Ben", "app") for one in messages if one.kind != "reminder")
    if wanted == "-" and trigger not in (T.denied, T.due):
        assert memory.due == before.due


def test_due_stays_where_nothing_is_due() -> None:
    assert reached(S.idle).tick(START + 1e6) == []
