"""What an alarm machine remembers: plain values that are stored with each message."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from featherfall.core.errors import UserError
from featherfall.runtime.alarm import AlarmState, Severity

MOST_CONDITIONS = 200  # of a person at once: of 40 devices all that there are
_Number = Annotated[int, Field(ge=0, lt=1 << 53)]


class LastingCondition(BaseModel):
    """A condition that has not ended.

    told: whether it was told; False where it began while everything was muted.
    over: it has ended while everything was muted.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    since: float
    reason: str = ""
    told: bool = True
    over: bool = False


class AlarmMemory(BaseModel):
    """The state of one machine. All times are s since 1970 on the host's clock.

    now: of the last event. due: at which the state ends by itself.
    number: of the last message. episode: of the last possible fall or call for help.
    severity, confidence, signs, device: of the episode. last_sign: its time.
    entered: the state's start. held: s by which other sensors have put off its end. reminders: that were told.
    over: end of the last episode. countdowns: times of the latest ones.
    muted_until: 0 without a mute; it lasts in other states than `muted`, too, e.g. while there is a call for help.
    muted_falls: that came while it lasted. unscheduled_until: until which the schedule does not mute, as somebody has lifted it.
    asked_until: until which a second press of the help button raises the alarm.
    active: time of the last sign of life; None before the first.
    conditions: by "kind:device".
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, validate_assignment=False)

    state: AlarmState = AlarmState.idle
    now: float = 0.0
    due: float | None = None
    number: _Number = 0
    episode: _Number = 0
    severity: Severity = Severity.info
    confidence: float = 0.0
    signs: _Number = 0
    device: str = ""
    last_sign: float | None = None
    entered: float = 0.0
    held: float = 0.0
    reminders: _Number = 0
    over: float | None = None
    countdowns: list[float] = Field(default=[], max_length=1000)
    muted_until: float = 0.0
    muted_falls: _Number = 0
    unscheduled_until: float = 0.0
    asked_until: float = 0.0
    active: float | None = None
    conditions: dict[str, LastingCondition] = Field(default={}, max_length=MOST_CONDITIONS)

    @classmethod
    def read(cls, values: Any, where: str) -> AlarmMemory:
        """Return what was stored; raises `UserError` where it is not usable. where: for the message."""
        try:
            return cls.model_validate(values)
        except (ValidationError, RecursionError) as error:
            reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else "nested too deeply"
            raise UserError(f"{where}: the state of its alarm is damaged ({reason}); it begins anew") from error

    def shift(self, seconds: float) -> None:
        """Move all times, as the host's clock was set back."""
        for name in ("now", "entered", "muted_until", "unscheduled_until", "asked_until", "due", "last_sign", "over", "active"):
            if getattr(self, name):  # 0 and None: never
                setattr(self, name, getattr(self, name) + seconds)
        self.countdowns = [time + seconds for time in self.countdowns]
        for one in self.conditions.values():
            one.since += seconds
