"""How many decisions flip where a film is the same but for the camera: shifted by a picture, scaled, blurred, encoded again, by night.

    python benchmarks/stability.py BUNDLE WORK [--data DIR] [--films "urfd + up_fall"] [--variants NAME ...] [--csv FILE]

WORK keeps the keypoints of each film and variant, so that a run goes on where it was stopped and another bundle takes seconds. A decision
is "found" of a film with a fall and "an alarm" of one without. The night is listed apart: pictures are not the same, and what is lost there
is lost for other reasons.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import csv
import sys
import time
from pathlib import Path

from featherfall import datasets
from featherfall.core.files import data_folder
from featherfall.datasets.views import cameras
from featherfall.evaluation.film_cache import load_observations, save_observations
from featherfall.evaluation.films import LabelledFilm, film_outcome, films_of
from featherfall.evaluation.intervals import Share
from featherfall.runtime.bundle import load_bundle
from featherfall.runtime.observation import Observation
from featherfall.runtime.perceive.estimators import open_estimator
from featherfall.runtime.watch import Monitor, replay
from featherfall.signals.video import read_frames
from film_variants import VARIANTS, Change


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--films", default="urfd + up_fall")
    parser.add_argument("--estimator", default="several")
    parser.add_argument("--pose-weights", type=Path)
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--only", choices=["falls", "daily"], help="films with a fall, or those without")
    parser.add_argument("--every", type=int, default=1, help="take every Nth of these films")
    parser.add_argument("--csv", type=Path)
    options = parser.parse_args()
    films = [film for film in labelled_films(options.films, options.data) if options.only in (None, "falls" if film.fall else "daily")]
    films = films[:: options.every]
    monitor = Monitor(load_bundle(options.bundle), open_estimator(options.estimator, options.pose_weights))
    decisions: dict[str, dict[str, bool]] = {}
    for variant in ["same", *(name for name in options.variants if name != "same")]:
        started = time.process_time()
        decisions[variant] = {}
        for film in films:
            seen = people_of(film, monitor, options.work / options.estimator / file_name(variant, film), VARIANTS[variant])
            outcome = film_outcome(film, replay(seen, monitor), seen[-1].time, monitor.settings.still_down_s)
            decisions[variant][film.name] = bool(outcome.events)
        print(f"{variant}: {len(films)} films, {time.process_time() - started:.0f} s of one core", file=sys.stderr, flush=True)
    show(films, decisions)
    if options.csv:
        with open(options.csv, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["film", "fall", *decisions])
            writer.writerows([film.name, int(film.fall), *(int(one[film.name]) for one in decisions.values())] for film in films)


def labelled_films(names: str, data: Path | None) -> list[LabelledFilm]:
    """Return the films of datasets, in order."""
    sources = datasets.open(names, data_folder(data)).sources
    return [film for source in sources if cameras(source) for film in films_of(source.load())]


def file_name(variant: str, film: LabelledFilm) -> str:
    """Return where the keypoints of a film are kept."""
    return f"{variant.replace(' ', '-')}/{film.name.replace('/', '_').replace(' ', '-')}.npz"


def people_of(film: LabelledFilm, monitor: Monitor, file: Path, change: Change) -> tuple[Observation, ...]:
    """Return the people of each picture that is looked at, kept in `file` or found now."""
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        monitor.reset()
        found: list[Observation] = []
        for frame in change(read_frames(film.video, problems=[])):
            if monitor.wants(frame.time):
                found.append(Observation(frame.time, tuple(monitor.perception.estimate(frame.image)), *frame.image.shape[:2]))
                monitor.take(found[-1])
        save_observations(file, found)
    return load_observations(file)[0]


def show(films: list[LabelledFilm], decisions: dict[str, dict[str, bool]]) -> None:
    """Print the table: the falls found, the daily films that alarm, and the decisions that are not those of the film itself."""
    falls, daily = ([film.name for film in films if film.fall is fell] for fell in (True, False))
    print("| | falls found | daily films with an alarm | decisions that flip |\n|---|---|---|---|")
    every: list[bool] = []
    for variant, found in decisions.items():
        flips = [found[film.name] != decisions["same"][film.name] for film in films]
        if variant not in ("same", "night"):
            every += flips
        shares = Share.of(found[name] for name in falls), Share.of(found[name] for name in daily)
        print(f"| {variant} | {shares[0]} | {shares[1]} | {'' if variant == 'same' else Share.of(flips)} |")
    print(f"| all but the night | | | {Share.of(every)} |")
    for film in films:
        flipped = [variant for variant, found in decisions.items() if found[film.name] != decisions["same"][film.name]]
        if flipped:
            print(f"flips: {film.name} ({'fall' if film.fall else 'daily'}, {decisions['same'][film.name]}): {', '.join(flipped)}")


if __name__ == "__main__":
    main()
