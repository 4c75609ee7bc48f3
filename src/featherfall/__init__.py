"""featherfall: heavy teachers, feather-light students.

Examples:
    >>> import featherfall as ff
    >>> model = ff.load("wrist")  # a bundled model; or a path, or hf://OWNER/NAME
    >>> result = model.predict("recording.csv")
    >>> result.label, result.events
    >>> run = ff.distill("weda_fall_wrist", data="recordings")
    >>> run.metrics["roles"]["distilled"]["f1"]
    >>> run.bundle.evaluate("up_fall")

Nothing heavy is imported before it is used. What goes wrong outside the program is a `UserError` of one line.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

# ONNX Runtime from 1.29 on gives each machine a number and reports its use to Microsoft, unless told not to before it is loaded.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from featherfall import datasets, losses
    from featherfall.api.evaluation import Evaluation
    from featherfall.api.model import Model, evaluate, load
    from featherfall.api.result import Result
    from featherfall.api.run import FinishedRun, distill
    from featherfall.api.teach import teach
    from featherfall.api.watch import watch
    from featherfall.core.errors import UserError
    from featherfall.core.recipe import Recipe
    from featherfall.core.recipe_file import load_recipe
    from featherfall.core.registry import register
    from featherfall.signals.gaf import gaf

__all__ = [
    "Evaluation",
    "FinishedRun",
    "Model",
    "Recipe",
    "Result",
    "UserError",
    "datasets",
    "distill",
    "evaluate",
    "gaf",
    "load",
    "load_recipe",
    "losses",
    "register",
    "teach",
    "watch",
]

_WHERE = {
    "Evaluation": "api.evaluation",
    "FinishedRun": "api.run",
    "Model": "api.model",
    "Recipe": "core.recipe",
    "Result": "api.result",
    "UserError": "core.errors",
    "distill": "api.run",
    "evaluate": "api.model",
    "gaf": "signals.gaf",
    "load": "api.model",
    "load_recipe": "core.recipe_file",
    "register": "core.registry",
    "teach": "api.teach",
    "watch": "api.watch",
}


def __getattr__(name: str) -> Any:
    if name in ("datasets", "losses"):
        return importlib.import_module(f"featherfall.{name}")
    if name not in _WHERE:
        raise AttributeError(f"module 'featherfall' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"featherfall.{_WHERE[name]}"), name)
    globals()[name] = value  # asked for once
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
