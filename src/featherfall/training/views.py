"""Views: versions of every clip, the same for teacher and student, made once and reused by all seeds.

Labelled views are the clip as recorded or warped in time; they keep its class. Teacher-only views are blends of two clips and clips played
backwards; they have no class, but the student can match the teacher's outputs on them (function matching, Beyer et al. 2022, arXiv
2106.05237). The student alone cannot use them.

Shapes: N clips, T samples, C channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from featherfall.clips.store import ClipStore
from featherfall.core.training_settings import Augment
from featherfall.training.augment import sensor_and_kind

KNOTS = 6  # of the piecewise-linear speed of a warped view
Inputs = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class ViewPlan:
    """How one view of N clips is made, for any input.

    Attributes:
        first: (N, T) positions, in samples, at which the clips are read; None: as recorded.
        partner: (N,) with which clip each is blended, read at `second`, by the shares (N, T); None: with none.
        backwards: the result is played backwards.
    """

    first: np.ndarray | None = None
    partner: np.ndarray | None = None
    second: np.ndarray | None = None
    share: np.ndarray | None = None
    backwards: bool = False


@dataclass(frozen=True, eq=False)
class Views:
    """The views of N clips; view `v` is a function of (clips, settings, seed, v) alone.

    Order: the clip itself, `settings.views` warped ones, then the teacher-only ones: `settings.blends`, `settings.reversed`.

    Attributes:
        inputs: {name: (N, T, C)} of the sensors.
        shape: (N, T); needed where there is no sensor.
        alike: (N,) int; only clips with the same number are blended (those that have, and lack, the same inputs). None: all are alike.
    """

    inputs: Inputs
    settings: Augment
    alike: np.ndarray | None = None
    seed: int = 0
    shape: tuple[int, int] | None = None

    @property
    def count(self) -> int:
        """Number of clips, N."""
        return (self.shape or next(iter(self.inputs.values())).shape)[0]

    @property
    def length(self) -> int:
        """Number of samples, T."""
        return (self.shape or next(iter(self.inputs.values())).shape)[1]

    @property
    def labelled(self) -> int:
        """Number of views whose class is the clip's."""
        return 1 + self.settings.views

    @property
    def total(self) -> int:
        """Number of all views, including teacher-only ones."""
        return self.labelled + self.settings.blends + self.settings.reversed

    def plan(self, number: int) -> ViewPlan:
        """Return the plan of view `number`."""
        blend = number - self.labelled
        if blend < 0:
            return ViewPlan(self._positions(number))
        if blend < self.settings.blends:
            return self._blend(blend)
        return ViewPlan(self._positions((blend - self.settings.blends) % self.labelled), backwards=True)

    def view(self, number: int) -> Inputs:
        """Return one view, {name: (N, T, C)} float32."""
        plan = self.plan(number)
        out = {}
        for name, values in self.inputs.items():
            seen = values if plan.first is None else interpolate_at(values, plan.first)
            if plan.partner is not None and plan.share is not None:
                other = (values if plan.second is None else interpolate_at(values, plan.second))[plan.partner]
                seen = blend(name, seen, other, plan.share)
            out[name] = reverse_time(name, seen) if plan.backwards else seen
        return out

    def _positions(self, number: int) -> np.ndarray | None:
        if number == 0:
            return None
        return draw_warp(self.count, self.length, self.settings, np.random.default_rng([self.seed, number]))

    def _blend(self, number: int) -> ViewPlan:
        """Plan a blend: weighted means of two clips for even numbers, one clip's beginning and another's end for odd ones."""
        random = np.random.default_rng([self.seed, 10_000 + number])
        first, second = (self._positions(int(random.integers(self.labelled))) for _ in range(2))
        partner = np.arange(self.count)
        kinds = np.zeros(self.count) if self.alike is None else self.alike
        for kind in np.unique(kinds):
            partner[kinds == kind] = random.permutation(np.flatnonzero(kinds == kind))
        if number % 2 == 0:
            share = np.broadcast_to(random.uniform(0.1, 0.5, (self.count, 1)), (self.count, self.length))
        else:
            cut = random.uniform(0.2, 0.8, (self.count, 1))
            share = np.clip((np.linspace(0, 1, self.length) - cut) / 0.06 + 0.5, 0, 1)
        return ViewPlan(first, partner, second, share)


