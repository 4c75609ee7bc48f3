"""UTD-MHAD: 27 actions, one inertial sensor and a Kinect skeleton (Chen, Jafari and Kehtarnavaz, ICIP 2015).

`Inertial/aA_sS_tT_inertial.mat`: `d_iner` N x 6, accelerometer in g and gyroscope in deg/s, 50 Hz, on the right wrist (a1-a21) or the right
thigh (a22-a27). `Skeleton/aA_sS_tT_skeleton.mat`: `d_skel` 20 x 3 x F in metres, 30 Hz. The two have no common time stamps.
"""

from __future__ import annotations

import re
from pathlib import Path

from featherfall.core.recording import Recording, Stream, Video
from featherfall.core.registry import register
from featherfall.core.skeletons import KINECT_20, channel_names

from .dataset import Dataset, Reader, Side, Source, Unlisted
from .mat import read_matrix
from .streams import make_recording, make_stream

_ACTIVITIES = (
    "swipe left",
    "swipe right",
    "wave",
    "clap",
    "throw",
    "arm cross",
    "basketball shoot",
    "draw X",
    "draw circle clockwise",
    "draw circle counter-clockwise",
    "draw triangle",
    "bowling",
    "boxing",
    "baseball swing",
    "tennis swing",
    "arm curl",
    "tennis serve",
    "push",
    "knock",
    "catch",
    "pick up and throw",
    "jog",
    "walk",
    "sit to stand",
    "stand to sit",
    "lunge",
    "squat",
)
_FIRST_ON_THIGH = 22

_NAME = re.compile(r"a(\d+)_s(\d+)_t(\d+)_(inertial\.mat|skeleton\.mat|color\.avi)")
_ROLES = {"inertial.mat": "inertial", "skeleton.mat": "skeleton", "color.avi": "cam0"}
_MISSING_BY_DESIGN = {(8, 1, 4), (23, 6, 4), (27, 8, 4)}


def _by_trial(source: Source) -> Side:
    """Split by trial: 1 and 2 train, 3 and 4 test; every subject is on both sides."""
    return "train" if int(source.trial) <= 2 else "test"


def _cross_subject(source: Source) -> Side:
    """Split by subject: odd ones train, even ones test."""
    return "train" if int(source.subject.removeprefix("S")) % 2 else "test"


@register("dataset", "utd-mhad")
class UTDMHAD(Reader):
    """27 actions of 8 people; accelerometer and gyroscope (wrist or thigh), Kinect skeleton, RGB films in RGB/ where you have them."""

    folder = "UTD-MHAD"
    layout = "Inertial/a1_s1_t1_inertial.mat and Skeleton/a1_s1_t1_skeleton.mat"
    streams = ("accelerometer", "gyroscope", "skeleton")

    def scan(self, folder: Path) -> Dataset:
        """List the trials; a trial with one of the two files is kept and reported in `problems`."""
        found: dict[tuple[int, int, int], dict[str, Path]] = {}
        problems: list[str] = []
        for path in sorted((*folder.glob("Inertial/*.mat"), *folder.glob("Skeleton/*.mat"), *folder.glob("RGB/*.avi"))):
            match = _NAME.fullmatch(path.name)
            action, subject, trial = map(int, match.groups()[:3]) if match else (0, 0, 0)
            if not match or not 1 <= action <= len(_ACTIVITIES):
                problems.append(
                    Unlisted(f"{path}: not the name of a trial, left out; expected a1_s1_t1_inertial.mat or a1_s1_t1_skeleton.mat")
                )
                continue
            found.setdefault((action, subject, trial), {})[_ROLES[match[4]]] = path
        for (action, subject, trial), files in sorted(found.items()):
            lacking = [role for role in ("inertial", "skeleton") if role not in files]
            if lacking and (action, subject, trial) not in _MISSING_BY_DESIGN:
                problems.append(f"{next(iter(files.values()))}: the {' and '.join(lacking)} file of this trial is missing")
        sources = tuple(_source(*key, files) for key, files in sorted(found.items()))
        return Dataset(self.name, folder, sources, {"by_trial": _by_trial, "cross_subject": _cross_subject}, tuple(problems))


def _source(action: int, subject: int, trial: int, files: dict[str, Path]) -> Source:
    return Source(
        dataset=UTDMHAD.name,
        subject=f"S{subject}",
        activity=_ACTIVITIES[action - 1],
        trial=str(trial),
        fall=False,
        files=tuple(files.values()),
        traits={},
        read=_read,
        roles=tuple(files),
    )


def _read(source: Source) -> Recording:
    """Read one trial; raises `UserError` for a truncated or foreign .mat file."""
    streams: dict[str, Stream] = {}
    inertial, skeleton = source.file("inertial"), source.file("skeleton")
    if inertial:
        values = read_matrix(inertial, "d_iner", (None, 6))
        placement = "right thigh" if _ACTIVITIES.index(source.activity) + 1 >= _FIRST_ON_THIGH else "right wrist"
        streams["accelerometer"] = make_stream(inertial, values[:, :3], "g", 50.0, placement=placement)
        streams["gyroscope"] = make_stream(inertial, values[:, 3:], "deg/s", 50.0, placement=placement)
    if skeleton:
        frames = read_matrix(skeleton, "d_skel", (20, 3, None)).transpose(2, 0, 1).reshape(-1, 60)
        streams["skeleton"] = make_stream(skeleton, frames, "m", 30.0, channels=channel_names(KINECT_20), clock="own")
    film = source.file("cam0")
    return make_recording(source, streams, {"cam0": Video(film, clock="own")} if film else {})
