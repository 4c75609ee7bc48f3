from __future__ import annotations

import itertools
import json

import hypothesis
import hypothesis.strategies as st
import pytest
from tests.alarms.conftest import ANNA

from featherfall.alarms.events import AlarmEvent, Condition, Rises
from featherfall.alarms.machine import AlarmMachine
from featherfall.alarms.memory import AlarmMemory
from featherfall.alarms.schedule import Period
from featherfall.alarms.settings import AlarmSettings
from featherfall.alarms.table import Trigger
from featherfall.core.errors import UserError
from featherfall.runtime.alarm import AlarmCommand, AlarmMessage, AlarmState, Severity
from featherfall.runtime.observation import Fall, Notice

T = Trigger
NOON = 1_780_000_000.0 - 1_780_000_000.0 % 86_400 + 10 * 3600  # 2026-05-28 10:00 UTC, noon in Berlin, a Thursday


def send(machine: AlarmMachine, trigger: Trigger, time: float, **rest: object) -> list[str]:
    return kinds(machine.handle(AlarmEvent(trigger, NOON + time, **rest)))  # type: ignore[arg-type]


def kinds(messages: list[AlarmMessage]) -> list[str]:
    return [one.kind for one in messages]


def pass_time(machine: AlarmMachine, start: float, end: float) -> list[str]:
    return [one.kind for second in range(int(start), int(end) + 1) for one in machine.tick(NOON + second)]


def test_a_fall_from_the_first_sign_to_the_acknowledgement(machine: AlarmMachine) -> None:
    assert send(machine, T.fall, 0, device="watch", confidence=0.8) == ["possible fall"]
    assert pass_time(machine, 1, 2) == ["countdown"]
    assert send(machine, T.fall, 3, device="camera", confidence=0.97) == []
    assert pass_time(machine, 3, 21) == []
    (alarm,) = machine.tick(NOON + 22)
    assert (alarm.kind, alarm.severity, alarm.state, alarm.episode, alarm.confidence) == ("alarm", Severity.alarm, "alarm", 1, 0.97)
    assert alarm.device == "watch" and alarm.text == "Anna (bedroom): has fallen" and alarm.key == "anna:3"
    assert send(machine, T.fall, 23, confidence=0.5) == [] and machine.memory.confidence == 0.97
    assert send(machine, T.still_down, 25) == ["still down"] and send(machine, T.still_down, 26) == []
    (reminder,) = machine.tick(NOON + 22 + 120)
    assert (reminder.kind, reminder.severity) == ("reminder", Severity.urgent) and "2 min" in reminder.text
    (done,) = machine.handle(AlarmEvent(T.acknowledge, NOON + 150, by="Ben", via="mqtt"))
    assert done.text == "Anna (bedroom): alarm acknowledged by Ben (mqtt)" and done.severity is Severity.urgent
    assert pass_time(machine, 151, 1050) == ["closed"] and machine.state is AlarmState.cleared
    assert pass_time(machine, 1051, 1200) == ["ready"] and machine.state is AlarmState.idle


def test_signs_of_a_cancelled_fall_do_not_raise_it_again_and_a_new_one_waits(machine: AlarmMachine) -> None:
    send(machine, T.fall, 0)
    send(machine, T.agreed, 1)
    (gone,) = machine.handle(AlarmEvent(T.cancel, NOON + 3, by="Anna", via="button"))
    assert gone.text.endswith("alarm cancelled by Anna (button)") and gone.severity is Severity.warning
    assert send(machine, T.fall, 5) == send(machine, T.fall, 9) == []
    (held,) = machine.handle(AlarmEvent(T.fall, NOON + 15))
    assert held.text == "Anna (bedroom): possible fall (held back for 18 s, as another one has just been)"
    assert pass_time(machine, 16, 32) == [] and pass_time(machine, 33, 33) == ["countdown"]


