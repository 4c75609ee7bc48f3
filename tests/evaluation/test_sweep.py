from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.test_metrics import DECISION, FALL, SIX, predicted

from featherfall.core.recording import FallTimes
from featherfall.evaluation.metrics import false_alarms_and_hours, raised_events
from featherfall.evaluation.sweep import prepare, sweep


def test_counts_by_hand() -> None:
    swept = sweep(prepare(SIX, 1, DECISION), [0.15, 0.5, 0.65, 0.95])
    assert swept.found().tolist() == [2, 1, 1, 0]
    assert swept.alarmed().tolist() == [2, 1, 1, 0]
    assert swept.false_alarms.sum(axis=0).tolist() == [3, 2, 1, 0]
    assert swept.seconds.sum() == 3600


def test_any_alarm_may_be_the_fall_where_it_has_no_times() -> None:
    swept = sweep(prepare([predicted("S1", "trip", FallTimes(), {1.0: 0.9, 90.0: 0.9})], 1, DECISION), [0.5])
    assert (swept.found().tolist(), swept.false_alarms.tolist(), swept.seconds.tolist()) == ([1], [[0]], [0.0])


def test_own_thresholds_and_missing_numbers_take_no_part() -> None:
    lost = predicted("S1", "walk", None, {1.0: float("nan"), 9.0: 0.6})
    swept = sweep(prepare([replace(lost, threshold=0.99)], 1, DECISION), [0.5, 0.7])
    assert swept.raised.tolist() == [[True, False]]


windows = st.dictionaries(st.integers(0, 60).map(float), st.sampled_from([0.0, 0.2, 0.35, 0.5, 0.7, 1.0]), max_size=8)


@given(st.lists(st.tuples(st.booleans(), windows), min_size=1, max_size=4))
def test_is_what_the_metrics_count_at_each_threshold(recordings: list[tuple[bool, dict[float, float]]]) -> None:
    some = [predicted("S1", "x", FALL if fell else None, dict(sorted(found.items()))) for fell, found in recordings]
    levels = [0.1, 0.2, 0.35, 0.36, 0.7, 0.9]
    prepared = prepare(some, 1, DECISION)
    swept = sweep(prepared, levels)
    assert np.array_equal(sweep(prepared, levels[::2]).false_alarms, swept.false_alarms[:, ::2])  # what is kept is right at others, too
    for i, level in enumerate(levels):
        raised = raised_events(some, 1, DECISION.model_copy(update={"threshold": level}))
        assert swept.raised[:, i].tolist() == [bool(one) for one in raised]
        assert (int(swept.false_alarms[:, i].sum()), swept.seconds.sum() / 3600) == pytest.approx(false_alarms_and_hours(some, raised))
    assert np.all(np.diff(swept.raised.astype(int), axis=1) <= 0)
