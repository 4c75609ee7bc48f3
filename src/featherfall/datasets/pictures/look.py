"""Inspect a data set of pictures: sizes, classes and their meaning, versions of one picture, duplicates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from featherfall.core.class_names import ClassNames, Meaning
from featherfall.core.errors import UserError
from featherfall.core.files import sha256
from featherfall.core.recording import Recording
from featherfall.datasets.dataset import Dataset, Source
from featherfall.signals.video import is_image, read_frames

from .alike import difference_hash, similar_groups
from .names import COMMON_NAMES, all_names, is_picture, shows_fall

_ORDER: tuple[Meaning | None, ...] = ("fall", "not_fall", None, "ignore")


@dataclass(frozen=True)
class ClassFacts:
    """One class name: its meaning (None if not stated), number of boxes, number of pictures with it."""

    name: str
    taken_for: Meaning | None
    boxes: int
    pictures: int


@dataclass(frozen=True)
class PictureFacts:
    """All pictures of a data set.

    Attributes:
        readable: that can be decoded.
        smallest, median, largest: (width, height), by area, pixels; 0 where none is readable.
        shapes: how many different sizes.
        endings: files by the ending of their names, e.g. {".jpg": 101}.
        classes: falls first, then by how many pictures show them.
        stated: whether a recipe states the names' meanings; otherwise `names.COMMON_NAMES` are used.
        falls: pictures with a name that means a fall.
        nothing: pictures without labels.
        sources, with_versions, most_versions: source pictures (file names before ".rf."), those with several files, the most files of one.
        looks: groups of pictures that look alike (see `alike`), how many pictures each has, the largest first.
        traits: by trait, how many pictures have which value.
    """

    readable: int
    smallest: tuple[int, int]
    median: tuple[int, int]
    largest: tuple[int, int]
    shapes: int
    endings: dict[str, int]
    classes: list[ClassFacts]
    stated: bool
    falls: int
    nothing: int
    sources: int
    with_versions: int
    most_versions: int
    looks: list[int]
    traits: dict[str, dict[str, int]]


@dataclass
class PictureInspection:
    """Collect facts picture by picture; undecodable and duplicate files are reported in `problems`."""

    problems: list[str]
    _sizes: list[tuple[int, int]] = field(default_factory=list)
    _hashes: list[int] = field(default_factory=list)
    _boxes: Counter[str] = field(default_factory=Counter)
    _contents: dict[str, list[Source]] = field(default_factory=dict)

    def add(self, source: Source, recording: Recording) -> bool:
        """Decode a still; return False for a recording that is not one."""
        stills = [video for video in recording.videos.values() if is_image(video)]
        self._boxes.update(box.name for box in recording.boxes)
        for video in stills:
            try:
                frame = next(read_frames(video))
            except UserError as error:
                self.problems.append(str(error))
                continue
            self._hashes.append(difference_hash(frame.image))
            self._sizes.append((frame.image.shape[1], frame.image.shape[0]))
            if video.images:
                self._contents.setdefault(sha256(video.path), []).append(source)
        return bool(stills)

    def facts(self, dataset: Dataset, known: ClassNames | None) -> PictureFacts | None:
        """Return the facts so far; None without pictures. known: the names' meanings, as a recipe states them."""
        pictures = [source for source in dataset.sources if is_picture(source)]
        if not pictures:
            return None
        self.problems += _doubles(list(self._contents.values()))
        if known is not None and (unknown := [name for name in all_names(dataset) if known.meaning(name) is None]):
            self.problems.append(f"the recipe's labels.names does not list {', '.join(map(repr, unknown))}")
        sizes = sorted(self._sizes, key=lambda size: (size[0] * size[1], size)) or [(0, 0)]
        versions = Counter(source.subject for source in pictures)
        traits: dict[str, Counter[str]] = {}
        for source in pictures:
            for name, value in source.traits.items():
                traits.setdefault(name, Counter())[value] += 1
        return PictureFacts(
            readable=len(self._sizes),
            smallest=sizes[0],
            median=sizes[len(sizes) // 2],
            largest=sizes[-1],
            shapes=len(set(sizes)),
            endings=dict(Counter(source.files[0].suffix.lower() for source in pictures).most_common()),
            classes=self._classes(dataset, pictures, known or COMMON_NAMES),
            stated=known is not None,
            falls=sum(shows_fall(source.names, known or COMMON_NAMES) for source in pictures),
            nothing=sum(not source.names for source in pictures),
            sources=len(versions),
            with_versions=sum(count > 1 for count in versions.values()),
            most_versions=max(versions.values()),
            looks=sorted(Counter(similar_groups(self._hashes).tolist()).values(), reverse=True),
            traits={name: dict(values.most_common()) for name, values in sorted(traits.items())},
        )

    def _classes(self, dataset: Dataset, pictures: Sequence[Source], known: ClassNames) -> list[ClassFacts]:
        shown = Counter(name for source in pictures for name in source.names)
        facts = [ClassFacts(name, known.meaning(name), self._boxes[name], shown[name]) for name in all_names(dataset)]
        return sorted(facts, key=lambda one: (_ORDER.index(one.taken_for), -one.pictures, one.name))


def _doubles(same: list[list[Source]]) -> list[str]:
    """Return one line about files with the same content under different source names: no split by source keeps them together."""
    doubles = [sources for sources in same if len({source.subject for source in sources}) > 1]
    if not doubles:
        return []
    first, second = doubles[0][0].files[0], doubles[0][1].files[0]
    return [f"{first}: the same picture as {second.name}, under another name ({len(doubles)} such case(s)); keep one of each"]
