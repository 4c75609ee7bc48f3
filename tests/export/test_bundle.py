from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.export.conftest import deployment
from tests.export.logits import onnx_logits, torch_logits
from torch import nn

from featherfall.clips.store import ClipStore
from featherfall.core import registry
from featherfall.core.errors import UserError
from featherfall.core.files import sha256
from featherfall.core.manifest import Manifest, ModelFile
from featherfall.core.recipe import Export, Recipe
from featherfall.core.registry import known_names, register
from featherfall.export.bundle import looks_at, refusals, write_bundle
from featherfall.export.deployment import Deployment, model_entry
from featherfall.export.formats import onnx as onnx_format
from featherfall.models.count import parameters
from featherfall.runtime import load_bundle
from featherfall.runtime.bundle import read_manifest

Exported = tuple[Path, Manifest, list[np.ndarray]]
LABELS = ["not_fall", "fall"]


def test_what_the_manifest_says(exported: Exported, recipe: Recipe, student: nn.Module) -> None:
    folder, manifest, _ = exported
    assert read_manifest(folder) == manifest
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "model.int8.onnx", "model.onnx"]
    assert manifest.sha256 == {name: sha256(folder / name) for name in ("model.onnx", "model.int8.onnx")}
    assert [(one.file, one.precision, one.bytes) for one in manifest.models] == [
        (name, precision, (folder / name).stat().st_size) for name, precision in (("model.onnx", "float32"), ("model.int8.onnx", "int8"))
    ]
    assert manifest.labels == LABELS and manifest.positive == "fall" and manifest.task == "fall" and manifest.name == "tiny"
    assert manifest.window == recipe.clip.window and manifest.decision == recipe.decision.stated
    assert manifest.parameters == parameters(student) and manifest.macs > 0
    assert manifest.provenance == {"seed": 3, "recipe": "tiny"}
    assert [(one.unit, one.channels, one.placement) for one in manifest.inputs] == [
        ("g", ["x", "y", "z"], "left wrist"),
        ("deg/s", ["x", "y", "z"], "left wrist"),
    ]


def test_the_first_input_is_the_reference_whatever_the_recipes_order(exported: Exported, recipe: Recipe) -> None:
    """The runtime keeps the first input's time and lets its magnitude trigger."""
    assert recipe.student.network.inputs[0] != recipe.clip.reference
    assert exported[1].inputs[0].name == recipe.clip.reference


def test_parity_is_proven_on_training_clips(exported: Exported, student: nn.Module, store: ClipStore) -> None:
    folder, manifest, _ = exported
    proof = manifest.models[0].proof
    clip = {name: values[:50] for name, values in store.inputs.items()}
    error = np.abs(torch_logits(student, clip) - onnx_logits(folder / "model.onnx", clip)).max()
    assert proof["clips"] == 50 and proof["max_abs_logit_error"] == pytest.approx(error, abs=1e-6) and error < 1e-3


def test_the_guard_compares_on_its_own_clips(exported: Exported, store: ClipStore) -> None:
    folder, manifest, shown = exported
    guard = {name: values[50:] for name, values in store.inputs.items()}
    exact, small = (onnx_logits(folder / name, guard) for name in ("model.onnx", "model.int8.onnx"))
    np.testing.assert_array_equal(shown[0], exact)
    np.testing.assert_array_equal(shown[1], small)
    proof = manifest.models[1].proof
    assert proof["points_lost"] == pytest.approx(0.4) and (proof["budget_points"], proof["clips"]) == (0.5, 14)
    assert proof["float32"] == {"f1": 0.9} and proof["int8"] == {"f1": 0.896}
    assert refusals(manifest) == []


def test_the_runtime_opens_it_and_agrees(exported: Exported, student: nn.Module, store: ClipStore) -> None:
    clip = {name: values[:7] for name, values in store.inputs.items()}
    logits = torch_logits(student, clip)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(load_bundle(exported[0], "float32").probabilities(clip), expected, atol=1e-4)
    assert load_bundle(exported[0]).model.precision == "int8"


