"""Build the clip store of a dataset, in parallel, once per content of its files."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from featherfall.clips.films import FilmWriter, to_jpeg
from featherfall.clips.mapping import named, offers
from featherfall.clips.store import STORE_VERSION, ClipStore, InputFacts, RecordingFacts, open_store, write_tables
from featherfall.core.clip_settings import Clip
from featherfall.core.errors import UserError
from featherfall.core.files import atomic_folder, digest, fingerprint, hold
from featherfall.core.recording import Recording
from featherfall.datasets.content import Content, stream_content, video_content
from featherfall.datasets.dataset import Dataset, Source
from featherfall.datasets.left_out import LACKS
from featherfall.datasets.pictures import is_picture
from featherfall.signals.frames import RecordingWindows, cut_recording
from featherfall.signals.pictures import choose_pictures, film_clock, frame_times
from featherfall.signals.video import is_image

BuildProgress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class _Cut:
    """One recording, cut; or the reason why it could not be."""

    facts: RecordingFacts | None
    inputs: dict[str, np.ndarray]
    films: dict[str, tuple[list[bytes], np.ndarray]]  # JPEGs, and (K, F) which of them each clip shows
    input_facts: dict[str, InputFacts]
    spans: np.ndarray  # (K, 4): start, end, centre, valid share
    problems: list[str]


def cache_folder() -> Path:
    """Return the folder of prepared clips, below $FEATHERFALL_CACHE, else ~/.cache/featherfall."""
    return Path(os.environ.get("FEATHERFALL_CACHE", Path.home() / ".cache" / "featherfall")) / "clips"


def prepare_clips(
    dataset: Dataset,
    clip: Clip,
    required: Sequence[str],
    *,
    cache: Path | None = None,
    workers: int = 1,
    progress: BuildProgress | None = None,
) -> ClipStore:
    """Return the clips of a dataset, from the cache when the same files were cut the same way before.

    Arguments:
        required: inputs without which a recording is left out (the student's), beside `clip.require`; other inputs may be missing.
        workers: processes that read and cut.
        progress: called with (recordings done, recordings in all, description).
    Raises: `UserError` when no recording has the required inputs.
    """
    required = list(dict.fromkeys([*required, *clip.require]))
    key = _key(dataset, clip, required)
    folder = (cache or cache_folder()) / f"{dataset.name}-{key[:20]}"
    if not (folder / "meta.json").is_file():
        with hold(folder.parent.with_name(f".{folder.parent.name}.lock"), wait=True):  # another process may be cutting the same clips
            if not (folder / "meta.json").is_file():
                with atomic_folder(folder) as temporary:
                    _build(dataset, clip, required, temporary, workers, progress)
    return open_store(folder)


def _key(dataset: Dataset, clip: Clip, required: Sequence[str]) -> str:
    known: dict[Path, str] = {}  # the views of one recording share its files
    parts = [str(STORE_VERSION), dataset.name, clip.model_dump_json(), ",".join(required)]
    for source in dataset.sources:
        parts.append(source.id)
        if is_picture(source):  # the recipe decides which pictures are falls, and may add a trait
            parts.append(f"{source.fall} {sorted(source.traits.items())}")
        for path in source.files:
            if path not in known:
                known[path] = fingerprint(path) if os.access(path, os.R_OK) else "not readable"  # reported when it is cut
            parts += [path.name, known[path]]
    return digest(parts)


def _build(dataset: Dataset, clip: Clip, required: Sequence[str], folder: Path, workers: int, progress: BuildProgress | None) -> None:
    recordings: list[RecordingFacts] = []
    skipped: list[str] = []
    facts: dict[str, InputFacts] = {}
    spans: list[np.ndarray] = []
    owner: list[int] = []
    present: dict[str, list[bool]] = {name: [] for name in clip.names}
    pending: dict[str, int] = dict.fromkeys(clip.inputs, 0)  # clips to fill with NaN once the channel count is known
    with contextlib.ExitStack() as stack:
        arrays = {name: stack.enter_context(open(folder / f"{name}.f32", "wb")) for name in clip.inputs}
        films = {name: stack.enter_context(FilmWriter(folder, name, film.frames)) for name, film in clip.films.items()}
        for done, cut in enumerate(_cut_all(dataset.sources, clip, required, workers), start=1):
            if progress:
                progress(done, len(dataset.sources), f"cutting {dataset.name}")
            skipped += cut.problems
            if cut.facts is None:
                continue
            count = len(cut.spans)
            for name, fact in cut.input_facts.items():
                _agree(facts, name, fact, cut.facts.id)
            for name in clip.names:
                present[name] += [name in cut.inputs or name in cut.films] * count
            for name, file in films.items():
                if name in cut.films:
                    file.add(*cut.films[name])
                else:
                    file.add_blank(count)
            for name in clip.inputs:
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
    absent = [name for name in clip.names if name not in facts]
    if absent or not recordings:
        names = ", ".join(_behind(clip, name) for name in absent[:3]) or "any usable stream"
        names += f" and {len(absent) - 3} more" if len(absent) > 3 else ""
        has = ", ".join(dict.fromkeys(one.name for known in offers(dataset).values() for one in known))
        mend = f"; it has {has}: name one of these in clip.inputs, or leave the input out" if absent and has else ""
        raise UserError(f"{dataset.folder}: no recording has {names}{mend}{'; first problem: ' + skipped[0] if skipped else ''}")
    table = np.concatenate(spans) if spans else np.zeros((0, 4))
    index: dict[str, np.ndarray] = {"recording": np.asarray(owner, np.int64)}
    index |= {name: table[:, i] for i, name in enumerate(("start_s", "end_s", "centre_s", "valid"))}
    index |= {f"present:{name}": np.asarray(flags, bool) for name, flags in present.items()}
    write_tables(folder, recordings, index, facts, clip.window, skipped)


def _agree(facts: dict[str, InputFacts], name: str, fact: InputFacts, where: str) -> None:
    known = facts.setdefault(name, fact)
    if (known.unit, known.channels) != (fact.unit, fact.channels):
        raise UserError(
            f"{where}: input {name!r} has {len(fact.channels)} channels in {fact.unit!r}, other recordings {len(known.channels)} in "
            f"{known.unit!r}; make them alike"
        )


def _behind(clip: Clip, name: str) -> str:
    """Return the streams or films behind an input, for messages."""
    streams = " or ".join(clip.behind(name))
    return streams if name in clip.inputs else f"a film {streams!r}"


def _cut_all(sources: Sequence[Source], clip: Clip, required: Sequence[str], workers: int) -> Iterator[_Cut]:
    jobs = [(source, clip, tuple(required)) for source in sources]
    if workers <= 1 or len(jobs) < (16 if clip.films else 64):
        yield from map(_cut_one, jobs)
        return
    # spawn: forking a process that runs BLAS or torch threads can hang.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_cut_one, jobs, chunksize=8 if clip.films else 16)


def _cut_one(job: tuple[Source, Clip, tuple[str, ...]]) -> _Cut:
    source, clip, required = job
    try:
        return _cut_recording(source.load(), clip, required)
    except UserError as error:
        return _Cut(None, {}, {}, {}, np.zeros((0, 4)), [str(error)])


def _cut_recording(recording: Recording, clip: Clip, required: Sequence[str]) -> _Cut:
    whole, recording = recording, named(recording, clip)
    lacking = [_behind(clip, name) for name in required if name not in recording.streams and name not in recording.videos]
    if lacking:
        raise UserError(f"{recording.id}: {LACKS} {', '.join(lacking)}")
    streams = dict(recording.streams)
    if clip.reference in clip.films:
        streams[clip.reference] = film_clock(recording.videos[clip.reference])
    cut = cut_recording(streams, clip.window, clip.reference)
    facts = {name: InputFacts(s.unit, s.channels, s.rate, s.placement) for name, s in recording.streams.items()}
    films: dict[str, tuple[list[bytes], np.ndarray]] = {}
    problems: list[str] = []
    for name, video in recording.videos.items():
        film = clip.films[name]
        pictures: list[bytes] = []
        wanted = frame_times(video, cut, streams[clip.reference], film.frames)

        def keep(image: np.ndarray, pictures: list[bytes] = pictures, quality: int = film.quality) -> None:
            pictures.append(to_jpeg(image, quality))

        try:
            index, lost = choose_pictures(video, wanted, film.size, keep) if len(wanted) else (np.zeros(wanted.shape, np.int64), [])
        except UserError as error:
            if name in required:
                raise
            problems.append(str(error))  # the recording stays, without this film
            continue
        problems += lost
        films[name] = pictures, index
        facts[name] = InputFacts("rgb8", ("red", "green", "blue"), film.frames / cut.seconds, "", film.frames, film.size)
    sensors = {name: values for name, values in cut.inputs.items() if name in recording.streams}
    still = clip.reference in recording.videos and is_image(recording.videos[clip.reference])
    seconds = 0.0 if still else max(stream.duration for stream in streams.values())  # a picture observes no time
    content = _content(whole, recording, clip.reference)
    return _Cut(RecordingFacts.of(recording, len(cut.start_s), seconds, content), sensors, films, facts, _spans(cut), problems)


def _content(whole: Recording, recording: Recording, reference: str) -> Content:
    """Return the content of the reference; of a film with that of the first sensor, so that a film filed twice is no copy of the rest."""
    if reference in recording.streams:
        return stream_content(recording.streams[reference])
    return video_content(recording.videos[reference]) + next(map(stream_content, whole.streams.values()), ())


def _spans(cut: RecordingWindows) -> np.ndarray:
    if not len(cut.start_s):
        return np.zeros((0, 4))
    times = cut.times()
    return np.stack([times.start_s, times.end_s, times.centre_s, times.valid], axis=1)
