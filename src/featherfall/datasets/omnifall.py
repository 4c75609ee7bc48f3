"""OmniFall: segments of eight staged fall video sets and of real accidents, in one set of classes (Schneider et al., 2025).

The labels, as published: `labels/le2i.csv` etc. with `path,label,start,end,subject,cam,dataset` (times in s; subject or camera -1 where
unknown), and `splits/{cs,cv}/le2i/{train,val,test}.csv` with a column `path` (cross-subject, cross-view). The films are fetched from their
makers and lie below the folder as `<dataset>/<path>.mp4` or `videos/<dataset>/<path>.mp4` (or .avi, .mkv, .webm); labels without a film are
left out.

One recording is one film without sensors. A film whose labels hold a fall is a fall: from the start to the end of its first "fall" segment;
a second fall in one film is not kept. Films of the validation part train.

Written from the documentation; no file was seen.
"""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path

from featherfall.core.files import is_there
from featherfall.core.recording import FallTimes, Recording, Video
from featherfall.core.registry import register
from featherfall.core.tables import read_text, whole_number

from .dataset import Dataset, Reader, Side, Source, Unlisted
from .streams import make_recording

_FALL = 1  # of: walk, fall, fallen, sit_down, sitting, lie_down, lying, stand_up, standing, other, and six more
_ENDINGS = (".mp4", ".avi", ".mkv", ".webm")
_COLUMNS = ("path", "label", "start", "end", "subject", "cam", "dataset")

_Key = tuple[str, str]  # dataset, path


@register("dataset", "omnifall")
class OmniFall(Reader):
    """Labels of eight staged fall video sets and of real accidents; no sensors."""

    folder = "OmniFall"
    layout = "labels/le2i.csv and le2i/<path>.mp4"

    def scan(self, folder: Path) -> Dataset:
        """List the films that have labels; labels without a film and rows that say nothing are reported in `problems`."""
        segments: dict[_Key, list[tuple[int, float, float]]] = {}
        people: dict[_Key, tuple[str, str, Path]] = {}
        problems: list[str] = []
        for table in sorted(folder.glob("labels/*.csv")):
            rows = csv.DictReader(read_text(table).splitlines())
            missing = [name for name in _COLUMNS if name not in (rows.fieldnames or [])]
            if missing:
                problems.append(Unlisted(f"{table}: row 1: no column {', '.join(missing)}; left out"))
                continue
            for row in rows:
                try:
                    segment = whole_number(row["label"]), float(row["start"]), float(row["end"])
                    if not all(row[name] for name in _COLUMNS):
                        raise ValueError("a cell is empty")
                except (TypeError, ValueError):
                    problems.append(f"{table}: row {rows.line_num}: expected a class and two times; left out")
                    continue
                key = row["dataset"], row["path"]
                segments.setdefault(key, []).append(segment)
                people[key] = row["subject"], row["cam"], table
        sources = []
        absent: dict[str, int] = {}
        for key in sorted(segments):
            film = _film(folder, key)
            if film is None:
                absent[key[0]] = absent.get(key[0], 0) + 1
            else:
                sources.append(_source(key, film, *people[key], sorted(segments[key], key=lambda segment: segment[1])))
        problems += [
            Unlisted(f"{folder}: no film for {count} path(s) of {name}; they are left out", count) for name, count in absent.items()
        ]
        splits = {
            name: partial(_side, tests=_tests(folder / "splits" / name)) for name in ("cs", "cv") if (folder / "splits" / name).is_dir()
        }
        return Dataset(self.name, folder, tuple(sources), splits, tuple(problems))


def _film(folder: Path, key: _Key) -> Path | None:
    name, path = key
    candidates = (root / f"{path}{ending}" for root in (folder / name, folder / "videos" / name) for ending in ("", *_ENDINGS))
    return next((candidate for candidate in candidates if is_there(candidate) and candidate.is_file()), None)


def _tests(folder: Path) -> frozenset[_Key]:
    """Return dataset and path of each film on the test side."""
    rows = ((table.parent.name, row) for table in folder.glob("*/test.csv") for row in csv.DictReader(read_text(table).splitlines()))
    return frozenset((name, row["path"]) for name, row in rows if row.get("path"))


def _side(source: Source, tests: frozenset[_Key]) -> Side:
    key = source.traits["of"], source.traits["path"]
    return "test" if key in tests or (key[0].lower(), key[1]) in tests else "train"


def _source(key: _Key, film: Path, subject: str, cam: str, table: Path, segments: list[tuple[int, float, float]]) -> Source:
    falls = [segment for segment in segments if segment[0] == _FALL]
    return Source(
        dataset=OmniFall.name,
        subject=f"{key[0]}-{subject}",
        activity="fall" if falls else "no fall",
        trial=key[1].replace("/", "-"),
        fall=bool(falls),
        files=(film, table),
        traits={"of": key[0], "path": key[1], "cam": cam},
        read=_read,
        roles=("cam0", "labels"),
        fall_times=FallTimes(onset=falls[0][1], end=falls[0][2]) if falls else None,
    )


def _read(source: Source) -> Recording:
    """Where the film lies, and when its first fall is."""
    return make_recording(source, {}, {"cam0": Video(source.files[0])})
