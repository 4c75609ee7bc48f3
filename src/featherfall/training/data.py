"""Training clips in memory. Teacher and student see the same slice of each batch.

Shapes: V views, N clips, B batch, T samples, C channels; F pictures of H x H pixels of a film.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from featherfall.clips.labels import IGNORED
from featherfall.clips.store import ClipStore
from featherfall.core.training_settings import Augment, Draw, Training
from featherfall.training.films import FilmViews, film_views
from featherfall.training.views import make_views


@dataclass(frozen=True, eq=False)
class Batch:
    """The clips of one training step.

    Attributes:
        clip: {name: (B, T, C)}, {film's name: (B, F, H, H, 3) uint8} and {"present:<name>": (B,)}.
        labels: (B,), `IGNORED` for teacher-only views.
        index, view: (B,) in `Clips`.
    """

    clip: dict[str, Tensor]
    labels: Tensor
    index: Tensor
    view: Tensor


@dataclass(frozen=True, eq=False)
class Clips:
    """Clips and their views.

    Attributes:
        inputs: {name: (V, N, T, C)} float32 of the sensors; view 0 is the clip as recorded.
        films: by name; their pictures are decoded batch by batch.
        present: {name: (N,)} bool.
        labels: (N,) int64.
        labelled: views 0 .. labelled - 1 have the clip's class; the others are used with teachers' outputs only.
        rate: of the samples, Hz; 0 where it is not known.
        dataset: (N,) int64, the number of each clip's dataset; None where all are of one.
    """

    inputs: dict[str, Tensor]
    present: dict[str, Tensor]
    labels: Tensor
    labelled: int
    films: Mapping[str, FilmViews] = field(default_factory=dict)
    rate: float = 0.0
    dataset: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def views(self) -> int:
        return max([len(values) for values in self.inputs.values()] + [film.views for film in self.films.values()])

    def take(self, index: Tensor, view: Tensor) -> Batch:
        """Return the clips `index` in the views `view`, both (B,)."""
        clip = {name: values[view, index] for name, values in self.inputs.items()}
        clip |= {name: film.take(index, view) for name, film in self.films.items()}
        clip |= {f"present:{name}": flags[index] for name, flags in self.present.items() if not bool(flags.all())}
        return Batch(clip, torch.where(view < self.labelled, self.labels[index], IGNORED), index, view)

    def with_inputs(self, names: Sequence[str]) -> Clips:
        """Return only the clips that have all of these inputs, with only these inputs."""
        keep = torch.stack([self.present[name] for name in names]).all(dim=0)
        inputs = {name: self.inputs[name][:, keep] for name in names if name in self.inputs}
        films = {name: self.films[name].select(keep.numpy()) for name in names if name in self.films}
        present = {name: self.present[name][keep] for name in names}
        dataset = None if self.dataset is None else self.dataset[keep]
        return Clips(inputs, present, self.labels[keep], self.labelled, films, self.rate, dataset)

    def to(self, device: torch.device) -> Clips:
        """Return the clips on another device."""
        return Clips(
            {name: values.to(device) for name, values in self.inputs.items()},
            {name: flags.to(device) for name, flags in self.present.items()},
            self.labels.to(device),
            self.labelled,
            self.films,
            self.rate,
            self.dataset,
        )


def load_clips(
    store: ClipStore,
    index: np.ndarray,
    labels: np.ndarray,
    names: Sequence[str],
    augment: Augment | None = None,
    *,
    teacher_only: bool = False,
) -> Clips:
    """Read clips into memory with their views (the clip itself only, without `augment`).

    Arguments:
        index: clips of the store. labels: (len(index),) their classes. names: inputs to load.
        teacher_only: also make the views that have no class.
    """
    views = make_views(store, index, names, augment or Augment())
    count = views.total if teacher_only else views.labelled
    films = {name: film_views(store.films[name], index, views, range(count)) for name in names if name in store.films}
    inputs = {name: torch.empty((count, *values.shape)) for name, values in views.inputs.items()}
    for v in range(count):
        for name, values in views.view(v).items():
            inputs[name][v] = torch.from_numpy(np.ascontiguousarray(values))
    present = {name: torch.from_numpy(store.present[name][index]) for name in names}
    return Clips(inputs, present, torch.from_numpy(labels.astype(np.int64)), views.labelled, films, store.rate, _datasets_of(store, index))


def drawn_views(store: ClipStore, index: np.ndarray, labels: np.ndarray, training: Training, seeds: Sequence[int]) -> Tensor:
    """Return (V, N) bool: which views of the clips `index` are in a batch of a training with one of the seeds.

    Arguments:
        labels: (N,) classes of the clips, as the training's.
    """
    views = make_views(store, index, (), training.augment)
    nothing = {"": torch.empty(views.total, len(index), 0)}  # of clips, a sampler needs their number and groups only
    clips = Clips(nothing, {}, torch.from_numpy(labels.astype(np.int64)), views.labelled, dataset=_datasets_of(store, index))
    drawn = torch.zeros(clips.views, len(clips), dtype=torch.bool)
    for seed in seeds:
        order = BatchSampler(clips, training.batch, seed, training.augment.teacher_only_share, training.draw)
        for step in range(training.steps):
            chosen, view = order(step)
            drawn[view, chosen] = True
    return drawn


def _datasets_of(store: ClipStore, index: np.ndarray) -> Tensor:
    """Return (len(index),) int64, the number of each clip's dataset."""
    of_recordings = np.unique([recording.dataset for recording in store.recordings], return_inverse=True)[1].reshape(-1)
    return torch.from_numpy(of_recordings[store.recording[index]].astype(np.int64))


class BatchSampler:
    """Draws clips and views as a function of (seed, step) alone, so that training can be interrupted and resumed.

    Each epoch is a fresh permutation; a batch may reach across two epochs. With `draw`, clips are drawn one by one, with replacement, so
    that each group has its share. Where there are teacher-only views, the given share of each batch is drawn from them.
    """

    def __init__(self, clips: Clips, batch: int, seed: int, teacher_only_share: float = 0.0, draw: Draw | None = None) -> None:
        self.count, self.seed = len(clips), seed
        self.batch = min(batch, self.count)
        self.labelled, self.views = clips.labelled, clips.views
        self.unlabelled = min(round(self.batch * teacher_only_share), self.batch - 1) if self.views > self.labelled else 0
        self._ladder = None if draw is None else chances(clips, draw).cumsum(0)
        self._epoch = -1
        self._order = torch.empty(0, dtype=torch.int64)

    def __call__(self, step: int) -> tuple[Tensor, Tensor]:
        """Return clip indices (B,) and views (B,) of a step."""
        random = _generator(self.seed, 1, step)
        wanted = self.batch - self.unlabelled
        view = torch.randint(self.labelled, (wanted,), generator=random)
        index = self._slice(step * wanted, wanted) if self._ladder is None else self._drawn(wanted, random)
        if self.unlabelled:
            few = self.unlabelled
            more = torch.randint(self.count, (few,), generator=random) if self._ladder is None else self._drawn(few, random)
            index = torch.cat([index, more])
            view = torch.cat([view, torch.randint(self.labelled, self.views, (self.unlabelled,), generator=random)])
        return index, view

    def _drawn(self, wanted: int, random: torch.Generator) -> Tensor:
        """Return clips by their chances: the steps of a ladder on which random heights lie."""
        assert self._ladder is not None
        height = torch.rand(wanted, generator=random, dtype=torch.float64) * self._ladder[-1]
        return torch.searchsorted(self._ladder, height, right=True).clamp(max=self.count - 1)

    def _slice(self, first: int, wanted: int) -> Tensor:
        """Return entries first .. first + wanted - 1 of the endless sequence of permutations."""
        parts = []
        while wanted:
            epoch, offset = divmod(first, self.count)
            part = self._permutation(epoch)[offset : offset + wanted]
            parts.append(part)
            first, wanted = first + len(part), wanted - len(part)
        return torch.cat(parts)

    def _permutation(self, epoch: int) -> Tensor:
        if epoch != self._epoch:
            self._epoch, self._order = epoch, torch.randperm(self.count, generator=_generator(self.seed, 0, epoch))
        return self._order


def chances(clips: Clips, draw: Draw) -> Tensor:
    """Return the chance of each clip to be drawn, (N,) float64, which sum to 1; see `core.recipe.Draw`."""
    columns = [clips.labels.cpu()] if "class" in draw.by else []
    if "dataset" in draw.by and clips.dataset is not None:
        columns.append(clips.dataset.cpu())
    if not columns:
        return torch.full((len(clips),), 1 / len(clips), dtype=torch.float64)
    _, group, sizes = torch.unique(torch.stack(columns), dim=1, return_inverse=True, return_counts=True)
    weight = sizes.double() ** (draw.power - 1)
    return weight[group] / (weight * sizes).sum()


def mix_seeds(*numbers: int) -> int:
    """Return a 32-bit seed that depends on all numbers; torch's generator on CPU ignores the higher bits of its seed."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


def _generator(seed: int, stream: int, number: int) -> torch.Generator:
    return torch.Generator().manual_seed(mix_seeds(seed, stream, number))
