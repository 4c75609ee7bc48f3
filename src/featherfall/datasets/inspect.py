"""Inspect a dataset: counts, measured rates, gaps, and faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from typing import Any

import numpy as np

from featherfall.core.class_names import ClassNames
from featherfall.core.errors import UserError
from featherfall.core.recording import Recording, Stream
from featherfall.core.tables import dead_axes
from featherfall.core.text import natural_key
from featherfall.signals.video import VideoFacts, probe

from .content import Content, contents, duplicates
from .dataset import Dataset, Source
from .left_out import LeftOut, left_out
from .notes import NoteSummary
from .pictures.look import PictureFacts, PictureInspection
from .pictures.names import is_picture, shows_fall
from .views import cameras

_GAP = 0.5  # s; a longer step is an interruption, as in signals.clock.even
_SHORT = 0.5  # s; less is hardly a recording


@dataclass(frozen=True)
class StreamFacts:
    """One stream over the whole dataset.

    Attributes:
        recordings, missing: readable recordings that have it, and that lack it.
        rate, rate_p5, rate_p95: measured samples per second outside gaps, Hz: median and percentiles over the recordings; 0 when unknown.
        stamped: False when the files have no time stamps, so that the rate is the nominal one.
        longest_gap_s: between two samples in order of time.
    """

    unit: str
    placements: list[str]
    clock: str
    recordings: int
    missing: int
    rate: float
    rate_p5: float
    rate_p95: float
    stamped: bool
    longest_gap_s: float


@dataclass(frozen=True)
class FilmFacts:
    """The films of one view over the whole dataset.

    Attributes:
        recordings: that have one which can be read.
        sizes, codecs: how many films have which, by "640 x 480", "h264".
        rate: median of the mean frames a second, Hz; variable: films whose frames are not evenly spaced.
        hours: all together.
    """

    recordings: int
    sizes: dict[str, int]
    codecs: dict[str, int]
    rate: float
    variable: int
    hours: float


@dataclass(frozen=True)
class Facts:
    """A dataset's facts.

    Attributes:
        left_out: recordings that cannot be listed or read.
        problems: one line per fault, each with its file.
        notes: sum up what is no fault, e.g. clipping.
    """

    dataset: str
    folder: str
    recordings: int
    subjects: list[str]
    activities: dict[str, int]
    falls: int
    hours: float
    streams: dict[str, StreamFacts]
    films: dict[str, FilmFacts]
    pictures: PictureFacts | None
    splits: dict[str, dict[str, int]]
    problems: list[str]
    notes: list[str]
    left_out: LeftOut

    def to_json(self) -> dict[str, Any]:
        """Return plain lists, dicts, strings and numbers."""
        return asdict(self)


def inspect_dataset(dataset: Dataset, progress: Callable[[int, int], None] | None = None, names: ClassNames | None = None) -> Facts:
    """Read every recording once; broken files are reported and do not stop the rest.

    Arguments:
        progress: called with (done, total) after each recording.
        names: meanings of the class names of pictures, as a recipe states them; `COMMON_NAMES` by default.
    """
    problems = list(dataset.problems)
    seen: dict[str, list[_Seen]] = {}
    films: dict[str, list[VideoFacts]] = {}
    look = PictureInspection(problems)
    same, noted = _Copies(), NoteSummary()
    decoder = find_spec("av") is not None
    if not decoder and any(cameras(source) for source in dataset.sources):
        problems.append("films and pictures were not looked at: that needs PyAV; install it: pip install 'featherfall[video]'")
    unread: list[str] = []
    read, seconds = 0, 0.0
    for done, source in enumerate(dataset.sources, start=1):
        try:
            recording = source.load()
            stamps = source.stamps(source) if source.stamps else {}
        except UserError as error:
            unread.append(str(error))
        else:
            read, seconds = read + 1, seconds + recording.duration
            if not is_picture(source):  # `look` compares pictures
                same.add(recording)
            noted.add(recording)
            for name, stream in recording.streams.items():
                seen.setdefault(name, []).append(_look(source, name, stream, stamps.get(name)))
                problems += _faults(source, recording, name, stamps.get(name))
            if not decoder or look.add(source, recording):
                recording = replace(recording, videos={})
            for view, video in recording.videos.items():
                try:
                    films.setdefault(view, []).append(probe(video))
                except UserError as error:
                    problems.append(str(error))
        if progress:
            progress(done, len(dataset.sources))
    pictures = look.facts(dataset, names)
    problems += [*same.lines(), *unread]
    return Facts(
        dataset=dataset.name,
        folder=str(dataset.folder),
        recordings=len(dataset.sources),
        subjects=sorted({source.subject for source in dataset.sources}, key=natural_key),
        activities=dict(Counter(source.activity for source in dataset.sources)),
        falls=sum(shows_fall(source.names, names) if names and source.names else source.fall for source in dataset.sources),
        hours=seconds / 3600,
        streams={name: _sum_up(looks, read) for name, looks in seen.items()},
        films={view: _sum_up_films(facts) for view, facts in sorted(films.items()) if facts},
        pictures=pictures,
        splits={name: dict(Counter(map(side, dataset.sources))) for name, side in dataset.splits.items()},
        problems=problems,
        notes=noted.lines(),
        left_out=left_out(len(dataset.sources), read, unread, dataset.folder, dataset.unlisted),
    )


class _Copies:
    """Recordings with the same content under two names, stream by stream and film by film."""

    def __init__(self) -> None:
        self._ids: list[tuple[str, str]] = []  # recording, stream
        self._subjects: dict[str, str] = {}  # by recording
        self._found: list[Content] = []
        self._films: set[str] = set()
        self._sensed: set[str] = set()  # recordings with sensors; a film filed twice is no copy of what these say

    def add(self, recording: Recording) -> None:
        self._subjects[recording.id] = recording.subject
        if recording.streams:
            self._sensed.add(recording.id)
        self._films |= recording.videos.keys()
        for name, content in contents(recording).items():
            self._ids.append((recording.id, name))
            self._found.append(content)

    def lines(self) -> list[str]:
        """Return one line for each pair of recordings."""
        pairs: dict[tuple[str, str], list[str]] = {}
        for first, second in duplicates(self._found):
            (one, stream), (other, _) = self._ids[first], self._ids[second]
            if one != other and (stream not in self._films or not {one, other} & self._sensed):
                pairs.setdefault((one, other), []).append(stream)
        return [self._line(one, other, streams) for (one, other), streams in pairs.items()]

    def _line(self, one: str, other: str, streams: Sequence[str]) -> str:
        mend = "keep one" if self._subjects[one] == self._subjects[other] else "keep one, or give both the same subject"
        return f"{one} and {other} are the same recording under two names (the same {', '.join(streams)}); {mend}"


@dataclass(frozen=True)
class _Seen:
    stream: tuple[str, str, str]  # unit, placement, clock
    rate: float | None  # None when all stamps are the same
    gap: float
    stamped: bool


def _look(source: Source, name: str, stream: Stream, stamps: np.ndarray | None) -> _Seen:
    steps = np.diff(np.sort(stream.times if stamps is None else stamps))
    close = steps[steps <= _gap(stream)]
    span = float(close.sum())
    rate = len(close) / span if span > 0 else None
    stamped = stamps is not None or not np.allclose(steps, 1 / stream.rate, rtol=1e-6)
    return _Seen((stream.unit, stream.placement, stream.clock), rate, float(steps.max()), stamped)


def _sum_up(looks: list[_Seen], read: int) -> StreamFacts:
    rates = [look.rate for look in looks if look.rate is not None] or [0.0]
    p5, median, p95 = (round(float(rate), 2) for rate in np.percentile(rates, [5, 50, 95]))
    unit, _, clock = looks[0].stream
    return StreamFacts(
        unit=unit,
        placements=sorted({look.stream[1] for look in looks if look.stream[1]}),
        clock=clock,
        recordings=len(looks),
        missing=read - len(looks),
        rate=median,
        rate_p5=p5,
        rate_p95=p95,
        stamped=any(look.stamped for look in looks),
        longest_gap_s=round(max(look.gap for look in looks), 3),
    )


def _sum_up_films(facts: list[VideoFacts]) -> FilmFacts:
    return FilmFacts(
        recordings=len(facts),
        sizes=dict(Counter(f"{one.width} x {one.height}" for one in facts)),
        codecs=dict(Counter(one.codec for one in facts)),
        rate=round(float(np.median([one.rate for one in facts])), 2),
        variable=sum(one.variable for one in facts),
        hours=sum(one.duration for one in facts) / 3600,
    )


def _faults(source: Source, recording: Recording, name: str, stamps: np.ndarray | None) -> list[str]:
    """Return one line for each fault of a readable stream, with its file."""
    stream = recording.streams[name]
    where = f"{source.file(name) or source.files[0]}: {name}"
    found = []
    if stream.duration < _SHORT:
        found.append(f"{where}: only {len(stream.times)} samples ({stream.duration:.2f} s)")
    if stream.unit in ("g", "deg/s"):
        dead = [stream.channels[axis] for axis in dead_axes(stream.values, stream.duration)]
        if dead:
            found.append(f"{where}: {', '.join(dead)} never changes")
    raw = stream.times if stamps is None else stamps
    back = np.flatnonzero(np.diff(raw) < 0)
    if len(back):
        step = raw[back[0] + 1] - raw[back[0]]
        found.append(f"{where}: {len(back)} packet(s) out of order (sample {back[0] + 1}: {step:.3f} s)")
    steps = np.diff(np.sort(raw))
    if steps.max() > _gap(stream):
        found.append(f"{where}: {np.count_nonzero(steps > _gap(stream))} gap(s) in the time stamps, the longest {steps.max():.2f} s")
    end = recording.fall.end if recording.fall else None
    if end is not None and name == next(iter(recording.streams)) and end > stream.times[-1]:
        found.append(f"{where}: the fall ends at {end:g} s, after the last sample ({stream.times[-1]:.2f} s)")
    return found


def _gap(stream: Stream) -> float:
    """Return the step, in s, above which samples are interrupted."""
    return max(_GAP, 4 / stream.rate)
