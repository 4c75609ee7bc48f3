"""Recognise a recording by its content, whatever its name: copies under two subjects, and recordings that a model was trained on.

A stream is averaged over runs of samples, once by count and once by time; four averages in a row, rounded, are hashed, and the smallest
hashes of the lively parts are kept (bottom-k sketches, Cohen and Kaplan 2007). So a copy is recognised after another program wrote it: with
fewer digits, in another unit, with other time stamps or none, cut off at its end. One that was resampled is recognised at times, one that
begins later is not.

Chosen on 4,309 accelerometer recordings of eight datasets (WEDA-FALL, UP-Fall, SmartFallMM, KFall, SisFall, UTD-MHAD, URFD, Berkeley MHAD):
copies in m/s2 with two digits, in g with three, with stamps in whole 10 ms, with none: 98 to 100% are recognised. Of all pairs of different
recordings one is alike, and it is one: two files of SisFall are the same to the byte. Coarser steps take recordings of one movement of a
simulation for copies of each other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.files import fingerprint
from featherfall.core.recording import Recording, Stream, Video

Content = tuple[int, ...]  # digests of 32 bits; the lowest bit says whether averages are by count (0) or by time (1)

ALGORITHM = "bottom-k-1"  # of digests in manifests; another one is not compared
KEPT = 4  # digests of each kind
RUN = 4  # samples of an average by count
RATE = 5.0  # averages a second by time
LENGTH = 4  # averages of a digest
SPREAD = 3  # steps by which something must change within a digest: a body at rest looks alike in many recordings
STEPS = (0.01, 0.003)  # to which averages are rounded, finer where little happens; in g, and times `_SCALES` in other units
_SCALES = {"deg/s": 100.0, "uT": 30.0}
_EXACT = 1e-3  # to which all values are rounded where there is no lively part
_FAR = 1e9  # beyond any sensor's values, within the range of integers
_SAMPLES, _SECONDS = 100_000, 600.0  # at the beginning of a recording; its time stamps may jump by years
_MOST_DIGESTS = 1 << 20  # of a manifest: 130,000 recordings; a set of more takes hundreds of megabytes
_CROWD = 50  # recordings that share a digest; what so many have in common does not tell them apart


def contents(recording: Recording) -> dict[str, Content]:
    """Return the content of each stream and film of a recording by name; () of one that holds too little to be recognised."""
    found = {name: stream_content(stream) for name, stream in recording.streams.items()}
    return found | {name: video_content(video) for name, video in recording.videos.items()}


def stream_content(stream: Stream) -> Content:
    """Return the digests of a stream. Its values must be in the internal unit (`core.units`)."""
    values = np.nan_to_num(np.asarray(stream.values, dtype=np.float64)) / _SCALES.get(stream.unit, 1.0)
    if len(values) < 2 or not np.ptp(values, axis=0).any():
        return ()
    found = [*_digests(_by_count(values), 0), *_digests(_by_time(np.asarray(stream.times, dtype=np.float64), values), 1)]
    if len(found) > 1:
        return tuple(found)
    return _of_bytes(np.round(values / _EXACT).astype("<i8").tobytes())


def video_content(video: Video) -> Content:
    """Return the digests of a film's or picture's file; a film that was encoded again has others. () where it cannot be read."""
    try:
        files = sorted(file for file in video.path.iterdir() if file.is_file()) if video.path.is_dir() else [video.path]
        shown = [fingerprint(files[at]) for at in sorted({0, len(files) // 2, len(files) - 1})] if files else []
    except (OSError, UserError):  # reported where the film is read
        return ()
    return _of_bytes(f"{len(files)} {' '.join(shown)} {video.still}".encode()) if shown else ()


def known_content(content: Content, known: Collection[int]) -> bool:
    """Return whether a recording is among those whose digests are known: half of its digests of one kind are, and at least two.

    Unrelated digests meet by chance with a probability below 12 (4 n / 2^31)^2 for n known recordings: 4e-10 for 3,000.
    """
    return any(_enough(sum(one in known for one in kind), len(kind)) for kind in _kinds(content))


def duplicates(found: Sequence[Content]) -> list[tuple[int, int]]:
    """Return the pairs of recordings with the same content, by their positions, the earlier one first."""
    owners: dict[int, list[int]] = {}
    for number, content in enumerate(found):
        for digest in set(content):
            owners.setdefault(digest, []).append(number)
    shared: list[Counter[tuple[int, int]]] = [Counter(), Counter()]
    for digest, numbers in owners.items():
        if 1 < len(numbers) <= _CROWD:
            shared[digest & 1].update(combinations(numbers, 2))
    pairs = set()
    for kind, counts in enumerate(shared):
        for (first, second), hits in counts.items():
            if _enough(hits, min(len(_kinds(found[first])[kind]), len(_kinds(found[second])[kind]))):
                pairs.add((first, second))
    return sorted(pairs)


def fingerprints_json(found: Iterable[Content], more: Collection[int] = ()) -> dict[str, Any]:
    """Return the digests of recordings for a manifest: "algorithm", "recordings", and "digests" (base64 of sorted little-endian uint32).

    more: digests of other recordings, e.g. those of the weights that a student started from.
    """
    known = [content for content in found if content]
    digests = np.unique(np.asarray([*more, *(one for content in known for one in content)], dtype="<u4"))
    return {"algorithm": ALGORITHM, "recordings": len(known), "digests": base64.b64encode(digests.tobytes()).decode()}


def from_json(value: Any) -> frozenset[int] | None:
    """Return the digests that `fingerprints_json` wrote; None where there are none, or of an algorithm that this version does not know."""
    if not isinstance(value, Mapping) or value.get("algorithm") != ALGORITHM:
        return None
    text = str(value.get("digests", ""))
    if len(text) > 6 * _MOST_DIGESTS:  # four bytes each, in base64
        return None
    try:
        raw = base64.b64decode(text, validate=True)
        return frozenset(np.frombuffer(raw, dtype="<u4").tolist())
    except (ValueError, binascii.Error):
        return None


def _kinds(content: Content) -> tuple[list[int], list[int]]:
    return [one for one in content if not one & 1], [one for one in content if one & 1]


def _enough(hits: int, count: int) -> bool:
    return hits >= max(2, (count + 1) // 2)


def _by_count(values: np.ndarray) -> np.ndarray:
    """Return (N // RUN, C) means of RUN samples each."""
    count = min(len(values), _SAMPLES) // RUN
    return np.asarray(values[: count * RUN].reshape(count, RUN, values.shape[1]).mean(axis=1))


def _by_time(times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return (B, C) means over 1 / RATE s each, from the integral of the line through the samples."""
    at = times - times[0]
    area = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(np.diff(at)[:, None] * (values[1:] + values[:-1]) / 2, axis=0)])
    edges = np.arange(int(min(at[-1], _SECONDS) * RATE + 1e-6) + 1) / RATE
    return np.diff(np.stack([np.interp(edges, at, column) for column in area.T], axis=1), axis=0) * RATE


def _digests(means: np.ndarray, kind: int) -> list[int]:
    """Return the smallest KEPT digests of lively parts, at the coarsest step that has so many."""
    count = len(means) - LENGTH + 1
    if count < 1:
        return []
    means = np.clip(means, -_FAR, _FAR)
    parts = np.stack([means[at : at + count] for at in range(LENGTH)], axis=1)  # (count, LENGTH, C)
    flat = parts.reshape(count, -1)
    spread = np.ptp(parts, axis=1).max(axis=1)
    found: list[int] = []
    for step in STEPS:
        hashes = _hash(np.round(flat[spread >= SPREAD * step] / step).astype(np.int64))
        found = [int(one) & ~1 | kind for one in (np.unique(hashes)[:KEPT] >> np.uint64(32))]
        if len(set(found)) >= KEPT:
            break
    return sorted(set(found))


def _hash(rows: np.ndarray) -> np.ndarray:
    """Return (N,) uint64 hashes of (N, K) int64 rows: a chain of splitmix64 (Steele, Lea and Flood 2014)."""
    out = np.zeros(len(rows), np.uint64)
    for column in rows.T.astype(np.uint64):
        out = out + np.uint64(0x9E3779B97F4A7C15) + column
        out = (out ^ (out >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        out = (out ^ (out >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        out = out ^ (out >> np.uint64(31))
    return out


def _of_bytes(content: bytes) -> Content:
    """Return two digests of the first kind."""
    digest = hashlib.sha256(content).digest()
    return tuple(sorted({int.from_bytes(digest[at : at + 4], "little") & ~1 for at in (0, 4)}))
