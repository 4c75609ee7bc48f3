"""The interface of export formats: `Deployment` in, `ModelFile` or `Refusal` out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from featherfall.clips.store import ClipStore
from featherfall.core.manifest import Decision, Input, ModelFile
from featherfall.core.operating import Operating
from featherfall.core.recipe import Recipe
from featherfall.export.contract import Contract
from featherfall.models.count import macs, parameters

GraphOutputs = tuple[np.ndarray, ...]  # of a graph, in the order of `Exportable.outputs`, (K, ...) each


@dataclass(frozen=True, eq=False)
class Exportable:
    """A trained network, or an ONNX graph that another program wrote of one.

    Attributes:
        outputs: names of the graph's outputs.
        parameters, macs: number of parameters, multiply-accumulates per clip.
        module: {input: (B, ...) tensor} -> a tensor, or a tuple of them, one per output; in evaluation mode.
        graph: an ONNX file with the same inputs and outputs, where there is no module.
    """

    outputs: tuple[str, ...]
    parameters: int
    macs: int
    module: nn.Module | None = None
    graph: Path | None = None


def exportable(module: nn.Module, sample: Mapping[str, np.ndarray], outputs: tuple[str, ...] = ("logits",)) -> Exportable:
    """Return a trained network to be exported. sample: clips by input."""
    clip = {name: torch.from_numpy(np.ascontiguousarray(values[:2])) for name, values in sample.items()}
    return Exportable(outputs, parameters(module), macs(module, clip), module.eval())


@dataclass(frozen=True, eq=False)
class Guard:
    """Clips on which a compressed model is compared with the float32 one.

    Attributes:
        inputs: (K, ...) by input.
        metrics: from a model's outputs to metrics, fractions of 1, none of which may lose more than the budget.
        budget_points: percentage points.
    """

    inputs: Mapping[str, np.ndarray]
    metrics: Callable[[GraphOutputs], Mapping[str, float]]
    budget_points: float

    def compared(self, exact: Mapping[str, float], compressed: Mapping[str, float]) -> dict[str, Any]:
        """Return the proof of an int8 model, from its metrics and those in float32."""
        return {
            "points_lost": max(100 * (exact[name] - compressed[name]) for name in exact),
            "budget_points": self.budget_points,
            "float32": dict(exact),
            "int8": dict(compressed),
            "clips": len(next(iter(self.inputs.values()))),
        }

    def refuses(self, proof: Mapping[str, Any]) -> bool:
        """Return whether a compressed model loses more than the budget."""
        return not proof["points_lost"] <= self.budget_points


@dataclass(frozen=True, eq=False)
class Deployment:
    """All parts of a bundle.

    Attributes:
        labels: class names in the order of the scores.
        sample: (K, ...) training clips by input, in the order of the graph's inputs; they prove parity and calibrate quantisation.
        temperature, operating: as the manifest's.
    """

    recipe: Recipe
    store: ClipStore
    labels: list[str]
    decision: Decision
    network: Exportable
    sample: Mapping[str, np.ndarray]
    guard: Guard
    provenance: Mapping[str, Any]
    temperature: float = 1.0
    operating: Operating | None = None

    @property
    def contract(self) -> Contract:
        """How the student is fed, and how it decides."""
        recipe = self.recipe
        inputs = [_input(self.store, name) for name in self.sample]
        return Contract(recipe.name, recipe.clip.window, inputs, self.labels, recipe.labels.positive, self.decision, self.temperature)


class Deployable(Protocol):
    """What formats need of a student: of a `Deployment`, or of a bundle that gets another file."""

    @property
    def contract(self) -> Contract: ...
    @property
    def network(self) -> Exportable: ...
    @property
    def sample(self) -> Mapping[str, np.ndarray]: ...
    @property
    def guard(self) -> Guard: ...


@dataclass(frozen=True)
class Refusal:
    """A model that is not exported. proof: the measurements; must hold "points_lost", "budget_points" and "clips"."""

    precision: str
    proof: Mapping[str, Any]


class Format(Protocol):
    """An export format. Register it by name: `@register("format", "onnx")`."""

    def __call__(self, deployment: Deployable, folder: Path) -> ModelFile | Refusal:
        """Write one model file into the folder, which holds the files of the formats before it.

        Raises: `UserError` for a model that must not be deployed.
        """
        ...


def model_entry(path: Path, format: str, precision: Any, proof: Mapping[str, Any], beside: Sequence[str] = ()) -> ModelFile:
    """Return the manifest's entry of a file.

    Arguments:
        format: e.g. "onnx", for a quantised file, too.
        beside: names of files of the same folder that belong to it.
    """
    size = path.stat().st_size
    return ModelFile(file=path.name, beside=list(beside), format=format, precision=precision, bytes=size, proof=dict(proof))


def _input(store: ClipStore, name: str) -> Input:
    fact = store.facts[name]
    return Input(name=name, unit=fact.unit, channels=list(fact.channels), placement=fact.placement, frames=fact.frames, size=fact.size)


def sample_of(store: ClipStore, names: list[str], training_clips: np.ndarray, most: int) -> dict[str, np.ndarray]:
    """Read at most so many evenly spaced training clips of the given inputs."""
    chosen = training_clips[np.linspace(0, len(training_clips) - 1, min(most, len(training_clips))).astype(int)]
    return {name: store.read(name, chosen) for name in names}


def inputs_of(recipe: Recipe) -> list[str]:
    """Return the student's inputs, the reference first: the runtime takes the manifest's first input for it."""
    return sorted(recipe.student.network.inputs, key=lambda name: name != recipe.clip.reference)
