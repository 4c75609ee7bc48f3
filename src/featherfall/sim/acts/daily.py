"""Activities of daily living by name.

The list holds the daily activities of WEDA-FALL (Marques & Moreno, Sensors 23(6), 2023) and what else fall studies record (Sucerquia, Lopez
& Vargas-Bonilla, SisFall, Sensors 17(1), 2017). Each lasts some 5 to 15 s, starts anywhere in the room, facing anywhere, and is never done
twice the same.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..world.act import Act
from ..world.body import Body
from . import chores, exercise, going, resting

DAILY_ACTIVITIES: dict[str, Callable[[Body, np.random.Generator], Act]] = {
    "walk": going.walk,
    "walk slowly": going.walk_slowly,
    "walk fast": going.walk_fast,
    "jog": going.jog,
    "stairs up": going.stairs_up,
    "stairs down": going.stairs_down,
    "climb a step": going.climb_a_step,
    "sit down": resting.sit_down,
    "sit down heavily": resting.sit_down_heavily,
    "stand up": resting.stand_up,
    "drop into a chair": resting.drop_into_chair,
    "lie down": resting.lie_down,
    "get up from bed": resting.get_up_from_bed,
    "pick up": chores.pick_up,
    "reach": chores.reach,
    "tie shoes": chores.tie_shoes,
    "jump": going.jump,
    "stumble": going.stumble,
    "clap": chores.clap,
    "hit a table": chores.hit_table,
    "open a door": chores.open_a_door,
    "wave": chores.wave,
    "drink": chores.drink,
    "stand": chores.stand,
    "turn over in bed": resting.turn_over_in_bed,
    "kneel": resting.kneel,
    "squats": exercise.squats,
    "lunges": exercise.lunges,
    "exercise": exercise.exercise,
}
