"""Write simulated recordings as a `folder` dataset: recordings.csv, streams.yaml, and one CSV for each stream."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from featherfall.core.recording import FallTimes, Recording, Stream

from .build import FinishedRecording
from .films import FilmSetup
from .generate import CAMERA_STREAM, Item, Subject, simulate_item
from .record import SensorKit, record

_README = """\
SIMULATED recordings: no person moved, no sensor was worn.

Made by featherfall sim; simulation.json holds the version and every option, and the same options give the same bytes.
recordings.csv  one row a recording: who, what, the files of its streams and films, and the exact times of a fall in s
streams.yaml    what the columns of the files are, in which unit, at which rate, worn where
people.csv      the simulated people: age in years, height in m, mass in kg, where the watch is worn

`featherfall data inspect DIR` reads it all.
"""
# unit -> decimals: 0.1 mg, 0.01 deg/s, 0.1 mm, 0.01 uT, all below what real sensors resolve
DECIMALS = {"g": 4, "deg/s": 2, "m": 4, "uT": 2}


@dataclass(frozen=True)
class FolderLayout:
    """The `folder` layout.

    Attributes:
        kit: what records.
        films: how videos are taken; None for none.
    """

    kit: SensorKit
    films: FilmSetup | None = None

    def options(self) -> dict[str, Any]:
        """Return the options that simulation.json records."""
        return {"layout": "folder", "kit": asdict(self.kit), "films": None if self.films is None else asdict(self.films)}

    def make(self, folder: Path, item: Item) -> FinishedRecording:
        """Simulate one recording and write its streams, `P001/trip_1/accelerometer.csv` etc."""
        motion = simulate_item(item)
        recording = record(item, motion, self.kit)
        place = Path(item.person.name) / f"{item.activity}_{item.trial}".replace(" ", "_")
        (folder / place).mkdir(parents=True, exist_ok=True)
        paths = {}
        for name, stream in recording.streams.items():
            paths[name] = str(place / f"{name}.csv")
            write_stream(folder / paths[name], stream)
        views = [] if self.films is None else [f"cam{number + 1}" for number in range(self.films.cameras)]
        if self.films is not None:
            paths |= {view: str(place / f"{view}.mp4") for view in views}
            self.films.render(motion, item.habit(), item.rng(CAMERA_STREAM), [folder / paths[view] for view in views])
        row: dict[str, Any] = {"activity": item.activity, "trial": item.trial, "paths": paths, "fall": _times(recording)}
        if item.index == 0:  # alike in all recordings; the first one's go to streams.yaml
            row["streams"] = {name: describe(stream) for name, stream in recording.streams.items()}
        return FinishedRecording(item.subject, item.index, motion.duration, motion.fall is not None, row)

    def finish(self, folder: Path, people: list[Subject], made: list[FinishedRecording]) -> None:
        """Write the tables."""
        described: dict[str, Any] = {"streams": made[0].row["streams"]}
        if self.films is not None:
            described["films"] = {name: {} for name in made[0].row["paths"] if name not in described["streams"]}
        columns = list(made[0].row["paths"])
        with open(folder / "streams.yaml", "w", encoding="utf-8") as file:
            yaml.safe_dump(described, file, sort_keys=False, width=140)
        names = {person.number: person.person.name for person in people}
        rows = [
            [names[one.subject], one.row["activity"], one.row["trial"], *(one.row["paths"][name] for name in columns), *one.row["fall"]]
            for one in made
        ]
        times = ["fall_onset_s", "fall_impact_s", "fall_end_s"]
        write_table(folder / "recordings.csv", ["subject", "activity", "trial", *columns, *times], rows)
        write_people_table(folder / "people.csv", people)
        (folder / "README.txt").write_text(_README, encoding="utf-8")


def write_stream(path: Path, stream: Stream) -> None:
    """Write one stream as CSV: column `t` in s, then the channels, rounded to `DECIMALS`."""
    columns = stream.values.shape[1]
    row = "%.4f" + f",%.{DECIMALS.get(stream.unit, 5)}f" * columns + "\n"
    table = np.column_stack([stream.times, stream.values])
    # One format for the whole file: a quarter quicker than np.savetxt, and hardly slower than pyarrow on files of this size.
    path.write_text(",".join(["t", *stream.channels]) + "\n" + row * len(table) % tuple(table.ravel().tolist()), encoding="utf-8")


def describe(stream: Stream) -> dict[str, Any]:
    """Return a stream's entry in streams.yaml."""
    facts = {"columns": list(stream.channels), "unit": stream.unit, "time": "t", "rate": float(stream.rate)}
    return facts | ({"placement": stream.placement} if stream.placement else {})


def write_people_table(path: Path, people: Sequence[Subject]) -> None:
    """Write people.csv."""
    rows = [[one.person.name, one.person.sex, one.person.age, one.person.height, one.person.mass, one.hand] for one in people]
    write_table(path, ["name", "sex", "age", "height", "mass", "watch"], rows)


def write_table(path: Path, heading: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write a CSV with a header row."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heading)
        writer.writerows(rows)


def _times(recording: Recording) -> list[float | str]:
    fall = recording.fall or FallTimes()
    return ["" if time is None else round(time, 4) for time in (fall.onset, fall.impact, fall.end)]
