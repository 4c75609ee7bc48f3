"""K folds of groups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from featherfall.clips.balance import traits_of
from featherfall.clips.protocols import Published, Tests
from featherfall.clips.store import RecordingFacts
from featherfall.core.errors import UserError
from featherfall.core.recipe import Split
from featherfall.core.registry import register


@register("protocol", "kfold", describes="{folds} folds by {group}", cross_validates=True)
def kfold(recordings: Sequence[RecordingFacts], groups: np.ndarray, split: Split, published: Published) -> Tests:
    """`folds` folds of groups, balanced by a trait.

    Raises: `UserError` for fewer groups than folds.
    """
    names = sorted(set(groups.tolist()))
    if len(names) < split.folds:
        raise UserError(
            f"{split.folds} folds need at least as many groups; the data has {len(names)} ({', '.join(names)}); lower split.folds"
        )
    trait = traits_of(recordings, groups, split.balance)
    # Deal the groups like cards, one trait after the other: each fold gets its share of each.
    dealt = sorted(names, key=lambda name: (trait[name], name))
    return [(f"fold {i + 1}", np.isin(groups, dealt[i :: split.folds])) for i in range(split.folds)]
