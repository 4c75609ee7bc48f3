"""Models: ONNX files and bundles."""

from __future__ import annotations

import contextlib
import functools
from pathlib import Path
from typing import Any

from featherfall.core.errors import UserError


def onnx(root: Path, file: Path) -> object:
    """The bytes of a model, before ONNX Runtime sees them."""
    from featherfall.runtime.onnx_file import external_files

    try:
        return external_files(file.read_bytes())
    except ValueError as error:
        raise UserError(str(error)) from error


def bundle(root: Path, file: Path) -> object:
    """A bundle whose model is damaged and whose digest is right, as an attacker would send it."""
    import json

    from featherfall.core.files import sha256
    from featherfall.runtime import load_bundle

    _keep_trial_child()
    manifest = root / "manifest.json"
    before = manifest.read_bytes()
    if file.suffix == ".onnx":
        manifest.write_text(json.dumps(json.loads(before) | {"sha256": {file.name: sha256(file)}}))
    try:
        return load_bundle(root).predict(_quiet(), rate=50.0)
    finally:
        manifest.write_bytes(before)


@functools.cache
def _keep_trial_child() -> None:
    """Try all models in one child process, whose start takes a second; a crash or a limit still ends it."""
    from featherfall.runtime import trial

    kept = trial.Child("featherfall.runtime.trial:run_once", 5.0, 400 << 20)
    trial.trial_child = lambda size, *_: contextlib.nullcontext(kept)  # type: ignore[assignment]


@functools.cache
def _quiet() -> Any:
    import numpy as np

    return np.random.default_rng(0).normal(0, 0.02, (300, 3)) + np.array([0.0, 0.0, 1.0])
