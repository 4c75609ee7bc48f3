"""Pose estimators compared: falls found on the person, daily films alarmed, ms a picture, by halves of the recordings.

    python benchmarks/estimators.py BUNDLE ESTIMATOR[=WEIGHTS] ... [--data DIR] [--cache DIR] [--every N] [--csv FILE]

Films of one recording are in one half: choose by half A, read half B once. Each film's keypoints are kept, so a run goes on where it was
stopped. ms a picture are of one thread's processor time, over the first `SPEED` pictures of a film with a fall that are looked at.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import csv
import sys
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from featherfall.evaluation.film_cache import default_cache
from featherfall.evaluation.films import FilmOutcome, LabelledFilm, summarise_films
from featherfall.evaluation.of_films import FilmEvaluator
from featherfall.runtime.bundle import Bundle, load_bundle
from featherfall.runtime.measure import machine
from featherfall.runtime.perceive.estimators import open_estimator
from featherfall.signals.video import read_frames
from stability import labelled_films

SPEED = 150  # pictures


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("estimators", nargs="+", help="several, checked=MULTIPOSE.tflite, several=THUNDER.tflite, ...")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--films", default="urfd + up_fall")
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--every", type=int, default=1, help="take every Nth recording of those with a fall, and of those without")
    parser.add_argument("--csv", type=Path)
    options = parser.parse_args()
    bundle = load_bundle(options.bundle)
    parts = halves(labelled_films(options.films, options.data), options.every)
    print(f"machine {machine()}")
    print("| estimator | half | falls found on the person | daily films with an alarm | still down | ms a picture |")
    print("|---|---|---|---|---|---|")
    rows = []
    for stated in options.estimators:
        name, _, file = stated.partition("=")
        weights = Path(file) if file else None
        evaluator = FilmEvaluator(bundle, name, weights, options.cache)
        cost = speed(bundle, name, weights, next(film for film in parts["A"] if film.fall))
        everything: list[FilmOutcome] = []
        for half, films in parts.items():
            found = [outcome(evaluator, film) for film in films]
            everything += found
            show(stated, half, found, cost)
            rows += [{"estimator": stated, "half": half, **one.to_row()} for one in found]
        show(stated, "both", everything, cost)
    if options.csv:
        with open(options.csv, "w", newline="") as out:
            writer = csv.DictWriter(out, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


def halves(films: Sequence[LabelledFilm], every: int = 1) -> dict[str, list[LabelledFilm]]:
    """Return the films of every `every`th recording, by turns in half A and B, those with a fall and those without apart."""
    parts: dict[str, list[LabelledFilm]] = {"A": [], "B": []}
    for fall in (True, False):
        chosen = [film for film in films if film.fall is fall]
        recordings = sorted({film.name.rpartition("/")[0] for film in chosen})[::every]
        for number, recording in enumerate(recordings):
            parts["AB"[number % 2]] += [film for film in chosen if film.name.rpartition("/")[0] == recording]
    return parts


def outcome(evaluator: FilmEvaluator, film: LabelledFilm) -> FilmOutcome:
    """Return a film's outcome; what is lost of the film goes to stderr."""
    notes: list[str] = []
    found = evaluator.outcome(film, notes)
    print(f"{film.name}: {len(found.events)} events", *notes, sep="; ", file=sys.stderr, flush=True)
    return found


def speed(bundle: Bundle, name: str, weights: Path | None, film: LabelledFilm) -> float:
    """Return the processor time of finding people, ms a picture; decoding is left out."""
    estimator, spent = open_estimator(name, weights), []
    for frame in islice(read_frames(film.video, rate=bundle.manifest.window.rate, problems=[]), SPEED):
        started = time.process_time()
        estimator.estimate(frame.image)
        spent.append(time.process_time() - started)
    return 1000 * float(np.mean(spent))


def show(stated: str, half: str, found: Sequence[FilmOutcome], cost: float) -> None:
    """Print a line of the table."""
    summary = summarise_films(found)
    cells = [stated, half, summary.falls_on_person, summary.daily_films_alarmed, summary.falls_still_down, f"{cost:.0f}"]
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


if __name__ == "__main__":
    main()
