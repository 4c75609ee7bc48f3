"""From a recipe's words to a network: explicit builders in a small dictionary."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import nn

from featherfall.ground.errors import UserError
from featherfall.ground.skeletons import parents_of
from featherfall.models.fusion import FusionNet
from featherfall.models.inertial import InertialNet
from featherfall.models.skeleton import SkeletonNet

Channels = Mapping[str, Sequence[str]]


def _inertial(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    return InertialNet(inputs, classes, **options)


def _skeleton(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    (name,) = inputs
    return SkeletonNet(parents_of(channels[name]), classes, input=name, **options)


def _fusion(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    return FusionNet(
        {kind: build(kind, names, channels, classes) for kind, names in branches_of(inputs).items()},
        classes,
        **options,
    )


BUILDERS: dict[str, Callable[..., nn.Module]] = {"inertial": _inertial, "skeleton": _skeleton, "fusion": _fusion}


def branches_of(inputs: Sequence[str]) -> dict[str, list[str]]:
    """The branch networks of a fusion model and the inputs of each: {"skeleton": [...], "inertial": [...]}."""
    branches: dict[str, list[str]] = {}
    for name in inputs:
        branches.setdefault("skeleton" if name.endswith("skeleton") else "inertial", []).append(name)
    return branches


def build(kind: str, inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    """A freshly initialised network.

    Arguments:
        kind: "inertial" (the wrist student), "skeleton" or "fusion".
        inputs: names of the clip's inputs that it sees.
        channels: channel names by input.
        classes: number of logits.
        options: keyword arguments of the network.
    Raises: `UserError` for options that the network does not have or inputs that it cannot take.
    """
    try:
        return BUILDERS[kind](inputs, channels, classes, **options)
    except (TypeError, ValueError) as error:
        raise UserError(f"model {kind!r} with inputs {list(inputs)}: {error}") from error
