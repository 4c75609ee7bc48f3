"""Bundles that ship with the package. Their falls were simulated; see docs/reference/models.md."""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def embedded_bundles() -> dict[str, Path]:
    """Return the folders of the package's bundles (`featherfall/embedded`) by name, from a wheel or a checkout."""
    folder = Path(str(resources.files("featherfall"))) / "embedded"
    return {path.parent.name: path.parent for path in sorted(folder.glob("*/manifest.json"))}


def find_bundle(path_or_name: str | Path) -> Path:
    """Return the folder of a bundle given by its path, its run's path, or the name of an embedded bundle.

    An existing path takes precedence over a name. A path that fits nothing is returned unchanged; opening it then fails.
    """
    path = Path(path_or_name)
    if (path / "run.json").is_file():
        return path / "bundle"
    if path.exists():
        return path
    return embedded_bundles().get(str(path_or_name), path)
