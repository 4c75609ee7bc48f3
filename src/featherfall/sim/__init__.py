"""Simulated falls and daily living: bodies in MuJoCo, recorded by simulated sensors and cameras.

>>> from featherfall import sim
>>> motion = sim.simulate("trip", seed=1)      # one of sim.activities()
>>> motion.fall.impact, motion.positions.shape

Nothing heavy is imported before it is used. `featherfall sim` writes whole datasets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .world.body import SimulatedPerson
    from .world.motion import Motion

__all__ = ["activities", "simulate"]


def activities() -> dict[str, bool]:
    """Return the names of all simulated activities and whether the person falls."""
    from .dataset.generate import daily_activities, fall_activities

    return {**dict.fromkeys(daily_activities(), False), **dict.fromkeys(fall_activities(), True)}


def simulate(activity: str, person: SimulatedPerson | None = None, seed: int = 0) -> Motion:
    """Simulate one person doing one activity; the same arguments give the same motion.

    Arguments:
        activity: one of `activities()`.
        person: the person; drawn at random (from `seed`) by default.
    Raises: `featherfall.core.errors.UserError` for an unknown activity or a negative seed.
    """
    import numpy as np

    from featherfall.core.errors import UserError
    from featherfall.core.tables import nearest

    from .dataset.generate import simulate_motion
    from .world.body import draw_person

    if activity not in activities():
        raise UserError(f"unknown activity {activity!r}; {nearest(activity, list(activities()))}")
    if seed < 0:
        raise UserError(f"seed {seed}: must not be negative; give 0 or more")
    rng = np.random.default_rng(seed)
    return simulate_motion(activity, person or draw_person("P001", rng), rng)
