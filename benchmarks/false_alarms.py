"""Look at the false alarms of a bundle one by one: who did what, when, how sure the model was, and the signal.

    python benchmarks/false_alarms.py BUNDLE --dataset wisdm-watch --data DIR --out FOLDER [--threshold 0.5] [--placement-ok]

Writes FOLDER/false-alarms.csv and contact sheets of 20 signals each, FOLDER/false-alarms-01.png ..., in the table's order: surest first.
FOLDER must lie outside of the project, as what is drawn are real people's recordings.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from featherfall import datasets
from featherfall.clips.mapping import Choice
from featherfall.core.errors import UserError
from featherfall.core.files import data_folder
from featherfall.core.recording import Recording
from featherfall.datasets import Dataset
from featherfall.evaluation.evaluate import evaluate_with
from featherfall.evaluation.events import has_times, match_events
from featherfall.evaluation.intervals import poisson_interval
from featherfall.evaluation.metrics import raised_events
from featherfall.evaluation.of_stream import WHOLE, recorded_share
from featherfall.evaluation.of_windows import WindowEvaluator
from featherfall.runtime import Bundle, load_bundle

PROJECT = Path(__file__).resolve().parents[1]
BEFORE_S, AFTER_S = 3.0, 5.0  # around the impact
COLUMNS, ROWS = 4, 5  # of a sheet


@dataclass(frozen=True, eq=False)
class FalseAlarm:
    """An alarm of no fall.

    at_s: its most probable impact, s of the recording. recorded: share of the window that was recorded, 0..1; of the rest the last value is
    held, which looks like lying still. times, values: samples around it; times count from the impact.
    """

    dataset: str
    person: str
    activity: str
    recording: str
    at_s: float
    probability: float
    peak: float
    recorded: float
    times: np.ndarray
    values: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle")
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threshold", type=float, help="in place of the bundle's")
    parser.add_argument("--placement-ok", action="store_true")
    options = parser.parse_args()
    refuse_inside(options.out)
    bundle = at_threshold(load_bundle(options.bundle), options.threshold)
    dataset = datasets.open(options.dataset, data_folder(options.data))
    alarms, hours = false_alarms(bundle, dataset, Choice(placement_ok=options.placement_ok))
    options.out.mkdir(parents=True, exist_ok=True)
    write_csv(options.out / "false-alarms.csv", alarms)
    sheets = draw_sheets(options.out, alarms)
    print(summary(bundle, dataset, alarms, hours))
    print("\n".join(map(str, [options.out / "false-alarms.csv", *sheets])))


def refuse_inside(folder: Path) -> None:
    """Raise `UserError` for a folder in the project."""
    if folder.resolve().is_relative_to(PROJECT):
        raise UserError(f"--out {folder}: lies in the project, where no real person's recording may be; give a folder outside of {PROJECT}")


def at_threshold(bundle: Bundle, threshold: float | None) -> Bundle:
    """Return the bundle with another threshold; None keeps its own."""
    if threshold is None:
        return bundle
    decision = bundle.manifest.decision.model_copy(update={"threshold": threshold})
    return Bundle(bundle.path, bundle.manifest.model_copy(update={"decision": decision}), bundle.model, bundle._session)


def false_alarms(bundle: Bundle, dataset: Dataset, choice: Choice | None = None) -> tuple[list[FalseAlarm], float]:
    """Return the false alarms, surest first, and the hours in which an alarm can be told from a fall."""
    listening = _Listening(bundle, choice)
    result = evaluate_with(listening, bundle, dataset, allow_skipped=True)
    return sorted(listening.alarms, key=lambda one: -one.probability), float(result["counts"].get("hours", 0.0))


class _Listening(WindowEvaluator):
    """Keeps the signal of each false alarm."""

    def __init__(self, bundle: Bundle, choice: Choice | None = None) -> None:
        super().__init__(bundle, choice)
        self.alarms: list[FalseAlarm] = []

    def add(self, recording: Recording) -> list[str]:
        notes = super().add(recording)
        manifest, fall = self._bundle.manifest, recording.fall
        if has_times(fall):
            (raised,) = raised_events(self._predictions[-1:], manifest.labels.index(str(manifest.positive)), manifest.decision)
            stream = self.fitted(recording).streams[manifest.inputs[0].name]
            for event in match_events(raised, [] if fall is None else [fall], self._tolerance).false_alarms:
                near = slice(*np.searchsorted(stream.times, [event.peak_s - BEFORE_S, event.peak_s + AFTER_S]))
                times, values = stream.times[near] - event.peak_s, np.asarray(stream.values[near])
                peak = float(np.linalg.norm(values[np.abs(times) <= 1], axis=1).max(initial=0.0))
                named = recording.dataset, recording.subject, recording.activity, recording.id
                recorded = recorded_share(manifest.window, event.peak_s, float(stream.times[0]), float(stream.times[-1]))
                self.alarms.append(FalseAlarm(*named, event.peak_s, event.confidence, peak, recorded, times, values))
        return notes


def write_csv(file: Path, alarms: Sequence[FalseAlarm]) -> None:
    """Write a row for each alarm, without its signal."""
    with open(file, "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["number", "dataset", "person", "activity", "recording", "at_s", "probability", "peak", "recorded"])
        for number, one in enumerate(alarms, start=1):
            facts = one.dataset, one.person, one.activity, one.recording
            writer.writerow([number, *facts, f"{one.at_s:.2f}", f"{one.probability:.4f}", f"{one.peak:.2f}", f"{one.recorded:.2f}"])


def draw_sheets(folder: Path, alarms: Sequence[FalseAlarm]) -> list[Path]:
    """Draw the signals, the sum in black and the axes in colour, as PNG files; return them."""
    from matplotlib.figure import Figure

    files = []
    for page, first in enumerate(range(0, len(alarms), COLUMNS * ROWS), start=1):
        rows = min(-(-(len(alarms) - first) // COLUMNS), ROWS)
        figure = Figure(figsize=(4.1 * COLUMNS, 2.3 * rows), layout="constrained", dpi=90)
        axes = figure.subplots(rows, COLUMNS, squeeze=False, sharex=True)
        for ax, (number, one) in zip(axes.flat, enumerate(alarms[first : first + COLUMNS * ROWS], start=first + 1), strict=False):
            for column, colour in zip(one.values.T, ("#c0392b", "#2a8f4f", "#3b6ea5"), strict=False):
                ax.plot(one.times, column, color=colour, linewidth=0.7)
            ax.plot(one.times, np.linalg.norm(one.values, axis=1), color="black", linewidth=0.9)
            ax.axvline(0, color="#999999", linewidth=0.7, linestyle=":")
            ax.set_title(
                f"{number}: {one.activity[:34]}\n{one.person}, {one.at_s:.1f} s, p {one.probability:.2f}, {one.peak:.1f} g",
                fontsize=8,
                loc="left",
            )
            ax.tick_params(labelsize=7)
            ax.spines[["top", "right"]].set_visible(False)
        for ax in axes.flat[len(alarms[first : first + COLUMNS * ROWS]) :]:
            ax.set_visible(False)
        files.append(folder / f"false-alarms-{page:02}.png")
        figure.savefig(files[-1])
    return files


def summary(bundle: Bundle, dataset: Dataset, alarms: Sequence[FalseAlarm], hours: float) -> str:
    """Return how many there are an hour with their Poisson interval, by activity and by person, and the surest."""
    low, high = poisson_interval(len(alarms))
    often = f", {len(alarms) / hours:.2f} [{low / hours:.2f}, {high / hours:.2f}] an hour in {hours:.2f} h" if hours else ""
    lines = [
        f"{bundle.manifest.name} on {dataset.name}, threshold {bundle.manifest.decision.threshold:g}: {len(alarms)} false alarms{often}"
    ]
    for what in ("activity", "person"):
        lines.append(
            f"by {what}: " + ", ".join(f"{name} {count}" for name, count in Counter(getattr(one, what) for one in alarms).most_common())
        )
    cut = sum(one.recorded < WHOLE for one in alarms)
    lines.append(f"{cut} of them in windows that reach beyond the end of a recording")
    for number, one in enumerate(alarms, start=1):
        sure = f"{number:>4}  {one.probability:.3f}  {one.peak:5.1f} g  {100 * one.recorded:3.0f}% recorded"
        lines.append(f"{sure}  {one.person:<6} {one.at_s:7.1f} s  {one.activity}")
    return "\n".join(lines)


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        raise SystemExit(str(error)) from None
