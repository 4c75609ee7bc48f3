"""Bundles that come with the package. They were trained on simulated people only; see docs/reference/models.md."""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def embedded_bundles() -> dict[str, Path]:
    """Folders of the bundles in the package (`featherfall/embedded`), by name; the same from a wheel and from a checkout."""
    folder = Path(str(resources.files("featherfall"))) / "embedded"
    return {path.parent.name: path.parent for path in sorted(folder.glob("*/manifest.json"))}


def find_bundle(path_or_name: str | Path) -> Path:
    """The folder meant by a bundle's path, a run's path (its `bundle`), or the name of an embedded bundle.

    What exists goes before a name. Where nothing fits, the path comes back as it is, for whoever opens it to refuse.
    """
    path = Path(path_or_name)
    if (path / "run.json").is_file():
        return path / "bundle"
    if path.exists():
        return path
    return embedded_bundles().get(str(path_or_name), path)
