from __future__ import annotations

from dataclasses import replace
from math import log
from typing import Any

import pytest
import torch
from tests.training.toy import teacher_of, toy_clips, toy_model
from torch.nn import functional as F

from featherfall.clips.labels import IGNORED
from featherfall.core import registry
from featherfall.core.errors import UserError
from featherfall.core.recipe import Distillation
from featherfall.core.registry import facts, find, known_names
from featherfall.losses import feature_mse, rkd_distance, soft_targets
from featherfall.models.taps import tap_features
from featherfall.training.data import Batch, BatchSampler
from featherfall.training.objectives import Distil, HardLabels, class_weights, mixed
from featherfall.training.teachers import TeacherOutputs


def how(*terms: dict[str, Any], hard: float = 0.2) -> Distillation:
    return Distillation.model_validate({"hard": hard, "terms": list(terms)})


def batch_of(index: list[int], view: list[int], **options: int) -> Batch:
    return toy_clips(**options).take(torch.tensor(index), torch.tensor(view))


def test_hard_labels_by_hand() -> None:
    batch = Batch({}, torch.tensor([0, 1]), torch.arange(2), torch.zeros(2))
    logits = torch.tensor([[log(3.0), 0.0], [0.0, 0.0]])
    model = torch.nn.Module()
    model.forward = lambda clip: logits  # type: ignore[method-assign]
    assert HardLabels()(model, batch)["loss"].item() == pytest.approx((-log(3 / 4) - log(1 / 2)) / 2)
    weighted = (3 * -log(3 / 4) + 1 * -log(1 / 2)) / 4
    assert HardLabels(torch.tensor([3.0, 1.0]))(model, batch)["loss"].item() == pytest.approx(weighted)
    smoothed = (0.95 * -log(3 / 4) + 0.05 * -log(1 / 4) - log(1 / 2)) / 2
    assert HardLabels(label_smoothing=0.1)(model, batch)["loss"].item() == pytest.approx(smoothed)


def test_the_focal_loss_takes_the_place_of_cross_entropy() -> None:
    batch = Batch({}, torch.tensor([0, 1]), torch.arange(2), torch.zeros(2))
    model = says([[log(3.0), 0.0], [0.0, 0.0]])
    assert HardLabels(focal=2.0)(model, batch)["loss"].item() == pytest.approx((1 / 16 * -log(3 / 4) + 1 / 4 * -log(1 / 2)) / 2)


def says(logits: list[list[float]]) -> torch.nn.Module:
    """A model that says the same of anything."""
    model = torch.nn.Module()
    model.forward = lambda clip: torch.tensor(logits)  # type: ignore[method-assign]
    return model


def test_mixed_clips_by_hand() -> None:
    clip = {
        "film": torch.tensor([[100], [200]], dtype=torch.uint8),
        "accelerometer": torch.tensor([[1.0], [3.0]]),
        "present:accelerometer": torch.tensor([True, False]),
    }
    out = mixed(clip, torch.tensor([1, 0]), 0.75)
    assert out["film"].tolist() == [[125.0], [175.0]] and out["accelerometer"].tolist() == [[1.5], [2.5]]
    assert out["present:accelerometer"].tolist() == [False, False]


