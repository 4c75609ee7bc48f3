"""Leave one dataset out."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from tests.clips.tiny import facts

from featherfall.clips.splits import folds, full_fit
from featherfall.clips.store import RecordingFacts
from featherfall.core.errors import UserError
from featherfall.core.recipe import Split
from featherfall.core.recording import FallTimes


def people(dataset: str, count: int, fallers: int = 0) -> list[RecordingFacts]:
    """Everybody walks, and the first `fallers` fall, too."""
    names = [f"{dataset}-{number}" for number in range(count)]
    walks = [facts(name, dataset=dataset) for name in names]
    return walks + [facts(name, "trip", fall=FallTimes(), dataset=dataset) for name in names[:fallers]]


POOL = [*people("weda-fall", 3, 2), *people("up-fall", 2, 2), *people("wisdm-watch", 5), *people("simulated", 2, 2)]
LODO = Split(protocol="lodo", options={"train_only": ["simulated"]})


def subjects(index: np.ndarray, recordings: list[RecordingFacts] = POOL) -> set[str]:
    return {recordings[i].subject for i in index}


def test_each_dataset_with_falls_is_a_fold_and_daily_life_is_dealt() -> None:
    up, weda = folds(POOL, LODO)
    assert (up.name, weda.name) == ("up-fall", "weda-fall")
    assert subjects(up.test) == {"up-fall-0", "up-fall-1", "wisdm-watch-0", "wisdm-watch-2", "wisdm-watch-4"}
    assert subjects(weda.test) == {"weda-fall-0", "weda-fall-1", "weda-fall-2", "wisdm-watch-1", "wisdm-watch-3"}
    for fold in (up, weda):
        assert {"simulated-0", "simulated-1"} <= subjects(fold.train)
        assert subjects(fold.train) | subjects(fold.test) == subjects(np.arange(len(POOL)))
    assert Counter([*up.test.tolist(), *weda.test.tolist()]) == Counter(range(len(POOL) - 4))  # all but the simulator, once
    assert len(full_fit(POOL, LODO).train) == len(POOL)


def test_what_only_trains_is_not_validated_on_either() -> None:
    for balance in (None, "dataset"):
        for fold in folds(POOL, LODO.model_copy(update={"validation": 3, "balance": balance})):
            found = subjects(fold.validation)
            assert len(found) == 3 and not any(name.startswith("simulated") for name in found)
            assert balance is None or len({name.rsplit("-", 1)[0] for name in found}) == 2  # of both datasets that are left
    with pytest.raises(UserError, match=r"split\.validation 9 leaves nothing to train on: up-fall has 5 training groups"):
        folds(POOL, LODO.model_copy(update={"validation": 9}))


def test_people_may_be_dealt_while_a_dataset_only_trains() -> None:
    split = Split(protocol="kfold", folds=2, options={"train_only": ["Simulated", "wisdm_watch"]})
    tested = [subjects(fold.test) for fold in folds(POOL, split)]
    assert set.union(*tested) == {"weda-fall-0", "weda-fall-1", "weda-fall-2", "up-fall-0", "up-fall-1"}


@pytest.mark.parametrize(
    ("recordings", "split", "message"),
    [
        (
            people("weda-fall", 3, 2) + people("wisdm-watch", 2),
            Split(protocol="lodo"),
            r"needs at least 2 datasets with falls, the data has 1 \(weda-fall, wisdm-watch\); join another one to 'dataset' with ' \+ ', "
            r"or split by people: --set split\.protocol=kfold$",
        ),
        (
            people("weda-fall", 3, 2) + people("simulated", 2, 2),
            LODO,
            r"the data has 1 \(weda-fall\) beside simulated, which only train; join",
        ),
        (
            people("weda-fall", 3, 2) + people("up-fall", 2, 2),
            Split(protocol="lodo", options={"train_only": ["up-fall", "simulated"]}),
            r"^split\.options\.train_only: 'simulated' is not among the data \(up-fall, weda-fall\); join it to 'dataset' with ' \+ ', or "
            r"leave it out: --set split\.options\.train_only=\[up-fall\]$",
        ),
    ],
)
def test_what_cannot_be_left_out(recordings: list[RecordingFacts], split: Split, message: str) -> None:
    with pytest.raises(UserError, match=message):
        folds(recordings, split)


def test_unknown_names_and_values() -> None:
    with pytest.raises(UserError, match=r"options\.train_only is 'simulated', not a list of datasets such as \[simulated\]"):
        Split(protocol="lodo", options={"train_only": "simulated"})
    with pytest.raises(UserError, match="unknown dataset; did you mean 'up-fall'"):
        Split(protocol="lodo", options={"train_only": ["up-falls"]})
    with pytest.raises(UserError, match=r"split\.protocol 'lodo' with options share: got an unexpected keyword argument 'share'"):
        folds(POOL, Split(protocol="lodo", options={"share": 0.5, "train_only": []}))
