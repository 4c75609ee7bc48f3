"""How a person's alarms behave."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from featherfall.alarms.schedule import Period, zone_of
from featherfall.core.checked import Checked

_Seconds = Annotated[float, Field(ge=0, le=3600)]
_DAY = 86_400.0  # s


def _zone(name: str) -> str:
    zone_of(name)
    return name


class AlarmSettings(Checked):
    """Times in s.

    confirm_s: a possible fall waits for so long before the countdown starts; cameras confirm theirs before they report it.
    countdown_s: in which the person can cancel. Personal emergency devices give 15 to 30 s.
    repeat_s, reminders: an alarm that nobody acknowledges is repeated, so often.
    acknowledged_s: an acknowledged alarm is closed after it, where nobody was seen to get up.
    episode_s: signs so near to the last one are of the same fall. A fall's windows span 2 to 4 s, and getting up takes some more.
    cooldown_s: after a cancelled or cleared alarm the next possible fall waits until it is over. It is delayed, not dropped.
    alarms_per_hour, capped_s: after so many countdowns within an hour the cool-down is longer, so that a sensor that fires all the time is
        no siren, and a fall still leads to an alarm.
    deny_s, hold_most_s: another sensor that saw no fall holds the alarm back for so long; all of them together never longer than the most.
    ask_s: within which the help button is pressed for the second time.
    mute_s, mute_most_s: of a mute that states no time; longest mute.
    inactive_s: without a sign of life after which there is a notice; None for none.
    schedule, timezone: when alarms are on; empty for always. Help and tests work at any time. timezone: as "Europe/Berlin"; "" takes the
        host's.
    """

    confirm_s: _Seconds = 0.0
    countdown_s: _Seconds = 20.0
    repeat_s: float = Field(default=120.0, ge=5, le=_DAY)
    reminders: int = Field(default=10, ge=0, le=1000)
    acknowledged_s: float = Field(default=900.0, ge=0, le=_DAY)
    episode_s: _Seconds = 10.0
    cooldown_s: _Seconds = 30.0
    alarms_per_hour: int = Field(default=6, ge=1, le=1000)
    capped_s: _Seconds = 300.0
    deny_s: _Seconds = 10.0
    hold_most_s: _Seconds = 30.0
    ask_s: float = Field(default=10.0, ge=1, le=300)
    mute_s: float = Field(default=3600.0, ge=1, le=_DAY)
    mute_most_s: float = Field(default=_DAY, ge=1, le=7 * _DAY)
    inactive_s: float | None = Field(default=None, ge=60, le=7 * _DAY)
    schedule: list[Period] = Field(default=[], max_length=50)
    timezone: Annotated[str, AfterValidator(_zone)] = Field(default="", max_length=60)

    @model_validator(mode="after")
    def _consistent(self) -> AlarmSettings:
        if self.cooldown_s < self.episode_s:
            raise ValueError(
                f"cooldown_s is {self.cooldown_s:g}, so that late signs of a cancelled fall raise it again; give {self.episode_s:g} or more"
            )
        return self
