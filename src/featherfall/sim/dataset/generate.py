"""The plan of a simulation: its people and the recordings each of them makes, all functions of a seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.tables import nearest

from ..world.act import Act
from ..world.body import Body, SimulatedPerson, draw_person, make_body
from ..world.motion import Motion

DEFAULT_FALL_SHARE = 0.35  # share of recordings that are falls, where none is stated
LONGEST_RECORDING = 15.0  # s, approximate maximum
SHORTEST_RECORDING = 5.0  # s

MakeAct = Callable[[Body, np.random.Generator], Act]


def daily_activities() -> Mapping[str, MakeAct]:
    """Return the activities of daily living by name."""
    from ..acts.daily import DAILY_ACTIVITIES

    return DAILY_ACTIVITIES


def fall_activities() -> Mapping[str, MakeAct]:
    """Return the falls by name."""
    from ..acts.falls import FALL_ACTIVITIES

    return FALL_ACTIVITIES


@dataclass(frozen=True)
class Plan:
    """What to simulate; made by `make_plan`.

    Attributes:
        subjects: how many people.
        seconds: how much each of them records.
        seed: decides everything.
        daily, falls: names of the activities that occur.
        share: of recordings that are falls, 0 to 1.
    """

    subjects: int
    seconds: float
    seed: int
    daily: tuple[str, ...]
    falls: tuple[str, ...]
    share: float


@dataclass(frozen=True)
class Item:
    """One recording to make.

    Attributes:
        subject: number of the person, from 0.
        index: number of the recording among the person's, from 0.
        person: the person.
        hand: the wrist on which the person wears a watch.
        activity, trial: the activity, and its number among the person's trials of it, from 1.
        seed: of the plan.
    """

    subject: int
    index: int
    person: SimulatedPerson
    hand: str
    activity: str
    trial: int
    seed: int

    @property
    def id(self) -> str:
        """ "P001/trip/2"."""
        return f"{self.person.name}/{self.activity}/{self.trial}"

    def rng(self, purpose: int) -> np.random.Generator:
        """Return the random generator for one purpose of this recording, so that e.g. other sensors leave the motion unchanged."""
        # Entropy is padded with zeros, so the recordings count from 1: 0 is the person.
        return np.random.default_rng(np.random.SeedSequence([self.seed, self.subject, self.index + 1, purpose]))

    def habit(self) -> np.random.Generator:
        """Return a random generator that is the same for all recordings of the person, e.g. for how sensors are strapped on."""
        return np.random.default_rng(np.random.SeedSequence([self.seed, self.subject, 0, 1]))


MOTION_STREAM, SENSOR_STREAM, SKELETON_STREAM, CAMERA_STREAM, EXCERPT_STREAM = range(5)  # purposes of random generators, see `Item.rng`


@dataclass(frozen=True)
class Subject:
    """A person and the endless sequence of their recordings: `item(0)`, `item(1)`, ..."""

    number: int
    person: SimulatedPerson
    hand: str
    plan: Plan
    daily: tuple[str, ...]
    falls: tuple[str, ...]
    phase: float  # in [0, 1): when the first fall is due

    def item(self, index: int) -> Item:
        """Return the recording of that number. Falls are spread evenly, and all activities occur before one is repeated."""
        fallen, before = (math.floor(count * self.plan.share + self.phase) for count in (index + 1, index))
        names, count = (self.falls, before) if fallen > before else (self.daily, index - before)
        activity, trial = names[count % len(names)], count // len(names) + 1
        return Item(self.number, index, self.person, self.hand, activity, trial, self.plan.seed)


def make_plan(subjects: int, hours: float, seed: int = 0, activities: Sequence[str] = (), share: float | None = None) -> Plan:
    """Validate the arguments and return the plan.

    Arguments:
        subjects: people, at least 1.
        hours: of recordings of all subjects together, above 0.
        seed: 0 or more.
        activities: names that may occur; all when empty.
        share: of recordings that are falls, 0 to 1; `DEFAULT_FALL_SHARE`, or what `activities` leave possible, when None.
    Raises: `UserError`.
    """
    if subjects < 1:
        raise UserError(f"--subjects {subjects}: nobody to simulate; give at least 1")
    if not (math.isfinite(hours) and hours > 0):
        raise UserError(f"--hours {hours:g}: nothing to simulate; give a number above 0, e.g. 0.1")
    if seed < 0:
        raise UserError(f"--seed {seed}: must not be negative; give 0 or more")
    if share is not None and not 0 <= share <= 1:
        raise UserError(f"--falls {share:g}: not a share; give 0 (no falls) to 1 (only falls)")
    known = [*daily_activities(), *fall_activities()]
    for name in activities:
        if name not in known:
            raise UserError(f"--activities: unknown activity {name!r}; {nearest(name, known)}")
    daily_names = tuple(name for name in daily_activities() if not activities or name in activities)
    fall_names = tuple(name for name in fall_activities() if not activities or name in activities)
    if share is None:
        share = DEFAULT_FALL_SHARE if daily_names and fall_names else float(bool(fall_names))
    if share > 0 and not fall_names:
        raise UserError(
            f"--falls {share:g}: none of the activities is a fall; add one ({', '.join(fall_activities())}) or leave --falls out"
        )
    if share < 1 and not daily_names:
        raise UserError(
            f"--falls {share:g}: all of the activities are falls; "
            f"add one that is none ({', '.join(daily_activities())}) or leave --falls out"
        )
    return Plan(subjects, hours * 3600 / subjects, seed, daily_names, fall_names, share)


def make_subjects(plan: Plan) -> list[Subject]:
    """Return the people of a plan; each depends only on the seed and their number."""
    people = []
    for number in range(plan.subjects):
        rng = np.random.default_rng(np.random.SeedSequence([plan.seed, number]))
        person = draw_person(f"P{number + 1:03}", rng)
        hand = "left wrist" if rng.random() < 0.8 else "right wrist"  # most people are right-handed and wear a watch on the other side
        order = tuple(str(name) for name in rng.permutation(plan.daily)), tuple(str(name) for name in rng.permutation(plan.falls))
        people.append(Subject(number, person, hand, plan, *order, phase=float(rng.random())))
    return people


def simulate_item(item: Item) -> Motion:
    """Simulate the motion of one recording; the same item always gives the same motion."""
    return simulate_motion(item.activity, item.person, item.rng(MOTION_STREAM))


def simulate_motion(activity: str, person: SimulatedPerson, rng: np.random.Generator) -> Motion:
    """Simulate a person doing `activity`, a name of `daily_activities` or `fall_activities`."""
    from ..acts.physics import simulate_act

    body = make_body(person)
    make = {**daily_activities(), **fall_activities()}[activity]
    return simulate_act(body, make(body, rng), rng)
