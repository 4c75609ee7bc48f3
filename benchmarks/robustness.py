"""How a bundle endures other devices and other ways of wearing them; and what fewer training people give.

    python benchmarks/robustness.py BUNDLE --dataset weda_fall --data DIR --out robustness [--only rotation rate] [--learning RUN...]

Recordings are disturbed (`signals.disturb`) before the runtime sees them; which ones are evaluated is told by those undisturbed. Every
disturbance draws the same numbers for a recording at all its levels. Writes robustness.md, robustness.json and robustness.png.

--learning: finished runs of one recipe with other `split.train_share`, for the learning curve:
    for share in 0.1 0.25 0.5 1; do featherfall distill weda_fall_wrist --set split.train_share=$share --out runs/share-$share; done
"""

from __future__ import annotations

import argparse
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from featherfall import datasets
from featherfall.clips.mapping import Choice
from featherfall.core.documents import read_json
from featherfall.core.errors import UserError
from featherfall.core.files import data_folder, write_json
from featherfall.core.recording import Recording, Stream
from featherfall.datasets import Dataset, Source
from featherfall.evaluation.evaluate import evaluate_with
from featherfall.evaluation.of_windows import WindowEvaluator
from featherfall.pipeline.run import read_run
from featherfall.runtime import Bundle, load_bundle
from featherfall.signals.disturb import clipped_at, other_wrist, resampled_to, rotated, rotation, with_packets_lost

Change = Callable[[Stream, np.random.Generator], Stream]  # the generator is that of the recording, at its start
Row = dict[str, Any]

_UNITS = {"rotation": "degrees", "rate": "Hz", "clip": "g", "loss": "% of packets", "wrist": ""}


def turned(degrees: float) -> Change:
    """Turn the sensor about a random axis."""
    return lambda stream, random: rotated(stream, rotation(random.normal(size=3), degrees))


CHANGES: Mapping[str, Mapping[float, Change]] = {
    "rotation": {degrees: turned(degrees) for degrees in (15.0, 30.0, 45.0, 60.0, 90.0, 135.0, 180.0)},
    "rate": {rate: lambda stream, _, rate=rate: resampled_to(stream, rate) for rate in (20.0, 25.0, 32.0, 40.0, 50.0, 100.0, 200.0)},  # type: ignore[misc]
    "clip": {
        limit: lambda stream, _, limit=limit: clipped_at(stream, limit) if stream.unit == "g" else stream  # type: ignore[misc]
        for limit in (2.0, 3.0, 4.0, 6.0, 8.0, 16.0)
    },
    "loss": {
        share: lambda stream, random, share=share: with_packets_lost(stream, share / 100, random)  # type: ignore[misc]
        for share in (2.0, 5.0, 10.0, 20.0, 40.0)
    },
    "wrist": {1.0: lambda stream, _: other_wrist(stream)},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle")
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("robustness"))
    parser.add_argument("--only", nargs="+", choices=tuple(CHANGES), default=tuple(CHANGES))
    parser.add_argument("--placement-ok", action="store_true")
    parser.add_argument("--learning", type=Path, nargs="+", default=())
    options = parser.parse_args()
    bundle = load_bundle(options.bundle)
    dataset = in_memory(datasets.open(options.dataset, data_folder(options.data)))
    rows = robustness(bundle, dataset, {name: CHANGES[name] for name in options.only}, Choice(placement_ok=options.placement_ok))
    curve = learning_curve(options.learning)
    options.out.mkdir(parents=True, exist_ok=True)
    text = f"{bundle.manifest.name} ({bundle.model.precision}) on {dataset.name}\n\n{table(rows)}\n{learning_table(curve)}"
    (options.out / "robustness.md").write_text(text)
    write_json(options.out / "robustness.json", {"rows": rows, "learning": curve})
    draw(options.out / "robustness.png", rows, curve, f"{bundle.manifest.name} on {dataset.name}")
    print(text)


