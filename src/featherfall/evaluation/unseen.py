"""Which recordings of a dataset a bundle was not trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from featherfall.core.manifest import Manifest
from featherfall.datasets import Dataset, Source

_TRAINED_ON = "the bundle was trained on these subjects: not an honest figure; its run's metrics.json holds the honest one"


def unseen(dataset: Dataset, manifest: Manifest) -> tuple[Sequence[Source], list[str]]:
    """Return the sources to evaluate a bundle on, and notes for the reader.

    - Another dataset than the bundle's own: all of it.
    - Its own: the test side of the published split that the recipe names, else the subjects who were not trained on.
    - Where there are none of these, or the two share only some of their recordings: all of it, with a note that this is no honest figure.
    """
    recipe: Mapping[str, Any] = manifest.provenance.get("recipe", {})
    own, given = _parts(str(recipe.get("dataset", ""))), _parts(dataset.name)
    if not own & given:
        return dataset.sources, []
    split: Mapping[str, Any] = recipe.get("split", {})
    published = dataset.splits.get(str(split.get("list")))
    if split.get("protocol") == "published" and published:
        return [source for source in dataset.sources if published(source) == "test"], []
    trained_on = set(manifest.provenance.get("trained_on", []))
    if trained_on and own == given:
        others = [source for source in dataset.sources if source.subject not in trained_on]
        if others:
            return others, []
    return dataset.sources, [_TRAINED_ON]


def _parts(dataset: str) -> set[str]:
    """Return the names of the datasets that one is joined of."""
    return {part.strip().lower().replace("_", "-") for part in dataset.split("+")}
