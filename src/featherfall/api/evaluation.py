"""Evaluation of a model on a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from featherfall.api.extras import axes, data_frame
from featherfall.core.errors import UserError

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

    from featherfall.datasets import Dataset
    from featherfall.runtime import Bundle


class Evaluation:
    """Metrics of a model on a dataset.

    Attributes:
        values: everything, as `featherfall evaluate --json` prints it.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)

    @property
    def metrics(self) -> dict[str, float]:
        """By name; shares are 0..1."""
        return dict(self.values["metrics"])

    @property
    def counts(self) -> dict[str, Any]:
        """What the metrics are made of."""
        return dict(self.values["counts"])

    @property
    def notes(self) -> list[str]:
        """What a reader must know, e.g. recordings that were left out."""
        return list(self.values["notes"])

    def to_frame(self) -> pandas.DataFrame:
        """Return a DataFrame with the columns metric and value; needs pandas."""
        return data_frame([{"metric": name, "value": value} for name, value in self.metrics.items()])

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the metrics that are shares of 1 as bars; needs matplotlib. Returns the axes."""
        shares = {name: value for name, value in self.metrics.items() if 0 <= value <= 1 and not name.endswith("_per_hour")}
        ax = axes(ax, 6.0, 0.6 + 0.28 * len(shares))
        names = list(shares)[::-1]
        ax.barh(names, [shares[name] for name in names])
        ax.set_xlim(0, 1)
        ax.set_title(self._title(), loc="left", fontsize=10)
        return ax

    def __repr__(self) -> str:
        return f"<Evaluation of {self._title()}: {', '.join(f'{name} {value:.3g}' for name, value in list(self.metrics.items())[:4])}>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        rows = "".join(f"<tr><td>{escape(name)}</td><td>{value:.4g}</td></tr>" for name, value in self.metrics.items())
        notes = "".join(f"<p>note: {escape(note)}</p>" for note in self.notes)
        return f"<p>{escape(self._title())}</p><table>{rows}</table>{notes}"

    def _title(self) -> str:
        return f"{self.values['bundle']} ({self.values['model']}) on {self.values['dataset']}"


def evaluate_bundle(
    bundle: Bundle, dataset: str | Dataset | None, data: str | Path | None, streams: Mapping[str, str] | None, placement_ok: bool
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
    return Evaluation(evaluate(bundle, opened, choice=Choice(streams or {}, placement_ok)))
