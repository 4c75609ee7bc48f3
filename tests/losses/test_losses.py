"""What holds for every registered loss."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from featherfall import losses
from featherfall.core.registry import catalogue, facts, find
from featherfall.losses.shapes import Shapes

NAMES = [entry.name for entry in catalogue("loss") if entry.origin.startswith("featherfall.losses")]
EVERY = pytest.mark.parametrize("name", NAMES)
CLIPS = 6
# Of a contrastive loss the least is not 0: two clips that are alike are still told apart.
WITHOUT_ZERO = ("crd", "comodo", "vid", "ab", "ft", "fitnet")


def called(name: str, student: Tensor, teacher: Tensor) -> tuple[Callable[[Tensor, Tensor], Tensor], Any]:
    """Return the loss as a function of both sides, and its module where it is one."""
    loss, needs = find("loss", name), facts("loss", name).get("needs", ())
    options = {"comodo": {"size": 4}}.get(name, {})
    module = None
    if isinstance(loss, type):
        torch.manual_seed(0)
        loss = module = loss(Shapes(tuple(student.shape[1:]), tuple(teacher.shape[1:]), CLIPS), **options)
    batch = {"labels": torch.tensor([0, 1, 2, 0, -1, -1]), "index": torch.arange(CLIPS)}
    more = {need: batch[need] for need in needs}
    return lambda mine, theirs: loss(mine, theirs, **more), module


def pair(name: str, width: int = 3) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(0)
    tail = (4,) if facts("loss", name).get("takes") == "maps" else ()
    student, teacher = (torch.randn(CLIPS, width, *tail, generator=random) for _ in range(2))
    if facts("loss", name).get("least_teachers"):
        teacher = torch.stack([teacher, torch.randn(CLIPS, width, generator=random)], dim=1)
    return student.requires_grad_(), teacher.requires_grad_()


def test_the_zoo_is_large() -> None:
    assert len(NAMES) >= 19


@EVERY
def test_a_loss_states_its_source_in_a_file_of_its_name(name: str) -> None:
    entry = next(one for one in catalogue("loss") if one.name == name)
    assert entry.origin.rsplit(".", 1)[1] in (name, name.split("_")[0])
    said = f"{find('loss', name).__doc__} {importlib.import_module(entry.origin).__doc__}"
    assert name in ("l2", "cosine") or "arXiv" in said or "ICASSP" in said  # those two are no paper's


@EVERY
def test_the_student_learns_and_the_teacher_does_not(name: str) -> None:
    student, teacher = pair(name)
    loss, module = called(name, student, teacher)
    value = loss(student, teacher)
    value.backward()
    assert value.ndim == 0 and torch.isfinite(value)
    assert student.grad is not None and student.grad.abs().sum() > 0
    assert teacher.grad is None
    if module is not None:
        assert all(one.grad is not None and one.grad.any() for one in module.parameters())


@pytest.mark.parametrize("name", [name for name in NAMES if name not in WITHOUT_ZERO and not facts("loss", name).get("least_teachers")])
def test_nothing_to_learn_from_oneself(name: str) -> None:
    student, _ = pair(name)
    loss, _ = called(name, student, student)
    assert loss(student, student.detach()).item() == pytest.approx(0, abs=1e-5)


@EVERY
@pytest.mark.parametrize("alike", [2, 6])
@pytest.mark.parametrize("whose", ["student", "teacher", "both"])
def test_finite_gradients_where_clips_coincide(name: str, alike: int, whose: str) -> None:
    student, teacher = (one.detach().clone() for one in pair(name))
    for one in {"student": [student], "teacher": [teacher], "both": [student, teacher]}[whose]:
        one[:alike] = one[0].clone()
    student.requires_grad_()
    called(name, student, teacher)[0](student, teacher).backward()
    assert student.grad is not None and torch.isfinite(student.grad).all()


@pytest.mark.parametrize(
    "name", [name for name in NAMES if facts("loss", name)["compares"] == "features" and not facts("loss", name).get("equal_width")]
)
def test_widths_may_differ_where_nothing_is_projected(name: str) -> None:
    student, teacher = pair(name, 3)[0], pair(name, 7)[1]
    assert torch.isfinite(called(name, student, teacher)[0](student, teacher))


@pytest.mark.parametrize("name", [name for name in NAMES if isinstance(find("loss", name), type)])
def test_a_loss_with_a_memory_goes_on_where_it_was(name: str) -> None:
    """All that it remembers is in its state: a resumed training equals an uninterrupted one."""
    student, teacher = pair(name)
    (loss, module), (again, resumed) = called(name, student, teacher), called(name, student, teacher)
    assert isinstance(module, nn.Module)
    torch.manual_seed(1)
    loss(student, teacher)
    resumed.load_state_dict(module.state_dict())
    values = []
    for one in (loss, again):
        torch.manual_seed(2)
        values.append(one(2 * student + 1, teacher).item())
    assert values[0] == values[1]


def test_maps_of_different_lengths_meet_at_the_shorter() -> None:
    student, teacher = torch.randn(2, 3, 8), torch.randn(2, 5, 4)
    mine, theirs = losses.shapes.paired_maps(student, teacher)
    torch.testing.assert_close(mine, student.unflatten(2, (4, 2)).mean(dim=3))
    assert torch.equal(theirs, teacher)
    mine, theirs = losses.shapes.paired_maps(torch.randn(2, 3, 4, 2), torch.randn(2, 5, 2, 6))
    assert mine.shape == (2, 3, 4) and theirs.shape == (2, 5, 4)
    assert [one.shape for one in losses.shapes.paired_maps(torch.zeros(2, 3), torch.zeros(2, 5))] == [(2, 3, 1), (2, 5, 1)]
