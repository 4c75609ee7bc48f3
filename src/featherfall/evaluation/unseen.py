"""Which recordings of a dataset a bundle was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.core.recording import Recording
from featherfall.core.registry import facts
from featherfall.datasets import Dataset, Source
from featherfall.datasets.content import Content, from_json, known_content
from featherfall.datasets.views import SCENE

ContentsOf = Callable[[Recording], Sequence[Content]]  # of what the bundle looks at

_TRAINED_ON = "the bundle was trained on these recordings: not an honest figure; its run's metrics.json holds the honest one"
_TRAINED_ON_NAMES = "the bundle was trained on these subjects: not an honest figure; its run's metrics.json holds the honest one"
_CANNOT_TELL = (
    "cannot tell whether the bundle was trained on these recordings, so this is perhaps not an honest figure: its manifest holds no "
    "fingerprints of the training recordings; export it from its run again (featherfall export)"
)


@dataclass(frozen=True)
class _Provenance:
    """What a manifest says of the training. names: of the datasets that it was trained on; empty where it does not say."""

    names: set[str]
    group: str
    published: str | None
    trained_on: set[str]
    fingerprints: frozenset[int] | None
    simulated: bool

    @classmethod
    def of(cls, manifest: Manifest) -> _Provenance:
        stated, recipe, split = (manifest.of_training(*keys) for keys in ((), ("recipe",), ("recipe", "split")))
        trained_on = stated.get("trained_on")
        return cls(
            _parts(str(stated.get("dataset") or recipe.get("dataset") or "")),
            str(split.get("group", "subject")),
            str(split.get("list")) if split.get("protocol") == "published" else None,
            set(map(str, trained_on)) if isinstance(trained_on, list) else set(),
            from_json(stated.get("fingerprints")),
            bool(stated.get("simulated")),
        )


def unseen(dataset: Dataset, manifest: Manifest, contents_of: ContentsOf) -> tuple[Sequence[Source], list[str]]:
    """Return the sources to evaluate a bundle on, and notes for the reader.

    - The test side of the published split that the bundle's recipe names, where this is its own dataset.
    - Else, where the manifest holds fingerprints of the training recordings: the recordings of people of whom none is among these
      (`split.group: recording`: the recordings that are not); whatever names they have.
    - Else (older bundles) by names: all of another dataset, and the subjects of its own who were not trained on.
    - Where none are left: all of it, with a note that this is no honest figure; or that it cannot be told, where only the names that a user
      gave would say so.
    """
    known = _Provenance.of(manifest)
    published = dataset.splits.get(str(known.published)) if known.names & _parts(dataset.name) else None
    if published:
        return [source for source in dataset.sources if published(source) == "test"], []
    if known.fingerprints is not None:
        return _by_content(dataset, known, known.fingerprints, contents_of)
    return _by_names(dataset, known)


def _by_content(
    dataset: Dataset, known: _Provenance, fingerprints: frozenset[int], contents_of: ContentsOf
) -> tuple[Sequence[Source], list[str]]:
    met = {source.id for source in dataset.sources if _is_known(source, fingerprints, contents_of)}
    if not met:
        return dataset.sources, []
    groups = {_group(source, known.group) for source in dataset.sources if source.id in met}
    others = [source for source in dataset.sources if _group(source, known.group) not in groups]
    if not others:
        return dataset.sources, [_TRAINED_ON]
    count = len(dataset.sources) - len(others)
    return others, [
        f"{count} of {len(dataset.sources)} recordings are not evaluated: the bundle was trained on {len(met)} of them, of "
        f"{len(groups)} {known.group}(s)"
    ]


def _group(source: Source, group: str) -> str:
    """Return what may not stand on two sides, as `clips.splits.group_of`."""
    return source.traits.get(SCENE, source.id) if group == "recording" else source.traits.get(group, source.subject)


def _is_known(source: Source, fingerprints: frozenset[int], contents_of: ContentsOf) -> bool:
    try:
        return any(known_content(content, fingerprints) for content in contents_of(source.load()))
    except UserError:  # named when it is evaluated
        return False


def _by_names(dataset: Dataset, known: _Provenance) -> tuple[Sequence[Source], list[str]]:
    if known.simulated and not dataset.simulated:
        return dataset.sources, []
    given = _parts(dataset.name)
    if not known.names & given:
        return dataset.sources, []
    if known.trained_on and known.names == given:
        others = [source for source in dataset.sources if source.subject not in known.trained_on]
        if others:
            return others, []
    return dataset.sources, [_CANNOT_TELL if any(_is_own(name) for name in known.names & given) else _TRAINED_ON_NAMES]


def _is_own(name: str) -> bool:
    """Return whether a dataset's name says nothing of whose recordings it holds: a user's folder, or a format of pictures."""
    try:
        return name == "folder" or bool(facts("dataset", name).get("pictures"))
    except UserError:  # a dataset made in Python, or of a plugin that is not installed
        return True


def _parts(dataset: str) -> set[str]:
    """Return the names of the datasets that one is joined of."""
    return {part.strip().lower().replace("_", "-") for part in dataset.split("+") if part.strip()}
