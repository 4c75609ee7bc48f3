from __future__ import annotations

import torch

from featherfall.training.teachers import TeacherOutputs


def test_over_views_by_hand() -> None:
    """Views of one clip, [3/4, 1/4], [1/2, 1/2] and one in no batch: all become [5/8, 3/8]; the last view, which has no class, stays."""
    probabilities = torch.tensor([[0.75, 0.25], [0.5, 0.5], [torch.nan, torch.nan], [0.9, 0.1]])
    logits = probabilities.log().view(4, 1, 1, 2)
    mean = TeacherOutputs(logits, {}).over_views(3).logits.softmax(dim=-1).view(4, 2)
    torch.testing.assert_close(mean, torch.tensor([[0.625, 0.375]] * 3 + [[0.9, 0.1]]))
