"""A user's own data: a table of recordings, and what the columns of their files mean.

`recordings.csv` has one row a recording: subject, activity (empty where nobody labelled it: such a recording serves distillation only),
trial, one column per stream with a path relative to the folder (empty where the recording lacks the stream), and optionally fall_onset_s,
fall_impact_s, fall_end_s on the clock of the files' time column.

`streams.yaml` says what is in the files; what it leaves out is recognised, as `featherfall predict` does::

    falls: [forward fall, trip]        # optional: activities that are falls although nobody noted their times
    streams:
      accelerometer:                   # a column of recordings.csv; {} where everything is recognised
        columns: [ax, ay, az]          # names in the header row; or numbers from 1
        unit: m/s2
        time: t                        # the column of time stamps ...
        time_unit: ms                  # ... in s, ms, us, ns, or iso for dates
        rate: 50                       # Hz; where there is no time column, or as the nominal one
        placement: left wrist
        clock: shared                  # or own: cut separately; or burst: shared, but stamped in bursts
        recorder: phyphox              # of `featherfall data formats`
        counts_per_g: 16384            # of raw counts
        dates: dmy                     # or mdy: order of day and month
    films:                             # optional: films, each a column of recordings.csv too
      cam1: {start_s: 0.4}             # first frame on the streams' clock; {} where they begin together; rate: where the file's is wrong
"""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from featherfall.core.checked import Checked, check
from featherfall.core.documents import read_yaml
from featherfall.core.errors import UserError
from featherfall.core.files import is_there
from featherfall.core.manifest import Input
from featherfall.core.recording import FallTimes, Recording, Stream, Video
from featherfall.core.registry import register, registered
from featherfall.core.tables import nearest, read_text
from featherfall.core.units import INTERNAL_UNITS, quantity
from featherfall.recorders.dates import DayOrder
from featherfall.recorders.reading import ReadOptions, read_sensor

from .dataset import Dataset, Reader, Source
from .settle import settle_unit
from .streams import XYZ, make_recording

_NAMES = ("subject", "activity", "trial")
_TIMES = ("fall_onset_s", "fall_impact_s", "fall_end_s")
_UNITS_OF = {"accelerometer": "g", "gyroscope": "deg/s", "magnetometer": "uT"}
# Options of the command line in messages of the reading, which here are keys of streams.yaml.
_OPTION = re.compile(r"--([a-z-]+)(?: (?:\w+=)?([\w./,-]+))?")


class StreamSpec(Checked):
    """What one stream's files hold; None for what is recognised."""

    columns: list[str] | list[int] | None = Field(default=None, min_length=1)
    unit: str | None = None
    time: str | int | None = None
    time_unit: Literal["s", "ms", "us", "ns", "iso"] | None = None
    rate: float | None = Field(default=None, gt=0, le=10_000)
    placement: str = ""
    clock: Literal["shared", "own", "burst"] = "shared"
    recorder: Annotated[str, registered("recorder")] | None = None
    counts_per_g: float | None = Field(default=None, ge=1, lt=1e9)
    dates: DayOrder | None = None

    @model_validator(mode="after")
    def _complete(self) -> StreamSpec:
        if self.unit is not None:
            quantity(self.unit)  # UserError is a ValueError: its hint reaches the user
        if self.time is not None and self.columns is not None and isinstance(self.time, str) is not isinstance(self.columns[0], str):
            raise ValueError("time and columns must both be names, or both be numbers")
        if any(isinstance(column, int) and column < 1 for column in (*(self.columns or ()), self.time)):
            raise ValueError("columns without a header row are numbered from 1")
        return self

    def need(self, name: str) -> Input:
        """Return what is read from the files of the stream `name`; raises `ValueError` where neither unit nor name tells the sensor."""
        unit = self.unit or ("g" if self.counts_per_g else next((unit for kind, unit in _UNITS_OF.items() if kind in name), None))
        if unit is None:
            raise ValueError(f"the unit of {name!r} is not stated, and its name is that of no sensor ({', '.join(_UNITS_OF)}); add unit")
        channels = [str(column) for column in self.columns or XYZ]
        return Input(name=name, unit=INTERNAL_UNITS[quantity(unit)], channels=channels, placement=self.placement)

    def options(self, name: str) -> ReadOptions:
        """Return how the files of the stream `name` are read."""
        return ReadOptions(
            columns={} if self.columns is None else {name: [str(column) for column in self.columns]},
            units={} if self.unit is None else {name: self.unit},
            time=None if self.time is None else str(self.time),
            time_unit=self.time_unit,
            rate=self.rate if self.time is None else None,
            clock="burst" if self.clock == "burst" else None,
            recorder=self.recorder,
            counts_per_g=self.counts_per_g,
            dates=self.dates,
        )