def test_still_down_does_not_wait_for_the_cool_down(machine: AlarmMachine) -> None:
    for time, trigger in ((0, T.fall), (1, T.agreed), (3, T.cancel), (15, T.fall)):
        send(machine, trigger, time)
    assert send(machine, T.still_down, 16) == ["countdown"] and machine.memory.severity is Severity.urgent


def test_the_rate_cap_delays_and_drops_nothing() -> None:
    machine = AlarmMachine(AlarmSettings(alarms_per_hour=2, cooldown_s=30, capped_s=300), ANNA)
    for start in (0, 100):
        assert send(machine, T.fall, start) == ["possible fall", "countdown"]
        send(machine, T.got_up, start + 5)
        assert pass_time(machine, start + 6, start + 40) == ["ready"]
    assert send(machine, T.fall, 200) == ["possible fall"]
    assert pass_time(machine, 201, 404) == [] and pass_time(machine, 405, 405) == ["countdown"]
    send(machine, T.cancel, 406)
    assert send(machine, T.fall, 406 + 3600) == ["ready", "possible fall", "countdown"]


def test_a_denial_holds_back_for_a_stated_time_and_never_for_good(machine: AlarmMachine) -> None:
    send(machine, T.fall, 0)
    for second in range(1, 60):
        machine.handle(AlarmEvent(T.denied, NOON + second))
        if machine.state is not AlarmState.possible:
            break
    assert second == 2 + 30 and machine.state is AlarmState.countdown


def test_help_takes_two_steps_and_getting_up_does_not_end_it(machine: AlarmMachine) -> None:
    assert send(machine, T.help, 0, by="Anna") == ["help asked"]
    assert send(machine, T.help, 11, by="Anna") == ["help asked"]  # too late for the first
    send(machine, T.cancel, 12)
    assert send(machine, T.help, 13, by="Anna") == ["help asked"]
    assert send(machine, T.help, 14, by="Anna") == ["help"] and machine.state is AlarmState.help
    assert send(machine, T.got_up, 20) == [] and machine.state is AlarmState.help


def test_a_mute_mutes_what_it_says_and_ends_by_itself(machine: AlarmMachine) -> None:
    (muted,) = machine.handle(AlarmEvent(T.mute, NOON, by="Ben", via="app", seconds=600))
    assert muted.text == "Anna (bedroom): muted for 10 min by Ben (app): everything but calls for help and tests"
    hidden = machine.handle(AlarmEvent(T.fall, NOON + 10))
    hidden += machine.report(Condition("device offline", "watch", NOON + 20)) + machine.report(Condition("left out", "watch", NOON + 21))
    hidden += machine.report(Condition("low battery", "watch", NOON + 22)) + machine.report(
        Condition("low battery", "watch", NOON + 23, False)
    )
    hidden += machine.handle(AlarmEvent(T.still_down, NOON + 30))
    assert kinds(hidden) == ["possible fall", "device offline", "left out", "low battery", "still down"]
    assert all(one.is_muted for one in hidden) and machine.state is AlarmState.muted
    assert send(machine, T.test, 40) == ["test"] and machine.tick(NOON + 599) == []
    ended = machine.tick(NOON + 600)
    assert kinds(ended) == ["device offline", "unmuted"] and not any(one.is_muted for one in ended)
    assert ended[1].reason == "possible falls that were not told: 2"
    assert send(machine, T.fall, 700) == ["possible fall"]


def test_a_muted_fall_counts_once_and_for_its_own_mute(machine: AlarmMachine) -> None:
    send(machine, T.mute, 0, seconds=600)
    assert send(machine, T.fall, 10) == ["possible fall"] and send(machine, T.fall, 12) == []
    assert machine.handle(AlarmEvent(T.unmute, NOON + 20))[0].reason == "possible falls that were not told: 1"
    send(machine, T.mute, 30)
    assert machine.handle(AlarmEvent(T.unmute, NOON + 40))[0].reason == ""


