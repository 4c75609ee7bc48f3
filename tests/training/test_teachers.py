from __future__ import annotations

import torch

from featherfall.training.teachers import TeacherOutputs


def test_over_views_by_hand() -> None:
    """Two views of one clip, [3/4, 1/4] and [1/2, 1/2]: both become [5/8, 3/8]; the third view, which has no class, stays."""
    probabilities = torch.tensor([[0.75, 0.25], [0.5, 0.5], [0.9, 0.1]])
    logits = probabilities.log().view(3, 1, 1, 2)
    mean = TeacherOutputs(logits, {}).over_views(2).logits.softmax(dim=-1).view(3, 2)
    torch.testing.assert_close(mean, torch.tensor([[0.625, 0.375], [0.625, 0.375], [0.9, 0.1]]))
