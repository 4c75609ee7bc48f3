"""Facts of recordings, and small stores made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from featherfall.clips.store import ClipStore, InputFacts, RecordingFacts
from featherfall.core.recording import FallTimes

XYZ = ("x", "y", "z")
UNITS = {"accelerometer": "g", "gyroscope": "deg/s"}


def facts(
    subject: str,
    activity: str = "walk",
    trial: str = "1",
    fall: FallTimes | None = None,
    clips: int = 1,
    seconds: float = 60.0,
    dataset: str = "folder",
    **traits: str,
) -> RecordingFacts:
    return RecordingFacts(f"{subject}/{activity}/{trial}", subject, activity, trial, fall, seconds, clips, traits, dataset=dataset)


def store_of(
    recordings: Sequence[RecordingFacts], centres: Sequence[Sequence[float]], inputs: dict[str, np.ndarray] | None = None
) -> ClipStore:
    """A store in memory.

    Arguments:
        centres: by recording, the seconds on which its windows are centred.
        inputs: (N, length, 3) by name; an accelerometer of zeros unless given.
    """
    owner = np.repeat(np.arange(len(recordings)), [len(seconds) for seconds in centres])
    centre = np.asarray([second for seconds in centres for second in seconds], float)
    values = inputs or {"accelerometer": np.zeros((len(owner), 8, 3), np.float32)}
    return ClipStore(
        folder=Path(),
        length=next(iter(values.values())).shape[1],
        whole=False,
        films={},
        recordings=list(recordings),
        recording=owner,
        start_s=centre - 1,
        end_s=centre + 1,
        centre_s=centre,
        valid=np.ones(len(owner), np.float32),
        inputs=values,
        present={name: np.ones(len(owner), bool) for name in values},
        facts={name: InputFacts(UNITS[name], XYZ, 25.0, "left wrist") for name in values},
        skipped=[],
    )
