"""Whose labels are used: the training part of a fold, as `labels.share` and `labels.subjects` leave it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from featherfall.clips.splits import Fold, drawn_groups, groups_of
from featherfall.clips.store import RecordingFacts
from featherfall.core.errors import UserError
from featherfall.core.recipe import Labels, Split


def with_labels(fold: Fold, recordings: Sequence[RecordingFacts], split: Split, labels: Labels) -> Fold:
    """Return a fold whose `train` are the recordings with labels that are used, and `unlabelled` the rest of its training part.

    Validation and test parts are as before. With a share or a number of groups, who is labelled is a function of the fold's name, its
    labelled training groups and `labels.draw`.

    Raises: `UserError` where nobody's labels are left, or fewer groups are there than are asked for.
    """
    groups = groups_of(recordings, split)
    has = np.asarray([recordings[i].labelled for i in fold.train], bool)
    usable = fold.train[has]
    if not len(usable):
        raise UserError(f"{fold.name}: no recording of the training part has an activity; label some of them")
    row = drawn_groups(recordings, groups, usable, split.balance, (labels.draw, fold.name))
    used = np.isin(groups[fold.train], _chosen(row, labels, split.group, fold.name)) & has
    return replace(fold, train=fold.train[used], unlabelled=fold.train[~used])


def _chosen(row: list[str], labels: Labels, group: str, where: str) -> list[str]:
    """Return the groups of a drawn row whose labels are used."""
    wanted = labels.subjects
    if isinstance(wanted, list):
        if found := [name for name in wanted if name in row]:
            return found
        raise UserError(
            f"{where}: labels.subjects names {', '.join(wanted)}, none of whom is in the training part ({', '.join(sorted(row))}); name "
            "some of these, or give a number"
        )
    if wanted is not None and wanted > len(row):
        raise UserError(f"{where}: labels.subjects asks for {wanted} labelled {group}s, the training part has {len(row)}; lower it")
    return row[: wanted or max(1, int(labels.share * len(row) + 0.5))]
