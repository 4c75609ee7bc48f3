"""People found in films, kept as keypoints or boxes: what takes long is done once per film."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from featherfall.clips.build import cache_folder
from featherfall.core.files import atomic_write, digest, fingerprint
from featherfall.evaluation.films import LabelledFilm
from featherfall.runtime.observation import Observation
from featherfall.runtime.perceive.boxes import PersonBox
from featherfall.runtime.perceive.pose import Pose, make_pose
from featherfall.runtime.sources.prefetch import prefetch
from featherfall.runtime.watch import Monitor
from featherfall.signals.video import Frame, read_frames

_VERSION = "5"  # raise when the meaning of what is kept changes


def default_cache() -> Path:
    """Return where people found in films are kept: `people` below $FEATHERFALL_CACHE, else below ~/.cache/featherfall."""
    return cache_folder().with_name("people")


def cache_file(folder: Path, film: LabelledFilm, how: str) -> Path:
    """Return where the people of a film are kept; the name depends on the film's content and on `how` they are found."""
    video = film.video
    files = sorted(path for path in video.path.iterdir() if path.is_file()) if video.path.is_dir() else [video.path]
    times = [] if video.times is None else [np.asarray(video.times, np.float64).tobytes()]
    clock = repr((video.crop, video.rate, video.start, video.still))
    key = digest([_VERSION, how, clock, *times, *(part for path in files for part in (path.name, fingerprint(path)))])
    return folder / f"{video.path.stem}-{key[:16]}.npz"


def observe(
    film: LabelledFilm, monitor: Monitor, file: Path, problems: list[str], edit: Callable[[Frame], np.ndarray] | None = None
) -> Iterator[Observation]:
    """Yield the people of each picture that a monitor wants: from the cache, else found by its perception and then kept.

    Give this to `runtime.watch.replay`, which resets the monitor and takes one picture after the other.

    Arguments:
        file: of the cache; it is written when the film has ended.
        problems: receives one line for each part of the film that is lost.
        edit: returns the picture to look at in place of the film's.
    Raises: `UserError` where the film cannot be read.
    """
    if file.is_file():
        kept, lost = load_observations(file)
        problems += lost
        yield from kept
        return
    found: list[Observation] = []
    lost = []
    for frame in prefetch(read_frames(film.video, rate=monitor.rate, problems=lost)):
        if monitor.wants(frame.time):
            image = frame.image if edit is None else edit(frame)
            found.append(Observation(frame.time, tuple(monitor.perception.estimate(image)), image.shape[0], image.shape[1]))
            yield found[-1]
    problems += lost
    save_observations(file, found, lost)


def save_observations(path: Path, observations: Sequence[Observation], problems: Sequence[str] = ()) -> None:
    """Write the people of a film as .npz.

    N pictures: sizes (N, 2), times (N,), people in each (N,). Of all P people joints (P, 17, 2), scores (P, 17) and motions (P,), or boxes
    (P, 4), shares (P,) and scores (P,).
    """
    people = [one for seen in observations for one in seen.people]
    poses = [one for one in people if isinstance(one, Pose)]
    boxes = [one for one in people if isinstance(one, PersonBox)]
    assert not (poses and boxes)
    arrays = {
        "problems": np.array(problems, dtype=np.str_),
        "sizes": np.array([(seen.height, seen.width) for seen in observations], dtype=np.int64).reshape(-1, 2),
        "times": np.array([seen.time for seen in observations]),
        "counts": np.array([len(seen.people) for seen in observations], dtype=np.int64),
    }
    if boxes:
        arrays["boxes"] = np.array([one.box for one in boxes])
        arrays["box_scores"] = np.array([(one.share, one.score) for one in boxes])
    else:
        arrays["joints"] = np.array([pose.joints for pose in poses], dtype=np.float32).reshape(-1, 17, 2)
        arrays["scores"] = np.array([pose.scores for pose in poses], dtype=np.float32).reshape(-1, 17)
        arrays["motions"] = np.array([pose.motion for pose in poses])
    with atomic_write(path) as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # numpy's stubs take **arrays for its flag


def load_observations(path: Path) -> tuple[tuple[Observation, ...], list[str]]:
    """Return the people and the problems that `save_observations` wrote."""
    with np.load(path) as kept:
        people: list[Pose] | list[PersonBox]
        if "boxes" in kept:
            people = [PersonBox(box, *map(float, both)) for box, both in zip(kept["boxes"], kept["box_scores"], strict=True)]
        else:
            rows = zip(kept["joints"], kept["scores"], kept["motions"], strict=True)
            people = [replace(make_pose(joints, scores), motion=float(motion)) for joints, scores, motion in rows]
        ends = np.cumsum(kept["counts"])
        rows_of = zip(kept["times"], kept["sizes"], kept["counts"], ends, strict=True)
        observations = tuple(
            Observation(float(time), tuple(people[end - count : end]), int(height), int(width))
            for time, (height, width), count, end in rows_of
        )
        return observations, [str(line) for line in kept["problems"]]