def test_mixup_mixes_pictures_and_labels_by_the_same_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Share .7, clips exchanged: the loss is .7 CE(own label) + .3 CE(the other's), of the mixed clip."""
    monkeypatch.setattr(torch.distributions.Beta, "sample", lambda self: torch.tensor(0.7))
    monkeypatch.setattr(torch, "randperm", lambda count: torch.tensor([1, 0]))
    seen: list[torch.Tensor] = []
    model = torch.nn.Module()

    def forward(clip: dict[str, torch.Tensor]) -> torch.Tensor:
        seen.append(clip["film"])
        return torch.tensor([[log(3.0), 0.0], [0.0, 0.0]])

    model.forward = forward  # type: ignore[method-assign]
    batch = Batch({"film": torch.tensor([[0.0], [10.0]])}, torch.tensor([0, 1]), torch.arange(2), torch.zeros(2))
    loss = HardLabels(mixup=0.4)(model, batch)["loss"].item()
    assert seen[0].flatten().tolist() == pytest.approx([3.0, 7.0])
    own, other = (-log(3 / 4) - log(1 / 2)) / 2, (-log(1 / 4) - log(1 / 2)) / 2
    assert loss == pytest.approx(0.7 * own + 0.3 * other)


def test_shares_of_mixup_are_beta() -> None:
    """Variance of Beta(a, a) is 1 / (4 (2 a + 1))."""
    torch.manual_seed(0)
    batch = Batch({"film": torch.tensor([[0.0], [1.0]])}, torch.tensor([0, 1]), torch.arange(2), torch.zeros(2))
    shares: list[float] = []
    model = torch.nn.Module()

    def forward(clip: dict[str, torch.Tensor]) -> torch.Tensor:
        shares.append(float(clip["film"][1]))
        return torch.zeros(2, 2)

    model.forward = forward  # type: ignore[method-assign]
    objective = HardLabels(mixup=0.4)
    for _ in range(3000):
        objective(model, batch)
    drawn = torch.tensor([share for share in shares if share not in (0.0, 1.0)])  # unless the pair stayed as it was
    assert drawn.mean().item() == pytest.approx(0.5, abs=0.03)
    moved = [share for share in shares if share != 1.0]
    assert torch.tensor(moved).var().item() == pytest.approx(1 / (4 * 1.8), abs=0.02)


def test_class_weights_by_hand() -> None:
    labels = torch.tensor([0, 0, 0, 0, 1])
    assert class_weights(labels, 2, 0.0) is None
    whole, half = class_weights(labels, 2, 1.0), class_weights(labels, 2, 0.5)
    assert whole is not None and half is not None
    assert whole.tolist() == pytest.approx([5 / (2 * 4), 5 / (2 * 1)])  # both classes weigh the same
    assert half.tolist() == pytest.approx([1 / 2 * 5 / (4 / 2 + 1), 5 / (4 / 2 + 1)])
    for weights in (whole, half):
        assert weights[labels].mean().item() == pytest.approx(1)


def test_the_teacher_is_asked_about_exactly_the_same_clip_and_view() -> None:
    views, count = 3, 6
    # Every (view, clip) has its own planted answer.
    planted = torch.arange(views * count * 2.0).reshape(views, count, 1, 2).sin() * 5
    objective = Distil(how({"loss": "soft", "temperature": 2.0}, hard=0.0), TeacherOutputs(planted, {}), {}, 6)
    model = toy_model().eval()
    index, view = [4, 0, 4, 5], [2, 1, 0, 2]
    batch = batch_of(index, view, count=count, views=views)
    answers = torch.stack([planted[v, i] for i, v in zip(index, view, strict=True)])
    losses = objective(model, batch)
    torch.testing.assert_close(losses["loss"], soft_targets(model(batch.clip), answers, 2.0))
    wrong = torch.stack([planted[v, (i + 1) % count] for i, v in zip(index, view, strict=True)])
    assert not torch.allclose(losses["soft"], soft_targets(model(batch.clip), wrong, 2.0))


PURE = [
    name
    for name in known_names("loss")
    if facts("loss", name)["compares"] == "features"
    and not isinstance(find("loss", name), type)
    and facts("loss", name).get("takes", "vectors") == "vectors"
]


@pytest.mark.parametrize("loss", PURE)
def test_features_are_of_the_same_clip_and_view_too(loss: str) -> None:
    clips = toy_clips(6, views=3)
    features = torch.randn(3, 6, 8)
    objective = Distil(
        how({"loss": loss}, hard=0.0), TeacherOutputs(torch.zeros(3, 6, 1, 2), {"embedding": features}), {"embedding": (8,)}, 6
    )
    model = toy_model().eval()
    index, view = torch.tensor([4, 0, 4, 5]), torch.tensor([2, 1, 0, 2])
    batch = clips.take(index, view)
    target = torch.stack([features[v, i] for i, v in zip(index, view, strict=True)])
    torch.testing.assert_close(objective(model, batch)["loss"], find("loss", loss)(model.embed(batch.clip), target))


def test_options_of_a_term_reach_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_objects", {**registry._objects})
    monkeypatch.setattr(registry, "_own", {**registry._own})

    @registry.register("loss", "scaled", compares="features")
    def scaled(student: torch.Tensor, teacher: torch.Tensor, factor: float = 1.0) -> torch.Tensor:
        return factor * (student - teacher).abs().mean()

    clips, model = toy_clips(6), toy_model().eval()
    batch = clips.take(torch.arange(5), torch.zeros(5, dtype=torch.long))
    once, thrice = (
        Distil(how({"loss": "scaled", "options": options}, hard=0.0), teacher_of(clips, width=8), {"embedding": (8,)}, 6)(model, batch)[
            "loss"
        ]
        for options in ({}, {"factor": 3.0})
    )
    torch.testing.assert_close(thrice, 3 * once)
    with pytest.raises(UserError, match="distillation term 'soft' with options temperature, factor: got an unexpected keyword argument"):
        Distil(how({"loss": "soft", "options": {"factor": 2}}), teacher_of(clips), {"embedding": (8,)}, 6)


def test_the_total_is_the_weighted_sum_and_every_part_is_named() -> None:
    clips = toy_clips(6)
    terms = [
        {"loss": "soft", "weight": 0.8},
        {"loss": "rkd_distance", "weight": 25.0},
        {"loss": "soft", "weight": 0.5, "temperature": 1.0},
        {"loss": "rkd_distance", "weight": 2.0, "student_tap": "blocks"},
    ]
    weights = torch.tensor([1.0, 3.0])
    outputs = teacher_of(clips)
    objective = Distil(how(*terms, hard=0.3), outputs, {"embedding": (8,), "blocks": (8, 8)}, 6, weights)
    model = toy_model().eval()
    batch = clips.take(torch.arange(5), torch.zeros(5, dtype=torch.long))
    losses = objective(model, batch)
    assert list(losses) == ["loss", "hard", "soft", "rkd_distance", "soft_2", "rkd_distance_3"]
    with tap_features(model, ["embedding", "blocks"]) as features:
        logits = model(batch.clip)
    teacher, felt = outputs.logits[0, :5], outputs.features["embedding"][0, :5]
    expected = [
        0.3 * F.cross_entropy(logits, batch.labels, weights),
        0.8 * soft_targets(logits, teacher, 4.0),
        25.0 * rkd_distance(features["embedding"], felt),
        0.5 * soft_targets(logits, teacher, 1.0),
        2.0 * rkd_distance(features["blocks"].flatten(1), felt),
    ]
    torch.testing.assert_close(losses["loss"], torch.stack(expected).sum())


@pytest.mark.parametrize(("loss", "width", "projects"), [("mse", 8, False), ("mse", 5, True), ("dask", 5, True), ("rkd_angle", 5, False)])
def test_a_projector_only_where_widths_differ_and_matter(loss: str, width: int, projects: bool) -> None:
    clips = toy_clips(6)
    objective = Distil(how({"loss": "soft"}, {"loss": loss}), teacher_of(clips, width=width), {"embedding": (8,)}, 6)
    assert [(name, tuple(p.shape)) for name, p in objective.named_parameters()] == (
        [("terms.1.projector.weight", (width, 8)), ("terms.1.projector.bias", (width,))] if projects else []
    )
    model = toy_model()
    batch = clips.take(torch.arange(6), torch.ones(6, dtype=torch.long))
    losses = objective(model, batch)
    losses["loss"].backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in objective.parameters())
    if projects and loss == "mse":
        model.eval()
        expected = feature_mse(
            objective.terms[1].projector(model.embed(batch.clip)), teacher_of(clips, width=width).features["embedding"][1]
        )
        torch.testing.assert_close(objective(model, batch)["mse"], expected)