def test_reminders_end_and_the_alarm_stays() -> None:
    machine = AlarmMachine(AlarmSettings(reminders=2, repeat_s=60), ANNA)
    send(machine, T.fall, 0)
    assert kinds(machine.advance(NOON + 10_000)) == ["alarm", "reminder", "reminder"] and machine.state is AlarmState.alarm


def test_a_call_for_help_is_told_while_muted_and_the_mute_goes_on(machine: AlarmMachine) -> None:
    send(machine, T.mute, 0, seconds=600)
    send(machine, T.help, 1)
    (call,) = machine.handle(AlarmEvent(T.help, NOON + 2, by="Anna"))
    assert call.kind == "help" and not call.is_muted and call.episode == 1
    send(machine, T.cancel, 10)
    assert [one.is_muted for one in machine.handle(AlarmEvent(T.fall, NOON + 30))] == [True]
    assert pass_time(machine, 31, 60) == ["ready"] and machine.state is AlarmState.muted
    assert pass_time(machine, 61, 600) == ["unmuted"]


def test_a_mute_that_runs_out_in_another_state_ends() -> None:
    machine = AlarmMachine(AlarmSettings(), ANNA)
    send(machine, T.mute, 0, seconds=60)
    machine.report(Condition("device offline", "watch", NOON + 1))
    send(machine, T.help, 2), send(machine, T.help, 3)
    assert kinds(machine.tick(NOON + 60)) == ["device offline", "unmuted"] and machine.state is AlarmState.help


def test_a_mute_of_an_alarm_acknowledges_it_and_both_are_told(machine: AlarmMachine) -> None:
    for time, trigger in ((0, T.fall), (1, T.agreed)):
        send(machine, trigger, time)
    machine.tick(NOON + 21)
    told = machine.handle(AlarmEvent(T.mute, NOON + 25, by="Ben", seconds=1e9))
    assert kinds(told) == ["acknowledged", "muted"] and not any(one.is_muted for one in told)
    assert told[0].severity is Severity.alarm and machine.memory.muted_until == NOON + 25 + 86_400


def test_conditions_are_told_once_and_when_they_end(machine: AlarmMachine) -> None:
    assert kinds(machine.report(Condition("device offline", "watch", NOON))) == ["device offline"]
    assert machine.report(Condition("device offline", "watch", NOON + 5)) == []
    assert kinds(machine.report(Condition("device offline", "camera", NOON + 6))) == ["device offline"]
    (back,) = machine.report(Condition("device offline", "watch", NOON + 9, is_on=False))
    assert (back.kind, back.device, back.severity) == ("device online", "watch", Severity.warning)
    assert machine.report(Condition("device offline", "watch", NOON + 10, is_on=False)) == []
    assert [kinds(machine.report(Condition("left out", "watch", NOON + at))) for at in (11, 12)] == [["left out"]] * 2


def test_an_end_while_muted_is_told_afterwards(machine: AlarmMachine) -> None:
    machine.report(Condition("device offline", "watch", NOON))
    send(machine, T.mute, 1, seconds=60)
    assert machine.report(Condition("device offline", "watch", NOON + 9, is_on=False)) == []
    assert kinds(machine.tick(NOON + 61)) == ["device online", "unmuted"]
    assert kinds(machine.report(Condition("device offline", "watch", NOON + 70))) == ["device offline"]


def test_inactivity() -> None:
    machine = AlarmMachine(AlarmSettings(inactive_s=3600), ANNA)
    assert machine.tick(NOON) == [] and machine.active(NOON + 10) == []
    assert pass_time(machine, 11, 3609) == [] and pass_time(machine, 3610, 3700) == ["inactivity"]
    assert kinds(machine.active(NOON + 3800)) == ["active"]


