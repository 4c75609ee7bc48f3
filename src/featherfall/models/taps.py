"""Read a model's intermediate features without editing the model."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from torch import Tensor, nn


@contextlib.contextmanager
def tap_features(model: nn.Module, names: Sequence[str]) -> Iterator[dict[str, Tensor]]:
    """Store the outputs of the named submodules in the yielded dictionary at each forward pass, while the context is open.

    >>> with tap(model, ["blocks.2", "embedding"]) as features:
    ...     logits = model(clip)
    >>> features["embedding"].shape

    Raises: ValueError that lists the model's submodules when a name is not one of them.
    """
    modules = dict(model.named_modules())
    unknown = [name for name in names if name not in modules]
    if unknown:
        raise ValueError(f"no submodule {unknown[0]!r}; there are {', '.join(name for name in modules if name)}")
    features: dict[str, Tensor] = {}

    def keep(name: str):  # type: ignore[no-untyped-def]
        return lambda _module, _inputs, output: features.__setitem__(name, output)

    handles = [modules[name].register_forward_hook(keep(name)) for name in names]
    try:
        yield features
    finally:
        for handle in handles:
            handle.remove()
