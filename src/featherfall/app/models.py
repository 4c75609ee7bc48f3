"""The models that the app offers: runs and bundles of the command line, else those that ship."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from featherfall.core.errors import UserError
from featherfall.core.files import read_json
from featherfall.core.manifest import BundleKind, Manifest
from featherfall.runtime.bundle import Bundle, load_bundle, read_manifest
from featherfall.runtime.embedded import embedded_bundles, find_bundle

EATS: dict[str, tuple[BundleKind, ...]] = {
    "table": ("window",),
    "film": ("keypoints", "detector", "film", "picture"),
    "picture": ("detector", "picture", "keypoints"),
}
WORDS: dict[BundleKind, str] = {
    "window": "watch or phone",
    "keypoints": "people in films",
    "film": "films",
    "picture": "pictures",
    "detector": "pictures and films",
}


@dataclass(frozen=True, eq=False)
class Model:
    """One bundle on offer.

    Attributes:
        name: unique among those on offer; what the page calls it.
        path: the bundle's folder.
        kind: what it looks at.
        metrics: `metrics.json` of the run that made it; None where there is none.
    """

    name: str
    path: Path
    kind: BundleKind
    metrics: dict[str, Any] | None

    @property
    def manifest(self) -> Manifest:
        """What it eats and how it decides."""
        return self.bundle.manifest

    @functools.cached_property
    def bundle(self) -> Bundle:
        """Opened when first asked for."""
        return load_bundle(self.path)

    @property
    def label(self) -> str:
        """For a list: what it looks at first."""
        return f"{self.name} ({WORDS[self.kind]})"


def open_models(targets: Sequence[str | Path] = ()) -> list[Model]:
    """Check and list what the app offers.

    Arguments:
        targets: bundles, or runs that hold one; none takes those that ship.
    Raises: `UserError` for what is neither, or where nothing ships.
    """
    paths = [_bundle_of(one) for one in targets] or list(embedded_bundles().values())
    if not paths:
        raise UserError("no model to open: none ships with this package; give a run or a bundle: featherfall app runs/mine")
    models: list[Model] = []
    for path in paths:
        manifest = read_manifest(path)
        model = Model(_unused(manifest.name, [one.name for one in models]), path, manifest.kind, _metrics(path, manifest))
        model.bundle  # noqa: B018 (a broken one is refused now, not in front of the user)
        models.append(model)
    return models


def choose(models: Sequence[Model], what: str) -> Model:
    """The first model that looks at such files.

    Arguments:
        what: "table", "film" or "picture".
    Raises: `UserError` where there is none.
    """
    for kind in EATS[what]:
        for one in models:
            if one.kind == kind:
                return one
    has = ", ".join(dict.fromkeys(WORDS[one.kind] for one in models))
    words = {"table": "the motion of a watch (CSV)", "film": "films", "picture": "pictures"}[what]
    raise UserError(f"no open model looks at {words}; those open look at: {has}. Start the app with one that does: featherfall app BUNDLE")


def _bundle_of(target: str | Path) -> Path:
    """A run's bundle, a bundle, or the one of that name that ships."""
    run = Path(target)
    if (run / "run.json").is_file() and not any((place / "manifest.json").is_file() for place in (run, run / "bundle")):
        raise UserError(f"{run}: its run has no bundle yet; finish it first (featherfall distill ... --resume)")
    return find_bundle(target)


def _metrics(path: Path, manifest: Manifest) -> dict[str, Any] | None:
    """Figures of the same recipe, beside the bundle or in the run that holds it."""
    for file in (path / "metrics.json", path.parent / "metrics.json"):
        if file.is_file():
            values: dict[str, Any] = read_json(file)
            if values.get("recipe") == manifest.provenance.get("recipe", {}).get("name"):
                return values
    return None


def _unused(name: str, taken: Sequence[str]) -> str:
    """The name, numbered where another model has it."""
    return name if name not in taken else next(new for k in range(2, len(taken) + 3) if (new := f"{name} {k}") not in taken)
