"""The models that the app offers: runs and bundles given on the command line, else the embedded bundles."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from featherfall.core.documents import read_json
from featherfall.core.errors import UserError
from featherfall.core.manifest import BundleKind, Manifest
from featherfall.runtime.bundle import Bundle, load_bundle, read_manifest
from featherfall.runtime.embedded import embedded_bundles, find_bundle

MediaType = Literal["table", "film", "picture"]
KINDS_BY_MEDIA: dict[MediaType, tuple[BundleKind, ...]] = {  # in order of preference
    "table": ("window",),
    "film": ("keypoints", "detector", "film", "picture"),
    "picture": ("detector", "picture", "keypoints"),
}
KIND_LABELS: dict[BundleKind, str] = {
    "window": "watch or phone",
    "keypoints": "people in films",
    "film": "films",
    "picture": "pictures",
    "detector": "pictures and films",
}


@dataclass(frozen=True, eq=False)
class OfferedModel:
    """One bundle on offer.

    Attributes:
        name: unique among the models on offer.
        path: the bundle's folder.
        kind: the manifest's.
        metrics: `metrics.json` of the run that made it; None where there is none.
    """

    name: str
    path: Path
    kind: BundleKind
    metrics: dict[str, Any] | None

    @property
    def manifest(self) -> Manifest:
        """Return the bundle's manifest."""
        return self.bundle.manifest

    @functools.cached_property
    def bundle(self) -> Bundle:
        """Return the bundle, opened on first use."""
        return load_bundle(self.path)

    @property
    def label(self) -> str:
        """Return the name and the kind, for lists."""
        return f"{self.name} ({KIND_LABELS[self.kind]})"


def open_models(targets: Sequence[str | Path] = ()) -> list[OfferedModel]:
    """Open and check the models on offer.

    Arguments:
        targets: bundles, or runs that hold one; none takes the embedded bundles.
    Raises: `UserError` for a target that is neither, or where no bundle is embedded.
    """
    paths = [_bundle_of(one) for one in targets] or list(embedded_bundles().values())
    if not paths:
        raise UserError("no model to open: this package contains none; give a run or a bundle: featherfall app runs/mine")
    models: list[OfferedModel] = []
    for path in paths:
        manifest = read_manifest(path)
        model = OfferedModel(_unused(manifest.name, [one.name for one in models]), path, manifest.kind, _metrics(path, manifest))
        model.bundle  # noqa: B018 (opened now, so that a broken bundle is refused before the app starts)
        models.append(model)
    return models


def choose_model(models: Sequence[OfferedModel], media: MediaType) -> OfferedModel:
    """Return the first model that accepts files of a type; raises `UserError` where there is none."""
    for kind in KINDS_BY_MEDIA[media]:
        for one in models:
            if one.kind == kind:
                return one
    accepted = ", ".join(dict.fromkeys(KIND_LABELS[one.kind] for one in models))
    wanted = {"table": "the motion of a watch (CSV)", "film": "films", "picture": "pictures"}[media]
    raise UserError(f"no open model accepts {wanted}; the open ones accept: {accepted}. Start the app with one: featherfall app BUNDLE")


def _bundle_of(target: str | Path) -> Path:
    """Return the folder of a run's bundle, of a bundle, or of an embedded bundle."""
    run = Path(target)
    if (run / "run.json").is_file() and not any((place / "manifest.json").is_file() for place in (run, run / "bundle")):
        raise UserError(f"{run}: the run has no bundle yet; finish it first (featherfall distill ... --resume)")
    return find_bundle(target)


def _metrics(path: Path, manifest: Manifest) -> dict[str, Any] | None:
    """Return the metrics of the same recipe, beside the bundle or in the run that holds it."""
    for file in (path / "metrics.json", path.parent / "metrics.json"):
        if file.is_file():
            values: dict[str, Any] = read_json(file)
            if values.get("recipe") == manifest.provenance.get("recipe", {}).get("name"):
                return values
    return None


def _unused(name: str, taken: Sequence[str]) -> str:
    """Return the name, numbered where another model has it."""
    return name if name not in taken else next(new for k in range(2, len(taken) + 3) if (new := f"{name} {k}") not in taken)
