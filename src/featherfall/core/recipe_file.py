"""Find and load recipes: by path, or by the name of a shipped one, with overrides."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from featherfall.core.checked import check
from featherfall.core.documents import parse_yaml, read_yaml
from featherfall.core.errors import UserError
from featherfall.core.recipe import Recipe


def load_recipe(recipe: str | Path | Recipe, changes: Sequence[str] = ()) -> Recipe:
    """Read a recipe from a path, or by the name of one that ships; then apply `changes` ("student.training.steps=900").

    Arguments:
        recipe: or a recipe, to change it.
    Raises: `UserError` naming file, key (or YAML line) and mend.
    """
    if isinstance(recipe, Recipe):
        path, values = Path(recipe.name), recipe.model_dump(exclude_unset=True)
    else:
        path = find_recipe(recipe)
        values = read_yaml(path)
    for change in changes:
        _set(values, change)
    return check(Recipe, values, path)


def shipped_recipes() -> dict[str, Path]:
    """Return the recipes in the package (or beside it in a checkout), by name."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "recipes", package.parent.parent / "recipes"):
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    return {}


def find_recipe(path_or_name: str | Path) -> Path:
    """Return the file of a path or a shipped recipe's name (with or without "recipes/" and ".yaml")."""
    path = Path(path_or_name)
    if path.is_file():
        return path
    shipped = shipped_recipes()
    if path.stem in shipped and path.parent in (Path(), Path("recipes")):
        return shipped[path.stem]
    near = difflib.get_close_matches(path.stem, shipped, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"those that ship are {', '.join(shipped)}"
    raise UserError(f"{path_or_name}: no such recipe; {hint}")


def _set(values: Any, change: str) -> None:
    """Apply one "dotted.key=value" (the value read as YAML) in place."""
    key, sign, text = change.partition("=")
    if not sign or not key:
        raise UserError(f"--set {change!r}: write it as key=value, e.g. student.training.steps=900")
    *path, last = key.split(".")
    for part in path:
        if isinstance(values, list) and part.isdigit() and int(part) < len(values):
            values = values[int(part)]
        elif isinstance(values, dict):
            values = values.setdefault(part, {})
        else:
            raise UserError(f"--set {change!r}: {part!r} is not a mapping of the recipe")
    if isinstance(values, list) and last.isdigit() and int(last) < len(values):
        values[int(last)] = parse_yaml(text, f"--set {change!r}")
    elif isinstance(values, dict):
        values[last] = parse_yaml(text, f"--set {change!r}")
    else:
        raise UserError(f"--set {change!r}: {key!r} is not in the recipe")