def load_inputs(store: ClipStore, index: np.ndarray, names: Sequence[str]) -> Inputs:
    """Return the chosen clips' sensors, {name: (N, T, C)}; inputs that a recording lacks are zeros."""
    sensors = [name for name in names if name in store.inputs]
    return {name: np.where(store.present[name][index][:, None, None], store.inputs[name][index], np.float32(0)) for name in sensors}


def make_views(store: ClipStore, index: np.ndarray, names: Sequence[str], settings: Augment) -> Views:
    """Return the views of the chosen clips; they do not depend on which inputs are asked for."""
    present = np.stack([store.present[name][index] for name in sorted(store.present)])
    alike = np.unique(present, axis=1, return_inverse=True)[1].reshape(-1)
    return Views(load_inputs(store, index, names), settings, alike, shape=(len(index), store.length))


def draw_warp(count: int, length: int, settings: Augment, random: np.random.Generator) -> np.ndarray:
    """Draw positions (N, T), in samples, at which a warped view reads its clips.

    A random piecewise-linear speed (1 +- warp at 6 knots) is summed up to a position and squeezed into a random crop.
    """
    speed = 1 + random.uniform(-settings.warp, settings.warp, (count, KNOTS))
    at = np.linspace(0, KNOTS - 1, length)
    left = np.minimum(at.astype(int), KNOTS - 2)
    curve = speed[:, left] * (1 - (at - left)) + speed[:, left + 1] * (at - left)
    path = np.concatenate([np.zeros((count, 1)), np.cumsum((curve[:, 1:] + curve[:, :-1]) / 2, axis=1)], axis=1)
    path /= path[:, -1:]
    cropped = random.uniform(0, settings.crop, (count, 1))
    begin = random.uniform(0, 1, (count, 1)) * cropped
    return (begin + (1 - cropped) * path) * (length - 1)


def interpolate_at(clips: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return clips (N, T, C) at fractional positions (N, T), linear between samples."""
    left = np.minimum(positions.astype(np.int64), clips.shape[1] - 2)
    share = (positions - left)[..., None].astype(np.float32)
    count, length, channels = clips.shape
    flat = clips.reshape(count * length, channels)
    at = left + np.arange(count)[:, None] * length
    before = flat.take(at, axis=0)
    return before + (flat.take(at + 1, axis=0) - before) * share


def blend(name: str, first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return first (1 - share) + second share, with (N, T) shares; skeletons are first moved to the same place."""
    if sensor_and_kind(name)[1] == "skeleton":
        second = second + _place(first) - _place(second)
    weight = share[..., None].astype(np.float32)
    return first * (1 - weight) + second * weight


def reverse_time(name: str, values: np.ndarray) -> np.ndarray:
    """Reverse time: positions and accelerations keep their sign, angular velocities change it."""
    backwards = values[:, ::-1]
    return -backwards if sensor_and_kind(name)[1] == "gyroscope" else backwards


def _place(skeletons: np.ndarray) -> np.ndarray:
    """Return the clip's mean position, (N, T, 3 J) -> (N, 1, 3 J), repeated for every joint; unseen joints do not count."""
    count, _, channels = skeletons.shape
    seen = np.isfinite(skeletons)
    total = np.where(seen, skeletons, 0).reshape(count, -1, 3).sum(axis=1)
    mean = total / np.maximum(seen.reshape(count, -1, 3).sum(axis=1), 1)
    return np.tile(mean, (1, channels // 3))[:, None].astype(np.float32)
