"""A tiny dataset in the `folder` format, and a recipe for it: everything real, only small."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: results and run times do not depend on the machine's cores

import numpy as np
import pytest
from hypothesis import settings

from featherfall import datasets
from featherfall.clips.build import prepare_clips
from featherfall.clips.store import ClipStore
from featherfall.core.recipe import Recipe
from featherfall.core.skeletons import KINECT_20, channel_names

# A busy machine is slow, and a test that fails once must fail again.
settings.register_profile("featherfall", deadline=None, derandomize=True, database=None)
settings.load_profile("featherfall")

RATE = 25.0
IMPACT_S = 1.5  # of a fall
STREAMS = {
    "accelerometer": "{columns: [x, y, z], unit: g, rate: 25, placement: left wrist}",
    "gyroscope": "{columns: [x, y, z], unit: deg/s, rate: 25, placement: left wrist}",
    "skeleton": f"{{columns: [{', '.join(channel_names(KINECT_20))}], unit: m, rate: 12.5}}",
}


def tiny_dataset(
    folder: Path,
    subjects: int = 4,
    trials: int = 1,
    activities: Sequence[str] = ("fall", "sit", "walk"),
    streams: Sequence[str] = ("accelerometer", "gyroscope", "skeleton"),
    lacking: Sequence[tuple[str, str]] = (),
    seconds: float = 3.0,
    seed: int = 0,
) -> Path:
    """Write recordings.csv, streams.yaml and one file per stream.

    "fall" hits with 4 g, turns the wrist and lowers the body; "sit" hits with 2 g; "walk" never reaches 1.6 g, so nothing triggers.

    Arguments:
        lacking: (subject, stream) pairs that are left out, e.g. ("S1", "skeleton").
    """
    (folder / "data").mkdir(parents=True)
    (folder / "streams.yaml").write_text("streams:\n" + "".join(f"  {name}: {STREAMS[name]}\n" for name in streams))
    rows = [",".join(["subject", "activity", "trial", *streams, "fall_onset_s", "fall_impact_s", "fall_end_s"])]
    random = np.random.default_rng(seed)
    for subject in (f"S{i + 1}" for i in range(subjects)):
        for activity in activities:
            for trial in range(trials):
                files = []
                for name in streams:
                    file = f"data/{subject}-{activity}-{trial}-{name}.csv"
                    files.append("" if (subject, name) in lacking else file)
                    if files[-1]:
                        header = ",".join(channel_names(KINECT_20)) if name == "skeleton" else "x,y,z"
                        np.savetxt(folder / file, motion(name, activity, seconds, random), "%.4f", ",", header=header, comments="")
                times = f"{IMPACT_S - 0.4},{IMPACT_S},{IMPACT_S + 0.3}" if activity == "fall" else ",,"
                rows.append(",".join([subject, activity, str(trial), *files, times]))
    (folder / "recordings.csv").write_text("\n".join(rows) + "\n")
    return folder


def motion(stream: str, activity: str, seconds: float, random: np.random.Generator) -> np.ndarray:
    """(N, channels) of one movement in the stream's unit."""
    times = np.arange(round(seconds * (12.5 if stream == "skeleton" else RATE))) / (12.5 if stream == "skeleton" else RATE)
    height = {"fall": 4.0, "sit": 2.0, "walk": 1.3}[activity] * random.uniform(0.95, 1.05)
    bump = np.exp(-(((times - IMPACT_S) / 0.06) ** 2))
    after = 1 / (1 + np.exp(-(times - IMPACT_S) / 0.05)) * (activity == "fall")
    if stream == "accelerometer":
        down = np.stack([np.sin(1.4 * after), 0 * after, np.cos(1.4 * after)], axis=1)
        values = down * (1 + (height - 1) * bump)[:, None]
    elif stream == "gyroscope":
        values = 200 * np.stack([bump * (activity == "fall"), 0.2 * np.sin(6 * times), 0 * times], axis=1)
    else:
        values = np.repeat(np.linspace(0.2, 1.7, 20), 3) * np.ones((len(times), 1))
        values[:, 2::3] -= after[:, None] * values[:, 2::3] * 0.9
    return values + random.normal(0, 5.0 if stream == "gyroscope" else 0.01, values.shape)


def tiny_recipe(**changes: Any) -> Recipe:
    """A fall recipe for `tiny_dataset`: skeleton, accelerometer and gyroscope teach the accelerometer; a few steps."""
    augment = {"views": 2}
    training = {"steps": 25, "batch": 8, "lr": 0.01, "average": 0.9, "augment": augment}
    values: dict[str, Any] = {
        "name": "tiny",
        "dataset": "folder",
        "labels": {"by": "fall", "positive": "fall"},
        "clip": {
            "window": {"kind": "impact", "length": 40, "rate": RATE},
            "inputs": {"accelerometer": "accelerometer", "gyroscope": "gyroscope", "skeleton": "skeleton"},
            "reference": "accelerometer",
        },
        "split": {"protocol": "kfold", "folds": 2},
        "teacher": {"network": {"kind": "fusion", "inputs": ["skeleton", "accelerometer", "gyroscope"]}, "training": training},
        "student": {
            "network": {"kind": "inertial", "inputs": ["accelerometer"], "options": {"layers": [[16, 5, 2]]}},
            "training": training,
        },
        "distillation": {"terms": [{"loss": "soft", "weight": 0.8}]},
    }
    return Recipe.model_validate(values | changes)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`tiny_dataset` of four subjects, the first of whom has no skeleton. Do not change it."""
    return tiny_dataset(tmp_path_factory.mktemp("tiny") / "data", lacking=[("S1", "skeleton")])


@pytest.fixture(scope="session")
def tiny_store(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> ClipStore:
    """The clips of `tiny`, cut as `tiny_recipe` says."""
    return prepare_clips(datasets.open("folder", tiny), tiny_recipe().clip, ["accelerometer"], cache=tmp_path_factory.mktemp("clips"))
