from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from torch import nn

from featherfall.clips.store import ClipStore
from featherfall.core.errors import UserError
from featherfall.core.files import sha256
from featherfall.core.manifest import Manifest
from featherfall.core.recipe import Recipe
from featherfall.export import bundle as bundle_module
from featherfall.export.bundle import int8_refusal, write_bundle
from featherfall.export.onnx import onnx_logits, torch_logits
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
    assert manifest.window == recipe.clip.window and manifest.decision == recipe.decision
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
    assert manifest.models[1].proof == pytest.approx({"points_lost": 0.4, "budget_points": 0.5, "float32": 0.9, "int8": 0.896, "clips": 14})
    assert int8_refusal(manifest) is None


def test_the_runtime_opens_it_and_agrees(exported: Exported, student: nn.Module, store: ClipStore) -> None:
    clip = {name: values[:7] for name, values in store.inputs.items()}
    logits = torch_logits(student, clip)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(load_bundle(exported[0], "float32").probabilities(clip), expected, atol=1e-4)
    assert load_bundle(exported[0]).model.precision == "int8"


def test_an_int8_model_that_loses_too_much_is_refused(student: nn.Module, recipe: Recipe, store: ClipStore, tmp_path: Path) -> None:
    scores = iter([0.95, 0.94])
    manifest = write_bundle(
        tmp_path / "bundle", student, recipe, store, LABELS, np.arange(8), np.arange(50, 64), lambda logits: next(scores), {}
    )
    assert sorted(path.name for path in (tmp_path / "bundle").iterdir()) == ["manifest.json", "model.onnx"]
    assert [one.precision for one in manifest.models] == ["float32"] and manifest.sha256.keys() == {"model.onnx"}
    assert manifest.models[0].proof["int8_refused"]["points_lost"] == pytest.approx(1.0)
    assert int8_refusal(manifest) == "int8 refused: it loses 1.00 points on 14 clips, the budget is 0.5"
    assert load_bundle(tmp_path / "bundle").model.precision == "float32"


def test_a_model_that_onnx_tells_otherwise_does_not_ship(
    student: nn.Module, recipe: Recipe, store: ClipStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle_module, "export_onnx", lambda model, sample, path: path.write_bytes(b""))
    for wrong in (0.01, np.nan):
        monkeypatch.setattr(bundle_module, "onnx_logits", lambda path, clip, wrong=wrong: torch_logits(student, clip) + wrong)
        with pytest.raises(UserError, match=r"tiny: ONNX and torch differ by .* in a logit"):
            write_bundle(tmp_path / "bundle", student, recipe, store, LABELS, np.arange(8), np.arange(8), lambda logits: 1.0, {})
    assert list(tmp_path.iterdir()) == []
