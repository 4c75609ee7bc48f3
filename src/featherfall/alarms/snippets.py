"""Signal around possible falls, kept for review, and what people say of it; never pictures."""

from __future__ import annotations

import csv
import io
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from featherfall.core.documents import as_written, parse_json
from featherfall.core.errors import UserError
from featherfall.core.files import atomic_write
from featherfall.core.manifest import Manifest
from featherfall.core.recording import Recording, Stream
from featherfall.core.text import json_text

ReviewLabel = Literal["fall", "no fall"]
LABELS: tuple[ReviewLabel, ...] = get_args(ReviewLabel)
MOST_SAMPLES = 60_000  # 10 minutes at 100 Hz
_MOST_BYTES = 16 << 20  # of a snippet when it is unpacked
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}")
_HEAD = 8  # bytes that state the header's length


@dataclass(frozen=True)
class Review:
    """What a person says of a possible fall. time: s since 1970."""

    subject: str
    episode: int
    label: ReviewLabel
    by: str
    time: float


@dataclass(frozen=True, eq=False)
class Snippet:
    """The signal of one device around a possible fall.

    Attributes:
        subject, device: ids.
        time: of the possible fall, when the host learned of it, s since 1970.
        episode: its number; 0 for signal that raised nothing.
        streams: by the input's name of the bundle, times from the snippet's start.
    """

    subject: str
    time: float
    device: str
    episode: int
    streams: Mapping[str, Stream]

    @property
    def name(self) -> str:
        """Unique: device and time to the millisecond."""
        return f"{self.device}-{self.time:.3f}"

    @property
    def recording(self) -> Recording:
        """As a recording of an activity that nobody knows."""
        return Recording("household", self.subject, "unknown", self.name, dict(self.streams))

    @classmethod
    def of_samples(
        cls, subject: str, device: str, time: float, episode: int, manifest: Manifest, samples: tuple[np.ndarray, Any]
    ) -> Snippet:
        """Return the snippet of samples that a bundle takes.

        Arguments:
            samples: times (N,) s, and values (N, C) by input's name, in the manifest's units.
        """
        times, values = samples
        times = np.asarray(times, np.float64)[-MOST_SAMPLES:]
        times = times - times[0]
        rate = 1 / float(np.median(np.diff(times)))  # there may be gaps
        streams = {
            need.name: Stream(
                times, np.asarray(values[need.name], np.float32)[-MOST_SAMPLES:], need.unit, rate, need.placement, tuple(need.channels)
            )
            for need in manifest.inputs
        }
        return cls(subject, time, device, episode, streams)

    def to_bytes(self) -> bytes:
        """Return it as bytes: a header of JSON, then times (float64) and values (float32) of each stream, compressed."""
        head = [
            {
                "name": name,
                "count": len(one.times),
                "channels": list(one.channels),
                "unit": one.unit,
                "rate": one.rate,
                "placement": one.placement,
            }
            for name, one in self.streams.items()
        ]
        text = json_text(head).encode()
        arrays = [part for one in self.streams.values() for part in (one.times.astype("<f8"), one.values.astype("<f4"))]
        return zlib.compress(len(text).to_bytes(_HEAD, "little") + text + b"".join(array.tobytes() for array in arrays))

    @classmethod
    def from_bytes(cls, body: bytes, subject: str, time: float, device: str, episode: int) -> Snippet:
        """Return the snippet of `to_bytes`; raises `UserError` for other bytes."""
        where = f"snippet {device}"
        try:
            unpacker = zlib.decompressobj()
            plain = unpacker.decompress(body, _MOST_BYTES)
        except zlib.error as error:
            raise UserError(f"{where}: damaged ({error})") from None
        if unpacker.unconsumed_tail:
            raise UserError(f"{where}: larger than {_MOST_BYTES >> 20} MB")
        with as_written(where, "a snippet"):
            end = _HEAD + int.from_bytes(plain[:_HEAD], "little")
            streams = {}
            for one in parse_json(plain[_HEAD:end].decode(), where, 1000):
                count, channels = int(one["count"]), tuple(str(name) for name in one["channels"])
                if not 0 < count <= MOST_SAMPLES or not 0 < len(channels) <= 100:
                    raise ValueError(f"{count} samples of {len(channels)} channels")
                times = np.frombuffer(plain, "<f8", count, end)
                values = np.frombuffer(plain, "<f4", count * len(channels), end + times.nbytes).reshape(count, -1)
                end += times.nbytes + values.nbytes
                if not (np.isfinite(times).all() and np.isfinite(values).all() and (np.diff(times) > 0).all()):
                    raise ValueError("times that do not rise, or values that are no numbers")
                streams[str(one["name"])] = Stream(times, values, str(one["unit"]), float(one["rate"]), str(one["placement"]), channels)
            if not streams or not all(_NAME.fullmatch(text) for text in (subject, device, *streams)):
                raise ValueError("no stream, or a name that is none")  # they become names of files
            return cls(subject, time, device, episode, streams)


def write_dataset(snippets: Iterable[Snippet], reviews: Mapping[tuple[str, int], Review], folder: Path) -> int:
    """Write the reviewed snippets as a dataset of your own (`datasets.folder`); return how many there were.

    A fall that was confirmed is a recording of the activity "fall", another of "no fall".

    Raises: `UserError` where nothing was reviewed, the devices have different sensors, or the folder cannot be written.
    """
    rows: list[list[str]] = []
    first: Mapping[str, Stream] = {}
    for one in snippets:
        review = reviews.get((one.subject, one.episode))
        if review is None:
            continue
        first = first or one.streams
        if {name: (stream.unit, stream.channels) for name, stream in one.streams.items()} != {
            name: (stream.unit, stream.channels) for name, stream in first.items()
        }:
            raise UserError(f"{one.name}: its sensors are not those of the other snippets; write those of each device apart")
        files = []
        for name, stream in one.streams.items():
            path = f"{one.subject}/{one.name}-{name}.csv"
            table = np.column_stack([stream.times, stream.values])
            with atomic_write(folder / path) as file:
                np.savetxt(file, table, delimiter=",", fmt="%.6g", header=",".join(["t", *stream.channels]), comments="")
            files.append(path)
        rows.append([one.subject, review.label, one.name, *files])
    if not rows:
        raise UserError("no snippet was reviewed; say of some possible falls what they were first")
    table_text = io.StringIO()
    csv.writer(table_text, lineterminator="\n").writerows([["subject", "activity", "trial", *first], *rows])
    with atomic_write(folder / "recordings.csv", "w") as file:
        file.write(table_text.getvalue())
    with atomic_write(folder / "streams.yaml", "w") as file:
        file.write(_streams_yaml(first, [row[1] for row in rows]))
    return len(rows)


def _streams_yaml(streams: Mapping[str, Stream], activities: list[str]) -> str:
    described = {
        name: {
            "columns": list(one.channels),
            "unit": one.unit,
            "time": "t",
            "time_unit": "s",
            "rate": round(one.rate, 3),
            "placement": one.placement,
        }
        for name, one in streams.items()
    }
    falls = ["fall"] if "fall" in activities else []
    return json_text({"falls": falls, "streams": described}, indent=2) + "\n"  # JSON is YAML
