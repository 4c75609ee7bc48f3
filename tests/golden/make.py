"""Write the golden files: `python -m tests.golden.make` from the repository's root.

With `--outputs` the stored traces stay and only the outputs are computed again: for a change of behaviour that is meant. Without, the
traces are simulated anew, too; the simulator may change, stored traces do not.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tests.golden import paths, people, store

from featherfall.sim.film.camera import camera_ring
from featherfall.sim.film.raster import Renderer, render_frames

RATE = people.RATE


def seen(person: np.ndarray, seed: int, changed: int = 60, since: float = 0.0) -> list[list[int] | None]:
    """Return a person's poses per picture; None where nobody is found, and before `since` s."""
    found = people.keypoints(person, seed)
    late = [None] * round(since * RATE)
    return late + [[*pose.ravel().tolist(), changed] if pose[:, 2].sum() >= 170 else None for pose in found]


def without(poses: Sequence[Any], start: float, end: float) -> list[Any]:
    """Return the poses, none of them between two times (s)."""
    return [None if start <= k / RATE < end else pose for k, pose in enumerate(poses)]


def together(*poses: Sequence[Any], skip: tuple[float, float] = (0.0, 0.0), every: int = 1) -> list[list[Any]]:
    """Return time and people of each picture; no picture at all between the two times of `skip`, and only each `every`-th."""
    pictures = []
    for k in range(0, max(map(len, poses)), every):
        if not skip[0] <= k / RATE < skip[1]:
            pictures.append([round(k / RATE, 3), [one[k] for one in poses if k < len(one) and one[k] is not None]])
    return pictures


def in_place(poses: Sequence[list[int] | None], right: int, down: int) -> list[list[int] | None]:
    """Return the poses, each moved so that its middle is at one point, pixels."""
    out: list[list[int] | None] = []
    for pose in poses:
        if pose is not None:
            table = np.array(pose[:51]).reshape(17, 3)
            middle = np.average(table[:, :2], axis=0, weights=table[:, 2] + 1)
            table[:, :2] += np.rint((right, down) - middle).astype(int)
            pose = [*table.ravel().tolist(), pose[51]]
        out.append(pose)
    return out


def right_of(poses: Sequence[list[int] | None]) -> int:
    """Return the width of a picture, pixels, whose right edge is just beside where somebody was seen last."""
    last = np.array([pose for pose in poses if pose is not None][-1][:51]).reshape(17, 3)
    return round(float(np.average(last[:, 0], weights=last[:, 2] + 1))) + 5


def helper(seed: int, place: tuple[float, float], after: float) -> np.ndarray:
    """Return (T, 20, 3) m: somebody walks up to a place within 5 s and stands there."""
    return people.joints(people.act("walk", seed), place, after=after)[-round((5 + after) * RATE) :]


def keypoint_traces() -> dict[str, dict[str, Any]]:
    """Return traces for `paths.keypoints` by name."""
    common = {"height": people.HEIGHT, "width": people.WIDTH, "bundle": "camera", "precision": "float32"}
    stays = people.joints(people.act("trip", 1), after=4.0)
    rises = people.joints(people.act("sideways", 2), after=1.0)
    faints = people.joints(people.act("faint", 0), after=7.0)
    slips = people.joints(people.act("slip", 1), after=4.0)
    moved = slips.copy()
    moved[round(7.5 * RATE) :] += (0.1, 0.6, 0.0)  # found again, a step away
    comes = helper(1, (0.35, 0.1), 6.0)
    comes[round(5.4 * RATE) :] += (-0.3, 0.45, 0.0)  # takes a step to the fallen one while nobody is found
    leaves = seen(people.joints(people.act("sideways", 1), (0.4, 1.9))[: round(3.6 * RATE)], 8)
    films = {
        "stays-down": together(without(seen(stays, 1), 8.0, 8.8), skip=(1.0, 1.5)),
        "gets-up": together(seen(rises, 2)),
        # Nothing counts: who lies down, a fall in a picture that does not change, and a fall that does not leave its place.
        "daily": together(
            seen(people.joints(people.act("lie down", 3)), 3),
            seen(people.joints(people.act("missed chair", 1), (-1.0, 1.2)), 4, 3),
            in_place(seen(people.joints(people.act("sideways", 1)), 9), 120, 250)[: round(6 * RATE)],
        ),
        # The fallen one is not found while the helper stands there, nor is the helper for a while: who stands in the place then is no
        # fallen one who has got up. In the other film nobody else is there, and it is.
        "helper": together(without(seen(faints, 5), 6.0, 13.0), without(seen(comes, 6, since=4.0), 9.4, 10.6)),
        "gets-up-unseen": together(without(seen(rises, 2), 8.7, 11.2)),
        "lost-and-found": together(without(seen(moved, 7), 5.3, 7.8)),
        "leaves": together(leaves, [None] * round(6.0 * RATE)),
    }
    traces = {name: common | {"pictures": pictures} for name, pictures in films.items()}
    traces["lost-and-found"]["precision"] = "int8"
    traces["helper"]["still_down_s"] = 8.0
    traces["leaves"]["width"] = right_of(leaves)
    return traces


