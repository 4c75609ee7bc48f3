"""Evaluation of a model on a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from featherfall.api.extras import axes, data_frame
from featherfall.core.errors import UserError

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

    from featherfall.datasets import Dataset
    from featherfall.runtime import Bundle

Rows = Literal["metrics", "subjects", "thresholds", "films"]


class Evaluation:
    """Metrics of a model on a dataset.

    Attributes:
        values: everything, as `featherfall evaluate --json` prints it.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)

    @property
    def metrics(self) -> dict[str, float | None]:
        """By name; shares are 0..1. None where there was nothing to measure by, e.g. the sensitivity of recordings without a fall."""
        return dict(self.values["metrics"])

    @property
    def counts(self) -> dict[str, Any]:
        """What the metrics are made of."""
        return dict(self.values["counts"])

    @property
    def notes(self) -> list[str]:
        """What a reader must know, e.g. recordings that were left out."""
        return list(self.values["notes"])

    def to_frame(self, rows: Rows = "metrics") -> pandas.DataFrame:
        """Return a DataFrame; needs pandas.

        Arguments:
            rows: "metrics" (columns metric and value), "subjects" or "thresholds" (of bundles of sensors), or "films".
        Raises: `UserError` for rows that this evaluation does not have.
        """
        if rows == "metrics":
            return data_frame([{"metric": name, "value": value} for name, value in self.metrics.items()])
        if not self.values.get(rows):
            has = [name for name in get_args(Rows) if name == "metrics" or self.values.get(name)]
            raise UserError(f"to_frame: no rows {rows!r} in this evaluation; it has {', '.join(has)}")
        return data_frame(list(self.values[rows]))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the metrics that are shares of 1 as bars; needs matplotlib. Returns the axes."""
        measured = {name: value for name, value in self.metrics.items() if value is not None}
        shares = {name: value for name, value in measured.items() if 0 <= value <= 1 and not name.endswith("_per_hour")}
        ax = axes(ax, 6.0, 0.6 + 0.28 * len(shares))
        names = list(shares)[::-1]
        ax.barh(names, [shares[name] for name in names])
        ax.set_xlim(0, 1)
        ax.set_title(self._title(), loc="left", fontsize=10)
        return ax

    def __repr__(self) -> str:
        return (
            f"<Evaluation of {self._title()}: {', '.join(f'{name} {_shown(value, 3)}' for name, value in list(self.metrics.items())[:4])}>"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        rows = "".join(f"<tr><td>{escape(name)}</td><td>{_shown(value, 4)}</td></tr>" for name, value in self.metrics.items())
        notes = "".join(f"<p>note: {escape(note)}</p>" for note in self.notes)
        return f"<p>{escape(self._title())}</p><table>{rows}</table>{notes}"

    def _title(self) -> str:
        return f"{self.values['bundle']} ({self.values['model']}) on {self.values['dataset']}"


def _shown(value: float | None, digits: int) -> str:
    return "none" if value is None else f"{value:.{digits}g}"


def evaluate_bundle(
    bundle: Bundle,
    dataset: str | Dataset | None,
    data: str | Path | None,
    streams: Mapping[str, str] | None,
    placement_ok: bool,
    allow_skipped: bool,
) -> Evaluation:
    """Evaluate an opened bundle; see `featherfall.evaluate`."""
    from featherfall import datasets
    from featherfall.clips.mapping import Choice
    from featherfall.core.files import data_folder
    from featherfall.evaluation.evaluate import evaluate

    chosen = dataset or bundle.manifest.provenance.get("dataset")
    if not chosen:
        raise UserError(f"{bundle.path}: its manifest names no dataset; give one, e.g. dataset='up_fall'")
    opened = chosen if isinstance(chosen, datasets.Dataset) else datasets.open(chosen, data_folder(data))
    return Evaluation(evaluate(bundle, opened, choice=Choice(streams or {}, placement_ok), allow_skipped=allow_skipped))
