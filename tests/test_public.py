"""The public face is as small as it says."""

import inspect
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import featherfall as ff
from featherfall import datasets, losses
from featherfall.cli.main import app
from featherfall.core.recipe_file import load_recipe, shipped_recipes
from featherfall.signals.gaf import gaf

NAMES = ["Evaluation", "FinishedRun", "Model", "Recipe", "Result", "UserError"]
NAMES += ["datasets", "distill", "evaluate", "gaf", "load", "load_recipe", "losses", "register", "teach", "watch"]
SIGNATURES = {
    ff.load: ["name", "precision", "point"],
    ff.watch: ["model", "source", "sinks", "**options"],
    ff.distill: ["recipe", "data", "out", "*teacher", "*student", "*changes", "*resume", "*workers", "*quiet", "*allow_skipped"],
    ff.evaluate: ["model", "dataset", "data", "*map", "*placement_ok", "*allow_skipped"],
    ff.load_recipe: ["recipe", "changes"],
    ff.teach: ["watch", "teacher", "data", "out", "*clocks", "*within_s", "*steps", "*map", "*placement_ok"],
    ff.register: ["kind", "name", "**facts"],
    ff.Model.predict: ["data", "*rate", "*unit", "*times", "*columns", "*time", "*time_unit", "*source", "*placement_ok", "**options"],
    ff.Model.predict_proba: ["windows"],
    ff.Model.at: ["point", "*false_alarms_per_day"],
    ff.Model.evaluate: ["dataset", "data", "*map", "*placement_ok", "*allow_skipped"],
    ff.Result.to_frame: [],
    ff.Result.to_json: [],
    ff.Result.plot: ["ax"],
    ff.FinishedRun.to_frame: [],
    ff.FinishedRun.plot: ["metric", "ax"],
    ff.Evaluation.to_frame: ["rows"],
    ff.Evaluation.plot: ["ax"],
    ff.Recipe.save: ["path"],
}
ATTRIBUTES = {
    ff.Model: {"at", "bundle", "evaluate", "labels", "manifest", "path", "point", "positive", "predict", "predict_proba"},
    ff.Result: {"columns", "events", "label", "labels", "manifest", "picture", "probabilities", "problems", "raw", "reasons"}
    | {"plot", "to_frame", "to_json"},
    ff.FinishedRun: {"bundle", "folder", "metrics", "plot", "recipe", "report", "to_frame"},
    ff.Evaluation: {"counts", "metrics", "notes", "plot", "to_frame", "values"},
}


def test_exported_names() -> None:
    assert ff.__all__ == NAMES
    assert set(NAMES) <= set(dir(ff))
    for name in NAMES:
        assert getattr(ff, name) is not None
    assert ff.gaf is gaf
    assert ff.datasets is datasets
    assert ff.losses is losses
    with pytest.raises(AttributeError, match="no attribute 'loads'"):
        ff.loads  # noqa: B018
    assert losses.__all__ == [
        "ActivationBoundary",
        "ContrastiveRepresentation",
        "EmbeddingQueue",
        "FactorTransfer",
        "FitNet",
        "VariationalInformation",
        "attention_transfer",
        "confident_teachers",
        "correlated",
        "correlation_congruence",
        "dask",
        "decoupled",
        "embedding_cosine",
        "embedding_l2",
        "feature_mse",
        "neuron_selectivity",
        "probabilistic_knowledge_transfer",
        "rkd_angle",
        "rkd_distance",
        "similarity_preserving",
        "soft_targets",
        "soft_targets_binary",
    ]


@pytest.mark.parametrize("function", SIGNATURES, ids=lambda function: function.__qualname__)
def test_signatures(function: Callable[..., object]) -> None:
    marks = {inspect.Parameter.KEYWORD_ONLY: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    stated = inspect.signature(function).parameters.values()
    assert [marks.get(one.kind, "") + one.name for one in stated if one.name != "self"] == SIGNATURES[function]
    assert all(one.annotation is not inspect.Parameter.empty for one in stated if one.name != "self")


@pytest.mark.parametrize("kind", ATTRIBUTES, ids=lambda kind: kind.__name__)
def test_attributes(kind: type) -> None:
    own = {name for name in dir(kind) if not name.startswith("_")} | set(inspect.get_annotations(kind))
    source = inspect.getsource(kind)
    own |= {name for name in ATTRIBUTES[kind] if f"self.{name} = " in source or f"self.{name}: " in source}
    assert own == ATTRIBUTES[kind]


def test_the_public_face_is_documented() -> None:
    for name in NAMES:
        assert inspect.getdoc(getattr(ff, name)), name
    for function in SIGNATURES:
        doc = inspect.getdoc(function)
        assert doc and doc.splitlines()[0].endswith((".", ":")), function


def test_verbs() -> None:
    verbs = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    single = {
        "app",
        "demo",
        "distill",
        "train",
        "evaluate",
        "export",
        "predict",
        "bench",
        "compare",
        "report",
        "sim",
        "list",
        "watch",
        "replay",
        "camera-check",
        "teach",
    }
    assert verbs == single | {"data", "publish"}


def test_shipped_recipes_are_valid() -> None:
    shipped = shipped_recipes()
    assert {"utd_mhad_wrist", "utd_mhad_wrist_cross_subject", "weda_fall_wrist", "smartfallmm_watch"} <= set(shipped)
    for name in shipped:
        assert load_recipe(name).name == name


def test_help_and_import_carry_nothing_heavy() -> None:
    heavy = ("torch", "scipy", "pyarrow", "onnxruntime", "numpy", "mujoco", "pandas", "matplotlib")
    code = f"import sys, featherfall, featherfall.cli.main; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_readme_names_both_commands() -> None:
    readme = Path(__file__).parent.parent / "README.md"
    assert "make demo" in readme.read_text()
    assert "make test" in readme.read_text()