def robustness(bundle: Bundle, dataset: Dataset, changes: Mapping[str, Mapping[float, Change]], choice: Choice | None = None) -> list[Row]:
    """Return a row for the recordings as they are, and one for each level of each change."""
    rows = [{"change": "none", "level": None, **figures(bundle, dataset, None, choice)}]
    for name, levels in changes.items():
        for level, change in levels.items():
            rows.append({"change": name, "level": level, **figures(bundle, dataset, change, choice)})
            print(json.dumps(rows[-1]), flush=True)
    return rows


def figures(bundle: Bundle, dataset: Dataset, change: Change | None, choice: Choice | None = None) -> Row:
    """Return falls found, false alarms an hour and AUC, with counts and intervals."""
    result = evaluate_with(Disturbed(bundle, change, choice), bundle, dataset, allow_skipped=True)
    counts, shares, rates = result["counts"], result["shares"], result["rates"]
    hourly = rates.get("false_alarms_per_hour")
    return {
        "falls": counts["falls"],
        "found": counts["falls"] - counts["missed"],
        "found_ci95": shares["sensitivity"]["ci95"],
        "f1": result["metrics"]["f1"],
        "auc": result["metrics"]["auc"],
        "false_alarms_per_hour": None if hourly is None else hourly["count"] / hourly["hours"],
        "false_alarms_ci95": None if hourly is None else hourly["ci95"],
        "hours": counts.get("hours"),
        "left_out": result["left_out"]["count"],
    }


class Disturbed(WindowEvaluator):
    """Changes the bundle's inputs of each recording before the runtime sees them; None changes nothing."""

    def __init__(self, bundle: Bundle, change: Change | None, choice: Choice | None = None) -> None:
        super().__init__(bundle, choice)
        self._change = change

    def fitted(self, recording: Recording) -> Recording:
        fitted = super().fitted(recording)
        return fitted if self._change is None else disturbed(fitted, self._change)


def disturbed(recording: Recording, change: Change) -> Recording:
    """Return the recording with all its streams changed alike: sensors of one device turn together and lose the same packets."""
    seed = zlib.crc32(f"{recording.dataset} {recording.id}".encode())
    return replace(recording, streams={name: change(one, np.random.default_rng(seed)) for name, one in recording.streams.items()})


def in_memory(dataset: Dataset) -> Dataset:
    """Return the dataset with its recordings in memory, as each is evaluated at every level; those that cannot be read stay so."""
    return replace(dataset, sources=tuple(map(_read, dataset.sources)))


def _read(source: Source) -> Source:
    try:
        recording = source.load()
    except UserError:
        return source
    return replace(source, read=lambda _: recording)


def learning_curve(runs: Sequence[Path]) -> list[Row]:
    """Return a row for each run, by its share of the training people: F1 of each role with its interval over seeds."""
    rows = []
    for folder in runs:
        run, recipe, _ = read_run(folder)
        roles = read_json(run.metrics)["roles"]
        rows.append({"share": recipe.split.train_share, "roles": {role: values["f1"] for role, values in roles.items() if "f1" in values}})
    return sorted(rows, key=lambda row: row["share"])


