"""Training clips in memory, with their warped views. Teacher and student see slices of one batch: pairs by construction.

Shapes: V views, N clips, B batch, T samples, C channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from featherfall.clips.store import ClipStore
from featherfall.ground.recipe import Augment

KNOTS = 6  # of the random speed curve of a warped view


@dataclass(frozen=True, eq=False)
class Batch:
    """clip: {name: (B, T, C)} and {"present:<name>": (B,)}; labels: (B,); index, view: (B,) where each comes from in `Clips`."""

    clip: dict[str, Tensor]
    labels: Tensor
    index: Tensor
    view: Tensor


@dataclass(frozen=True, eq=False)
class Clips:
    """Clips and their views.

    Attributes:
        inputs: {name: (V, N, T, C)} float32; view 0 is the clip as recorded, the others are warped and cropped.
        present: {name: (N,)} bool.
        labels: (N,) int64.
    """

    inputs: dict[str, Tensor]
    present: dict[str, Tensor]
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def views(self) -> int:
        return len(next(iter(self.inputs.values())))

    def take(self, index: Tensor, view: Tensor) -> Batch:
        """The clips `index` in the versions `view`, both (B,)."""
        clip = {name: values[view, index] for name, values in self.inputs.items()}
        clip |= {f"present:{name}": flags[index] for name, flags in self.present.items() if not bool(flags.all())}
        return Batch(clip, self.labels[index], index, view)

    def seen_by(self, names: Sequence[str]) -> Clips:
        """Only the clips that have all of these inputs, and only these inputs."""
        keep = torch.stack([self.present[name] for name in names]).all(dim=0)
        inputs = {name: self.inputs[name][:, keep] for name in names}
        return Clips(inputs, {name: self.present[name][keep] for name in names}, self.labels[keep])

    def to(self, device: torch.device) -> Clips:
        """The same clips on another device."""
        return Clips(
            {name: values.to(device) for name, values in self.inputs.items()},
            {name: flags.to(device) for name, flags in self.present.items()},
            self.labels.to(device),
        )


def load_clips(store: ClipStore, index: np.ndarray, labels: np.ndarray, names: Sequence[str], augment: Augment, seed: int = 0) -> Clips:
    """Read clips into memory and make their views.

    All inputs of a clip are warped alike. Inputs that a recording lacks become zeros, flagged in `present`. The views depend on (clips, augment, seed) only, so that a teacher's outputs on them can be
    computed once and reused by every student.

    Arguments:
        index: clips of the store. labels: (len(index),) their classes. names: inputs to load.
    """
    positions = warps(len(index), store.inputs[names[0]].shape[1], augment, seed)
    present = {name: store.present[name][index] for name in names}
    inputs = {}
    for name in names:
        values = np.where(present[name][:, None, None], store.inputs[name][index], np.float32(0))
        inputs[name] = torch.from_numpy(_read_at(values, positions))
    return Clips(inputs, {name: torch.from_numpy(flags) for name, flags in present.items()}, torch.from_numpy(labels.astype(np.int64)))


def warps(count: int, length: int, augment: Augment, seed: int) -> np.ndarray:
    """(V, N, T) positions, in samples, at which the views read their clips; view 0 is 0, 1, 2, ...

    A random piecewise-linear speed (1 +- warp at 6 knots) is summed up to a position and squeezed into a random crop.
    """
    random = np.random.default_rng([seed, 0x57A2B])
    shape = (augment.views, count)
    speed = 1 + random.uniform(-augment.warp, augment.warp, (*shape, KNOTS))
    at = np.linspace(0, KNOTS - 1, length)
    left = np.minimum(at.astype(int), KNOTS - 2)
    curve = speed[..., left] * (1 - (at - left)) + speed[..., left + 1] * (at - left)
    path = np.concatenate([np.zeros((*shape, 1)), np.cumsum((curve[..., 1:] + curve[..., :-1]) / 2, axis=-1)], axis=-1)
    path /= path[..., -1:]
    cropped = random.uniform(0, augment.crop, (*shape, 1))
    begin = random.uniform(0, 1, (*shape, 1)) * cropped
    views = begin + (1 - cropped) * path
    plain = np.broadcast_to(np.linspace(0, 1, length), (1, count, length))
    return np.concatenate([plain, views]) * (length - 1)


def _read_at(clips: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """(N, T, C) clips at (V, N, T) fractional positions -> (V, N, T, C), linear between samples."""
    out = np.empty((*positions.shape, clips.shape[-1]), np.float32)
    out[0] = clips
    rows = np.arange(len(clips))[:, None]
    for v in range(1, len(positions)):
        left = np.minimum(positions[v].astype(np.int64), clips.shape[1] - 2)
        share = (positions[v] - left)[..., None].astype(np.float32)
        out[v] = clips[rows, left] * (1 - share) + clips[rows, left + 1] * share
    return out


class BatchOrder:
    """Which clips and views step number `step` sees: a function of (seed, step) alone, so that training can stop and go on anywhere.

    Each epoch is a fresh permutation; a batch may reach across two epochs.
    """

    def __init__(self, clips: int, views: int, batch: int, seed: int) -> None:
        self.clips, self.views, self.batch, self.seed = clips, views, min(batch, clips), seed
        self._epoch = -1
        self._order = torch.empty(0, dtype=torch.int64)

    def __call__(self, step: int) -> tuple[Tensor, Tensor]:
        """(B,) clip indices and (B,) views."""
        first = step * self.batch
        parts, want = [], self.batch
        while want:
            epoch, offset = divmod(first, self.clips)
            part = self._permutation(epoch)[offset : offset + want]
            parts.append(part)
            first, want = first + len(part), want - len(part)
        view = torch.randint(self.views, (self.batch,), generator=_generator(self.seed, 1, step))
        return torch.cat(parts), view

    def _permutation(self, epoch: int) -> Tensor:
        if epoch != self._epoch:
            self._epoch, self._order = epoch, torch.randperm(self.clips, generator=_generator(self.seed, 0, epoch))
        return self._order


def _generator(seed: int, stream: int, number: int) -> torch.Generator:
    return torch.Generator().manual_seed(((seed * 2 + stream) << 32) + number)
