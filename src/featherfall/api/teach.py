"""A bundle that sees more teaches a watch's bundle about one person."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from featherfall.datasets import Dataset


def teach(
    watch: str | Path,
    teacher: str | Path,
    data: str | Path | Dataset,
    out: str | Path,
    *,
    clocks: Literal["align", "shared"] = "align",
    within_s: float = 30.0,
    steps: int = 300,
    map: Mapping[str, str] | None = None,
    placement_ok: bool = False,
) -> dict[str, Any]:
    """Adapt a watch's bundle to one person by what another bundle says of unlabelled recordings. Needs the extra `train`.

    Nothing is written unless the new bundle is better on recordings held out.

    Arguments:
        watch: the bundle to be taught: a folder, or "wrist". teacher: the one that teaches, e.g. "camera".
        data: folder with recordings.csv and streams.yaml, or a `Dataset`.
        out: folder for the new bundle.
        clocks: "align" them by the person's motion, or take the times as they are ("shared"). within_s: largest offset, s.
        steps: of training.
        map: {input: stream} of the watch's bundle. placement_ok: also where it was worn elsewhere.
    Returns: "taught" (whether `out` was written), "why", "held_out" (before, after), "pairs", "falls", "left_out", "offsets_s".
    Raises: `UserError`.
    """
    from featherfall import datasets
    from featherfall.clips.mapping import Choice
    from featherfall.pipeline.teach import TeachOptions, teach_student

    dataset = data if isinstance(data, datasets.Dataset) else datasets.open("folder", Path(data))
    options = TeachOptions(clocks, within_s, steps, choice=Choice(map or {}, placement_ok))
    return teach_student(watch, teacher, dataset, Path(out), options)
