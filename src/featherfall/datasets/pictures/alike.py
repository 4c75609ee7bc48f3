"""Group similar pictures, e.g. frames of one camera under different names, which leak information if a split separates them.

Each picture is reduced to 9 x 8 gray fields; one bit a field says whether the next one to its right is brighter (the "difference hash" of
N. Krawetz, 2013). Pictures that differ in few of the 64 bits, or are joined by a chain of such, are one group. Unrelated pictures differ in
about 32, frames of one standing camera in fewer than 12.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.recording import Recording, Video
from featherfall.datasets.dataset import Dataset, Source
from featherfall.signals.video import is_image, read_frames

from .names import is_picture

LOOK = "look"  # the trait that holds a picture's group
ALIKE = 11  # bits of 64 that may differ: frames of one standing camera differ in fewer than 12, unrelated pictures in about 32
_ROWS, _COLUMNS = 8, 9


def difference_hash(image: np.ndarray) -> int:
    """Return the 64-bit hash of a (H, W, 3) uint8 picture of at least 9 x 8 pixels; 0 for smaller ones."""
    height, width = image.shape[:2]
    if height < _ROWS or width < _COLUMNS:
        return 0
    down, across = (np.linspace(0, side, parts + 1).astype(int) for side, parts in ((height, _ROWS), (width, _COLUMNS)))
    sums = np.add.reduceat(np.add.reduceat(image, down[:-1], axis=0, dtype=np.uint64), across[:-1], axis=1).sum(axis=2)
    means = sums / (np.diff(down)[:, None] * np.diff(across))
    return int.from_bytes(np.packbits(np.diff(means, axis=1) > 0).tobytes(), "big")


def similar_groups(hashes: Sequence[int]) -> np.ndarray:
    """Return (N,) int64 group of each of N hashes, numbered from 0 by first appearance."""
    bits = np.array(hashes, dtype=np.uint64)
    group = np.full(len(bits), -1, np.int64)
    for first in range(len(bits)):
        if group[first] >= 0:
            continue
        number, reached = group.max(initial=-1) + 1, [first]
        group[first] = number
        while reached:
            near = (group < 0) & (np.bitwise_count(bits ^ bits[reached.pop()]) <= ALIKE)
            group[near] = number
            reached += np.flatnonzero(near).tolist()
    return group


def with_looks(dataset: Dataset) -> Dataset:
    """Return the data set whose pictures have the trait `LOOK`. Each is decoded once; unreadable pictures stay without the trait."""
    hashes = {number: found for number, source in enumerate(dataset.sources) if (found := _hash_of(source)) is not None}
    group = dict(zip(hashes, similar_groups(list(hashes.values())).tolist(), strict=True))
    sources = [_grouped(source, str(group[i])) if i in group else source for i, source in enumerate(dataset.sources)]
    return replace(dataset, sources=tuple(sources))


def _hash_of(source: Source) -> int | None:
    """Return the picture's hash; None for other sources, and for unreadable pictures, which are reported when they are cut."""
    if not is_picture(source):
        return None
    try:
        videos = [video for video in source.load().videos.values() if is_image(video)]
        return _read_hash(videos[0].path, videos[0].images, videos[0].still) if videos else None
    except UserError:
        return None


@lru_cache(maxsize=100_000)  # a run opens its data set several times
def _read_hash(path: Path, images: bool, still: float | None) -> int:
    return difference_hash(next(read_frames(Video(path, images=images, still=still))).image)


def _grouped(source: Source, look: str) -> Source:
    traits = {**source.traits, LOOK: look}
    return replace(source, traits=traits, read=partial(_read_grouped, whole=source))


def _read_grouped(source: Source, whole: Source) -> Recording:
    return replace(whole.load(), traits=source.traits)
