"""Leave one dataset out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from featherfall.clips.balance import traits_of
from featherfall.clips.protocols import Published, Tests
from featherfall.clips.store import RecordingFacts
from featherfall.core.errors import UserError
from featherfall.core.recipe import Split
from featherfall.core.registry import register


@register("protocol", "lodo", describes="leave one dataset out", cross_validates=True, datasets=2)
def lodo(recordings: Sequence[RecordingFacts], groups: np.ndarray, split: Split, published: Published) -> Tests:
    """Each dataset that has falls is left out and tested once, by a fold of its name.

    Datasets without falls cannot be left out on their own: their groups are dealt over the folds, each tested in its own, so that false
    alarms of daily life, too, are counted on people who were not trained on.

    Raises: `UserError` for fewer than two datasets with falls.
    """
    datasets = np.asarray([recording.dataset for recording in recordings])
    names = sorted(set(datasets.tolist()))
    with_falls = sorted({recording.dataset for recording in recordings if recording.fall is not None})
    if len(with_falls) < 2:
        beside = f" beside {', '.join(split.train_only)}, which only train" if split.train_only else ""
        raise UserError(
            f"leave-one-dataset-out needs at least 2 datasets with falls, the data has {len(with_falls)} ({', '.join(names)}){beside}; "
            "join another one to 'dataset' with ' + ', or split by people: --set split.protocol=kfold"
        )
    tests = {name: datasets == name for name in with_falls}
    trait = traits_of(recordings, groups, split.balance)
    for name in (name for name in names if name not in with_falls):
        people = sorted(set(groups[datasets == name].tolist()), key=lambda group: (trait[group], group))
        for number, fold in enumerate(with_falls):
            tests[fold] = tests[fold] | np.isin(groups, people[number :: len(with_falls)])
    return list(tests.items())