def box_traces() -> dict[str, dict[str, Any]]:
    """Return traces for `paths.boxes` by name."""
    stays = people.joints(people.act("trip", 1), after=5.0)
    begun = people.joints(people.act("trip", 1), before=-0.2)
    rises = people.joints(people.act("sideways", 2), after=1.0)
    faints = people.joints(people.act("faint", 0), after=9.0)
    bed = people.joints(people.act("turn over in bed", 3), after=2.0)
    films: dict[str, tuple[list[Any], ...]] = {
        "stays-down": (people.boxes(stays, 1),),
        "gets-up": (people.boxes(rises, 2),),
        "begins-late": (people.boxes(begun, 9),),
        "lies": (people.boxes(bed, 3),),
        "helper": (
            without(people.boxes(faints, 4), 6.0, 7.4),
            [None] * 60 + people.boxes(helper(1, (0.35, 0.1), 6.0), 5),
        ),
        "gap": (without(people.boxes(stays, 6), 2.9, 4.2),),
        "daily": (
            people.boxes(people.joints(people.act("kneel", 2)), 7),
            people.boxes(people.joints(people.act("sit down", 1), (-0.8, 1.0)), 8),
        ),
    }
    traces = {}
    for name, boxes in films.items():
        pictures = [[time, [box for one in found for box in one]] for time, found in together(*boxes)]
        traces[name] = {"height": people.HEIGHT, "width": people.WIDTH, "pictures": pictures}
        if name in ("helper", "gets-up"):
            traces[name]["still_down_s"] = 5.0
    return traces


def sample_traces() -> dict[str, dict[str, Any]]:
    """Return traces for `paths.samples` by name."""
    lived = {
        "falls": [("walk", 1), ("trip", 1), ("drink", 2), ("faint", 0)],
        "daily": [("sit down heavily", 1), ("clap", 2), ("jump", 3)],
    }
    traces = {}
    for name, activities in lived.items():
        times, values = people.acceleration(activities, 5)
        rows = {
            "milliseconds": np.rint((times - times[0]) * 1000).astype(int).tolist(),
            "milli_g": np.rint(values * 1000).astype(int).tolist(),
        }
        traces[name] = {"bundle": "wrist", "precision": "int8" if name == "daily" else "float32"} | rows
    return traces


def live_trace(samples: dict[str, Any]) -> dict[str, Any]:
    """Return a trace for `paths.live`: the samples of "falls" in uneven packets, two seconds of them lost."""
    lost = (21_000, 23_000)
    left = sum(not lost[0] <= time < lost[1] for time in samples["milliseconds"])
    rng = np.random.default_rng(9)
    packets: list[int] = []
    while left > 0:
        packets.append(min(int(rng.integers(1, 160)), left))
        left -= packets[-1]
    return {"samples": "samples-falls", "lost": lost, "packets": packets}


def film_trace() -> dict[str, Any]:
    """Return a trace for `paths.film`: a simulated fall, while the light goes on, flickers and goes off."""
    motion = people.act("trip", 1)
    renderer = Renderer(motion.body, motion.scene, camera_ring(motion.scene)[0], (24, 24))
    pictures = []
    for k, picture in enumerate(render_frames(motion, renderer, 6.0)):
        light = 0.25 if k < 15 or k > 42 else 1.6 if k % 9 else 0.6
        levels = np.clip(np.rint(picture.mean(axis=2) * light / 17), 0, 15).astype(int)
        pictures.append(["".join(f"{level:x}" for level in row) for row in levels])
    return {"rate": 6.0, "pictures": pictures}


def output(name: str, trace: dict[str, Any]) -> dict[str, Any]:
    """Return what the runtime says of a trace, by the first word of its name."""
    calls: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "keypoints": paths.keypoints,
        "boxes": paths.boxes,
        "samples": paths.samples,
        "live": paths.live,
    }
    kind = name.partition("-")[0]
    if kind in calls:
        return paths.plain(calls[kind](trace))
    with tempfile.TemporaryDirectory() as folder:
        return paths.plain(paths.film(trace, Path(folder)))


def simulated() -> dict[str, dict[str, Any]]:
    """Return all traces by file name."""
    samples, film = sample_traces(), film_trace()
    return {
        **{f"keypoints-{name}": trace for name, trace in keypoint_traces().items()},
        **{f"boxes-{name}": trace for name, trace in box_traces().items()},
        **{f"samples-{name}": trace for name, trace in samples.items()},
        "live-falls": live_trace(samples["falls"]),
        "film-fall": film,
        "film-short": film | {"pictures": film["pictures"][10:18]},
    }


def main(only_outputs: bool) -> None:
    """Write every golden file."""
    stored = {file.stem: store.read(file.stem)["trace"] for file in sorted(store.FOLDER.glob("*.json"))}
    for name, trace in (stored if only_outputs else simulated()).items():
        store.write(name, trace, output(name, trace))


if __name__ == "__main__":
    main("--outputs" in sys.argv[1:])
