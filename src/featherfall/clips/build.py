"""Recordings -> clip store, in parallel, once per content."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from featherfall.clips.store import VERSION, ClipStore, InputFacts, RecordingFacts, open_store, write_tables
from featherfall.datasets.dataset import Dataset, Source
from featherfall.ground.errors import UserError
from featherfall.ground.files import atomic_folder, digest, hold, sha256
from featherfall.ground.recipe import Clip
from featherfall.signals.frames import frames

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class _Cut:
    """One recording, cut; or the reason why it could not be."""

    facts: RecordingFacts | None
    inputs: dict[str, np.ndarray]
    input_facts: dict[str, InputFacts]
    spans: np.ndarray  # (K, 4): start, end, centre, valid share
    problem: str = ""


def cache_folder() -> Path:
    """Where prepared clips live: $FEATHERFALL_CACHE, else ~/.cache/featherfall."""
    return Path(os.environ.get("FEATHERFALL_CACHE", Path.home() / ".cache" / "featherfall")) / "clips"


def prepare(
    dataset: Dataset, clip: Clip, required: Sequence[str], *, cache: Path | None = None, workers: int = 1, progress: Progress | None = None
) -> ClipStore:
    """The clips of a dataset, from the cache when the same files were cut the same way before.

    Arguments:
        required: inputs without which a recording is left out (the student's); other inputs may be missing.
        workers: processes that read and cut.
        progress: called with (recordings done, recordings in all, what is happening).
    Raises: `UserError` when no recording has the required inputs.
    """
    key = _key(dataset, clip, required)
    folder = (cache or cache_folder()) / f"{dataset.name}-{key[:20]}"
    if not (folder / "meta.json").is_file():
        with hold(folder.parent.with_name(f".{folder.parent.name}.lock"), wait=True):  # another process may be cutting the same clips
            if not (folder / "meta.json").is_file():
                with atomic_folder(folder) as temporary:
                    _build(dataset, clip, required, temporary, workers, progress)
    return open_store(folder)


def _key(dataset: Dataset, clip: Clip, required: Sequence[str]) -> str:
    parts = [str(VERSION), dataset.name, clip.model_dump_json(), ",".join(required)]
    for source in dataset.sources:
        parts.append(source.id)
        for path in source.files:
            parts += [path.name, sha256(path)]
    return digest(parts)


def _build(dataset: Dataset, clip: Clip, required: Sequence[str], folder: Path, workers: int, progress: Progress | None) -> None:
    recordings: list[RecordingFacts] = []
    skipped: list[str] = []
    facts: dict[str, InputFacts] = {}
    spans: list[np.ndarray] = []
    owner: list[int] = []
    present: dict[str, list[bool]] = {name: [] for name in clip.inputs}
    pending: dict[str, int] = dict.fromkeys(clip.inputs, 0)  # clips to fill with NaN once the channel count is known
    with contextlib.ExitStack() as stack:
        arrays = {name: stack.enter_context(open(folder / f"{name}.f32", "wb")) for name in clip.inputs}
        for done, cut in enumerate(_cut_all(dataset.sources, clip, required, workers), start=1):
            if progress:
                progress(done, len(dataset.sources), f"cutting {dataset.name}")
            if cut.facts is None:
                skipped.append(cut.problem)
                continue
            count = len(cut.spans)
            for name, fact in cut.input_facts.items():
                _agree(facts, name, fact, cut.facts.id)
            for name in clip.inputs:
                present[name] += [name in cut.inputs] * count
                if name not in facts:
                    pending[name] += count
                    continue
                blank = (clip.window.length, len(facts[name].channels))
                arrays[name].write(np.full((pending[name], *blank), np.nan, np.float32).tobytes())
                pending[name] = 0
                arrays[name].write(cut.inputs.get(name, np.full((count, *blank), np.nan, np.float32)).tobytes())
            owner += [len(recordings)] * count
            spans.append(cut.spans)
            recordings.append(cut.facts)
    absent = [name for name in clip.inputs if name not in facts]
    if absent or not recordings:
        names = ", ".join(clip.inputs[name] for name in absent) or "any usable stream"
        raise UserError(f"{dataset.folder}: no recording has {names}{'; first problem: ' + skipped[0] if skipped else ''}")
    table = np.concatenate(spans) if spans else np.zeros((0, 4))
    index: dict[str, np.ndarray] = {"recording": np.asarray(owner, np.int64)}
    index |= {name: table[:, i] for i, name in enumerate(("start_s", "end_s", "centre_s", "valid"))}
    index |= {f"present:{name}": np.asarray(flags, bool) for name, flags in present.items()}
    write_tables(folder, recordings, index, facts, clip.window.length, skipped)


def _agree(facts: dict[str, InputFacts], name: str, fact: InputFacts, where: str) -> None:
    known = facts.setdefault(name, fact)
    if (known.unit, known.channels) != (fact.unit, fact.channels):
        raise UserError(
            f"{where}: input {name!r} has {len(fact.channels)} channels in {fact.unit!r}, other recordings {len(known.channels)} in "
            f"{known.unit!r}; make them alike"
        )


def _cut_all(sources: Sequence[Source], clip: Clip, required: Sequence[str], workers: int) -> Iterator[_Cut]:
    jobs = [(source, clip, tuple(required)) for source in sources]
    if workers <= 1 or len(jobs) < 64:
        yield from map(_cut_one, jobs)
        return
    # spawn: forking a process that runs BLAS or torch threads can hang.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_cut_one, jobs, chunksize=16)


def _cut_one(job: tuple[Source, Clip, tuple[str, ...]]) -> _Cut:
    source, clip, required = job
    try:
        recording = source.load()
        streams = {name: recording.streams[stream] for name, stream in clip.inputs.items() if stream in recording.streams}
        lacking = [clip.inputs[name] for name in required if name not in streams]
        if lacking:
            return _Cut(None, {}, {}, np.zeros((0, 4)), f"{source.id}: lacks {', '.join(lacking)}")
        cut = frames(streams, clip.window, clip.reference)
    except UserError as error:
        return _Cut(None, {}, {}, np.zeros((0, 4)), str(error))
    spans = np.stack([cut.start_s, cut.end_s, cut.centre_s, cut.valid.mean(axis=1)], axis=1) if len(cut.start_s) else np.zeros((0, 4))
    return _Cut(
        RecordingFacts.of(recording, len(cut.start_s)),
        cut.inputs,
        {name: InputFacts(s.unit, s.channels, s.rate, s.placement) for name, s in streams.items()},
        spans,
    )
