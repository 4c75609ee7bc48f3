"""Stream, Video, Box, FallTimes, Recording: the data that readers and the simulator return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

NoteKind = Literal["recognised", "corrupt", "clipped", "repeated", "unit", "file"]


@dataclass(frozen=True)
class Note:
    """A line for the user on what was read.

    kind: what the file was "recognised" as; "corrupt" samples that were left out; "clipped" or "repeated" values; a "unit" that nothing
    confirms; or of the "file" as a whole.
    """

    kind: NoteKind
    text: str


@dataclass(frozen=True, eq=False)
class Stream:
    """One sensor's samples.

    Attributes:
        times: (N,) float64, seconds from the recording's start, strictly increasing.
        values: (N, C) float32 in the internal unit; NaN marks a missing value (a joint not seen), never an invalid one.
        unit: "g", "deg/s", "m", "quaternion", "uT" or "1".
        rate: nominal samples per second, Hz.
        placement: where it is worn or stands, e.g. "right wrist"; "" where that has no meaning.
        channels: C names, e.g. ("x", "y", "z").
        clock: "shared" when `times` are on the recording's clock; "own" when the stream was cut separately, so that only its
            relative position (0 = its start, 1 = its end) can be compared with other streams.
        notes: on its samples.
        begins: times (s) at which a part begins whose distance from the one before is not known, as the clock was set or began anew; in
            `times` a minute stands for it.
    """

    times: np.ndarray
    values: np.ndarray
    unit: str
    rate: float
    placement: str = ""
    channels: tuple[str, ...] = ()
    clock: str = "shared"
    notes: tuple[Note, ...] = ()
    begins: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        assert self.times.ndim == 1 and self.values.ndim == 2 and len(self.times) == len(self.values)
        assert self.clock in ("shared", "own")

    @property
    def duration(self) -> float:
        """Seconds from the first to the last sample."""
        return float(self.times[-1] - self.times[0])


@dataclass(frozen=True, eq=False)
class Video:
    """Location of one camera's film of a recording and its timing on the recording's clock; nothing is decoded.

    Frame i (from 0) was taken at `times[i]` where these are stated, else at `start` + i / `rate`, else at `start` + its time in the file.
    A still image is a film of one picture, taken at `start`: a picture file with `images`, or one frame of a film with `still`.

    Attributes:
        path: a file that a decoder opens; with `images`, a folder of images (sorted by name) or one image file.
        still: only the film's first frame at or after this time, s after its first frame.
        rotate: degrees by which the pictures are turned clockwise, beyond what the file says: 0, 90, 180 or 270.
        stream: which of several video streams of a file, from 0; None for the one that the file marks as default, else the largest.
        crop: the part that shows the scene in colour, as fractions (left, top, right, bottom) of width and height; None for all of it.
        rate: true frames per second where the file's header is wrong or missing, Hz.
        start: the first frame on the recording's clock, s; negative when the film began before the sensors.
        times: (frames or more,) float64 s on the recording's clock, where frames are uneven and the file does not say so.
        clock: "shared", or "own" where the film was cut separately, so that only its relative position can be compared (as of streams).
    """

    path: Path
    crop: tuple[float, float, float, float] | None = None
    rate: float | None = None
    start: float = 0.0
    images: bool = False
    times: np.ndarray | None = None
    clock: str = "shared"
    still: float | None = None
    rotate: int = 0
    stream: int | None = None


@dataclass(frozen=True)
class Box:
    """A labelled box in fractions of the upright image: 0 <= left < right <= 1, 0 <= top < bottom <= 1.

    Attributes:
        name: the class name as the data set has it, e.g. "fall".
    """

    name: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class FallTimes:
    """Times of a fall in seconds of the recording; None where the dataset does not say."""

    onset: float | None = None
    impact: float | None = None
    end: float | None = None


@dataclass(frozen=True, eq=False)
class Recording:
    """One subject doing one activity.

    Attributes:
        dataset, subject, activity, trial: names; together they identify the recording.
        streams: sensor streams by name, e.g. "accelerometer", "skeleton".
        fall: None when the person does not fall.
        traits: further facts about the subject that splits may balance by, e.g. {"age": "elder"}.
        videos: films by view, e.g. "cam0".
        boxes: labelled boxes of a still image.
        notes: on what was read, beside those of the streams.
    """

    dataset: str
    subject: str
    activity: str
    trial: str
    streams: Mapping[str, Stream]
    fall: FallTimes | None = None
    traits: Mapping[str, str] = field(default_factory=dict)
    videos: Mapping[str, Video] = field(default_factory=dict)
    boxes: tuple[Box, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def recognised(self) -> str:
        """What the file was taken for, in one line; "" for other sources."""
        return next((note.text for note in self.notes if note.kind == "recognised"), "")

    @property
    def remarks(self) -> tuple[str, ...]:
        """The texts of all other notes, each once."""
        notes = [*self.notes, *(note for stream in self.streams.values() for note in stream.notes)]
        return tuple(dict.fromkeys(note.text for note in notes if note.kind != "recognised"))

    @property
    def id(self) -> str:
        """Unique within a dataset: "S1/walk/2"."""
        return f"{self.subject}/{self.activity}/{self.trial}"

    @property
    def duration(self) -> float:
        """Seconds covered by the longest stream on the recording's clock (or by the longest, if each has its own); 0 without any."""
        shared = [stream.duration for stream in self.streams.values() if stream.clock == "shared"]
        return max(shared or [stream.duration for stream in self.streams.values()], default=0.0)
