from __future__ import annotations

from tests.conftest import tiny_recipe

from featherfall.core.recipe import Network
from featherfall.core.training_settings import Swa, Training
from featherfall.evaluation.description import describe_network, describe_optimisation, describe_training


def test_networks() -> None:
    assert describe_network(Network(kind="inertial", inputs=["a"])) == "inertial"
    tuned = Network(kind="image", inputs=["a"], options={"backbone": "resnet18"})
    assert describe_network(tuned) == "image: resnet18, fine-tuned, random weights"
    frozen = Network(kind="image", inputs=["a"], options={"backbone": "resnet18", "pretrained": True, "frozen": True})
    assert describe_network(frozen) == "image: resnet18, frozen, published weights"


def test_trainings() -> None:
    focal = Training(focal=2, lr=1e-5)
    assert describe_optimisation(focal, 0.0) == "focal loss 2, AdamW 1e-05, one-cycle"
    mixed = Training(mixup=0.4, optimizer="adam", lr=1e-3, schedule="cosine", average=0, swa=Swa())
    assert describe_optimisation(mixed, 0.1) == "cross-entropy, label smoothing 0.1, mixup 0.4, Adam 0.001, cosine, SWA from 75% at 0.0001"


def test_roles() -> None:
    assert list(describe_training(tiny_recipe())) == ["student", "teacher"]
    assert list(describe_training(tiny_recipe(teacher=None, distillation=None))) == ["student"]