class FilmSpec(Checked):
    """One camera's films."""

    start_s: float = 0.0
    rate: float | None = Field(default=None, gt=0, le=1000)


class StreamsFile(Checked):
    """The whole of streams.yaml."""

    streams: dict[str, StreamSpec] = {}
    films: dict[str, FilmSpec] = {}
    falls: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _something(self) -> StreamsFile:
        if not self.columns:
            raise ValueError("it describes neither streams nor films; add what the columns of recordings.csv hold")
        for name, spec in self.streams.items():
            spec.need(name)
        for name in self.films:
            if not name.startswith("cam") or name in self.streams:
                raise ValueError(f"the film {name!r} needs a name of its own that begins with 'cam', e.g. cam1")
        return self

    @property
    def columns(self) -> list[str]:
        """What recordings.csv has a column for."""
        return [*self.streams, *self.films]


@register("dataset", "folder")
class OwnFolder(Reader):
    """Your own recordings: recordings.csv and streams.yaml."""

    folder = ""
    layout = "recordings.csv"

    def scan(self, folder: Path) -> Dataset:
        """List the recordings; raises `UserError` that names the row or key for anything inconsistent in the two files."""
        table = folder / "recordings.csv"
        described = read_streams(folder / "streams.yaml")
        lines = csv.DictReader(read_text(table).splitlines(), skipinitialspace=True)
        _check_columns(table, list(lines.fieldnames or []), described)
        recordings = [(lines.line_num, cells) for cells in lines]
        described = _with_units(folder, described, [cells for _, cells in recordings])
        sources: list[Source] = []
        rows: dict[str, int] = {}
        for number, cells in recordings:
            where = f"{table}: row {number}"
            source = _source(where, folder, cells, described)
            if source.id in rows:
                raise UserError(f"{where}: {source.id} stands in row {rows[source.id]} already; give each recording its own trial")
            rows[source.id] = number
            sources.append(source)
        unknown = sorted(set(described.falls) - {source.activity for source in sources})
        problems = [f"{folder / 'streams.yaml'}: falls: no recording has the activity {activity!r}" for activity in unknown]
        return Dataset(self.name, folder, tuple(sources), problems=tuple(problems))


def read_streams(path: Path) -> StreamsFile:
    """Read and validate streams.yaml."""
    return check(StreamsFile, read_yaml(path), path)


def _with_units(folder: Path, described: StreamsFile, recordings: Sequence[Mapping[str, Any]]) -> StreamsFile:
    """Return streams.yaml with the units that are not stated and that gravity shows.

    Raises: `UserError` where the recordings contradict a unit: once, not file by file, and also for those too lively to show it.
    """
    streams = dict(described.streams)
    for name, spec in described.streams.items():
        need = spec.need(name)
        if need.unit == "g" and len(need.channels) == 3:
            files = [folder / str(cells[name]).strip() for cells in recordings if str(cells.get(name) or "").strip()]
            unit = settle_unit(folder / "streams.yaml", need, [path for path in files if is_there(path)], spec.options(name))
            streams[name] = spec if unit is None else spec.model_copy(update={"unit": unit})
    return described.model_copy(update={"streams": streams})


def _check_columns(table: Path, columns: list[str], described: StreamsFile) -> None:
    known = (*_NAMES, *described.columns, *_TIMES)
    for name in (*_NAMES, *described.columns):
        if name not in columns:
            raise UserError(f"{table}: row 1: column {name!r} is missing; add it")
    for name in columns:
        if name not in known:
            raise UserError(
                f"{table}: row 1: unknown column {name!r}, no stream or film of that name in streams.yaml; {nearest(name, known)}"
            )


