"""Judge the unit of an accelerometer over all recordings of a dataset at once, by the gravity that they show where they are quiet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.recorders.reading import ReadOptions, look_at_gravity
from featherfall.signals.quality.check import CheckWords, GravityError, complaint_of
from featherfall.signals.quality.gravity import GravityVerdict, judge, majority, measure_gravity

from .dataset import Dataset, Source

_T = TypeVar("_T")

LOOKED_AT = 20  # files, evenly spaced: half of a dataset's recordings show gravity, so that ten of these do
GLANCED_AT = 6  # recordings of a fixed layout that take no more time where none of them is refused, as is the rule
SAMPLES = 20_000  # of each; seven minutes at 50 Hz


def settle_unit(where: Path, need: Input, files: Sequence[Path], options: ReadOptions) -> str | None:
    """Return the unit that most files show where none is stated; None where there is nothing to settle.

    Files that cannot be read are left out here; reading them says why.

    Arguments:
        where: the file in which units are stated, for messages.
        files: of one stream.
    Raises: `UserError` where most of those that show gravity contradict their unit or lack gravity.
    """
    seen = []
    for path in _some(files):
        try:
            seen.append(look_at_gravity(path, need, options, SAMPLES))
        except UserError:
            continue
    stated = {unit for _, unit in seen if unit is not None}
    judged = [judge(evidence, unit, options.counts_per_g) for evidence, unit in seen if unit is not None or not stated]
    if not judged:
        return None
    verdict = majority(judged)
    if not stated and verdict[0].kind == "other unit":
        return verdict[0].unit
    words = CheckWords(str(where), need.name, state_counts="counts_per_g: {counts}")
    _refuse(verdict, next(iter(stated)) if len(stated) == 1 else None, words)
    return None


def settle_layout(dataset: Dataset) -> None:
    """Refuse a dataset of a fixed layout of which most recordings contradict the unit that its reader takes, or lack gravity.

    File by file, those too lively to show gravity would pass, in the wrong unit. A recording that deviates from the others is named when it
    is read.

    Raises: `UserError`, once for the whole dataset.
    """
    if all(_look(source)[1] is None for source in _some(dataset.sources, GLANCED_AT)):
        return
    looks = [_look(source) for source in _some(dataset.sources)]
    seen = [verdict for verdict, _ in looks if verdict is not None]
    refused = next((error for _, error in looks if error is not None), None)
    if refused is None:
        return
    published = "take the dataset as it is published"
    words = CheckWords(
        str(dataset.folder),
        refused.sensor,
        state_unit=f"it in streams.yaml of an own dataset (unit: {{unit}}), or {published}",
        state_counts=f"it in streams.yaml of an own dataset (counts_per_g: {{counts}}), or {published}",
        missing=published,
    )
    _refuse(majority(seen), refused.unit, words)


def _look(source: Source) -> tuple[GravityVerdict | None, GravityError | None]:
    """Return what the accelerometers of a recording show together, and why it is refused, where it is by its gravity."""
    try:
        streams = source.load().streams.values()
    except GravityError as error:
        return error.verdict, error
    except UserError:
        return None, None
    found = [
        judge(measure_gravity(stream.times[:SAMPLES], stream.values[:SAMPLES]), "g")
        for stream in streams
        if stream.unit == "g" and stream.values.shape[1] == 3
    ]
    return majority(found)[0] if found else None, None


def _some(every: Sequence[_T], most: int = LOOKED_AT) -> Sequence[_T]:
    return every[:: max(1, -(-len(every) // most))]


def _refuse(judged: tuple[GravityVerdict, int, int], unit: str | None, words: CheckWords) -> None:
    verdict, count, of = judged
    told = complaint_of(verdict, unit, words, f"in {count} of {of} files")
    if told and count >= 2 and 2 * count > of:
        raise UserError(f"{words.where}: {told}")
