from __future__ import annotations

import math

import pytest
import torch

from featherfall.losses.detection import TOP, Targets, assign_targets, box_losses, iou_and_giou, learn_from


def test_overlap_by_hand() -> None:
    one = torch.tensor([0.0, 0.0, 0.4, 0.4])
    half = torch.tensor([0.2, 0.0, 0.6, 0.4])  # shares half of each: .08 of .16 + .16 - .08
    iou, generalised = iou_and_giou(one, half)
    assert iou.item() == pytest.approx(1 / 3)
    assert generalised.item() == pytest.approx(1 / 3)  # the box around both is full
    away = torch.tensor([0.6, 0.6, 1.0, 1.0])  # .32 of the unit square is covered
    iou, generalised = iou_and_giou(one, away)
    assert iou.item() == 0 and generalised.item() == pytest.approx(-0.68)


def grid(side: int = 8) -> torch.Tensor:
    y, x = torch.meshgrid(torch.arange(side) + 0.5, torch.arange(side) + 0.5, indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], dim=1) / side


def test_assign_gives_each_box_the_places_inside_it_that_fit_best() -> None:
    middles = grid()
    truth = torch.tensor([[[0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]]])
    names = torch.tensor([[1, 0, -1]])
    boxes = truth[:, 0].expand(1, 64, 4).clone()  # every place says the first box
    boxes[0, 63] = truth[0, 1]
    targets = assign_targets(torch.zeros(1, 64, 2), boxes, middles, truth, names)
    first = ((middles < 0.5).all(dim=1) & (targets.scores[0, :, 1] > 0.9)).sum()
    assert first == TOP and targets.scores[0, :, 1].max() == pytest.approx(1.0, abs=1e-5)
    assert targets.scores[0, 63].tolist() == pytest.approx([1.0, 0.0], abs=1e-5)
    assert targets.mine[0, 63] and not targets.mine[0, 7]
    assert torch.equal(targets.boxes[0, 63], truth[0, 1])
    assert not targets.scores[0, ~targets.mine[0]].any()


def test_a_place_between_two_boxes_answers_for_the_one_that_it_overlaps_more() -> None:
    truth = torch.tensor([[[0.0, 0.0, 1.0, 1.0], [0.25, 0.25, 0.75, 0.75]]])
    boxes = truth[:, 1].expand(1, 64, 4).clone()
    targets = assign_targets(torch.zeros(1, 64, 2), boxes, grid(), truth, torch.tensor([[0, 1]]))
    inner = targets.mine[0] & (targets.boxes[0] == truth[0, 1]).all(dim=1)
    assert inner.sum() == TOP


def test_no_boxes_no_targets() -> None:
    targets = assign_targets(torch.zeros(2, 64, 2), torch.rand(2, 64, 4), grid(), torch.zeros(2, 1, 4), torch.full((2, 1), -1))
    assert not targets.mine.any() and not targets.scores.any()
    classes, where = box_losses(torch.zeros(2, 64, 2), torch.rand(2, 64, 4), targets)
    assert classes.item() == pytest.approx(2 * 64 * 2 * math.log(2), rel=1e-5) and where.item() == 0


def test_box_losses_by_hand() -> None:
    scores = torch.zeros(1, 2, 1)
    scores[0, 0, 0] = 1.0
    boxes = torch.tensor([[[0.0, 0.0, 0.4, 0.4], [0.0, 0.0, 1.0, 1.0]]])
    targets = Targets(scores, torch.tensor([[[0.2, 0.0, 0.6, 0.4], [0.0, 0.0, 0.1, 0.1]]]), torch.tensor([[True, False]]))
    classes, where = box_losses(torch.zeros(1, 2, 1), boxes, targets)
    assert classes.item() == pytest.approx(2 * math.log(2))
    assert where.item() == pytest.approx(2 / 3)  # 1 - 1/3; the other place answers for nothing


def test_a_student_that_says_what_its_teacher_says_learns_nothing_more() -> None:
    logits, boxes = torch.randn(2, 5, 2), torch.rand(2, 5, 4).sort(dim=-1).values
    classes, where = learn_from(logits.clone().requires_grad_(), boxes, logits, boxes)
    assert classes.item() == pytest.approx(0, abs=1e-6) and where.item() == pytest.approx(0, abs=1e-3)
    worse, _ = learn_from(-logits, boxes, logits, boxes)
    assert worse > 0.05


def test_boxes_of_an_unsure_teacher_do_not_count() -> None:
    teacher = torch.full((1, 3, 1), -5.0)
    _, where = learn_from(torch.zeros(1, 3, 1), torch.zeros(1, 3, 4), teacher, torch.rand(1, 3, 4))
    assert where.item() == 0
