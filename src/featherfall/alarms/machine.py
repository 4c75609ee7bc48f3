"""The alarm of one person: events and time in, messages out. It reads no clock and does no input or output; `TABLE` says what happens."""

from __future__ import annotations

import math
from collections.abc import Callable

from featherfall.alarms.events import CONDITION_ENDS, AlarmEvent, Condition, ConditionKind
from featherfall.alarms.memory import MOST_CONDITIONS, AlarmMemory, LastingCondition
from featherfall.alarms.schedule import off_until, zone_of
from featherfall.alarms.settings import AlarmSettings
from featherfall.alarms.table import SENSED, TABLE, Do, Trigger
from featherfall.runtime.alarm import AlarmMessage, AlarmState, AlarmSubject, MessageKind, Severity

# s by which an event may be older than the last one. Threads deliver a little out of order; a step back by more is a clock that was set.
LATE = 2.0
_HOUR = 3600.0  # s
_RESTING = (AlarmState.idle, AlarmState.cancelled, AlarmState.cleared)
_OVER = (AlarmState.cancelled, AlarmState.cleared, AlarmState.acknowledged)
# Of messages that are about no episode.
_OWN: dict[MessageKind, Severity] = {
    "muted": Severity.warning,
    "unmuted": Severity.warning,
    "help asked": Severity.warning,
    "test": Severity.alarm,  # it has to go where alarms go
    "left out": Severity.info,
    "ready": Severity.info,
}
_SEVERITY: dict[AlarmState, Severity] = {
    AlarmState.countdown: Severity.warning,
    AlarmState.alarm: Severity.alarm,
    AlarmState.help: Severity.alarm,
}
_INACTIVITY: ConditionKind = "inactivity"


