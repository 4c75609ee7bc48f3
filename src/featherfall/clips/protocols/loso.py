"""Leave one group out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from featherfall.clips.protocols import Published, Tests
from featherfall.clips.store import RecordingFacts
from featherfall.core.errors import UserError
from featherfall.core.recipe import Split
from featherfall.core.registry import register


@register("protocol", "loso", describes="leave one {group} out", cross_validates=True)
def loso(recordings: Sequence[RecordingFacts], groups: np.ndarray, split: Split, published: Published) -> Tests:
    """Each group is left out and tested once.

    Raises: `UserError` for a single group.
    """
    names = sorted(set(groups.tolist()))
    if len(names) < 2:
        raise UserError(f"leave-one-{split.group}-out needs at least 2, the data has {len(names)}")
    return [(name, groups == name) for name in names]
