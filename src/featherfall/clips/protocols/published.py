"""The dataset's own split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from featherfall.clips.protocols import Published, Tests
from featherfall.clips.store import RecordingFacts
from featherfall.core.errors import UserError
from featherfall.core.recipe import Split
from featherfall.core.registry import register


@register("protocol", "published", describes="published {list}", needs=["list"])
def published_list(recordings: Sequence[RecordingFacts], groups: np.ndarray, split: Split, published: Published) -> Tests:
    """The dataset's own list, named by `list`.

    Raises: `UserError` where `list` names none of them.
    """
    side = published.get(str(split.list))
    if side is None:
        known = ", ".join(published) or "none"
        raise UserError(f"split.list {split.list!r}: the dataset has no such published split; known: {known}")
    return [("published", np.asarray([side(recording) == "test" for recording in recordings]))]
