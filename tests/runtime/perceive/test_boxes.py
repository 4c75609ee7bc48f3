from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featherfall.runtime.perceive.boxes import decode_boxes, overlap, suppress


def test_overlap_by_hand() -> None:
    boxes = np.array([[0, 0, 0.4, 0.4], [0.2, 0, 0.6, 0.4], [0.6, 0.6, 1, 1], [0.5, 0.5, 0.5, 0.5]])
    expected = [[1, 1 / 3, 0, 0], [1 / 3, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    assert overlap(boxes, boxes) == pytest.approx(np.array(expected))


def test_suppress_keeps_the_best_of_those_that_overlap() -> None:
    boxes = np.array([[0, 0, 0.4, 0.4], [0, 0, 0.4, 0.35], [0.6, 0.6, 1, 1]])
    assert suppress(boxes, np.array([0.5, 0.9, 0.7]), 0.5).tolist() == [1, 2]
    assert suppress(boxes, np.array([0.5, 0.9, 0.7]), 0.9).tolist() == [1, 2, 0]
    assert suppress(np.zeros((0, 4)), np.zeros(0), 0.5).tolist() == []


def test_a_chain_of_boxes_loses_only_neighbours_of_those_that_stay() -> None:
    boxes = np.array([[x, 0, x + 0.4, 0.4] for x in (0.0, 0.1, 0.2)])  # each overlaps the next by .6, the one after by 1/3
    assert suppress(boxes, np.array([0.9, 0.8, 0.7]), 0.5).tolist() == [0, 2]


sides = st.floats(0, 1, width=32)


@given(st.lists(st.tuples(sides, sides, sides, sides, sides), max_size=12))
def test_what_stays_does_not_overlap(rows: list[tuple[float, ...]]) -> None:
    boxes = np.array([(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d, _ in rows]).reshape(-1, 4)
    kept = suppress(boxes, np.array([row[4] for row in rows]), 0.5)
    between = overlap(boxes[kept], boxes[kept]) - np.eye(len(kept)) * 2
    assert (between <= 0.5).all()


def test_one_person_has_one_box_whatever_its_class() -> None:
    boxes = np.array([[0, 0, 0.4, 0.4], [0, 0, 0.4, 0.41], [0.5, 0.5, 1.2, 1]])
    scores = np.array([[0.1, 0.8], [0.7, 0.2], [0.3, 0.05]])
    found = decode_boxes(boxes, scores, ["person", "fall"], 0.2, 0.5)
    assert [one.name for one in found] == ["fall", "person"]
    assert found[1].box == pytest.approx((0.5, 0.5, 1, 1))  # cut off at the picture's edge
    assert found[0].scores == pytest.approx((0.1, 0.8)) and found[0].to_json() == {"name": "fall", "score": 0.8, "box": [0, 0, 0.4, 0.4]}
    assert decode_boxes(boxes, scores, ["person", "fall"], 0.9, 0.5) == []
