"""One picture of each film with its alarm drawn in: is the alarm of the person who falls, or of the furniture?

    python benchmarks/contact_sheet.py BUNDLE OUT.png [--films "urfd + up_fall"] [--data DIR] [--private] [--only falls|daily] ...

Each film is drawn at its first alarm, one without an alarm where the probability was highest. The alarm's track is coloured, everybody else
grey. The caption tells the film, and of films with a fall whether the alarm lies on what moves ("on the person"). Sheets of real films show
people: keep them out of repositories, or use --private, which draws nothing of the picture. Keypoints are found once and kept.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from featherfall.evaluation.film_cache import default_cache, observe
from featherfall.evaluation.films import LabelledFilm
from featherfall.evaluation.of_films import FilmEvaluator
from featherfall.evaluation.on_person import TrackPlaces, alarm_on_person
from featherfall.runtime.bundle import load_bundle
from featherfall.runtime.observation import AnalysisResult, FrameResult
from featherfall.runtime.perceive.estimators import open_estimator
from featherfall.runtime.sinks.draw import Painter
from featherfall.runtime.watch import Monitor, replay
from featherfall.signals.video import read_frames
from featherfall.sim.film.film import image_grid
from stability import labelled_films

TILE = (320, 300)  # pixels, width and height of a film's picture with its curve
LETTERS = 24  # of a film's name, so that the caption is no wider than the tile
NEXT = 0.5  # s in which the picture of a moment is looked for


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--films", default="urfd + up_fall")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--estimator", default="several")
    parser.add_argument("--pose-weights", type=Path)
    parser.add_argument("--private", action="store_true", help="keypoints on black, nothing of the pictures")
    parser.add_argument("--only", choices=["falls", "daily"], help="films with a fall, or those without")
    parser.add_argument("--every", type=int, default=1, help="take every Nth of these films")
    parser.add_argument("--columns", type=int, default=6)
    options = parser.parse_args()
    bundle = load_bundle(options.bundle)
    names = FilmEvaluator(bundle, options.estimator, options.pose_weights, options.cache)
    monitor = Monitor(bundle, open_estimator(options.estimator, options.pose_weights), lies_for_s=None)
    films = [film for film in labelled_films(options.films, options.data) if options.only in (None, "falls" if film.fall else "daily")]
    tiles, captions = [], []
    for film in films[:: options.every]:
        tile, caption = drawn(film, monitor, names.file(film), private=options.private)
        tiles.append(tile)
        captions.append(caption)
        print(f"{film.name}: {caption.rpartition(': ')[2]}", flush=True)
    image_grid(tiles, options.columns, captions).save(options.out, optimize=True)


def drawn(film: LabelledFilm, monitor: Monitor, file: Path, *, private: bool) -> tuple[np.ndarray, str]:
    """Return a film's tile, (h, w, 3) uint8, and its caption. file: where its keypoints are kept."""
    places, trace = TrackPlaces(), []

    def take(result: FrameResult) -> None:
        places.add(result)
        trace.append(result)

    found = replay(observe(film, monitor, file, []), monitor, take)
    moment = moment_of(found, trace)
    past = [one for one in trace if one.time <= moment]
    painter = Painter(monitor.settings.threshold, private=private)
    for one in past[:-1]:
        painter.add(one)
    tracks = {fall.track for fall in found.falls}
    shown = replace(past[-1], people=tuple(replace(one, is_person=one.id in tracks) for one in past[-1].people))
    raised = [fall for fall in found.falls if fall.raised_s <= moment]
    return tile_of(painter.paint(picture(film, moment), shown, raised)), caption_of(film, found, places)


def moment_of(found: AnalysisResult, trace: Sequence[FrameResult]) -> float:
    """Return the time (s) of the picture to show: the first alarm, else the highest probability, else the middle."""
    if found.falls:
        return found.falls[0].raised_s
    if len(found.curve):
        return float(found.curve[found.curve[:, 2].argmax(), 0])
    return trace[len(trace) // 2].time


def picture(film: LabelledFilm, time: float) -> np.ndarray:
    """Return the film's picture at a time, s; it is one of those that were looked at."""
    frames = list(read_frames(film.video, between=(time - NEXT, time + NEXT), problems=[]))
    return min(frames, key=lambda frame: abs(frame.time - time)).image


def tile_of(image: np.ndarray) -> np.ndarray:
    """Return a picture at the size of a tile, whole, on black."""
    whole = Image.fromarray(image)
    whole.thumbnail(TILE, Image.Resampling.LANCZOS)
    tile = Image.new("RGB", TILE)
    tile.paste(whole, ((TILE[0] - whole.width) // 2, (TILE[1] - whole.height) // 2))
    return np.asarray(tile)


def caption_of(film: LabelledFilm, found: AnalysisResult, places: TrackPlaces) -> str:
    """Return what is written below a tile."""
    name = " ".join(film.name.split("/")[2:])  # without dataset and person
    name = name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"
    if not found.falls:
        return f"{name}: {'MISSED' if film.fall else 'no alarm'}"
    if not film.fall:
        return f"{name}: FALSE ALARM"
    where = {True: "on the person", False: "ELSEWHERE", None: "where?"}[alarm_on_person(film.video, found.falls, places)]
    return f"{name}: {where}"


if __name__ == "__main__":
    main()
