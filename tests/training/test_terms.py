from __future__ import annotations

from typing import Any

import pytest
import torch

from featherfall.core.errors import UserError
from featherfall.core.recipe import Term
from featherfall.losses.shapes import Shapes
from featherfall.training.data import Batch
from featherfall.training.terms import TermLoss, check_counts, student_taps, teacher_taps

VECTORS, MAPS = Shapes((3,), (5,), 40), Shapes((3, 4), (5, 8), 40)
BATCH = Batch({}, torch.tensor([0, 1, -1]), torch.arange(3), torch.zeros(3))


def term(loss: str, **more: Any) -> Term:
    return Term(loss=loss, **more)


def outputs(shape: tuple[int, ...], tap: str) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    return torch.randn(3, 2), {tap: torch.randn(3, *shape)}


@pytest.mark.parametrize("loss", ["at", "nst"])
def test_maps_only(loss: str) -> None:
    maps = TermLoss(term(loss, student_tap="blocks", teacher_tap="maps"), MAPS)
    assert maps(outputs((3, 4), "blocks"), outputs((5, 8), "maps"), BATCH).ndim == 0
    with pytest.raises(UserError, match=f"term '{loss}' compares maps, and student_tap 'embedding' gives vectors: .* one position"):
        TermLoss(term(loss), VECTORS)
    with pytest.raises(UserError, match="teacher_tap 'embedding' gives vectors"):
        TermLoss(term(loss, student_tap="blocks"), Shapes((3, 4), (5,), 40))


@pytest.mark.parametrize("loss", ["fitnet", "vid", "ab", "ft"])
def test_vectors_or_maps_but_not_one_of_each(loss: str) -> None:
    for shapes in (VECTORS, MAPS):
        made = TermLoss(term(loss), shapes)
        assert made(outputs(shapes.student, "embedding"), outputs(shapes.teacher, "embedding"), BATCH).ndim == 0
        assert list(made.parameters())
    with pytest.raises(UserError, match=r"student_tap 'blocks' has the shape \(3, 4\) and teacher_tap 'embedding' has the shape \(5,\)"):
        TermLoss(term(loss, student_tap="blocks"), Shapes((3, 4), (5,), 40))


def test_maps_are_flattened_for_losses_of_vectors() -> None:
    made = TermLoss(term("sp"), MAPS)
    student, teacher = outputs((3, 4), "embedding"), outputs((5, 8), "embedding")
    flat = [(logits, {"embedding": features["embedding"].flatten(1)}) for logits, features in (student, teacher)]
    torch.testing.assert_close(made(student, teacher, BATCH), made(*flat, BATCH))


def test_maps_too_large_to_project_are_refused() -> None:
    with pytest.raises(UserError, match=r"has 90000 features, the teacher's 'embedding' 5; maps cannot be projected"):
        TermLoss(term("mse"), Shapes((300, 300), (5,), 40))


def test_too_few_classes_or_teachers() -> None:
    check_counts(term("dkd"), 3, 1)
    with pytest.raises(UserError, match="'dkd' needs at least 3 classes, here 2: of two classes only one is not the target"):
        check_counts(term("dkd"), 2, 1)
    with pytest.raises(UserError, match="'dist' needs at least 3 classes, here 2: two probabilities that sum to 1"):
        check_counts(term("dist"), 2, 1)
    with pytest.raises(UserError, match=r"'multi_teacher' needs at least 2 teachers, here 1: .* set teacher\.members"):
        check_counts(term("multi_teacher"), 2, 1)


def test_what_a_loss_needs_of_the_batch_reaches_it() -> None:
    logits, teachers = torch.randn(3, 4), torch.randn(3, 2, 4)
    made = TermLoss(term("multi_teacher"), None)
    other = Batch({}, torch.tensor([3, 2, -1]), torch.arange(3), torch.zeros(3))
    assert made((logits, {}), (teachers, {}), BATCH) != made((logits, {}), (teachers, {}), other)
    memory = TermLoss(term("crd"), VECTORS)
    before = memory.loss.students.clone()
    memory(outputs((3,), "embedding"), outputs((5,), "embedding"), BATCH)
    assert (memory.loss.students != before).any(dim=1).nonzero()[:, 0].tolist() == [0, 1, 2]


def test_options_of_a_class_are_checked() -> None:
    with pytest.raises(UserError, match="term 'comodo' with options queue: got an unexpected keyword argument 'queue'"):
        TermLoss(term("comodo", options={"queue": 8}), VECTORS)
    assert len(TermLoss(term("comodo", options={"size": 8}), VECTORS).loss.queue) == 8


def test_taps_of_all_terms() -> None:
    terms = [term("soft", student_tap="x"), term("at", student_tap="blocks", teacher_tap="maps"), term("sp"), term("l2")]
    assert student_taps(terms) == ["blocks", "embedding"] and teacher_taps(terms) == ["embedding", "maps"]
