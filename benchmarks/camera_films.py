"""A camera's bundle on the films of URFD and UP-Fall, also with a bystander in every fall: 50 falls and 18 daily activities.

    python benchmarks/camera_films.py BUNDLE [--data DIR] [--cache DIR] [--csv FILE] [--dry] [--only TEXT]

Films are the test part: nothing may be chosen by what this prints. Three ways: several people with tracks, as `featherfall evaluate BUNDLE
--dataset "urfd + up_fall"` has it; the same with a bystander, cut out of a UP-Fall walking film, put into each fall film before poses are
found (walks in from a second before the impact, stands beside the fallen one); and the naive estimator that follows one person. A table
with 95% Wilson intervals is printed, and a line a film goes to --csv.

--dry finds the poses, runs the machinery and prints only speeds and counts of films, no result: for trying the machine out.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import csv
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bystander import Visit, Walker, cut_out, plan_visit, put_in
from featherfall import datasets
from featherfall.core.files import data_folder
from featherfall.datasets import Dataset
from featherfall.datasets.views import cameras
from featherfall.evaluation.evaluate import evaluate_with
from featherfall.evaluation.film_cache import default_cache, load_observations
from featherfall.evaluation.films import LabelledFilm
from featherfall.evaluation.intervals import Share
from featherfall.evaluation.of_films import FilmEvaluator
from featherfall.runtime.bundle import load_bundle
from featherfall.runtime.decide.posture import usual_size
from featherfall.runtime.measure import machine
from featherfall.runtime.observation import Observation
from featherfall.runtime.perceive.pose import Pose
from featherfall.runtime.track.poses import PoseCost
from featherfall.runtime.track.tracker import Track, Tracker
from featherfall.signals.video import Frame, read_frames

RATE = 15.0
ENTERS = -1.0  # s from the impact: the walker begins to come in
WALK = ("walking", "2", (0.0, 25.0))  # UP-Fall's activity and trial from which the walker is cut, and which seconds
WAYS = {"several": "several people, tracks", "bystander": "the same, a bystander in every fall", "one": "one person (naive)"}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--only", default="", help="films whose recording's name holds this")
    parser.add_argument("--dry", action="store_true")
    options = parser.parse_args()
    bundle = load_bundle(options.bundle)
    films = filmed(data_folder(options.data), options.only)
    print(f"machine {machine()}; bundle {bundle.manifest.name}, {bundle.model.precision}")
    several = FilmEvaluator(bundle, "several", cache=options.cache)
    bystander = Bystander(several, data_folder(options.data))
    evaluators = {
        "several": several,
        "bystander": FilmEvaluator(bundle, "several", cache=options.cache / "bystander", edit=bystander),
        "one": FilmEvaluator(bundle, "one", cache=options.cache),
    }
    found: dict[str, dict[str, Any]] = {}
    for way in options.ways:
        started = time.perf_counter()
        falls_only = replace(films, sources=tuple(source for source in films.sources if source.fall))
        found[way] = evaluate_with(evaluators[way], bundle, falls_only if way == "bystander" else films)
        counts = found[way]["counts"]
        print(f"{way}: {counts['films']} films, {counts['pictures']} pictures, {time.perf_counter() - started:.1f} s", file=sys.stderr)
    if options.dry:
        return
    show(found)
    if options.csv:
        with open(options.csv, "w", newline="") as file:
            rows = [{"way": way, **row} for way, result in found.items() for row in result["films"]]
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


def filmed(data: Path, only: str = "") -> Dataset:
    """Return the recordings of URFD and UP-Fall that have a film."""
    both = datasets.open("urfd + up_fall", data)
    return replace(both, sources=tuple(source for source in both.sources if cameras(source) and only in f"{source.dataset}/{source.id}"))


class Bystander:
    """Puts a walker into each picture, who goes to where the person of the film is seen last."""

    def __init__(self, several: FilmEvaluator, data: Path) -> None:
        self._several, self._data = several, data
        self._walker: Walker | None = None
        self._film = ""  # the one that is being read
        self._visit: Visit | None = None  # to it

    def __call__(self, film: LabelledFilm, frame: Frame) -> np.ndarray:
        if film.name != self._film:
            if not self._several.file(film).is_file():
                self._several.outcome(film, [])
            self._film, self._visit = film.name, visit(film, load_observations(self._several.file(film))[0])
        assert self._visit is not None
        return put_in(frame.image, frame.time, self.walker, self._visit)

    @property
    def walker(self) -> Walker:
        if self._walker is None:
            activity, trial, between = WALK
            sources = datasets.open("up_fall", self._data).sources
            walk = next(one for one in sources if (one.activity, one.trial) == (activity, trial) and one.file("cam1"))
            self._walker = cut_out(list(read_frames(walk.load().videos["cam1"], rate=RATE, between=between)))
        return self._walker


def visit(film: LabelledFilm, seen: tuple[Observation, ...]) -> Visit:
    """Return the visit to the person who is there longest: of the tracks that move, the one with the most pictures."""
    tracker: Tracker[Pose] = Tracker(PoseCost(memory=np.inf))
    kept: dict[int, tuple[Track[Pose], list[Pose]]] = {}
    for one in seen:
        for track, pose in zip(tracker.update(one.time, one.people), one.people, strict=True):
            kept.setdefault(track.id, (track, []))[1].append(pose)
    impact = film.impact if film.impact is not None else (seen[0].time + seen[-1].time) / 2
    height, width = seen[0].height, seen[0].width
    if not kept:
        box = np.array([0.4 * width, 0.7 * height, 0.6 * width, 0.8 * height])
        return plan_visit(box, 0.5 * height, impact + ENTERS, height, width)
    _, poses = max(kept.values(), key=lambda one: (one[0].is_person, len(one[1])))
    tall = max(usual_size([pose.size for pose in poses]), poses[-1].size)
    return plan_visit(poses[-1].box, tall, impact + ENTERS, height, width)


def show(found: dict[str, dict[str, Any]]) -> None:
    """Print the table."""
    heads = ["poses", "falls detected", "event within [-1, 5] s of the impact", "delay after impact", "still down after 7 s", "daily films"]
    print(f"\n| {' | '.join(heads)} with an alarm |")
    print("|---|---|---|---|---|---|")
    for way, result in found.items():
        shares = {name: Share(share["hits"], share["count"]) for name, share in result["shares"].items()}
        low, high = result["counts"].get("delay_range_s", (np.nan, np.nan))
        delay = f"{result['metrics'].get('detection_delay_s', np.nan):.1f} s ({low:.1f} to {high:.1f})"
        alarms = "-" if way == "bystander" else f"{shares['daily_films_alarmed']}, {60 * result['counts']['daily_hours']:.0f} min"
        columns = shares["falls_found"], shares["falls_in_time"], delay, shares["falls_still_down"], alarms
        print(f"| {WAYS[way]} | {' | '.join(map(str, columns))} |")
    if {"several", "bystander"} <= found.keys():
        before, after = ({row["film"] for row in found[way]["films"] if row["detected"]} for way in ("several", "bystander"))
        print(f"\nlost to the bystander: {len(before - after)} of {len(before)}; won: {len(after - before)}")
    several = found.get("several", {"films": []})["films"]
    exact = [row["delay_s"] for row in several if row["delay_s"] is not None and row["film"].startswith("urfd")]
    if exact:
        print(f"delay on URFD, whose impacts are stated (UP-Fall's: the wrist's highest peak): median {np.median(exact):.1f} s")


if __name__ == "__main__":
    main()
