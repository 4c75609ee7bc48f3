from __future__ import annotations

from math import sqrt

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from featherfall.losses.rkd import rkd_angle, rkd_distance

LINE = torch.tensor([[0.0], [1.0], [2.0]])


def test_rkd_distance_by_hand() -> None:
    # Student: distances 3, 4, 5, mean 4. Teacher: 1, 2, 1, mean 4/3.
    student = torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
    gaps = [3 / 4 - 3 / 4, 4 / 4 - 2 / (4 / 3), 5 / 4 - 1 / (4 / 3)]
    expected = 2 * sum(0.5 * gap**2 for gap in gaps) / 9  # SmoothL1 below 1; each pair twice, the diagonal is 0
    assert rkd_distance(student, LINE).item() == pytest.approx(expected, rel=1e-5)


def test_rkd_distance_divides_by_the_mean_of_the_distances_above_zero() -> None:
    # Two clips coincide: distances 0, 2, 2, mean 2 (not 4/3).
    student = torch.tensor([[0.0], [0.0], [2.0]])
    gaps = [0 - 1 / (4 / 3), 2 / 2 - 2 / (4 / 3), 2 / 2 - 1 / (4 / 3)]
    assert rkd_distance(student, LINE).item() == pytest.approx(2 * sum(0.5 * gap**2 for gap in gaps) / 9, rel=1e-5)


def test_rkd_angle_by_hand() -> None:
    # Student: a right angle and two of 45 degrees. Teacher, on a line: 0, 180 and 0 degrees.
    student = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    at_first = 0.5 * (0 - 1) ** 2
    at_second = (sqrt(0.5) + 1) - 0.5  # SmoothL1 above 1
    at_third = 0.5 * (1 - sqrt(0.5)) ** 2
    expected = 2 * (at_first + at_second + at_third) / 27  # (j, k) and (k, j); the angle of j with itself is 0 for both
    assert rkd_angle(student, LINE).item() == pytest.approx(expected, rel=1e-5)


@given(st.integers(0, 10_000), st.floats(0.01, 100))
def test_relations_do_not_change_with_place_turn_and_size(seed: int, size: float) -> None:
    random = torch.Generator().manual_seed(seed)
    features = torch.randn(5, 4, generator=random, dtype=torch.float64)
    turn, _ = torch.linalg.qr(torch.randn(4, 4, generator=random, dtype=torch.float64))
    moved = size * features @ turn + torch.randn(4, generator=random, dtype=torch.float64)
    assert rkd_distance(moved, features).item() == pytest.approx(0, abs=1e-8)
    assert rkd_angle(moved, features).item() == pytest.approx(0, abs=1e-8)


@given(st.integers(0, 10_000))
def test_both_relations_are_their_formulas_term_by_term(seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    student, teacher = (torch.randn(4, width, generator=random, dtype=torch.float64) for width in (3, 5))

    def smooth(a: float, b: float) -> float:
        gap = abs(a - b)
        return 0.5 * gap**2 if gap < 1 else gap - 0.5

    def distances(f: torch.Tensor) -> dict[tuple[int, int], float]:
        d = {(i, j): float((f[i] - f[j]).norm()) for i in range(4) for j in range(4)}
        above = [value for value in d.values() if value > 0]
        return {key: value / (sum(above) / len(above)) for key, value in d.items()}

    def angle(f: torch.Tensor, i: int, j: int, k: int) -> float:
        if i in (j, k):
            return 0.0  # no direction from a clip to itself
        ij, ik = f[i] - f[j], f[i] - f[k]
        return float(ij @ ik / (ij.norm() * ik.norm()))

    s, t = distances(student), distances(teacher)
    assert rkd_distance(student, teacher).item() == pytest.approx(sum(smooth(s[key], t[key]) for key in s) / 16, abs=1e-6)
    triples = [(i, j, k) for i in range(4) for j in range(4) for k in range(4)]
    angles = sum(smooth(angle(student, *one), angle(teacher, *one)) for one in triples) / 64
    assert rkd_angle(student, teacher).item() == pytest.approx(angles, abs=1e-6)
