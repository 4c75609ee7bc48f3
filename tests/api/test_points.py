from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.curves import operating
from tests.runtime.tiny import motion, write_bundle

import featherfall as ff

ACC = motion(np.arange(1000) / 50, ((8.0, 4.0),))  # a fall with a probability of .998


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("points") / "bundle", operating=operating())


def test_a_point_moves_the_threshold_and_nothing_else(folder: Path) -> None:
    model = ff.load(folder)
    quiet = model.at("quiet")
    assert quiet.manifest.decision.threshold == 0.999 and quiet.manifest.decision.merge_s == model.manifest.decision.merge_s
    assert (model.point, model.manifest.decision.threshold) == (None, 0.5)  # the model itself stays
    assert quiet.point is not None and (quiet.point.name, quiet.point.falls_found) == ("quiet", 20)
    assert model.predict(ACC, rate=50).label == "fall" and quiet.predict(ACC, rate=50).label == "other"
    window = np.ones((1, 64, 3), np.float32)
    assert np.array_equal(model.predict_proba(window), quiet.predict_proba(window))
    assert ff.load(folder, point="sensitive").manifest.decision.threshold == 0.1
    assert [notice.name for notice in ff.watch(quiet, ACC, rate=50)] == []


def test_a_budget_that_is_not_proven_warns(folder: Path) -> None:
    model = ff.load(folder)
    with pytest.warns(UserWarning, match=r"1 false alarm a day is not proven: that takes 72 h without a false alarm, 12\.0 h"):
        quiet = model.at(false_alarms_per_day=1)
    assert quiet.manifest.decision.threshold == 0.999 and quiet.point is not None and not quiet.point.proven
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model.at(false_alarms_per_day=20).manifest.decision.threshold == 0.5  # 4 alarms exclude more than 18.3 a day in 12 h


def test_what_cannot_be_chosen_is_one_line(folder: Path, tmp_path: Path) -> None:
    for arguments in ({}, {"point": "quiet", "false_alarms_per_day": 1}):
        with pytest.raises(ff.UserError, match="give either an operating point"):
            ff.load(folder).at(**arguments)
    with pytest.raises(ff.UserError, match=r"no operating point 'loud'; it has: sensitive, balanced, quiet"):
        ff.load(folder, point="loud")  # type: ignore[arg-type]
    bare = write_bundle(tmp_path / "bare")
    with pytest.raises(ff.UserError, match=r"has no curve of operating points, only its threshold 0\.5"):
        ff.load(bare, point="quiet")
