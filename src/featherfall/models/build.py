"""Build the networks that a recipe names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from featherfall.core.errors import UserError
from featherfall.core.registry import find
from featherfall.models.inputs import Channels


def build_network(kind: str, inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    """Return a freshly initialised network.

    A builder is registered beside its network, with the kinds of bundles that it can make; where there are several, the clip's inputs
    decide::

        @register("model", "my-net", looks_at=["window"])
        def build_my_net(inputs, channels, classes, **options): ...

    Arguments:
        kind: a registered model, e.g. "inertial".
        inputs: names of the clip's inputs that it takes.
        channels: channel names by input.
        classes: number of logits.
        options: keyword arguments of the network.
    Raises: `UserError` for an unknown kind, options that the network does not have, or inputs that it cannot take.
    """
    builder = find("model", kind)
    try:
        network: nn.Module = builder(inputs, channels, classes, **options)
    except (TypeError, ValueError) as error:
        raise UserError(f"model {kind!r} with inputs {list(inputs)}: {error}") from error
    return network
