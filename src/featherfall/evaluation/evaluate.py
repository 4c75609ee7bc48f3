"""Evaluate any bundle on any dataset, by the runtime itself.

The kind of bundle (`manifest.kind`) and whether the dataset holds films decide how: `of_windows`, `of_stream`, `of_pictures` or `of_films`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from featherfall.clips.mapping import Choice
from featherfall.core.errors import UserError
from featherfall.datasets import Dataset
from featherfall.datasets.left_out import left_out
from featherfall.datasets.pictures import is_picture
from featherfall.datasets.views import cameras
from featherfall.evaluation.evaluator import Evaluator, NotReadyError
from featherfall.evaluation.events import USUAL, Tolerance
from featherfall.evaluation.of_films import FilmEvaluator
from featherfall.evaluation.of_pictures import PictureEvaluator
from featherfall.evaluation.of_stream import StreamEvaluator
from featherfall.evaluation.of_windows import WindowEvaluator
from featherfall.evaluation.unseen import unseen
from featherfall.runtime import Bundle


@dataclass(frozen=True)
class PeopleOptions:
    """How people are found in films.

    Attributes:
        estimator, weights: of a camera's bundle, see `runtime.perceive.estimators.open_estimator`.
        cache: folder of people found in films; None takes `film_cache.default_cache`.
    """

    estimator: str = "several"
    weights: Path | None = None
    cache: Path | None = None


@dataclass(frozen=True)
class EventOptions:
    """How the alarms of worn sensors are judged.

    Attributes:
        tolerance: how far from a fall its alarm may be raised.
        as_stream: join the recordings to days, and judge these as a device does.
        seed: of the order in which recordings follow each other in the days.
    """

    tolerance: Tolerance = USUAL
    as_stream: bool = False
    seed: int = 0


def evaluate(
    bundle: Bundle,
    dataset: Dataset,
    *,
    choice: Choice | None = None,
    films: PeopleOptions | None = None,
    events: EventOptions | None = None,
    allow_skipped: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Return the metrics of a bundle on the recordings that it was not trained on; nothing is tuned.

    Films are evaluated as a live camera would see them. The people found in each film are kept in a cache (keypoints or boxes, no
    picture), so that an interrupted evaluation goes on where it was, and another threshold or model is evaluated within seconds.

    Arguments:
        choice: of streams for the inputs of bundles of sensors or windows of films, where it is not clear.
        films: how people are found in films. events: how alarms are matched to falls, and whether recordings are joined to days.
        allow_skipped: go on where more recordings than `left_out.MOST_LEFT_OUT` cannot be read.
        progress: called with (recordings done, recordings in all).
    Returns: plain values. All kinds: "bundle", "model", "dataset", "metrics" (numbers by name; shares 0..1), "counts", "left_out", "notes".
        Metrics are None where there was nothing to measure them by. Sensors, too: "inputs" (what was taken for each input), "subjects" (a
        row each); of falls "thresholds" (a row each), "shares" (hits, count and 95% interval by metric), "rates" (count, hours and
        interval). Films, too: "shares" and "films" (a row each). Of days "alarms" (a row each) and "agreement", see `of_stream`.
    Raises: `UserError` where no recording could be evaluated, or too many not, and for what the bundle needs and is not there.
    """
    evaluator = _evaluator(bundle, dataset, choice, films or PeopleOptions(), events or EventOptions())
    return evaluate_with(evaluator, bundle, dataset, progress, allow_skipped=allow_skipped)


def evaluate_with(
    evaluator: Evaluator,
    bundle: Bundle,
    dataset: Dataset,
    progress: Callable[[int, int], None] | None = None,
    *,
    allow_skipped: bool = False,
) -> dict[str, Any]:
    """Return as `evaluate`, by an evaluator of one's own, e.g. a `FilmEvaluator` that edits the pictures."""
    dataset = evaluator.prepare(dataset)
    sources, notes = unseen(dataset, bundle.manifest, evaluator.contents)
    labelled = [source for source in sources if source.activity]
    if len(labelled) < len(sources):
        notes.append(f"{len(sources) - len(labelled)} recording(s) without an activity took no part: nobody labelled them")
    sources = labelled
    notes += evaluator.remarks()
    count = 0
    skipped: list[str] = []
    for done, source in enumerate(sources, start=1):
        try:
            notes += evaluator.add(source.load())
            count += 1
        except NotReadyError:
            raise
        except UserError as error:
            skipped.append(str(error))
        if progress:
            progress(done, len(sources))
    notes += evaluator.noted()
    if not count:
        raise UserError(f"{dataset.folder}: no {evaluator.unit} could be evaluated; {(notes + skipped or ['it is empty'])[-1]}")
    missing = left_out(len(sources), count, skipped, dataset.folder, dataset.unlisted)
    missing.check(dataset.folder, allow_skipped)
    notes = [*(["; ".join(missing.lines())] if missing.count else []), *notes]
    facts = {"bundle": bundle.manifest.name, "model": bundle.model.precision, "dataset": dataset.name}
    return {**facts, **evaluator.result(), "left_out": missing.to_json(), "notes": notes}


def _evaluator(bundle: Bundle, dataset: Dataset, choice: Choice | None, how: PeopleOptions, events: EventOptions) -> Evaluator:
    kind = bundle.manifest.kind
    if events.as_stream:
        return StreamEvaluator(bundle, choice, events.tolerance, events.seed)
    films = any(cameras(source) and not is_picture(source) for source in dataset.sources)
    watches = kind in ("keypoints", "detector") and films
    if choice is not None and choice.stated and (watches or kind == "detector"):
        what = "all films" if watches else "the pictures"
        raise UserError(
            f"--map: bundle {bundle.manifest.name!r} is evaluated on {what} of the dataset, there is nothing to map; leave it out"
        )
    if watches:
        return FilmEvaluator(bundle, how.estimator, how.weights, how.cache)
    if kind == "detector":
        return PictureEvaluator(bundle)
    return WindowEvaluator(bundle, choice, events.tolerance)
