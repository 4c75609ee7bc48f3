"""CAPTURE-24: a day of ordinary life of 151 people, nobody known to fall (Chan et al., Scientific Data 2024; CC BY 4.0).

`P001.csv.gz` with a header row: `time,x,y,z,annotation`; dates and times, g, 100 Hz, an Axivity AX3 at the dominant wrist. Annotations come
from a camera and a sleep diary ("7030 sleeping;MET 0.95") and are empty for a third of the time. `annotation-label-dictionary.csv` has a
column `annotation` and one for each set of labels; that of `_LABELS` gives the activity. Written from the documentation; no file was seen.

A file holds 8.6 million rows. It is unpacked piece by piece, once to find the stretches of one annotation, and once more while they are
read in their order. Each stretch is a recording, of at most an hour.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path

from featherfall.core.errors import UserError
from featherfall.core.recording import Recording
from featherfall.core.registry import register
from featherfall.core.tables import parse_columns, read_text
from featherfall.recorders.member import Member

from .dataset import Dataset, Reader, Source
from .streams import clock_of, make_recording, make_stream

NOT_ANNOTATED = "not annotated"
_LABELS = "label:WillettsSpecific2018"  # ten kinds of activity: sleep, sitting, walking, vehicle, ...
_DICTIONARY = "annotation-label-dictionary.csv"
_HEADER = b"time,x,y,z,annotation"
_NAME = re.compile(r"(P\d{3})\.csv(\.gz)?")
_RATE = 100.0
_LONGEST = 360_000  # rows of a recording: an hour, so that a night's sleep need not be in memory at once

_Span = tuple[int, int, int]  # of an unpacked file: the first byte of a stretch, the one after its last, and its first row, from 1


@register("dataset", "capture24")
class Capture24(Reader):
    """A day of ordinary life of 151 people, nobody known to fall; Axivity at the wrist."""

    folder = "capture24"
    layout = "P001.csv.gz"
    streams = ("accelerometer",)

    def scan(self, folder: Path) -> Dataset:
        """List the stretches; a file that cannot be read, and annotations that the dictionary lacks, are reported in `problems`."""
        labels, problems = _labels(folder / _DICTIONARY)
        sources: list[Source] = []
        unknown: dict[str, Path] = {}
        for path in sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name)):
            seen: dict[str, int] = {}
            try:
                for annotation, span in _stretches(path):
                    if annotation and annotation not in labels:
                        unknown.setdefault(annotation, path)
                    activity = labels.get(annotation, annotation.replace("/", " or ")) or NOT_ANNOTATED
                    seen[activity] = seen.get(activity, 0) + 1
                    sources.append(_source(path, activity, seen[activity], span))
            except UserError as error:
                problems.append(str(error))
        if labels:
            problems += [f"{path}: annotation {text[:60]!r} is not in {_DICTIONARY}; taken as it is" for text, path in unknown.items()]
        return Dataset(self.name, folder, tuple(sources), problems=tuple(problems))


def _labels(path: Path) -> tuple[dict[str, str], list[str]]:
    """Return activities by annotation, and what is wrong with the dictionary."""
    try:
        rows = csv.DictReader(read_text(path).splitlines())
        if not {"annotation", _LABELS} <= set(rows.fieldnames or ()):
            return {}, [f"{path}: row 1: no columns 'annotation' and {_LABELS!r}; annotations are taken as they are"]
        return {row["annotation"]: str(row[_LABELS] or "").replace("/", " or ") for row in rows if row["annotation"]}, []
    except (UserError, csv.Error) as error:
        return {}, [f"{error}; annotations are taken as they are"]


def _source(path: Path, activity: str, trial: int, span: _Span) -> Source:
    match = _NAME.fullmatch(path.name)
    assert match
    return Source(
        dataset=Capture24.name,
        subject=match[1],
        activity=activity,
        trial=str(trial),
        fall=False,
        files=(path,),
        traits={},
        read=partial(_read, span=span),
        roles=("accelerometer",),
    )


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield the unpacked file in blocks of whole lines, each with its line end."""
    rest = b""
    for piece in Member(path).pieces():
        whole, end, begun = (rest + piece).rpartition(b"\n")
        rest = begun
        if end:
            yield whole + end
    if rest:
        yield rest + b"\n"


def _stretches(path: Path) -> Iterator[tuple[str, _Span]]:
    """Yield the annotation and the place of each stretch of rows with one annotation, cut after `_LONGEST` rows.

    Most blocks have one annotation, which counting its occurrences shows, so that their lines need not be looked at one by one.
    """
    at, row = 0, 1
    now, begin, first = b"", 0, 2
    for block in _blocks(path):
        if row == 1:
            header, end, block = block.partition(b"\n")
            if header.strip().lower() != _HEADER:
                raise UserError(
                    f"{path}: row 1 is {header[:40].decode(errors='replace')!r}, not {_HEADER.decode()}; restore the header row"
                )
            at, row = len(header) + len(end), 2
            now, begin = _annotation(block.partition(b"\n")[0].rstrip(b"\r")), at
        lines = [block] if block.count(b"," + now + b"\n") == block.count(b"\n") else block.splitlines(keepends=True)
        for line in lines:
            found = now if line is block else _annotation(line.rstrip(b"\r\n"))
            if found != now or row - first >= _LONGEST:
                if at > begin:
                    yield _text(now), (begin, at, first)
                now, begin, first = found, at, row
            at, row = at + len(line), row + line.count(b"\n")
    if at > begin:
        yield _text(now), (begin, at, first)


def _annotation(line: bytes) -> bytes:
    return line.split(b",", 4)[4] if line.count(b",") >= 4 else b""


def _text(annotation: bytes) -> str:
    return annotation.decode(errors="replace").strip().strip('"').strip()


class _Cursor:
    """Reads parts of an unpacked file. Parts in their order need one pass; for an earlier one the file is unpacked anew."""

    def __init__(self, path: Path) -> None:
        self._path, self._at = path, 0
        self._blocks, self._block = _blocks(path), b""

    def read(self, begin: int, end: int) -> bytes:
        """Return the bytes from `begin`, before `end`."""
        if begin < self._at:
            self._at, self._blocks, self._block = 0, _blocks(self._path), b""
        parts = []
        while self._at < end:
            if self._at + len(self._block) > begin:
                parts.append(self._block[max(begin - self._at, 0) : end - self._at])
            if self._at + len(self._block) >= end:
                break
            self._at += len(self._block)
            self._block = next(self._blocks, b"")
            if not self._block:
                break
        return b"".join(parts)


@lru_cache(maxsize=1)  # a person's stretches are read one after the other
def _cursor(path: Path) -> _Cursor:
    return _Cursor(path)


def _read(source: Source, span: _Span) -> Recording:
    """Read one stretch; rows without values, while the sensor did not record, are left out."""
    (path,) = source.files
    begin, end, first = span
    lines = [line for line in _cursor(path).read(begin, end).decode(errors="replace").splitlines() if ",,," not in line]
    table = parse_columns(path, "\n".join(lines), [1, 2, 3], header=False, first_row=first)
    times = clock_of(path, [line.partition(",")[0] for line in lines], first_row=first)
    stream = make_stream(path, table, "g", _RATE, times=times - times[0] if len(times) else times, placement="wrist")
    return make_recording(source, {"accelerometer": stream})