class AlarmMachine:
    """The state of one person's alarm. The same events give the same messages.

    Attributes:
        memory: all that it remembers; store it with the messages, and give it back after a restart.
    """

    def __init__(self, settings: AlarmSettings, subject: AlarmSubject, memory: AlarmMemory | None = None) -> None:
        self.settings, self.subject = settings, subject
        self.memory = memory or AlarmMemory()
        self._zone = zone_of(settings.timezone)
        self._messages: list[AlarmMessage] = []

    @property
    def state(self) -> AlarmState:
        """The state now."""
        return self.memory.state

    @property
    def is_muted(self) -> bool:
        """Whether a mute lasts; calls for help and tests are told nevertheless."""
        return self.memory.now < self.memory.muted_until

    def handle(self, event: AlarmEvent) -> list[AlarmMessage]:
        """Take an event; return the messages that follow, those of time that has passed first."""
        messages = self.tick(event.time)
        trigger = self._trigger(event)
        if event.trigger is Trigger.unmute and not self.is_muted:
            return messages
        if event.trigger is Trigger.cancel:
            self.memory.asked_until = 0.0  # the first press of the help button was a mistake
        self._apply(trigger, event)
        self._pass_time()
        return messages + self._told()

    def report(self, condition: Condition) -> list[AlarmMessage]:
        """Take a condition that begins, lasts or ends; return the messages that follow. One that lasts is told once."""
        messages = self.tick(condition.time)
        self._condition(condition)
        return messages + self._told()

    def active(self, time: float) -> list[AlarmMessage]:
        """Take a sign of life; return the messages that follow."""
        messages = self.tick(time)
        self.memory.active = self.memory.now
        self._condition(Condition(_INACTIVITY, "", time, is_on=False))
        return messages + self._told()

    def tick(self, now: float) -> list[AlarmMessage]:
        """Take the time, s since 1970 on the host's clock; return the messages that follow. Call it once a second or oftener.

        A clock that was set back moves all times along, so that no countdown waits for years; one that was set forward ends it at once.
        """
        memory = self.memory
        now = now if math.isfinite(now) else memory.now
        if now < memory.now - LATE:
            memory.shift(now - memory.now)
        memory.now = max(memory.now, now)
        self._pass_time()
        last = memory.active
        if self.settings.inactive_s is not None and last is not None and memory.now >= last + self.settings.inactive_s:
            hours = self.settings.inactive_s / _HOUR
            self._condition(Condition(_INACTIVITY, "", memory.now, reason=f"no sign of life for {hours:.3g} h"))
        return self._told()

    def advance(self, time: float) -> list[AlarmMessage]:
        """Take a time that is long after the last one, as if every second in between had been taken."""
        told: list[AlarmMessage] = []
        while self.memory.due is not None and self.memory.due < time:
            told += self.tick(self.memory.due)
        return told + self.tick(time)

    def _pass_time(self) -> None:
        """Apply the end of the state, and the schedule."""
        memory = self.memory
        passed = 0
        while memory.due is not None and memory.now >= memory.due and passed < len(AlarmState):  # a state may last for 0 s
            self._apply(Trigger.due, AlarmEvent(Trigger.due, memory.now))
            passed += 1
        if memory.muted_until and not self.is_muted:  # it ran out in another state
            self._lift(AlarmEvent(Trigger.due, memory.now))
            self._say("unmuted", AlarmEvent(Trigger.due, memory.now))
        if memory.state in _RESTING and self.settings.schedule and memory.now >= memory.unscheduled_until and not self.is_muted:
            end = off_until(self.settings.schedule, memory.now, self._zone)
            if end is not None:
                self._mute(end)
                self._apply(Trigger.mute, AlarmEvent(Trigger.mute, memory.now, by="schedule"))

    def _trigger(self, event: AlarmEvent) -> Trigger:
        """Return the table's trigger: a sign near the last one is of the same fall, and the second press of the help button confirms it."""
        memory = self.memory
        if event.trigger is Trigger.help and memory.now < memory.asked_until:
            memory.asked_until = 0.0
            return Trigger.confirm
        if event.trigger is Trigger.fall and memory.last_sign is not None and memory.now - memory.last_sign <= self.settings.episode_s:
            return Trigger.again
        if event.trigger is Trigger.mute:
            wanted = self.settings.mute_s if event.seconds is None else event.seconds
            self._mute(memory.now + min(max(0.0, wanted), self.settings.mute_most_s))
        return event.trigger

    def _apply(self, trigger: Trigger, event: AlarmEvent) -> None:
        memory = self.memory
        cell = TABLE[AlarmState.muted if self._mutes(trigger) else memory.state][trigger]
        was_urgent = memory.severity is Severity.urgent
        for one in cell.do:
            _DOING[one](self, event)
        state = cell.state
        if cell.rests:
            state = AlarmState.muted if self.is_muted else AlarmState.idle
        if state is not None:
            self._enter(state)
        for kind in cell.say:
            if not (kind == "still down" and was_urgent):  # told once an episode, also where two cameras see it
                self._say(kind, event, is_muted=Do.ignore in cell.do)

    def _mutes(self, trigger: Trigger) -> bool:
        """Return whether a mute that began before, e.g. before a call for help, hides what a sensor sees."""
        sees = trigger in SENSED and trigger is not Trigger.got_up
        return sees and self.is_muted and self.memory.state in _OVER

    def _enter(self, state: AlarmState) -> None:
        """Set state and its end."""
        memory, settings = self.memory, self.settings
        if state is not memory.state:
            memory.reminders, memory.held = 0, 0.0
        else:
            memory.reminders += 1
        memory.state, memory.entered = state, memory.now
        memory.severity = max(memory.severity, _SEVERITY.get(state, Severity.info))
        if state in (AlarmState.cancelled, AlarmState.cleared):
            memory.over = memory.now
        if state is AlarmState.countdown:
            memory.countdowns = [*(one for one in memory.countdowns if one > memory.now - _HOUR), memory.now][-settings.alarms_per_hour :]
        lasts: dict[AlarmState, float] = {
            AlarmState.countdown: settings.countdown_s,
            AlarmState.acknowledged: settings.acknowledged_s,
            AlarmState.cancelled: settings.cooldown_s,
            AlarmState.cleared: settings.cooldown_s,
        }
        if state is AlarmState.possible:
            memory.due = max(memory.now + settings.confirm_s, self._quiet_until())
        elif state is AlarmState.muted:
            memory.due = memory.muted_until
        elif state.is_latched:
            memory.due = memory.now + settings.repeat_s if memory.reminders < settings.reminders else None
        else:
            memory.due = memory.now + lasts[state] if state in lasts else None

    def _quiet_until(self) -> float:
        """Return until when the next countdown has to wait: for the cool-down, the longer one after too many within the hour."""
        memory, settings = self.memory, self.settings
        if memory.over is None:
            return 0.0
        capped = sum(one > memory.now - _HOUR for one in memory.countdowns) >= settings.alarms_per_hour
        return memory.over + max(settings.cooldown_s, settings.capped_s if capped else 0.0)

    def _mute(self, until: float) -> None:
        self.memory.muted_until, self.memory.muted_falls = until, 0

    def _begin(self, event: AlarmEvent) -> None:
        memory = self.memory
        memory.episode += 1
        memory.severity, memory.confidence, memory.signs, memory.device = Severity.info, event.confidence, 0, event.device
        self._count(event)

    def _count(self, event: AlarmEvent) -> None:
        memory = self.memory
        memory.signs += 1
        memory.confidence = max(memory.confidence, event.confidence)
        memory.last_sign = memory.now

    def _rise(self, event: AlarmEvent) -> None:
        self.memory.severity = Severity.urgent

    def _hold(self, event: AlarmEvent) -> None:
        """Put off the state's end: at most to `deny_s` from now, and in all by `hold_most_s`."""
        memory, settings = self.memory, self.settings
        assert memory.due is not None, "only states with an end are held"
        put_off = min(memory.now + settings.deny_s - memory.due, settings.hold_most_s - memory.held)
        if put_off > 0:
            memory.due, memory.held = memory.due + put_off, memory.held + put_off

    def _ignore(self, event: AlarmEvent) -> None:
        self.memory.muted_falls += 1
        self.memory.last_sign = self.memory.now

    def _ask(self, event: AlarmEvent) -> None:
        self.memory.asked_until = self.memory.now + self.settings.ask_s

    def _lift(self, event: AlarmEvent) -> None:
        """End a mute; what lasts and was not told is told now."""
        memory = self.memory
        memory.muted_until = 0.0
        if event.trigger is Trigger.unmute:
            memory.unscheduled_until = off_until(self.settings.schedule, memory.now, self._zone) or 0.0
        self._tell_conditions()

    def _condition(self, condition: Condition) -> None:
        memory = self.memory
        key = f"{condition.kind}:{condition.device}"
        end = CONDITION_ENDS[condition.kind]
        source = AlarmEvent(Trigger.due, memory.now, condition.device)
        known = memory.conditions.get(key)
        if known is None and len(memory.conditions) >= MOST_CONDITIONS:
            return
        if end is None or (condition.is_on and known is None):
            self._say(condition.kind, source, condition.reason, is_muted=self.is_muted)
            if end is not None:
                memory.conditions[key] = LastingCondition(since=memory.now, reason=condition.reason, told=not self.is_muted)
        elif known is not None and condition.is_on:
            known.over = False
        elif known is not None and self.is_muted:
            known.over = True
        elif known is not None:
            self._say(end, source, condition.reason)
            del memory.conditions[key]

    def _tell_conditions(self) -> None:
        """Tell what has begun or ended while everything was muted."""
        memory = self.memory
        for key, one in list(memory.conditions.items()):
            kind = next(kind for kind in CONDITION_ENDS if key.startswith(f"{kind}:"))
            source = AlarmEvent(Trigger.due, memory.now, key.removeprefix(f"{kind}:"))
            if one.told == one.over:
                self._say(CONDITION_ENDS[kind] or kind if one.over else kind, source, one.reason)
            one.told = True
            if one.over:
                del memory.conditions[key]

    def _say(self, kind: MessageKind, event: AlarmEvent, reason: str = "", is_muted: bool = False) -> None:
        memory = self.memory
        memory.number += 1
        is_condition = kind in CONDITION_ENDS or kind in CONDITION_ENDS.values()
        about = not (is_condition or is_muted or kind in _OWN)
        message = AlarmMessage(
            number=memory.number,
            kind=kind,
            time=memory.now,
            subject=self.subject,
            state=memory.state,
            severity=memory.severity if about else _OWN.get(kind, Severity.warning),
            episode=memory.episode if about else 0,
            device=event.device or (memory.device if about else ""),
            by=event.by,
            via=event.via,
            confidence=memory.confidence if about else event.confidence,
            reason=reason or self._reason(kind),
            due=memory.due if about or kind == "muted" else None,
            is_muted=is_muted,
        )
        self._messages.append(message)

    def _reason(self, kind: MessageKind) -> str:
        memory, settings = self.memory, self.settings
        if kind == "help asked":
            return f"{settings.ask_s:g} s"
        if kind == "reminder":
            return f"for {(memory.reminders * settings.repeat_s) / 60:.3g} min"
        if kind == "unmuted" and memory.muted_falls:
            return f"possible falls that were not told: {memory.muted_falls}"
        if kind == "possible fall" and memory.due is not None and memory.due > memory.now + settings.confirm_s:
            return f"held back for {memory.due - memory.now:.0f} s, as another one has just been"
        return ""

    def _told(self) -> list[AlarmMessage]:
        told, self._messages = self._messages, []
        return told


_DOING: dict[Do, Callable[[AlarmMachine, AlarmEvent], None]] = {
    Do.begin: AlarmMachine._begin,
    Do.count: AlarmMachine._count,
    Do.rise: AlarmMachine._rise,
    Do.hold: AlarmMachine._hold,
    Do.ignore: AlarmMachine._ignore,
    Do.ask: AlarmMachine._ask,
    Do.lift: AlarmMachine._lift,
}
