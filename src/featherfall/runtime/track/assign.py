"""Linear assignment: pair rows with columns at the least total cost."""

from __future__ import annotations

import numpy as np


def assign(cost: np.ndarray, limit: float) -> list[tuple[int, int]]:
    """Return the pairs of rows and columns with the least total cost, where a row without a column costs `limit`.

    So no pair costs more than `limit`. Hungarian method with potentials (Kuhn 1955, Munkres 1957), O(R^2 (R + C)).

    Arguments:
        cost: (R, C) 0 or more; inf forbids a pair.
    Returns: (row, column) pairs by row; no row or column occurs twice.
    """
    rows, columns = cost.shape
    # One extra column per row stands for "no pair", at cost `limit`.
    forbidden = limit * (rows + columns + 1)
    table = np.full((rows, columns + rows), forbidden)
    table[:, :columns] = np.where(cost <= limit, cost, forbidden)
    table[np.arange(rows), columns + np.arange(rows)] = limit
    return [(row, int(column)) for row, column in enumerate(_hungarian(table)) if column < columns]


def _hungarian(table: np.ndarray) -> np.ndarray:
    """Return (R,) the column of each row, at the least total; R <= C, all finite."""
    rows, columns = table.shape
    of_row, of_column = np.zeros(rows), np.zeros(columns)  # potentials: table - of_row - of_column >= 0, and 0 for pairs
    owner = np.full(columns, -1)
    for start in range(rows):
        # Shortest augmenting path from `start` to a free column.
        least, before = np.full(columns, np.inf), np.full(columns, -1)
        done = np.zeros(columns, dtype=bool)
        row, at = start, -1
        while True:
            slack = table[row] - of_row[row] - of_column
            closer = ~done & (slack < least)
            least[closer], before[closer] = slack[closer], at
            nearest = int(np.where(done, np.inf, least).argmin())
            step = least[nearest]
            of_row[start] += step
            of_row[owner[done]] += step
            of_column[done] -= step
            least[~done] -= step
            done[nearest], at = True, nearest
            if owner[at] < 0:
                break
            row = int(owner[at])
        while at >= 0:  # every column on the path takes the row of the one before
            owner[at] = owner[before[at]] if before[at] >= 0 else start
            at = int(before[at])
    found = np.empty(rows, dtype=np.int64)
    found[owner[owner >= 0]] = np.flatnonzero(owner >= 0)
    return found
