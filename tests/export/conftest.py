"""A two-input student with random weights on clips of noise, exported once; its inputs stand in the "wrong" order in the recipe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.clips.tiny import facts, store_of
from tests.conftest import RATE, tiny_recipe
from torch import nn

from featherfall.clips.store import ClipStore
from featherfall.core.manifest import Manifest
from featherfall.core.recipe import Recipe
from featherfall.export.bundle import write_bundle
from featherfall.export.deployment import Deployment, GraphOutputs, Guard, exportable, inputs_of, sample_of
from featherfall.models.inertial import InertialNet

INPUTS = ["gyroscope", "accelerometer"]
LENGTH = 40


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    return tiny_recipe(
        student={"network": {"kind": "inertial", "inputs": INPUTS}},
        clip={
            "window": {"kind": "impact", "length": LENGTH, "rate": RATE},
            "inputs": {"skeleton": "skeleton", "gyroscope": "gyroscope", "accelerometer": "accelerometer"},
            "reference": "accelerometer",
        },
    )


@pytest.fixture(scope="session")
def student() -> nn.Module:
    """With batch norm's statistics of something real."""
    torch.manual_seed(0)
    model = InertialNet(INPUTS, 2).train()
    for _ in range(20):
        model({"accelerometer": torch.randn(32, LENGTH, 3), "gyroscope": 100 * torch.randn(32, LENGTH, 3)})
    return model.eval()


@pytest.fixture(scope="session")
def store() -> ClipStore:
    random = np.random.default_rng(0)
    shape = (64, LENGTH, 3)
    inputs = {"accelerometer": random.normal(size=shape), "gyroscope": 100 * random.normal(size=shape)}
    inputs = {name: values.astype(np.float32) for name, values in inputs.items()}
    return store_of([facts(f"S{i}") for i in range(64)], [[1.0]] * 64, inputs)


@pytest.fixture(scope="session")
def exported(
    student: nn.Module, recipe: Recipe, store: ClipStore, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Manifest, list[np.ndarray]]:
    """The bundle's folder, its manifest, and the logits that the guard was shown."""
    folder = tmp_path_factory.mktemp("export") / "bundle"
    shown: list[np.ndarray] = []

    def score(outputs: GraphOutputs) -> dict[str, float]:
        shown.append(outputs[0])
        return {"f1": 0.9 - 0.004 * (len(shown) - 1)}  # int8 loses .4 points, the budget is .5

    return folder, write_bundle(folder, deployment(student, recipe, store, score)), shown


def deployment(student: nn.Module, recipe: Recipe, store: ClipStore, score: Callable[[GraphOutputs], dict[str, float]]) -> Deployment:
    """Calibrated and proven on the first 50 clips, guarded on the others."""
    names = inputs_of(recipe)
    sample = sample_of(store, names, np.arange(50), 512)
    guard = Guard({name: values[50:] for name, values in store.inputs.items()}, score, recipe.export.budget_points)
    provenance = {"seed": 3, "recipe": "tiny"}
    return Deployment(recipe, store, ["not_fall", "fall"], recipe.decision.stated, exportable(student, sample), sample, guard, provenance)
