from __future__ import annotations

import numpy as np
import pytest
from tests.clips.tiny import facts, store_of

from featherfall.evaluation.predictions import clip_predictions, pooled

STORE = store_of([facts("S1"), facts("S2"), facts("S3"), facts("S4")], [[5.0, 1.0], [2.0], [], [7.0]])
LABELS = np.asarray([0, 1, -1, 0])


def test_grouped_by_recording_in_order_of_time() -> None:
    probabilities = np.asarray([[0.1, 0.9], [0.2, 0.8], [0.4, 0.6]])  # of clips 0, 1 and 3
    judged = clip_predictions(STORE, np.asarray([0, 2, 3]), probabilities, LABELS)
    assert [one.recording.subject for one in judged] == ["S1", "S3", "S4"]
    first, none, last = judged
    assert first.centre_s.tolist() == [1, 5] and first.end_s.tolist() == [2, 6]
    assert first.probabilities[:, 1].tolist() == [0.8, 0.9] and first.labels.tolist() == [1, 0]
    assert none.probabilities.shape == (0, 2) and len(none.centre_s) == 0  # kept: a fall that triggers nothing is missed
    assert last.probabilities[:, 1].tolist() == [0.6]


def test_as_many_probabilities_as_clips() -> None:
    with pytest.raises(AssertionError):
        clip_predictions(STORE, np.asarray([0]), np.zeros((1, 2)), LABELS)


def test_pooled_leaves_out_what_is_neither_class() -> None:
    judged = clip_predictions(STORE, np.arange(4), np.arange(8.0).reshape(4, 2), LABELS)
    probabilities, labels = pooled(judged)
    assert labels.tolist() == [1, 0, 0]
    assert probabilities.tolist() == [[2, 3], [0, 1], [6, 7]]
