"""Documents: settings, recipes, manifests, runs, addresses."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path


def yaml(root: Path, file: Path) -> object:
    from featherfall.core.documents import read_yaml

    return read_yaml(file)


def json(root: Path, file: Path) -> object:
    from featherfall.core.documents import read_json

    return read_json(file)


def recipe(root: Path, file: Path) -> object:
    from featherfall.core.recipe_file import load_recipe

    return load_recipe(file)


def setting(root: Path, file: Path) -> object:
    """`--set KEY=VALUE`."""
    from featherfall.core.recipe_file import load_recipe

    changes = file.read_bytes().decode("utf-8", "surrogateescape").split("\n")
    return load_recipe("weda_fall_wrist", changes[:4])


def manifest(root: Path, file: Path) -> object:
    from featherfall.runtime.bundle import read_manifest

    return read_manifest(root)


def hub(root: Path, file: Path) -> object:
    """The address of a bundle on the hub; a well-formed one would be fetched, which needs a network."""
    from featherfall.publish import hub

    address = file.read_bytes().decode("utf-8", "surrogateescape")
    return hub.split_address(address)


def metrics(root: Path, file: Path) -> object:
    """A run or a bundle that others give: its metrics as tables, its report."""
    from featherfall.cli import tables
    from featherfall.core.documents import as_written, read_json

    with as_written(file, "metrics of a run"), contextlib.redirect_stdout(io.StringIO()):
        metrics = read_json(file)
        tables.show_metrics(metrics, root)
        tables.show_comparison([metrics])


def run(root: Path, file: Path) -> object:
    """A run that others give: its record, and what the app shows of it."""
    from featherfall.app.training_runs import TrainingRuns
    from featherfall.pipeline.run import read_run

    TrainingRuns(root.parent, root.parent).state(root.name)
    return read_run(root)


def watch_config(root: Path, file: Path) -> object:
    from featherfall.household.config import load_config

    return load_config(file)
