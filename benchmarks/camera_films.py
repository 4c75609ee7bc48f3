"""A camera's bundle on the films of URFD and UP-Fall: 50 falls and 18 daily activities.

    python benchmarks/camera_films.py BUNDLE [--data DIR] [--cache DIR] [--csv FILE] [--dry] [--only TEXT]

Films are the test part: nothing may be chosen by what this prints. Keypoints are found once a film and kept under --cache (keypoints
only), so that another bundle is judged within seconds. Three ways: several people with tracks; the same with a bystander, cut out of a
UP-Fall walking film, put into each fall film before poses are found (walks in from a second before the impact, stands beside the fallen
one); and the naive estimator that follows one person. A table with 95% Wilson intervals is printed, and a line a film goes to --csv.

--dry finds the poses, runs the machinery and prints only speeds and counts of films, no result: for trying the machine out.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import csv
import sys
import time
from pathlib import Path

import numpy as np

from featherfall import datasets
from featherfall.core.files import data_folder
from featherfall.evaluation.bystander import Visit, Walker, cut_out, plan_visit, put_in
from featherfall.evaluation.films import Film, Outcome, Poses, cache_file, films_of, load_poses, outcome, save_poses, summarise
from featherfall.runtime.bundle import load_bundle
from featherfall.runtime.decide.incidents import STILL_DOWN
from featherfall.runtime.decide.posture import usual_size
from featherfall.runtime.measure import machine
from featherfall.runtime.perceive.pose import Estimator, Pose, open_estimator
from featherfall.runtime.track.poses import PoseCost
from featherfall.runtime.track.tracker import Track, Tracker
from featherfall.runtime.watch import Monitor, replay
from featherfall.signals.video import read_frames

RATE = 15.0
ENTERS = -1.0  # s from the impact: the walker begins to come in
WALK = ("walking", "2", (0.0, 25.0))  # UP-Fall's activity and trial from which the walker is cut, and which seconds
WAYS = {"several": "several people, tracks", "bystander": "the same, a bystander in every fall", "one": "one person (naive)"}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "featherfall" / "poses")
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--only", default="", help="films whose name holds this")
    parser.add_argument("--dry", action="store_true")
    options = parser.parse_args()
    bundle = load_bundle(options.bundle)
    data = data_folder(options.data)
    films = [film for film in all_films(data) if options.only in film.name]
    falls = sum(film.fall for film in films)
    print(f"machine {machine()}; {falls} falls, {len(films) - falls} others; bundle {bundle.manifest.name}, {bundle.model.precision}")
    poses = Store(options.cache, data)
    rows: list[dict[str, object]] = []
    found: dict[str, list[Outcome]] = {}
    for way in options.ways:
        estimator = open_estimator("one" if way == "one" else "several")
        monitor = Monitor(bundle, estimator)
        started, windows, pictures = time.perf_counter(), 0, 0
        for film in films:
            if way == "bystander" and not film.fall:
                continue
            seen = poses.of(film, way)
            pictures += len(seen.pictures)
            result = replay(seen.observations, monitor)
            windows += len(result.curve)
            found.setdefault(way, []).append(outcome(film, result, seen.pictures[-1][0], STILL_DOWN))
            rows.append({"way": way, **found[way][-1].to_row()})
        print(
            f"{way}: {len(found[way])} films, {pictures} pictures, {windows} windows, {time.perf_counter() - started:.1f} s",
            file=sys.stderr,
        )
    if options.dry:
        return
    show(found)
    if options.csv:
        with open(options.csv, "w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


def all_films(data: Path) -> list[Film]:
    """Those of URFD and UP-Fall that are there, in order."""
    found = []
    for name, folder in (("urfd", "URFD"), ("up-fall", "UP-Fall")):
        for source in datasets.open(name, data / folder).sources:
            if any(role.startswith("cam") for role in source.roles):
                found += films_of(source.load())
    return found


class Store:
    """Keypoints of films, found when they are first asked for."""

    def __init__(self, cache: Path, data: Path) -> None:
        self._cache, self._data = cache, data
        self._walker: Walker | None = None

    def of(self, film: Film, way: str) -> Poses:
        path = cache_file(self._cache / way, film, way)
        if not path.is_file():
            begin = time.perf_counter()
            if way == "bystander":
                poses = look(film, open_estimator("several"), self.walker, visit(film, self.of(film, "several")))
            else:
                poses = look(film, open_estimator("one" if way == "one" else "several"))
            save_poses(path, poses)
            print(f"{way} {film.name}: {len(poses.pictures)} pictures, {time.perf_counter() - begin:.1f} s", file=sys.stderr)
        return load_poses(path)

    @property
    def walker(self) -> Walker:
        if self._walker is None:
            activity, trial, between = WALK
            sources = datasets.open("up-fall", self._data / "UP-Fall").sources
            walk = next(one for one in sources if (one.activity, one.trial) == (activity, trial) and one.file("cam1"))
            self._walker = cut_out(list(read_frames(walk.load().videos["cam1"], rate=RATE, between=between)))
        return self._walker


def look(film: Film, estimator: Estimator, walker: Walker | None = None, comes: Visit | None = None) -> Poses:
    """The people of a film, with a walker put into it where one is given."""
    pictures: list[tuple[float, tuple[Pose, ...]]] = []
    height = width = 0
    for frame in read_frames(film.video, rate=RATE, problems=[]):
        height, width = frame.image.shape[:2]
        image = put_in(frame.image, frame.time, walker, comes) if walker and comes else frame.image
        pictures.append((frame.time, tuple(estimator.estimate(image))))
    return Poses(height, width, tuple(pictures))


def visit(film: Film, seen: Poses) -> Visit:
    """The walker goes to where the person of the film is seen last: of the tracks that move, the one with the most pictures."""
    tracker: Tracker[Pose] = Tracker(PoseCost(memory=np.inf))
    kept: dict[int, tuple[Track[Pose], list[Pose]]] = {}
    for moment, people in seen.pictures:
        for track, pose in zip(tracker.update(moment, people), people, strict=True):
            kept.setdefault(track.id, (track, []))[1].append(pose)
    impact = film.impact if film.impact is not None else (seen.pictures[0][0] + seen.pictures[-1][0]) / 2
    if not kept:
        box = np.array([0.4 * seen.width, 0.7 * seen.height, 0.6 * seen.width, 0.8 * seen.height])
        return plan_visit(box, 0.5 * seen.height, impact + ENTERS, seen.height, seen.width)
    _, poses = max(kept.values(), key=lambda one: (one[0].is_person, len(one[1])))
    return plan_visit(
        poses[-1].box, max(usual_size([pose.size for pose in poses]), poses[-1].size), impact + ENTERS, seen.height, seen.width
    )


def show(found: dict[str, list[Outcome]]) -> None:
    """Print the table."""
    heads = ["poses", "falls detected", "event within [-1, 5] s of the impact", "delay after impact", "still down after 7 s", "daily films"]
    print(f"\n| {' | '.join(heads)} with an alarm |")
    print("|---|---|---|---|---|---|")
    for way, outcomes in found.items():
        all_of = summarise(outcomes)
        alarms = "-" if way == "bystander" else f"{all_of.false_alarms}, {60 * all_of.hours:.0f} min"
        print(f"| {WAYS[way]} | {all_of.detected} | {all_of.in_time} | {all_of.delay} | {all_of.still_down} | {alarms} |")
    if {"several", "bystander"} <= found.keys():
        before = {one.name for one in found["several"] if one.detected}
        after = {one.name for one in found["bystander"] if one.detected}
        print(f"\nlost to the bystander: {len(before - after)} of {len(before)}; won: {len(after - before)}")
    exact = [one for one in found.get("several", []) if one.delay is not None and one.name.startswith("urfd")]
    if exact:
        delays = [one.delay for one in exact if one.delay is not None]
        print(f"delay on URFD, whose impacts are stated (UP-Fall's: the wrist's highest peak): median {np.median(delays):.1f} s")


if __name__ == "__main__":
    main()