def test_the_schedule_mutes_and_can_be_lifted() -> None:
    settings = AlarmSettings(schedule=[Period(start="22:00", end="07:00")], timezone="Europe/Berlin")
    machine = AlarmMachine(settings, ANNA)
    (off,) = machine.tick(NOON)
    assert off.kind == "muted" and off.by == "schedule" and off.due == NOON + 10 * 3600
    assert [one.is_muted for one in machine.handle(AlarmEvent(T.fall, NOON + 60))] == [True]
    assert send(machine, T.unmute, 100, by="Ben") == ["unmuted"] and pass_time(machine, 101, 200) == []
    assert send(machine, T.fall, 300) == ["possible fall", "countdown"]
    send(machine, T.cancel, 301)
    assert kinds(machine.tick(NOON + 11 * 3600)) == ["ready"] and machine.state is AlarmState.idle  # 23:00
    (again,) = machine.tick(NOON + 19 * 3600)  # 07:00
    assert again.kind == "muted"


def test_a_clock_that_is_set_back_loses_no_countdown(machine: AlarmMachine) -> None:
    send(machine, T.fall, 0)
    assert pass_time(machine, 1, 2) == ["countdown"]
    year = 365 * 86_400
    assert machine.tick(NOON + 10 - year) == [] and machine.tick(NOON + 29 - year) == []
    assert kinds(machine.tick(NOON + 30 - year)) == ["alarm"]
    assert machine.tick(NOON + 30 - year - 1) == [] and machine.memory.now == NOON + 30 - year  # a little late: no step


def test_time_that_passed_at_once_is_as_if_it_had_passed_second_by_second() -> None:
    slow, quick = (AlarmMachine(AlarmSettings(acknowledged_s=100), ANNA) for _ in range(2))
    for machine in (slow, quick):
        send(machine, T.fall, 0)
    told = pass_time(slow, 0, 1000)
    assert kinds(quick.advance(NOON + 1000)) == told == ["alarm", *["reminder"] * 8] and quick.memory == slow.memory


def test_times_that_are_no_numbers_change_nothing(machine: AlarmMachine) -> None:
    send(machine, T.fall, 0)
    for odd in (float("nan"), float("inf"), -float("inf")):
        assert machine.tick(odd) == [] and machine.memory.now == NOON
    assert kinds(machine.handle(AlarmEvent(T.mute, NOON + 1, seconds=float("nan")))) == ["cancelled", "muted", "unmuted"]
    assert machine.state is AlarmState.idle


def test_conditions_are_bounded_and_still_read(machine: AlarmMachine) -> None:
    told = [machine.report(Condition("device offline", f"device{k}", NOON)) for k in range(300)]
    assert sum(map(len, told)) == 200
    assert AlarmMemory.read(machine.memory.model_dump(mode="json"), "anna") == machine.memory


def test_memory_survives_a_restart_in_every_state(machine: AlarmMachine) -> None:
    send(machine, T.fall, 0)
    machine.report(Condition("not worn", "watch", NOON + 1))
    stored = json.loads(machine.memory.model_dump_json())
    again = AlarmMachine(machine.settings, ANNA, AlarmMemory.read(stored, "anna"))
    assert again.memory == machine.memory and kinds(again.tick(NOON + 500)) == ["countdown"]
    with pytest.raises(UserError, match="anna: the state of its alarm is damaged"):
        AlarmMemory.read({"state": "asleep"}, "anna")


def test_events_of_notices_and_commands() -> None:
    made = AlarmEvent.of_notice(Notice("possible fall", 3.0, 1, 0.9), NOON, "cam")
    assert made == AlarmEvent(T.fall, NOON, "cam", 0.9)
    assert AlarmEvent.of_notice(Notice("still down", 3.0, 1, 0.9), NOON, "cam") == AlarmEvent(T.still_down, NOON, "cam", 0.9)
    assert AlarmEvent.of_notice(Notice.cannot_judge(3.0, "dark"), NOON, "cam") == Condition("cannot judge", "cam", NOON, reason="dark")
    ordered = AlarmEvent.of_command(AlarmCommand("mute", "anna", "Ben", "app", 60.0), NOON)
    assert ordered == AlarmEvent(T.mute, NOON, by="Ben", via="app", seconds=60.0)


