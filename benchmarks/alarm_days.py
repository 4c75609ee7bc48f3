"""How many alarms a household would have, and how many falls would be alarmed, through the whole state machine, on simulated people.

    python benchmarks/alarm_days.py wrist [--days 5] [--seed 100] [--thresholds .57 .8 .95] [--falls 8]
    python benchmarks/alarm_days.py camera [--days 5] [--seed 5000] [--thresholds .75] [--falls 40]

An alarm is a possible fall whose countdown ended: the person presses no button, so that only the rules hold alarms back, and got up, seen
by the camera, clears them. Somebody comes a minute after an alarm. A wrist's days have 16 waking hours, 20 activities an hour, each day of
somebody new, with `--falls` falls a day after which the person goes on. A camera's are single acts (`benchmarks/camera_people.py`), 320 a
day, whose last pose is held for longer than the countdown where anything was raised; `--falls` is their number of each of the ten kinds. A
fall is alarmed where the alarm's first sign lies between 1 s before its impact and 20 s after it; of a camera's film of a fall, any alarm.
Intervals: exact Poisson of alarms, Wilson of falls.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import math
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from camera_people import A_DAY, RATE, items, watched
from featherfall.alarms import AlarmEvent, AlarmMachine, AlarmSettings, Trigger
from featherfall.core.day import Day
from featherfall.core.poisson import poisson_interval
from featherfall.core.skeletons import KINECT_20
from featherfall.evaluation.day import activity_at
from featherfall.evaluation.events import impact_of
from featherfall.evaluation.intervals import Share
from featherfall.runtime.alarm import AlarmMessage, AlarmSubject
from featherfall.runtime.bundle import Bundle, load_bundle
from featherfall.runtime.decide.incidents import DecisionSettings, decide
from featherfall.runtime.observation import Fall
from featherfall.runtime.trace import PoseTracer
from featherfall.sim.dataset.day import simulate_day
from featherfall.sim.dataset.generate import Item, simulate_item
from featherfall.sim.sense.joints import skeleton

WAKING_HOURS = 16.0
SETTINGS = AlarmSettings()
HOLD_S = SETTINGS.countdown_s + 10.0  # the last pose of a film: longer than the countdown and the camera's own waits
STANDS_M = 1.0  # from the lowest to the highest joint: 1.45 and more of simulated people who stand, .7 and less of those who are down
HELP_S = 60.0  # after an alarm somebody has come, acknowledged it and helped the person up
BEFORE_S, WITHIN_S = 1.0, 20.0  # s around an impact in which an alarm's first sign is of it


@dataclass
class Outcome:
    """What came of days at one threshold: possible falls and alarms without a fall, falls, and those that were alarmed."""

    possible: int = 0
    alarms: int = 0
    falls: int = 0
    alarmed: int = 0
    doing: Counter[str] = field(default_factory=Counter)  # during false alarms

    def row(self, threshold: float, days: float) -> str:
        """Return the row of a table."""
        low, high = (bound / days for bound in poisson_interval(self.alarms))
        found = Share(self.alarmed, self.falls)
        rate = f"{self.alarms / days:.1f} [{low:.1f}, {high:.1f}]"
        doing = ", ".join(f"{name} {count}" for name, count in self.doing.most_common() if count)
        return f"| {threshold:g} | {found} | {self.possible / days:.1f} | {rate} | {doing} |"


def alarmed(events: Iterable[AlarmEvent], end: float) -> list[tuple[float, bool]]:
    """Return the time of the first sign of each episode, and whether it led to an alarm. end: of the signal, s."""
    machine = AlarmMachine(SETTINGS, AlarmSubject("somebody", "Somebody"))
    messages: list[AlarmMessage] = []
    helped = math.inf
    for event in (*sorted(events, key=lambda one: one.time), AlarmEvent(Trigger.got_up, end + 3600.0)):
        while True:
            told = machine.advance(min(event.time, helped))
            messages += told
            helped = min([helped, *(one.time + HELP_S for one in told if one.kind == "alarm")])
            if helped > event.time:
                break
            if machine.memory.now >= helped:
                messages += machine.handle(AlarmEvent(Trigger.acknowledge, helped)) + machine.handle(AlarmEvent(Trigger.got_up, helped))
                helped = math.inf
        messages += machine.handle(event)
    episodes: dict[float, bool] = {}
    sign = 0.0
    for message in messages:
        if message.kind == "possible fall":
            sign = message.time
            episodes[sign] = False
        elif message.kind == "alarm":
            episodes[sign] = True
    return list(episodes.items())


def wrist_days(bundle: Bundle, days: Sequence[Day], outcome: Outcome) -> None:
    """Judge days of a worn sensor."""
    for day in days:
        signs = [AlarmEvent(Trigger.fall, one.raised_s, "watch", one.confidence) for one in bundle.predict(day.recording).events]
        episodes = alarmed(signs, day.hours * 3600)
        impacts = [impact_of(one.fall) for one in day.activities if one.fall is not None]
        found = set()
        for time, is_alarm in episodes:
            of = [impact for impact in impacts if impact - BEFORE_S <= time <= impact + WITHIN_S]
            if of:
                found |= {of[0]} if is_alarm else set()
                continue
            outcome.possible += 1
            outcome.alarms += is_alarm
            if is_alarm:
                doing = activity_at(day.activities, time - BEFORE_S)
                outcome.doing[doing.activity if doing else "rest"] += 1
        outcome.falls += len(impacts)
        outcome.alarmed += len(found)


def events_of(falls: Sequence[Fall]) -> list[AlarmEvent]:
    """Return what a camera tells of its falls."""
    events = []
    for fall in falls:
        events.append(AlarmEvent(Trigger.fall, fall.raised_s, "camera", fall.confidence))
        if fall.still_down_s is not None:
            events.append(AlarmEvent(Trigger.still_down, fall.still_down_s, "camera"))
        if fall.up_s is not None:
            events.append(AlarmEvent(Trigger.got_up, fall.up_s, "camera"))
    return events


def ends_down(item: Item) -> bool:
    """Return whether somebody who falls is still down at the end; others get up by themselves and need no alarm."""
    last = skeleton(simulate_item(item), KINECT_20, RATE, view=None).values[-1].reshape(-1, 3)
    return float(np.ptp(last[:, 2])) < STANDS_M


def camera_film(bundle: Bundle, item: Item, falls: bool, outcomes: Mapping[float, Outcome]) -> None:
    """Judge one film. Where nothing is raised while its last pose is held shortly, it is not held for longer."""
    traces = {}
    for threshold, outcome in outcomes.items():
        settings = DecisionSettings.of(bundle.at(threshold).manifest)
        for hold in (None, HOLD_S):
            if hold not in traces:
                tracer = PoseTracer(bundle)
                traces[hold] = [tracer.follow(one) for one in watched(item, hold)]
            found = decide(traces[hold], settings)[0]
            if not found:
                break
        episodes = alarmed(events_of(found), traces[hold][-1].time)
        alarms = sum(is_alarm for _, is_alarm in episodes)
        if falls:
            if ends_down(item):
                outcome.falls += 1
                outcome.alarmed += alarms > 0
        else:
            outcome.possible += len(episodes)
            outcome.alarms += alarms
            outcome.doing[item.activity] += alarms


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundle")
    parser.add_argument("--days", type=float, default=5)
    parser.add_argument("--falls", type=int, default=8)
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--thresholds", type=float, nargs="*")
    options = parser.parse_args()
    bundle = load_bundle(options.bundle)
    thresholds = options.thresholds or [bundle.manifest.decision.threshold]
    outcomes = {threshold: Outcome() for threshold in thresholds}
    if bundle.manifest.kind == "window":
        days = [simulate_day(WAKING_HOURS, options.falls, options.seed + number) for number in range(round(options.days))]
        for threshold, outcome in outcomes.items():
            wrist_days(bundle.at(threshold), days, outcome)
    else:
        films = Namespace(seed=options.seed, acts=())
        for share, count in ((0.0, round(options.days * A_DAY)), (1.0, 10 * options.falls)):
            for item in items(films, share, count):
                camera_film(bundle, item, share == 1.0, outcomes)
    print("| threshold | falls alarmed | possible falls a day that are none | false alarms a day | during |\n|---|---|---|---|---|")
    for threshold, outcome in outcomes.items():
        print(outcome.row(threshold, options.days))


if __name__ == "__main__":
    main()
