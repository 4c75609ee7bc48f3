"""featherfall: heavy teachers, feather-light students.

>>> import featherfall
>>> metrics = featherfall.distill("weda_fall_wrist", data="recordings", out="runs/weda")
>>> bundle = featherfall.load_bundle("runs/weda/bundle")
>>> bundle.predict(recording).events

`featherfall.datasets` reads recordings, `featherfall.losses` holds the distillation losses, `featherfall.gaf` makes images of series.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

# ONNX Runtime from 1.29 on gives each machine a number and reports its use to Microsoft, unless told not to before it is loaded.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from featherfall import datasets, losses
    from featherfall.runtime import Bundle
    from featherfall.signals.gaf import gaf

__all__ = ["datasets", "distill", "gaf", "load_bundle", "losses"]


def distill(
    recipe: str | Path,
    data: str | Path | None = None,
    out: str | Path | None = None,
    *,
    changes: tuple[str, ...] = (),
    resume: bool = False,
    workers: int = 1,
) -> dict[str, Any]:
    """Train teacher, student alone and student distilled; quantise and evaluate. Needs the `train` extra.

    Arguments:
        recipe: path, or the name of one that ships.
        data: folder that holds datasets by their usual folder names; default $FEATHERFALL_REAL_DATA, else ~/.cache/featherfall/real.
        out: run directory to make; default runs/<recipe>.
        changes: "key=value" changes to the recipe.
        workers: trainings side by side; above 1 your script needs an `if __name__ == "__main__":` guard.
    Returns: what `out/metrics.json` holds. Raises: `featherfall.core.errors.UserError`.
    """
    from featherfall.core.files import data_folder
    from featherfall.core.recipe_file import load_recipe
    from featherfall.pipeline.distill import distill as run

    resolved = load_recipe(recipe, changes)
    folder = Path(out) if out is not None else Path("runs") / resolved.name
    return run(resolved, data_folder(data), folder, resume=resume, workers=workers, quiet=True)


def load_bundle(path: str | Path) -> Bundle:
    """Open a bundle; `load_bundle(path).predict(recording)` judges a recording. Needs no torch.

    Raises: `featherfall.core.errors.UserError` when it is no bundle or a file was altered.
    """
    from featherfall.runtime import load_bundle as load

    return load(path)


def __getattr__(name: str) -> Any:
    if name in ("datasets", "losses"):
        return importlib.import_module(f"featherfall.{name}")
    if name == "gaf":
        from featherfall.signals.gaf import gaf

        globals()[name] = gaf  # asked for once
        return gaf
    raise AttributeError(f"module 'featherfall' has no attribute {name!r}")
