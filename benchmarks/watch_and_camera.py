"""Watch and camera of one person together, on the recordings of URFD and UP-Fall that have both a sensor and a film.

    python benchmarks/watch_and_camera.py [--data DIR] [--watch wrist] [--camera camera] [--csv FILE]

Each film counts with the sensor of its recording: the bundled models as they ship, each at its own threshold. `either` is what a household
does: a possible fall of any sensor raises the alarm, and signs within 10 s of each other are one (`AlarmSettings.episode_s`). `both` asks
for a possible fall of both within these 10 s. URFD's accelerometer is at the waist, where the watch's model was not trained; UP-Fall's is
at the wrist. A fall counts as found where a possible fall is raised from 1 s before its impact on; a daily activity as alarmed where any
is. These recordings are a test part: nothing may be chosen by what this prints. People found in films are kept in the cache of `featherfall
evaluate`.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import csv
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from featherfall import datasets
from featherfall.alarms import AlarmSettings
from featherfall.core.files import data_folder
from featherfall.datasets.views import cameras
from featherfall.evaluation.film_cache import observe
from featherfall.evaluation.films import BEFORE_IMPACT_S, LabelledFilm, films_of
from featherfall.evaluation.intervals import Share
from featherfall.evaluation.of_films import FilmEvaluator
from featherfall.runtime.bundle import Bundle, load_bundle
from featherfall.runtime.watch import Monitor, replay

TOGETHER_S = AlarmSettings().episode_s
WAYS = ("watch", "camera", "either", "both")


@dataclass(frozen=True)
class Pair:
    """A film and its sensor. watch, camera: times of possible falls, s on the recording's clock; impact: None without a fall."""

    name: str
    fall: bool
    impact: float | None
    watch: tuple[float, ...]
    camera: tuple[float, ...]

    def raised(self, way: str) -> tuple[float, ...]:
        """Return when possible falls are raised."""
        if way in ("watch", "camera"):
            return self.watch if way == "watch" else self.camera
        if way == "either":
            return tuple(sorted((*self.watch, *self.camera)))
        return tuple(max(a, b) for a in self.watch for b in self.camera if abs(a - b) <= TOGETHER_S)

    def has(self, way: str) -> bool:
        """Return whether the fall is found, or the daily activity alarmed."""
        since = -np.inf if not self.fall or self.impact is None else self.impact - BEFORE_IMPACT_S
        return any(one >= since for one in self.raised(way))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--watch", default="wrist")
    parser.add_argument("--camera", default="camera")
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--cached", action="store_true", help="only films whose people are in the cache")
    options = parser.parse_args()
    for name in ("urfd", "up_fall"):
        pairs = list(read_pairs(name, data_folder(options.data), load_bundle(options.watch), load_bundle(options.camera), options.cached))
        show(name, pairs)
        if options.csv:
            with options.csv.with_stem(f"{options.csv.stem}-{name}").open("w", newline="") as file:
                rows = [asdict(one) | {way: one.has(way) for way in WAYS} for one in pairs]
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)


def read_pairs(dataset: str, data: Path, watch: Bundle, camera: Bundle, cached: bool) -> Iterator[Pair]:
    """Yield the pairs of a dataset."""
    evaluator = FilmEvaluator(camera)
    for source in datasets.open(dataset, data).sources:
        if not cameras(source):
            continue
        recording = source.load()
        worn = [stream for name, stream in recording.streams.items() if name.endswith("accelerometer")]
        if not worn:
            continue
        alone = replace(recording, streams={watch.manifest.inputs[0].name: worn[0]}, videos={})
        felt = tuple(event.raised_s for event in watch.predict(alone, placement_ok=True).events)
        for film in films_of(recording):
            if cached and not evaluator.file(film).is_file():
                continue
            yield Pair(film.name, film.fall, film.impact, felt, seen_falls(film, evaluator))


def seen_falls(film: LabelledFilm, evaluator: FilmEvaluator) -> tuple[float, ...]:
    """Return when the camera raises possible falls in a film."""
    monitor: Monitor = evaluator._monitor
    result = replay(observe(film, monitor, evaluator.file(film), []), monitor)
    return tuple(fall.raised_s for fall in result.falls)


def show(dataset: str, pairs: Sequence[Pair]) -> None:
    """Print the table of a dataset."""
    falls, daily = [one for one in pairs if one.fall], [one for one in pairs if not one.fall]
    print(f"\n{dataset}: {len(pairs)} films, {len(falls)} of falls\n")
    print("|  | falls found | daily films alarmed | delay (s, median) |\n|---|---|---|---|")
    for way in WAYS:
        found, wrong = (Share.of(one.has(way) for one in these) for these in (falls, daily))
        delays = [
            min(t for t in one.raised(way) if t >= one.impact - 1) - one.impact for one in falls if one.impact is not None and one.has(way)
        ]
        print(f"| {way} | {found} | {wrong} | {np.median(delays):.1f} |" if delays else f"| {way} | {found} | {wrong} | |")
    only = {way: sum(one.has(way) and not one.has(other) for one in falls) for way, other in (("watch", "camera"), ("camera", "watch"))}
    print(f"\nFalls that only the watch finds: {only['watch']}; only the camera: {only['camera']}")


if __name__ == "__main__":
    main()
