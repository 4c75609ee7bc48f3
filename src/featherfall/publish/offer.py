"""A checked bundle to publish, and the metrics of its run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from featherfall.core.documents import read_json
from featherfall.core.errors import UserError
from featherfall.core.files import write_json
from featherfall.core.manifest import Manifest
from featherfall.runtime.bundle import load_bundle

_METRICS = "metrics.json"
# Of bundles trained on simulated people only: no dataset's terms apply.
_OPEN_LICENCE = "apache-2.0"


@dataclass(frozen=True)
class Offer:
    """A bundle to publish.

    metrics: content of its run's `metrics.json`, or None.
    simulated: whether all people that it was trained on are simulated; None where neither metrics nor manifest say.
    """

    folder: Path
    manifest: Manifest
    metrics: dict[str, Any] | None
    simulated: bool | None

    @property
    def files(self) -> list[Path]:
        """Return the bundle's own files: the manifest and those whose digests it holds."""
        return [self.folder / "manifest.json", *(self.folder / name for name in self.manifest.sha256)]


def read_offer(target: str | Path) -> Offer:
    """Open a bundle and check it as a device would: digests, model against manifest.

    Arguments:
        target: a bundle, a run, or the name of an embedded bundle.
    Raises: `UserError`.
    """
    bundle = load_bundle(target)
    places = [bundle.path / _METRICS, bundle.path.parent / _METRICS]  # beside an embedded bundle; in the run around a bundle
    found = next((place for place in places if place.is_file()), None)
    metrics = read_json(found) if found is not None else None
    simulated = (metrics or {}).get("simulated", bundle.manifest.provenance.get("simulated"))
    return Offer(bundle.path, bundle.manifest, metrics, simulated)


def licence_of(offer: Offer, stated: str | None) -> str:
    """Return the licence: as stated; else that of the bundle itself; else `_OPEN_LICENCE` for one trained on simulated people only.

    Raises: `UserError` for other bundles, whose licence a person must state.
    """
    if stated:
        return stated.lower()
    own = offer.manifest.provenance.get("licence")
    if isinstance(own, str) and own:
        return own.lower()
    if offer.simulated:
        return _OPEN_LICENCE
    raise UserError(
        f"{offer.folder}: trained on recordings whose terms may apply to the model; state the licence, e.g. --licence cc-by-nc-4.0"
    )


def write_bundle_files(offer: Offer, folder: Path) -> list[Path]:
    """Copy the bundle's own files, and its run's metrics where there are some, into `folder`; return the new files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for file in offer.files:
        (folder / file.name).write_bytes(file.read_bytes())
        written.append(folder / file.name)
    if offer.metrics is not None and _METRICS not in offer.manifest.sha256:
        write_json(folder / _METRICS, offer.metrics)
        written.append(folder / _METRICS)
    return written


def join_words(words: Sequence[str]) -> str:
    """Join words for a sentence: "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
