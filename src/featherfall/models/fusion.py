"""Fusion teacher: branches side by side, each of which may be missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from featherfall.core.registry import register
from featherfall.models.build import build_network
from featherfall.models.inputs import Channels


class FusionNet(nn.Module):
    """Concatenated embeddings of its branches -> dropout -> linear.

    A branch all of whose inputs are absent from a clip (`present`) contributes a learned vector in place of its embedding; of a branch
    that has some of its inputs, the others are zeros. In training whole
    branches are dropped at random, so that the teacher learns to work without any one of them.

    Arguments:
        branches: by name; each has `inputs`, `embed(clip) -> (B, width)` and `width`. They may come pretrained.
        branch_dropout: chance that a branch is dropped from a clip in training; one always stays.
    """

    def __init__(self, branches: Mapping[str, nn.Module], classes: int, dropout: float = 0.5, branch_dropout: float = 0.1) -> None:
        super().__init__()
        self.branches = nn.ModuleDict(branches)
        self.inputs = tuple(name for branch in branches.values() for name in branch.inputs)  # type: ignore[union-attr]
        widths = [int(branch.width) for branch in branches.values()]  # type: ignore[arg-type]
        self.absent = nn.ParameterList([nn.Parameter(torch.zeros(width)) for width in widths])
        self.branch_dropout = branch_dropout
        self.width = sum(widths)
        self.embedding = nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(self.width, classes)

    def embed(self, clip: Mapping[str, Tensor]) -> Tensor:
        """{name: (B, T, C)} and optionally {"present:<name>": (B,) bool} -> (B, width)."""
        parts, keep = [], self._keep(clip)
        for i, branch in enumerate(self.branches.values()):
            embedding = branch.embed(_zeroed(clip, branch.inputs))  # type: ignore[operator, arg-type]
            parts.append(torch.where(keep[:, i : i + 1], embedding, self.absent[i]))
        return self.embedding(torch.cat(parts, dim=1))

    def forward(self, clip: Mapping[str, Tensor]) -> Tensor:
        """Same arguments as `embed` -> (B, classes) logits."""
        return self.head(self.dropout(self.embed(clip)))

    def _keep(self, clip: Mapping[str, Tensor]) -> Tensor:
        """Return which branches contribute to which clip, (B, branches) bool."""
        first = clip[self.inputs[0]]
        count = len(self.branches)
        keep = torch.ones(len(first), count, dtype=torch.bool, device=first.device)
        for i, branch in enumerate(self.branches.values()):
            flags = [clip.get(f"present:{name}") for name in branch.inputs]  # type: ignore[union-attr]
            known = [flag for flag in flags if flag is not None]
            if len(known) == len(flags):  # an input without a flag is in every clip
                keep[:, i] = torch.stack(known).any(dim=0)
        if self.training and self.branch_dropout and count > 1:
            dropped = torch.rand(len(first), count, device=first.device) < self.branch_dropout
            thinned = keep & ~dropped
            keep = torch.where(thinned.any(dim=1, keepdim=True), thinned, keep)
        return keep


def _zeroed(clip: Mapping[str, Tensor], names: Sequence[str]) -> dict[str, Tensor]:
    """Return some inputs of a clip, with zeros where they are absent: what stands there must not matter to the rest of the branch."""
    out = {}
    for name in names:
        flag = clip.get(f"present:{name}")
        out[name] = clip[name] if flag is None else torch.where(flag.view(-1, *[1] * (clip[name].ndim - 1)), clip[name], 0)
    return out


@register("model", "fusion", looks_at=["window"])
def build_fusion(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    """Fusion teacher: a skeleton branch and an inertial branch, either of which may be missing.

    Arguments:
        options: of `FusionNet`; and those of a branch's network under its kind, e.g. {"inertial": {"peaks": True}}.
    """
    parts = branches_of(inputs)
    branches = {kind: build_network(kind, names, channels, classes, **options.pop(kind, {})) for kind, names in parts.items()}
    return FusionNet(branches, classes, **options)


def branches_of(inputs: Sequence[str]) -> dict[str, list[str]]:
    """Return the branch networks of a fusion model and the inputs of each: {"skeleton": [...], "inertial": [...]}."""
    branches: dict[str, list[str]] = {}
    for name in inputs:
        branches.setdefault("skeleton" if name.endswith("skeleton") else "inertial", []).append(name)
    return branches