def test_views_without_a_class_teach_by_the_teachers_words_alone() -> None:
    clips = toy_clips(6, views=3, labelled=1)
    objective = Distil(how({"loss": "soft"}), teacher_of(clips), {}, 6)
    model = toy_model().eval()
    batch = clips.take(torch.tensor([0, 1, 2, 3]), torch.tensor([0, 0, 1, 2]))
    losses = objective(model, batch)
    logits = model(batch.clip)
    torch.testing.assert_close(losses["hard"], F.cross_entropy(logits[:2], clips.labels[:2]))
    torch.testing.assert_close(losses["soft"], soft_targets(logits, teacher_of(clips).logits[[0, 0, 1, 2], [0, 1, 2, 3]]))


def test_a_batch_without_a_label_learns_from_the_teacher_alone() -> None:
    clips = replace(toy_clips(6), labels=torch.full((6,), IGNORED))
    batch = clips.take(torch.arange(4), torch.zeros(4, dtype=torch.long))
    model = toy_model().eval()
    losses = Distil(how({"loss": "soft", "weight": 0.5}), teacher_of(toy_clips(6)), {}, 6)(model, batch)
    assert losses["hard"].item() == 0
    torch.testing.assert_close(losses["loss"], 0.5 * losses["soft"])


def test_class_weights_go_by_the_clips_that_have_a_label() -> None:
    labels = torch.tensor([0, 0, 1])
    more = torch.cat([labels, torch.full((7,), IGNORED)])
    torch.testing.assert_close(class_weights(more, 2, 1.0), class_weights(labels, 2, 1.0))


def test_a_batch_always_holds_a_class() -> None:
    """Even where the recipe leaves nearly all of the batch to the teacher: a mean over no labels would not be a number."""
    clips = toy_clips(6, views=3, labelled=1)
    index, view = BatchSampler(clips, 2, 0, 0.9)(0)
    losses = Distil(how({"loss": "soft"}), teacher_of(clips), {}, 6)(toy_model(), clips.take(index, view))
    assert torch.isfinite(losses["loss"])
