"""Run a network over clips: probabilities for evaluation, logits and features of teachers for distillation."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from featherfall.models.taps import tap
from featherfall.training.data import Clips

CHUNK = 512


@torch.no_grad()
def logits_of(model: nn.Module, clips: Clips, view: int = 0) -> Tensor:
    """(N, classes) logits of one view of every clip, in evaluation mode."""
    return _run(model, clips, view, ())[0]


@torch.no_grad()
def teacher_outputs(model: nn.Module, clips: Clips, taps: Sequence[str]) -> tuple[Tensor, dict[str, Tensor]]:
    """(V, N, classes) logits and {tap: (V, N, D)} features of every view of every clip."""
    runs = [_run(model, clips, view, taps) for view in range(clips.views)]
    return torch.stack([logits for logits, _ in runs]), {name: torch.stack([features[name] for _, features in runs]) for name in taps}


def _run(model: nn.Module, clips: Clips, view: int, taps: Sequence[str]) -> tuple[Tensor, dict[str, Tensor]]:
    model.eval()
    logits: list[Tensor] = []
    features: dict[str, list[Tensor]] = {name: [] for name in taps}
    with tap(model, taps) as tapped:
        for index in torch.arange(len(clips)).split(CHUNK):
            logits.append(model(clips.take(index, torch.full_like(index, view)).clip))
            for name in taps:
                features[name].append(tapped[name].flatten(1))
    return torch.cat(logits), {name: torch.cat(parts) for name, parts in features.items()}