def test_an_int8_model_that_loses_too_much_is_refused(student: nn.Module, recipe: Recipe, store: ClipStore, tmp_path: Path) -> None:
    scores = iter([0.95, 0.94])
    manifest = write_bundle(tmp_path / "bundle", deployment(student, recipe, store, lambda outputs: {"f1": next(scores), "recall": 1.0}))
    assert sorted(path.name for path in (tmp_path / "bundle").iterdir()) == ["manifest.json", "model.onnx"]
    assert [one.precision for one in manifest.models] == ["float32"] and manifest.sha256.keys() == {"model.onnx"}
    assert manifest.models[0].proof["int8_refused"]["points_lost"] == pytest.approx(1.0)
    assert refusals(manifest) == ["int8 refused: it loses 1.00 points on 14 clips, the budget is 0.5"]
    assert load_bundle(tmp_path / "bundle").model.precision == "float32"


def test_a_model_that_onnx_tells_otherwise_does_not_ship(
    student: nn.Module, recipe: Recipe, store: ClipStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_format, "export_onnx", lambda model, sample, path, outputs: path.write_bytes(b""))
    for wrong in (0.01, np.nan):
        monkeypatch.setattr(onnx_format, "onnx_outputs", lambda path, clip, outputs, wrong=wrong: (torch_logits(student, clip) + wrong,))
        with pytest.raises(UserError, match=r"tiny: ONNX and torch differ by .* in logits"):
            write_bundle(tmp_path / "bundle", deployment(student, recipe, store, lambda outputs: {"f1": 1.0}))
    assert list(tmp_path.iterdir()) == []


def test_formats_are_found_by_name() -> None:
    assert {"onnx", "onnx_int8"} <= set(known_names("format"))
    assert Export(formats=["onnx"]).written == ["onnx", "onnx_int8"] and Export(int8=False).written == ["onnx"]
    with pytest.raises(ValueError, match="unknown format; did you mean 'onnx'"):
        Export(formats=["onx"])


def test_int8_alone(student: nn.Module, recipe: Recipe, store: ClipStore, tmp_path: Path) -> None:
    only = recipe.model_copy(update={"export": Export(formats=["onnx_int8"])})
    manifest = write_bundle(tmp_path / "bundle", deployment(student, only, store, lambda outputs: {"f1": 1.0}))
    assert [(one.format, one.file) for one in manifest.models] == [("onnx", "model.int8.onnx")]
    assert load_bundle(tmp_path / "bundle").model.precision == "int8"
    scores = iter([1.0, 0.0])
    with pytest.raises(UserError, match="every format was refused"):
        write_bundle(tmp_path / "none", deployment(student, only, store, lambda outputs: {"f1": next(scores)}))


def test_a_format_of_ones_own(
    student: nn.Module, recipe: Recipe, store: ClipStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in (registry._own, registry._objects):
        monkeypatch.setitem(one, ("format", "weights"), None)  # so that it is forgotten afterwards
        del one["format", "weights"]

    @register("format", "weights")
    def write(deployment: Deployment, folder: Path) -> ModelFile:
        assert (folder / "model.onnx").is_file()
        torch.save(deployment.network.module.state_dict(), folder / "weights.pt")
        return model_entry(folder / "weights.pt", "weights", "float32", {})

    how = recipe.model_copy(update={"export": Export(formats=["onnx", "weights"], int8=False)})
    manifest = write_bundle(tmp_path / "bundle", deployment(student, how, store, lambda outputs: {"f1": 1.0}))
    assert [one.format for one in manifest.models] == ["onnx", "weights"] and "weights.pt" in manifest.sha256
    assert load_bundle(tmp_path / "bundle").model.format == "onnx"


def test_what_a_model_looks_at(recipe: Recipe, store: ClipStore) -> None:
    network, sensor = recipe.student.network, store.facts["accelerometer"]
    assert looks_at(network, sensor) == "window"
    assert looks_at(network.model_copy(update={"kind": "keypoints"}), sensor) == "keypoints"
    film = replace(sensor, frames=8)
    assert looks_at(network.model_copy(update={"kind": "video"}), film) == "film"
    assert looks_at(network.model_copy(update={"kind": "image"}), replace(film, frames=1)) == "picture"
    assert looks_at(network.model_copy(update={"kind": "detector"}), replace(film, frames=1)) == "detector"
