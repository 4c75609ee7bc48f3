"""Bundles that watch (keypoints and detectors), evaluated on films as a live camera would see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.files import fingerprint
from featherfall.core.recording import Recording
from featherfall.datasets import Dataset
from featherfall.datasets.views import cameras
from featherfall.evaluation.evaluator import Evaluator, NotReadyError
from featherfall.evaluation.film_cache import cache_file, default_cache, observe
from featherfall.evaluation.films import FilmOutcome, LabelledFilm, film_outcome, films_of, summarise_films
from featherfall.evaluation.on_person import TrackPlaces, alarm_on_person
from featherfall.runtime import Bundle
from featherfall.runtime.observation import AnalysisResult, FrameResult, Observation, Sighting
from featherfall.runtime.perceive.detector import BoxDetector
from featherfall.runtime.perceive.estimators import open_estimator
from featherfall.runtime.watch import Monitor, Perception, replay
from featherfall.signals.video import Frame
from featherfall.signals.video_shots import load_av


class FilmEvaluator(Evaluator):
    """Replays the people of each film, from the cache or found now, through tracking, the bundle and its decisions."""

    unit: ClassVar[str] = "film"

    def __init__(
        self,
        bundle: Bundle,
        estimator: str = "several",
        weights: Path | None = None,
        cache: Path | None = None,
        edit: Callable[[LabelledFilm, Frame], np.ndarray] | None = None,
    ) -> None:
        """Arguments as `evaluate`'s.

        edit: returns the picture to look at in place of the film's; give it a cache of its own.
        """
        manifest = bundle.manifest
        self._perception = _OpenedWhenNeeded(lambda: _perception(bundle, estimator, weights))
        # Datasets do not state where beds, sofas and mats are, so the alarm for lying cannot be judged.
        self._monitor = Monitor(bundle, self._perception, lies_for_s=None)
        if manifest.kind == "detector":
            self._how = f"detector {manifest.sha256[bundle.model.file]} {manifest.decision.threshold} {manifest.decision.overlap}"
        else:
            known = fingerprint(weights) if weights is not None and weights.is_file() else str(weights)
            self._how = f"estimator {estimator} {known} {self._monitor.rate}"
        self._cache, self._edit = cache or default_cache(), edit
        self._without_film = self._pictures = self._with_people = 0
        self.outcomes: list[FilmOutcome] = []

    def prepare(self, dataset: Dataset) -> Dataset:
        """Leave out recordings without a film; they are counted."""
        filmed = tuple(source for source in dataset.sources if cameras(source))
        self._without_film = len(dataset.sources) - len(filmed)
        return replace(dataset, sources=filmed)

    def add(self, recording: Recording) -> list[str]:
        """As `Evaluator.add`; a recording may have several films, one for each camera."""
        notes: list[str] = []
        self.outcomes += [self.outcome(film, notes) for film in films_of(recording)]
        return notes

    def file(self, film: LabelledFilm) -> Path:
        """Return where the people of a film are kept."""
        return cache_file(self._cache, film, self._how)

    def outcome(self, film: LabelledFilm, notes: list[str]) -> FilmOutcome:
        """Return the outcome of one film. Raises as `add`."""
        places = TrackPlaces()
        result, seen = self.watch(film, notes, places.add)
        self._pictures += len(seen)
        self._with_people += sum(bool(one.people) for one in seen)
        on_person = self._on_person(film, result, places, notes) if film.fall else None
        return film_outcome(film, result, seen[-1].time, self._monitor.settings.still_down_s, on_person)

    def watch(
        self, film: LabelledFilm, notes: list[str], on_result: Callable[[FrameResult], object] | None = None
    ) -> tuple[AnalysisResult, list[Observation]]:
        """Return what the bundle says of one film, and the people that were found in its pictures, at least one. Raises as `add`.

        Arguments:
            notes: receives a line for each part that is lost. on_result: called with each picture's result.
        """
        seen: list[Observation] = []
        edit = None if self._edit is None else partial(self._edit, film)
        file = self.file(film)
        if not file.is_file():
            self._check_ready(film)

        def observations() -> Iterator[Observation]:
            for one in observe(film, self._monitor, file, notes, edit):
                seen.append(one)
                yield one

        result = replay(observations(), self._monitor, on_result)
        if not seen:
            raise UserError(f"{film.video.path}: holds no picture")
        return result, seen

    @staticmethod
    def _on_person(film: LabelledFilm, result: AnalysisResult, places: TrackPlaces, notes: list[str]) -> bool | None:
        """Return as `alarm_on_person`; None, with a note, where people are known but the film itself cannot be read."""
        try:
            return alarm_on_person(film.video, result.falls, places)
        except UserError as error:
            notes.append(f"{error} (whether alarms are on the person is not told)")
            return None

    def _check_ready(self, film: LabelledFilm) -> None:
        """Raise `NotReadyError` where people cannot be found in any film: without weights or packages."""
        try:
            self._perception.open()
            if not film.video.images:
                load_av(film.video.path)
        except UserError as error:
            raise NotReadyError(str(error)) from error

    def result(self) -> dict[str, Any]:
        """As `Evaluator.result`, with "shares" (hits, count and 95% interval by metric) and "films" (a row each)."""
        found = summarise_films(self.outcomes)
        metrics = {name: share.hits / share.count for name, share in found.shares.items() if share.count}
        if found.delays:
            metrics["detection_delay_s"] = float(np.median(found.delays))
        counts: dict[str, Any] = {"films": len(self.outcomes), "falls": found.falls_found.count}
        counts |= {"daily_films": found.daily_films_alarmed.count, "hours": found.hours, "daily_hours": found.daily_hours}
        counts |= {"pictures": self._pictures, "pictures_with_people": self._with_people, "recordings_without_film": self._without_film}
        if found.delays:
            counts["delay_range_s"] = [round(min(found.delays), 2), round(max(found.delays), 2)]
        return {
            "metrics": metrics,
            "counts": counts,
            "shares": {name: share.to_json() for name, share in found.shares.items()},
            "films": [one.to_row() for one in self.outcomes],
        }


class _OpenedWhenNeeded:
    """A perception that is opened for the first film that needs it: those whose people are in the cache need no weights."""

    def __init__(self, open_perception: Callable[[], Perception]) -> None:
        self._open = open_perception
        self._perception: Perception | None = None

    def open(self) -> Perception:
        self._perception = self._perception or self._open()
        return self._perception

    def estimate(self, image: np.ndarray) -> Sequence[Sighting]:
        return self.open().estimate(image)

    def reset(self) -> None:
        if self._perception is not None:
            self._perception.reset()


def _perception(bundle: Bundle, estimator: str, weights: Path | None) -> Perception:
    return BoxDetector(bundle) if bundle.manifest.kind == "detector" else open_estimator(estimator, weights)
