"""A finished run: metrics by role, the bundle that ships, the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from featherfall.api.extras import axes, data_frame
from featherfall.api.model import Model, load
from featherfall.core.documents import read_json
from featherfall.core.errors import UserError

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from torch import nn

    from featherfall.core.recipe import Recipe
    from featherfall.datasets import Dataset

    Network = nn.Module | Callable[..., nn.Module]

LEAST_RANGE = 0.1  # of a plot's axis: on a shorter one, differences of a few recordings look large


class FinishedRun:
    """What `featherfall.distill` leaves.

    Attributes:
        folder: the run directory.
    """

    def __init__(self, folder: str | Path) -> None:
        """Raises `UserError` where the folder holds no finished run."""
        self.folder = Path(folder)
        if not (self.folder / "metrics.json").is_file():
            raise UserError(f"{self.folder}: holds no metrics.json; finish the run first (featherfall.distill(..., resume=True))")

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """What `metrics.json` holds: `metrics["roles"]["distilled"]["f1"]["mean"]`."""
        return dict(read_json(self.folder / "metrics.json"))

    @cached_property
    def bundle(self) -> Model:
        """The model that ships."""
        return load(self.folder / "bundle")

    @property
    def report(self) -> Path:
        """The report: one HTML page."""
        return self.folder / "report.html"

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe, resolved."""
        from featherfall.pipeline.run import read_run

        return read_run(self.folder)[1]

    def to_frame(self) -> pandas.DataFrame:
        """Return a DataFrame with one row for each role and metric; needs pandas.

        Columns: mean over seeds (NaN where nothing measures it), low and high of its 95% interval (NaN with one seed).
        """
        return data_frame(self._rows())

    def plot(self, metric: str | None = None, ax: Axes | None = None) -> Axes:
        """Draw one metric of all roles with 95% intervals over seeds. Needs matplotlib.

        Arguments:
            metric: None takes the recipe's main one.
            ax: axes to draw into; None makes a figure.
        Returns: the axes. Raises: `UserError` for a metric that the run does not have.
        """
        name = metric or self.metrics["main_metric"]
        rows = [row for row in self._rows() if row["metric"] == name]
        if not rows:
            raise UserError(f"{self.folder}: no metric {name!r}; it has {', '.join(dict.fromkeys(row['metric'] for row in self._rows()))}")
        ax = axes(ax, 6.0, 0.8 + 0.35 * len(rows))
        for height, row in enumerate(reversed(rows)):
            if row["low"] == row["low"]:
                ax.plot([row["low"], row["high"]], [height, height], color="C0", linewidth=2, alpha=0.5)  # NaN with one seed
            ax.plot(row["mean"], height, "o", color="C0")
            ax.annotate(f"{row['mean']:.3f}", (row["mean"], height), xytext=(0, 6), textcoords="offset points", ha="center", fontsize=8)
        ax.set_yticks(range(len(rows)), [row["role"] for row in reversed(rows)])
        left, right = ax.get_xlim()
        room = max(LEAST_RANGE - (right - left), 0.0) / 2
        ax.set_xlim(left - room, right + room)
        ax.set_ylim(-0.5, len(rows) - 0.3)
        ax.set_xlabel(name.replace("_", " "))
        simulated = ", simulated people" if self.metrics.get("simulated") else ""
        ax.set_title(f"{self.metrics['recipe']}: {self.metrics['protocol']}{simulated}", loc="left", fontsize=10)
        return ax

    def __repr__(self) -> str:
        return f"<FinishedRun {str(self.folder)!r}: {self._summary()}>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the main metric of each role."""
        name = self.metrics["main_metric"]
        rows = "".join(
            f"<tr><td>{escape(row['role'])}</td><td>{row['mean']:.4f}</td></tr>" for row in self._rows() if row["metric"] == name
        )
        notes = "".join(f"<p>note: {escape(note)}</p>" for note in self.metrics["notes"])
        return f"<p>{escape(str(self.folder))}</p><table><tr><th>role</th><th>{escape(name)}</th></tr>{rows}</table>{notes}"

    def _summary(self) -> str:
        name = self.metrics["main_metric"]
        return ", ".join([name, *(f"{row['role']} {row['mean']:.3f}" for row in self._rows() if row["metric"] == name)])

    def _rows(self) -> list[dict[str, Any]]:
        rows = []
        for role, values in self.metrics["roles"].items():
            for name, value in values.items():
                low, high = value.get("ci95") or (float("nan"), float("nan"))
                mean = float("nan") if value["mean"] is None else value["mean"]
                rows.append({"role": role, "metric": name, "mean": mean, "low": low, "high": high})
        return rows


def distill(
    recipe: str | Path | Recipe,
    data: str | Path | Dataset | None = None,
    out: str | Path | None = None,
    *,
    teacher: Network | None = None,
    student: Network | None = None,
    changes: Sequence[str] = (),
    resume: bool = False,
    workers: int = 1,
    quiet: bool = True,
    allow_skipped: bool = False,
) -> FinishedRun:
    """Train teacher, student alone and student distilled; quantise and evaluate. Needs the extra `train`.

    Arguments:
        recipe: a `Recipe`, a path, or the name of a recipe that ships.
        data: folder that holds datasets by their usual folder names, or a `Dataset`; None takes the simulated people that the recipe
            states, else $FEATHERFALL_REAL_DATA, else ~/.cache/featherfall/real.
        out: run directory to make; None takes runs/<recipe>.
        teacher, student: your own networks in place of the recipe's: a module, of which every training gets a copy, or a function
            (inputs, channels, classes) -> module, called after the seed is set. They take {input: (B, length, channels) tensor} and return
            (B, classes) logits.
        changes: "key=value" changes to the recipe, e.g. "student.training.steps=900".
        resume: go on with the run in `out`.
        workers: trainings side by side; above 1 a script needs an `if __name__ == "__main__":` guard.
        quiet: show no progress bars.
        allow_skipped: go on where more than a tenth of the recordings cannot be read; `metrics["left_out"]` has the share.
    Raises: `UserError`.
    """
    from featherfall.core.files import data_folder
    from featherfall.core.recipe_file import load_recipe
    from featherfall.datasets import Dataset
    from featherfall.pipeline.distill import run_recipe
    from featherfall.pipeline.simulated import simulated_data

    resolved = load_recipe(recipe, changes)
    folder = Path(out) if out is not None else Path("runs") / resolved.name
    simulated = data is None and resolved.simulation is not None
    place = simulated_data(resolved, workers, quiet=quiet) if simulated else data if isinstance(data, Dataset) else data_folder(data)
    models = {role: network for role, network in (("teacher", teacher), ("student", student)) if network is not None}
    run_recipe(resolved, place, folder, models=models, resume=resume, workers=workers, quiet=quiet, allow_skipped=allow_skipped)
    return FinishedRun(folder)
