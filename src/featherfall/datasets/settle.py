"""Judge the unit of an accelerometer over all recordings of a dataset at once, by the gravity that they show where they are quiet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.recorders.reading import ReadOptions, look_at_gravity
from featherfall.signals.quality.gravity import GravityVerdict, judge, majority

LOOKED_AT = 20  # files, evenly spaced: half of a dataset's recordings show gravity, so that ten of these do
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
    for path in files[:: max(1, -(-len(files) // LOOKED_AT))]:
        try:
            seen.append(look_at_gravity(path, need, options, SAMPLES))
        except UserError:
            continue
    stated = {unit for _, unit in seen if unit is not None}
    judged = [judge(evidence, unit, options.counts_per_g) for evidence, unit in seen if unit is not None or not stated]
    if not judged:
        return None
    verdict, count, of = majority(judged)
    if not stated and verdict.kind == "other unit":
        return verdict.unit
    if count >= 2 and 2 * count > of:
        _refuse(f"{where}: {need.name}", verdict, f"in {count} of {of} files", next(iter(stated)) if len(stated) == 1 else None)
    return None


def _refuse(where: str, verdict: GravityVerdict, often: str, stated: str | None) -> None:
    not_stated = f", not {stated}" if stated and stated != "count" else ""
    shown = f"gravity is {verdict.magnitude:.4g} where it is quiet {often}"
    if verdict.kind == "other unit":
        raise UserError(f"{where}: {shown}, so the unit is {verdict.unit}{not_stated}; state unit: {verdict.unit}")
    if verdict.kind == "counts":
        counts = f"{verdict.counts_per_g:g}" if verdict.counts_per_g < 1e6 else f"{verdict.counts_per_g:.0f}"
        raise UserError(f"{where}: {shown}, which is 1 g in no unit, so these may be counts of a converter; state counts_per_g: {counts}")
    if verdict.kind == "missing":
        raise UserError(f"{where}: gravity is missing {often}; give the raw accelerometer, not linear acceleration")