def table(rows: Sequence[Row]) -> str:
    """Return a Markdown table."""
    lines = ["| recordings | falls found | 95% | F1 | AUC | false alarms/h | 95% | left out |", "|---|---|---|---|---|---|---|---|"]
    for row in rows:
        low, high = (100 * end for end in row["found_ci95"] or (0, 1))
        often = row["false_alarms_ci95"]
        cells = [
            named(row),
            f"{row['found']} of {row['falls']}",
            f"{low:.1f}-{high:.1f}" if row["found_ci95"] else "",
            "none" if row["f1"] is None else f"{100 * row['f1']:.1f}",
            "none" if row["auc"] is None else f"{row['auc']:.3f}",
            "none" if often is None else f"{row['false_alarms_per_hour']:.1f}",
            "" if often is None else f"{often[0]:.1f}-{often[1]:.1f}",
            str(row["left_out"]),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def named(row: Row) -> str:
    """Return what was changed, for readers."""
    if row["change"] == "none":
        return "as recorded"
    return "other wrist" if row["change"] == "wrist" else f"{row['change']} {row['level']:g} {_UNITS[row['change']]}"


def learning_table(curve: Sequence[Row]) -> str:
    """Return a Markdown table of the learning curve; "" without runs."""
    if not curve:
        return ""
    roles = list(curve[0]["roles"])
    lines = [f"| training people | {' | '.join(roles)} |", "|---" * (len(roles) + 1) + "|"]
    for row in curve:
        cells = [f"{100 * row['roles'][role]['mean']:.1f}" if role in row["roles"] else "" for role in roles]
        lines.append(f"| {100 * row['share']:g}% | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def draw(file: Path, rows: Sequence[Row], curve: Sequence[Row], title: str) -> None:
    """Draw a panel for each change with levels, falls found above and false alarms below, and one for the learning curve."""
    from matplotlib.figure import Figure

    names = [name for name in dict.fromkeys(row["change"] for row in rows) if name not in ("none", "wrist")]
    columns = max(len(names) + bool(curve), 1)
    figure = Figure(figsize=(2.9 * columns + 0.6, 5.2), layout="constrained", dpi=120)
    axes = figure.subplots(2, columns, squeeze=False, sharey="row")
    whole, wrist = rows[0], next((row for row in rows if row["change"] == "wrist"), None)
    for column, name in enumerate(names):
        some = sorted((row for row in rows if row["change"] == name), key=lambda row: row["level"])
        levels = [row["level"] for row in some]
        for row, (value, ends, scale) in enumerate((("found", "found_ci95", 100.0), ("false_alarms_per_hour", "false_alarms_ci95", 1.0))):
            ax = axes[row][column]
            known = [(at, one) for at, one in zip(levels, some, strict=True) if one[ends] is not None]
            points = [scale * (one["found"] / one["falls"] if value == "found" else one[value]) for _, one in known]
            low, high = ([scale * one[ends][side] for _, one in known] for side in (0, 1))
            ax.fill_between([at for at, _ in known], low, high, alpha=0.2, color="#3b6ea5", linewidth=0)
            ax.plot([at for at, _ in known], points, "o-", color="#3b6ea5", markersize=4)
            for other, colour, label in ((whole, "#555555", "as recorded"), (wrist, "#c0392b", "other wrist")):
                if other is not None and other[ends] is not None:
                    level = scale * (other["found"] / other["falls"] if value == "found" else other[value])
                    ax.axhline(level, color=colour, linestyle=":", linewidth=1.2, label=label)
            if name in ("rate", "clip"):
                ax.set_xscale("log")
                ax.set_xticks(levels, [f"{level:g}" for level in levels])
                ax.minorticks_off()
            else:
                ax.set_xticks(levels, [f"{level:g}" for level in levels])
            ax.tick_params(labelsize=8)
        axes[0][column].set_title(name, loc="left", fontsize=10)
        axes[1][column].set_xlabel(_UNITS[name])
    for ax in axes.flat:
        ax.spines[["top", "right"]].set_visible(False)
    axes[0][0].set_ylim(0, 103)
    axes[0][0].set_ylabel("falls found, %")
    axes[1][0].set_ylim(bottom=0)
    axes[1][0].set_ylabel("false alarms per hour")
    if names:
        axes[0][0].legend(frameon=False, fontsize=8, loc="lower left")
    if curve:
        _draw_learning(axes[0][-1], curve)
        axes[1][-1].set_visible(False)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    figure.savefig(file)


def _draw_learning(ax: Any, curve: Sequence[Row]) -> None:
    for role in curve[0]["roles"]:
        known = [
            (100 * row["share"], 100 * row["roles"][role]["mean"]) for row in curve if row["roles"].get(role, {}).get("mean") is not None
        ]
        ax.plot(*zip(*known, strict=True), "o-", markersize=4, label=role)
    ax.set_title("training people: F1", loc="left", fontsize=10)
    ax.set_xlabel("% of them")
    ax.legend(frameon=False, fontsize=8, loc="lower right")


if __name__ == "__main__":
    main()
