from __future__ import annotations

import torch

from featherfall.losses import dask, feature_mse, rkd_angle, rkd_distance


def test_the_sum_of_its_three_terms() -> None:
    student, teacher = torch.randn(2, 5, 3)
    parts = feature_mse(student, teacher) + rkd_distance(student, teacher) + rkd_angle(student, teacher)
    torch.testing.assert_close(dask(student, teacher), parts)
