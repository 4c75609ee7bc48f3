"""Traits by which the parts of a split are stratified."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from featherfall.clips.store import RecordingFacts


def traits_of(recordings: Sequence[RecordingFacts], groups: np.ndarray, balance: str | None) -> dict[str, str]:
    """Return the trait to balance by, of each group; "" for all without one."""
    if balance == "dataset":
        return {group: recording.dataset for group, recording in zip(groups.tolist(), recordings, strict=True)}
    if balance == "fall":
        falls = set(groups[[recording.fall is not None for recording in recordings]].tolist())
        return {group: "fall" if group in falls else "" for group in groups.tolist()}
    return {group: recording.traits.get(balance, "") if balance else "" for group, recording in zip(groups, recordings, strict=True)}
