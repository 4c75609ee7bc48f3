"""Run a network over clips: probabilities for evaluation, logits and features of teachers for distillation."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from featherfall.models.taps import tap_features
from featherfall.training.data import Clips

_BATCH = 512  # clips at once
_FILM_BATCH = 16


@torch.no_grad()
def logits_of(model: nn.Module, clips: Clips, view: int = 0) -> Tensor:
    """Return logits (N, classes) of one view of every clip, in evaluation mode."""
    return _run(model, clips, view, ())[0]


@torch.no_grad()
def logits_and_features(
    model: nn.Module, clips: Clips, taps: Sequence[str], some: Tensor | None = None
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return logits (N, classes) and features {tap: (N, D), of maps (N, channels, positions...)} of the clips as recorded.

    Arguments:
        some: (N,) their numbers; all clips without.
    """
    return _run(model, clips, 0, taps, some)


def _run(model: nn.Module, clips: Clips, view: int, taps: Sequence[str], some: Tensor | None = None) -> tuple[Tensor, dict[str, Tensor]]:
    model.eval()
    logits: list[Tensor] = []
    features: dict[str, list[Tensor]] = {name: [] for name in taps}
    with tap_features(model, taps) as tapped:
        for index in (torch.arange(len(clips)) if some is None else some).split(_FILM_BATCH if clips.films else _BATCH):
            logits.append(model(clips.take(index, torch.full_like(index, view)).clip))
            for name in taps:
                features[name].append(tapped[name])
    return torch.cat(logits), {name: torch.cat(parts) for name, parts in features.items()}
