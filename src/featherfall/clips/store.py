"""The clip store: a Parquet index, a Parquet table of recordings, and one memory-mapped array per sensor, one file of JPEGs per film."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from featherfall.clips.films import FilmClips, open_film_clips
from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes, Recording
from featherfall.core.window import Window
from featherfall.datasets.content import Content

STORE_VERSION = 7  # raise when the meaning of stored clips changes: caches of older versions are then rebuilt


@dataclass(frozen=True)
class RecordingFacts:
    """A recording without its samples.

    clips: may be 0 (nothing triggered). content: of the reference input (of a film and a sensor), see
    `datasets.content`. dataset: its registered name, also where several are joined.
    """

    id: str
    subject: str
    activity: str
    trial: str
    fall: FallTimes | None
    duration_s: float
    clips: int
    traits: Mapping[str, str]
    content: Content = ()
    dataset: str = ""

    @classmethod
    def of(cls, recording: Recording, clips: int, seconds: float | None = None, content: Content = ()) -> RecordingFacts:
        """Return the facts of a recording that was cut into so many clips; its streams' duration unless stated."""
        r = recording
        seconds = r.duration if seconds is None else seconds
        return cls(r.id, r.subject, r.activity, r.trial, r.fall, seconds, clips, r.traits, content, r.dataset)

    @property
    def labelled(self) -> bool:
        """Whether it is known what the person does."""
        return bool(self.activity)


@dataclass(frozen=True)
class InputFacts:
    """One input's unit, channels, nominal rate (Hz) and placement, as in the dataset.

    frames, size: of a film: pictures a clip, side of each in pixels; its unit is "rgb8". 0 for sensors.
    """

    unit: str
    channels: tuple[str, ...]
    rate: float
    placement: str
    frames: int = 0
    size: int = 0


@dataclass(frozen=True, eq=False)
class ClipStore:
    """N clips of R recordings.

    Attributes:
        length: samples of a clip.
        whole: each clip is its whole recording (windows of kind "trial").
        recordings: R facts.
        recording: (N,) int64, each clip's recording.
        start_s, end_s, centre_s: (N,) float64, seconds of the recording.
        valid: (N,) float32, the share of samples that are neither in a gap nor beyond the recording's ends.
        inputs: (N, length, C) float32 by a sensor's input name, memory-mapped, read-only.
        films: by a film's input name.
        present: (N,) bool by input name: False where the recording lacks it (its clip is then NaN, or black).
        facts: by input name.
        skipped: recordings left out, each with its reason.
        rate: of the clips' samples, Hz; 0 where each clip is a whole recording.
    """

    folder: Path
    length: int
    whole: bool
    recordings: list[RecordingFacts]
    recording: np.ndarray
    start_s: np.ndarray
    end_s: np.ndarray
    centre_s: np.ndarray
    valid: np.ndarray
    inputs: dict[str, np.ndarray]
    films: dict[str, FilmClips]
    present: dict[str, np.ndarray]
    facts: dict[str, InputFacts]
    skipped: list[str]
    rate: float = 0.0

    def __len__(self) -> int:
        return len(self.recording)

    @property
    def channels(self) -> dict[str, tuple[str, ...]]:
        """Channel names by input."""
        return {name: fact.channels for name, fact in self.facts.items()}

    def read(self, name: str, clips: np.ndarray) -> np.ndarray:
        """Return the given clips of one input: (K, length, C) float32, or (K, F, size, size, 3) uint8 of a film."""
        return self.films[name].read(clips) if name in self.films else np.asarray(self.inputs[name][clips])

    def clips_of(self, recordings: np.ndarray) -> np.ndarray:
        """Return the indices of the clips of the given recordings, by their indices."""
        return np.flatnonzero(np.isin(self.recording, recordings))


def write_tables(
    folder: Path,
    recordings: list[RecordingFacts],
    index: Mapping[str, np.ndarray],
    facts: Mapping[str, InputFacts],
    window: Window,
    skipped: list[str],
) -> None:
    """Write everything but the arrays (which the builder has already streamed to `<input>.f32`)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        asdict(fact)
        | {
            "fall": fact.fall is not None,
            "onset_s": fact.fall.onset if fact.fall else None,
            "impact_s": fact.fall.impact if fact.fall else None,
            "end_s": fact.fall.end if fact.fall else None,
            "traits": json.dumps(dict(fact.traits)),
            "content": list(fact.content),
        }
        for fact in recordings
    ]
    schema = pa.schema(
        [(name, pa.string()) for name in ("id", "subject", "activity", "trial", "traits", "dataset")]
        + [("fall", pa.bool_()), ("duration_s", pa.float64()), ("clips", pa.int64())]
        + [(name, pa.float64()) for name in ("onset_s", "impact_s", "end_s")]
        + [("content", pa.list_(pa.int64()))]
    )
    pq.write_table(pa.Table.from_pylist(rows, schema), folder / "recordings.parquet")
    pq.write_table(pa.table(dict(index)), folder / "index.parquet")
    meta: dict[str, Any] = {
        "version": STORE_VERSION,
        "length": window.length,
        "whole": window.kind == "trial",
        "rate": 0.0 if window.kind == "trial" else window.rate,
        "skipped": skipped,
        "inputs": {name: asdict(fact) for name, fact in facts.items()},
    }
    (folder / "meta.json").write_text(json.dumps(meta, indent=2))


def open_store(folder: Path) -> ClipStore:
    """Open a store that `clips.build.prepare_clips` wrote; raises `UserError` when the folder is not one."""
    import pyarrow.parquet as pq

    folder = Path(folder)
    if not (folder / "meta.json").is_file():
        raise UserError(f"{folder}: not a clip store; make one with 'featherfall data prepare'")
    meta = json.loads((folder / "meta.json").read_text())
    recordings = [
        RecordingFacts(
            row["id"],
            row["subject"],
            row["activity"],
            row["trial"],
            FallTimes(row["onset_s"], row["impact_s"], row["end_s"]) if row["fall"] else None,
            row["duration_s"],
            row["clips"],
            json.loads(row["traits"]),
            tuple(row["content"]),
            row["dataset"],
        )
        for row in pq.read_table(folder / "recordings.parquet").to_pylist()
    ]
    table = pq.read_table(folder / "index.parquet")
    index = {name: table[name].to_numpy() for name in table.column_names}
    count, length = len(index["recording"]), meta["length"]
    facts = {name: InputFacts(**f | {"channels": tuple(f["channels"])}) for name, f in meta["inputs"].items()}
    inputs, films = {}, {}
    for name, fact in facts.items():
        if fact.frames:
            films[name] = open_film_clips(folder, name, fact.size)
            continue
        shape = (count, length, len(fact.channels))
        inputs[name] = np.memmap(folder / f"{name}.f32", np.float32, "r", shape=shape) if count else np.zeros(shape, np.float32)
    return ClipStore(
        folder,
        length,
        meta["whole"],
        recordings,
        index["recording"],
        index["start_s"],
        index["end_s"],
        index["centre_s"],
        index["valid"],
        inputs,
        films,
        {name: index[f"present:{name}"] for name in facts},
        facts,
        meta["skipped"],
        meta["rate"],
    )
