from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from featherfall.runtime.track.assign import assign


def test_by_hand() -> None:
    cost = np.array([[1.0, 2.0], [1.5, 9.0]])  # greedy would take 1 and then nothing below the limit
    assert assign(cost, 5.0) == [(0, 1), (1, 0)]
    assert assign(np.array([[3.0]]), 2.0) == []
    assert assign(np.array([[np.inf, 1.0]]), 2.0) == [(0, 1)]


def test_nothing_to_pair() -> None:
    assert assign(np.zeros((0, 3)), 1.0) == [] and assign(np.zeros((3, 0)), 1.0) == []


@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 10_000))
def test_no_pairing_is_cheaper(rows: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cost = rng.uniform(0, 2, (rows, columns))
    cost[rng.random(cost.shape) < 0.2] = np.inf
    pairs = assign(cost, 1.0)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    total = sum(cost[pair] for pair in pairs) + 1.0 * (rows - len(pairs))
    choices = itertools.permutations([*range(columns), *[None] * rows], rows)
    best = min(sum(1.0 if column is None else cost[row, column] for row, column in enumerate(choice)) for choice in choices)
    assert total <= best + 1e-9


def test_a_pair_may_cost_the_limit_but_no_more() -> None:
    assert assign(np.array([[2.0]]), 2.0) == [(0, 0)]
    assert assign(np.array([[2.01]]), 2.0) == []


def test_the_place_of_the_limit_among_the_costs() -> None:
    """Two rows want the only column: the dearer one goes without, as that costs the limit in any case."""
    assert assign(np.array([[0.5], [0.4]]), 1.0) == [(1, 0)]
    assert assign(np.array([[0.1, 0.9], [0.2, np.inf]]), 1.0) == [(0, 1), (1, 0)]  # .9 + .2 is more than .1, but less than .1 + 1
    assert assign(np.array([[0.1, 0.9], [0.3, np.inf]]), 1.0) == [(0, 0)]  # .9 + .3 is more than .1 + 1
