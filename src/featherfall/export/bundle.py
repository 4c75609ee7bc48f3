"""The bundle: model files, a manifest, and what was proven of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from featherfall.clips.store import ClipStore
from featherfall.core.errors import UserError
from featherfall.core.files import atomic_folder, sha256, write_json
from featherfall.core.manifest import Input, Kind, Manifest, Model
from featherfall.core.recipe import Recipe
from featherfall.core.registry import facts
from featherfall.export.int8 import quantise
from featherfall.export.onnx import export_onnx, onnx_logits, torch_logits
from featherfall.models.count import macs, parameters

PARITY_TOLERANCE = 1e-3  # logits; float32 against float32 on another runtime
CALIBRATION_CLIPS = 512
CALIBRATION_FILMS = 48

Score = Callable[[np.ndarray], float]  # (K, classes) logits of the guard's clips -> main metric, fraction of 1


def write_bundle(
    folder: Path,
    model: nn.Module,
    recipe: Recipe,
    store: ClipStore,
    labels: list[str],
    training_clips: np.ndarray,
    guard_clips: np.ndarray,
    score: Score,
    provenance: Mapping[str, Any],
) -> Manifest:
    """Export a student as ONNX, prove it against torch, quantise it, and keep the int8 model only if it loses little.

    Arguments:
        training_clips: indices of the store's clips that calibrate the quantisation and prove parity.
        guard_clips: clips on which the int8 model is compared with the float32 one: the validation part, or the training part if there is
        none.
        score: the recipe's main metric from logits of the guard's clips.
    Raises: `UserError` when ONNX and torch disagree by more than 1e-3 in a logit.
    """
    # The runtime takes the manifest's first input for the reference.
    names = sorted(recipe.student.network.inputs, key=lambda name: name != recipe.clip.reference)
    most = CALIBRATION_FILMS if any(name in store.films for name in names) else CALIBRATION_CLIPS
    chosen = training_clips[np.linspace(0, len(training_clips) - 1, min(most, len(training_clips))).astype(int)]
    sample = {name: store.read(name, chosen) for name in names}
    guard = {name: store.read(name, guard_clips) for name in names}
    with atomic_folder(folder) as temporary:
        exact = temporary / "model.onnx"
        export_onnx(model, sample, exact)
        error = float(np.abs(torch_logits(model, sample) - onnx_logits(exact, sample)).max())
        if not error <= PARITY_TOLERANCE:
            raise UserError(f"{recipe.name}: ONNX and torch differ by {error:.2g} in a logit; report this model, it must not ship")
        models = [_model(exact, "float32", {"max_abs_logit_error": error, "clips": len(chosen)})]
        if recipe.export.int8:
            models += _int8(temporary, exact, sample, guard, score, recipe.export.budget_points, models)
        manifest = Manifest(
            name=recipe.name,
            kind=_kind(recipe, store, names),
            task=recipe.task,
            inputs=[_input(store, name) for name in names],
            window=recipe.clip.window,
            labels=labels,
            positive=recipe.labels.positive,
            decision=recipe.decision,
            models=models,
            parameters=parameters(model),
            macs=macs(model, _tensors(sample)),
            provenance=dict(provenance),
            sha256={one.file: sha256(temporary / one.file) for one in models},
        )
        write_json(temporary / "manifest.json", manifest.model_dump())
    return manifest


def _int8(
    folder: Path,
    exact: Path,
    sample: Mapping[str, np.ndarray],
    guard: Mapping[str, np.ndarray],
    score: Score,
    budget: float,
    models: list[Model],
) -> list[Model]:
    """The int8 model, or nothing (and a note on the float32 model) when it loses more than the budget."""
    path = folder / "model.int8.onnx"
    quantise(exact, path, sample)
    before, after = score(onnx_logits(exact, guard)), score(onnx_logits(path, guard))
    lost = 100 * (before - after)
    proof = {"points_lost": lost, "budget_points": budget, "float32": before, "int8": after, "clips": len(next(iter(guard.values())))}
    if lost > budget:
        path.unlink()
        models[0] = models[0].model_copy(update={"proof": models[0].proof | {"int8_refused": proof}})
        return []
    return [_model(path, "int8", proof)]


def int8_refusal(manifest: Manifest) -> str | None:
    """One line that says why a bundle has no int8 model although it was asked for; None where nothing was refused."""
    refused = manifest.models[0].proof.get("int8_refused")
    if not refused:
        return None
    return (
        f"int8 refused: it loses {refused['points_lost']:.2f} points on {refused['clips']} clips, the budget is {refused['budget_points']}"
    )


def _kind(recipe: Recipe, store: ClipStore, names: list[str]) -> Kind:
    """What the network looks at; where that may be several things, the clip's first input chooses."""
    kinds: list[Kind] = facts("model", recipe.student.network.kind).get("looks_at", [])
    if len(kinds) == 1:
        return kinds[0]
    frames = store.facts[names[0]].frames
    return "window" if not frames else "picture" if frames == 1 else "film"


def _model(path: Path, precision: Any, proof: Mapping[str, Any]) -> Model:
    return Model(file=path.name, precision=precision, bytes=path.stat().st_size, proof=dict(proof))


def _input(store: ClipStore, name: str) -> Input:
    fact = store.facts[name]
    return Input(name=name, unit=fact.unit, channels=list(fact.channels), placement=fact.placement, frames=fact.frames, size=fact.size)


def _tensors(sample: Mapping[str, np.ndarray]) -> dict[str, Any]:
    import torch

    return {name: torch.from_numpy(values[:2]) for name, values in sample.items()}