def test_who_got_up_is_told_once() -> None:
    fall, rises = Fall(0, 1.0, 2.0, 1.5, 0.9), Rises()
    assert rises.step([fall], NOON, "cam") == []
    fall.up_s = 6.0
    assert rises.step([fall], NOON, "cam") == [AlarmEvent(T.got_up, NOON, "cam")] and rises.step([fall], NOON, "cam") == []
    fall.up_s = None  # down again
    assert rises.step([fall], NOON, "cam") == []


def test_settings_that_contradict_are_refused() -> None:
    with pytest.raises(UserError, match="cooldown_s"):
        AlarmSettings(cooldown_s=5)
    with pytest.raises(UserError, match="unknown time zone"):
        AlarmSettings(timezone="Europe/Nowhere")


STEPS = st.lists(
    st.tuples(st.sampled_from([one for one in Trigger if one not in (T.due, T.again, T.confirm)]), st.floats(0, 400)), max_size=40
)


@hypothesis.given(STEPS, st.sampled_from([0.0, 2.0]))
@hypothesis.settings(max_examples=150, deadline=None)
def test_from_every_state_a_fall_leads_to_an_alarm_unless_a_person_or_getting_up_ends_it(
    steps: list[tuple[Trigger, float]], confirm: float
) -> None:
    machine = AlarmMachine(AlarmSettings(confirm_s=confirm), ANNA)
    time = 0.0
    for trigger, pause in steps:
        time += pause
        send(machine, trigger, time, seconds=100.0)
    time = max(time + 11, machine.memory.muted_until - NOON)  # no sign of the last fall, and not muted
    machine.tick(NOON + time)
    send(machine, T.fall, time)
    assert machine.state in (AlarmState.possible, AlarmState.countdown, AlarmState.alarm, AlarmState.help)
    told = pass_time(machine, time, time + 300 + 30 + 20 + confirm + 2)
    assert machine.state.is_latched and ("alarm" in told or "reminder" in told)


@hypothesis.given(STEPS)
@hypothesis.settings(max_examples=150, deadline=None)
def test_a_latched_alarm_stays_until_somebody_or_getting_up_ends_it(steps: list[tuple[Trigger, float]]) -> None:
    machine = AlarmMachine(AlarmSettings(), ANNA)
    send(machine, T.fall, 0)
    machine.tick(NOON + 20)
    assert machine.state is AlarmState.alarm
    time = 20.0
    for trigger, pause in steps:
        time += pause
        send(machine, trigger, time)
        if trigger in (T.acknowledge, T.cancel, T.mute) or (trigger is T.got_up and machine.state is not AlarmState.help):
            assert not machine.state.is_latched
            return
        assert machine.state.is_latched


@hypothesis.given(STEPS)
@hypothesis.settings(max_examples=100, deadline=None)
def test_whoever_gets_all_messages_knows_the_state(steps: list[tuple[Trigger, float]]) -> None:
    machine = AlarmMachine(AlarmSettings(), ANNA)
    known, time = AlarmState.idle, 0.0
    for trigger, pause in steps:
        time += pause
        for one in machine.handle(AlarmEvent(trigger, NOON + time)):
            known = one.state
        assert known is machine.state


@hypothesis.given(STEPS)
@hypothesis.settings(max_examples=100, deadline=None)
def test_numbers_rise_times_never_fall_and_every_end_of_an_episode_is_told(steps: list[tuple[Trigger, float]]) -> None:
    machine = AlarmMachine(AlarmSettings(), ANNA)
    messages: list[AlarmMessage] = []
    time = 0.0
    for trigger, pause in steps:
        time += pause
        messages += machine.handle(AlarmEvent(trigger, NOON + time, by="Ben"))
    assert [one.number for one in messages] == list(range(1, len(messages) + 1))
    assert all(before.time <= after.time for before, after in itertools.pairwise(messages))
    for one in messages:
        json.dumps(one.to_json())
        assert one.text.startswith("Anna (bedroom): ")
        if one.kind in ("acknowledged", "cancelled"):
            assert one.by == "Ben" and one.episode > 0
