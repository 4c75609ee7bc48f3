"""One fold: the last groups are tested."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from featherfall.clips.protocols import Published, Tests
from featherfall.clips.store import RecordingFacts
from featherfall.core.errors import UserError
from featherfall.core.recipe import Split
from featherfall.core.registry import register


@register("protocol", "holdout", describes="hold-out by {group}")
def holdout(recordings: Sequence[RecordingFacts], groups: np.ndarray, split: Split, published: Published, share: float = 0.25) -> Tests:
    """The last `share` of the groups, in order of their names, is tested once.

    Raises: `UserError` for a share that leaves a side empty.
    """
    names = sorted(set(groups.tolist()))
    count = round(share * len(names))
    if not 0 < count < len(names):
        raise UserError(f"split.options.share {share:g} of {len(names)} groups leaves a side empty; give more than 0 and less than 1")
    return [("holdout", np.isin(groups, names[-count:]))]
