"""Split protocols: which recordings each fold tests; each registered beside its definition.

    @register("protocol", "my-split", describes="{folds} folds of mine", cross_validates=True)
    def my_split(recordings, groups, split, published): ...

A protocol returns the name of each fold and a mask (N,) of the recordings that it tests; the leak check, the validation part and the
share of the training part are the same for all (`featherfall.clips.splits`). `split.options` are further keyword arguments.

describes: one line about the protocol, with fields of `split` in braces. cross_validates: whether the folds together test all recordings,
so that the exported student is trained on all of them. needs: fields of `split` that must be given. datasets: how many datasets with
falls it takes, where that is more than one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from featherfall.clips.store import RecordingFacts
from featherfall.core.recipe import Labels, Split
from featherfall.core.registry import facts

Published = Mapping[str, Callable[[RecordingFacts], str]]  # the dataset's own splits, each "train" or "test" of a recording
Tests = list[tuple[str, np.ndarray]]
Protocol = Callable[[Sequence[RecordingFacts], np.ndarray, Split, Published], Tests]


def cross_validates(split: Split) -> bool:
    """Return whether the folds together test all recordings."""
    return bool(facts("protocol", split.protocol).get("cross_validates"))


def describe_split(split: Split, labels: Labels) -> str:
    """Return a description of the split, e.g. "5 folds by subject", "leave one subject out, labels of 25% of the training subjects"."""
    pattern: str = facts("protocol", split.protocol).get("describes", split.protocol)
    name = pattern.format(**split.model_dump())
    kept = [] if split.train_share == 1 else [f"{100 * split.train_share:g}% of the training {split.group}s"]
    whose = [labels_used] if (labels_used := _labels_used(labels, split.group)) else []
    return ", ".join([name, *kept, *whose])


def _labels_used(labels: Labels, group: str) -> str:
    """Return whose labels are used, in words; "" where all are."""
    if isinstance(labels.subjects, list):
        return f"labels of {', '.join(labels.subjects)}"
    if labels.subjects is not None:
        return f"labels of {labels.subjects} training {group}{'s' if labels.subjects > 1 else ''}"
    return "" if labels.share == 1 else f"labels of {100 * labels.share:g}% of the training {group}s"
