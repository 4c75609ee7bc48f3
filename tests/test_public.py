"""The public face is as small as it says."""

import subprocess
import sys
from pathlib import Path

import featherfall
from featherfall import datasets, losses
from featherfall.cli.main import app
from featherfall.core.recipe_file import load_recipe, shipped_recipes
from featherfall.signals.gaf import gaf


def test_exported_names() -> None:
    assert featherfall.__all__ == ["datasets", "distill", "gaf", "load_bundle", "losses"]
    assert featherfall.gaf is gaf
    assert featherfall.datasets is datasets
    assert featherfall.losses is losses
    assert losses.__all__ == [
        "dask",
        "embedding_cosine",
        "embedding_l2",
        "feature_mse",
        "rkd_angle",
        "rkd_distance",
        "soft_targets",
        "soft_targets_binary",
    ]


def test_verbs() -> None:
    verbs = {command.callback.__name__ for command in app.registered_commands if command.callback}
    assert verbs == {"app", "demo", "distill", "train", "evaluate", "export", "predict", "bench", "compare", "report", "sim"}


def test_shipped_recipes_are_valid() -> None:
    shipped = shipped_recipes()
    assert {"utd_mhad_wrist", "utd_mhad_wrist_cross_subject", "weda_fall_wrist", "smartfallmm_watch"} <= set(shipped)
    for name in shipped:
        assert load_recipe(name).name == name


def test_help_and_import_carry_nothing_heavy() -> None:
    heavy = ("torch", "scipy", "pyarrow", "onnxruntime", "numpy", "mujoco")
    code = f"import sys, featherfall.cli.main; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_readme_names_both_commands() -> None:
    readme = Path(__file__).parent.parent / "README.md"
    assert "make demo" in readme.read_text()
    assert "make test" in readme.read_text()
