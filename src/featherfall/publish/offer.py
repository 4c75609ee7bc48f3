"""What is offered to others: a checked bundle and the figures of the run that it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from featherfall.core.errors import UserError
from featherfall.core.files import read_json
from featherfall.core.manifest import Manifest
from featherfall.runtime.bundle import load_bundle

FIGURES = "metrics.json"
OPEN_LICENCE = "apache-2.0"  # of what was trained on simulated people only: nobody else has a say


@dataclass(frozen=True)
class Offer:
    """A bundle that may leave the house.

    metrics: what its run's `metrics.json` holds, or None.
    simulated: whether everybody it was trained on is simulated; None where neither figures nor manifest say.
    """

    folder: Path
    manifest: Manifest
    metrics: dict[str, Any] | None
    simulated: bool | None

    @property
    def files(self) -> list[Path]:
        """The bundle's own files: the manifest and what it vouches for; nothing else that may lie beside them."""
        return [self.folder / "manifest.json", *(self.folder / name for name in self.manifest.sha256)]


def read_offer(target: str | Path) -> Offer:
    """Open what shall be published, and check it as a device would: digests, model against manifest.

    Arguments:
        target: a bundle, a run, or the name of an embedded bundle.
    Raises: `UserError`.
    """
    bundle = load_bundle(target)
    places = [bundle.path / FIGURES, bundle.path.parent / FIGURES]  # with an embedded bundle; of the run around it
    found = next((place for place in places if place.is_file()), None)
    metrics = read_json(found) if found is not None else None
    said = (metrics or {}).get("simulated", bundle.manifest.provenance.get("simulated"))
    return Offer(bundle.path, bundle.manifest, metrics, said)


def licence_of(offer: Offer, stated: str | None) -> str:
    """The licence to write on it: as stated; without a word, only what was trained on simulated people has one.

    Raises: `UserError` where a person must decide.
    """
    if stated:
        return stated.lower()
    if offer.simulated:
        return OPEN_LICENCE
    raise UserError(
        f"{offer.folder}: trained on recordings whose terms may bind what is learned from them; "
        "say under which licence it goes out, e.g. --licence cc-by-nc-4.0"
    )


def write_bundle_files(offer: Offer, folder: Path) -> list[Path]:
    """Copy the bundle's own files, and its run's figures where there are some, into `folder`; gives what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for file in offer.files:
        (folder / file.name).write_bytes(file.read_bytes())
        written.append(folder / file.name)
    if offer.metrics is not None and FIGURES not in offer.manifest.sha256:
        import json

        (folder / FIGURES).write_text(json.dumps(offer.metrics, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        written.append(folder / FIGURES)
    return written


def joined(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