def _source(where: str, folder: Path, cells: Mapping[str, Any], described: StreamsFile) -> Source:
    if None in cells or None in cells.values():
        raise UserError(f"{where} does not have as many columns as the first row; complete it")
    cells = {key: value.strip() for key, value in cells.items()}
    for name in _NAMES:
        if (not cells[name] and name != "activity") or "/" in cells[name]:
            raise UserError(f"{where}: {name} is {cells[name]!r}; give it a name without '/'")
    files = {name: folder / cells[name] for name in described.columns if cells[name]}
    if not files:
        raise UserError(f"{where}: no stream has a file; give at least one of {', '.join(described.columns)}")
    for name, path in files.items():
        if not (is_there(path) and path.is_file()):
            raise UserError(f"{where}: {name}: no such file {path}; correct the path")
    times = _fall_times(where, cells)
    if times is not None and not cells["activity"]:
        raise UserError(f"{where}: fall times without an activity; name it, or empty them where nobody labelled the recording")
    return Source(
        dataset=OwnFolder.name,
        subject=cells["subject"],
        activity=cells["activity"],
        trial=cells["trial"],
        fall=times is not None or cells["activity"] in described.falls,
        files=(*files.values(), folder / "recordings.csv", folder / "streams.yaml"),
        traits={},
        read=functools.partial(_read, specs=described, where=where),
        roles=(*files, "recordings", "streams"),
        fall_times=times,
    )


def _fall_times(where: str, cells: Mapping[str, str]) -> FallTimes | None:
    times: list[float | None] = []
    for name in _TIMES:
        text = cells.get(name, "")
        try:
            times.append(float(text) if text else None)
        except ValueError:
            raise UserError(f"{where}: {name} is {text!r}, not a number of seconds; correct or empty it") from None
    stated = [time for time in times if time is not None]
    if not np.isfinite(stated).all() or stated != sorted(stated):
        raise UserError(f"{where}: fall times {stated} are not in order; onset, impact and end must follow each other")
    onset, impact, end = times
    if onset is None and impact is None:
        if end is not None:
            raise UserError(f"{where}: fall_end_s without fall_onset_s or fall_impact_s; add one of them")
        return None
    return FallTimes(onset, impact, end)


def _read(source: Source, specs: StreamsFile, where: str) -> Recording:
    """Read one recording.

    Times are moved so that the earliest stamp on the shared clock is 0; fall times move along.

    Arguments:
        specs: what each stream's and film's file holds.
        where: the row of recordings.csv, for messages.
    """
    files = dict(zip(source.roles, source.files, strict=True))
    read = {name: _read_stream(files[name], name, spec) for name, spec in specs.streams.items() if name in files}
    stamped = [name for name in read if specs.streams[name].clock != "own" and not _is_even(specs.streams[name])]
    start = min((read[name][0] for name in stamped), default=0.0)
    streams = {
        name: replace(stream, times=stream.times + (first - start)) if name in stamped else stream for name, (first, stream) in read.items()
    }
    videos = {name: Video(files[name], rate=spec.rate, start=spec.start_s - start) for name, spec in specs.films.items() if name in files}
    recording = make_recording(source, streams, videos)
    _check_overlap(where, streams)
    if source.fall_times is None:
        return recording
    fall = FallTimes(*(time if time is None else time - start for time in _as_tuple(source.fall_times)))
    for time in _as_tuple(fall):
        if streams and time is not None and not 0 <= time <= recording.duration + 1:
            raise UserError(
                f"{where}: a fall time of {time + start:g} s lies outside the recording ({start:g} to {start + recording.duration:g} s); "
                "give seconds on the clock of the time column"
            )
    return replace(recording, fall=fall)


def _read_stream(path: Path, name: str, spec: StreamSpec) -> tuple[float, Stream]:
    """Return the time of the first sample on the file's clock, s, and the stream, whose times begin there."""
    need = spec.need(name)
    try:
        first, stream = read_sensor(path, need, spec.options(name))
    except UserError as error:
        raise UserError(_OPTION.sub(_as_key, str(error))) from error
    return first, replace(
        stream,
        rate=spec.rate or stream.rate,
        placement=spec.placement or stream.placement,
        clock="own" if spec.clock == "own" else "shared",
    )


def _is_even(spec: StreamSpec) -> bool:
    """Return whether times are counted by the rate, from 0."""
    return spec.time is None and spec.rate is not None


def _as_key(option: re.Match[str]) -> str:
    name = option[1].replace("-", "_")
    return f"{name}: {option[2]}" if option[2] else f"{name} (in streams.yaml)"


def _check_overlap(where: str, streams: Mapping[str, Stream]) -> None:
    shared = {name: stream for name, stream in streams.items() if stream.clock == "shared"}
    if not shared:
        return
    last = max(shared, key=lambda name: float(shared[name].times[0]))
    first = min(shared, key=lambda name: float(shared[name].times[-1]))
    if shared[last].times[0] > shared[first].times[-1]:
        raise UserError(f"{where}: {first!r} ends before {last!r} starts, so they share no clock; state clock: own in streams.yaml")


def _as_tuple(times: FallTimes) -> tuple[float | None, float | None, float | None]:
    return times.onset, times.impact, times.end
