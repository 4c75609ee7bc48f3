"""Simulated against real signals: python benchmarks/sim_realism.py DATA [SIM_DIR] [--out DIR]

DATA holds WEDA-FALL, SmartFallMM and UTD-MHAD as published; SIM_DIR is what `featherfall sim` wrote. Of each recording one accelerometer is
taken, and a few figures say what it looks like (`MEASURES`); their distributions are compared activity by activity. Both sides are first
clipped to the smaller of the two sensors' ranges and brought to the slower of the two rates, since a peak depends on both. The real sets
are also compared with each other: what differs between two real sets need not agree between a real and a simulated one.

Writes realism.md (medians, 5-95% ranges, Kolmogorov-Smirnov distances) and realism-*.png (distribution functions) to --out.
"""

from __future__ import annotations

import argparse
import re
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes, Recording
from featherfall.signals.resample import even_grid, resample

# measure -> what it says of one recording; "the peak" is the highest |a| (of a fall: between its onset and 1 s after its end)
MEASURES = {
    "peak": "g, |a| at the peak",
    "dip": "g, the lowest |a| within 1 s before the peak",
    "free fall": "s below 0.6 g within 1 s before the peak",
    "to rest": "s from the peak until the deviation of |a| over 0.5 s is below 0.1 g; left out where that never happens",
    "never rests": "share of recordings where it never happens",
    "tilt": "degrees between the mean acceleration 1 to 2 s before and 1 to 2 s after the peak",
    "motion": "g, deviation of |a| over the whole recording",
    "stillest": "g, the smallest deviation of |a| over 0.5 s",
    "turn": "deg/s, highest angular speed",
    "0-2 Hz": "share of the power of all axes within 2 s of the peak, without the mean",
    "2-5 Hz": "the same",
    "5-10 Hz": "the same",
    "10-25 Hz": "the same, up to half the rate",
    "centroid": "Hz, mean frequency of that power",
}
DRAWN = ("peak", "dip", "free fall", "to rest", "tilt", "motion", "centroid")
BANDS = ((0, 2), (2, 5), (5, 10), (10, 25))

# group -> the activities in it, by the whole of their names (regular expressions)
GROUPS = {
    "any fall": r".*",
    "trip": r"fall forward while walking caused by a trip|trip",
    "slip": r"(fall \w+|lateral fall) while walking caused by a slip|slip",
    "faint on a chair": r".*fainting or falling asleep|slump",
    "missed chair": r"fall backward when trying to sit down|missed chair",
    "sideways": r"lateral fall .*|(left|right) fall|sideways",
    "walk": r"walking|walk( slowly| fast)?",
    "jog": r"jog(ging)?",
    "stairs": r"walking up and downstairs|stairs (up|down)",
    "sit and stand": r"sitting on a chair, wait a moment, and get up|sit and stand",
    "sit down": r"stand to sit|sit down",
    "stand up": r"sit to stand|stand up",
    "collapse into a chair": r"sitting a moment, .* collapse into a chair|drop into a chair|sit down heavily",
    "pick up": r"pick up( object)?",
    "tie shoes": r"crouching, tie shoes, and get up|tie shoes",
    "stumble": r"stumble( while walking)?",
    "jump": r"gently jump without falling|jump",
    "hit table": r"hit (a )?table( with hand)?",
    "clap": r"clapping hands|clap",
    "door": r"opening and closing door|open a door",
    "wave": r"wave( hand)?",
    "drink": r"drink( water)?",
}
FALLS = ("any fall", "trip", "slip", "faint on a chair", "missed chair", "sideways")


@dataclass(frozen=True)
class Side:
    """One set and its accelerometer. `range`: where it clips, in g; `only`: the groups that mean the same there."""

    label: str
    dataset: str
    stream: str
    range: float = np.inf
    only: tuple[str, ...] = tuple(GROUPS)


@dataclass(frozen=True, eq=False)
class Signal:
    """What is kept of a recording: (N,) times in s, (N, 3) g, its rate in Hz, (N,) deg/s or nothing, and who did what."""

    times: np.ndarray
    values: np.ndarray
    rate: float
    turn: np.ndarray | None
    activity: str
    fall: FallTimes | None


WRIST = (
    Side("WEDA-FALL wrist", "weda-fall", "accelerometer", 4.0),
    Side("SmartFallMM watch", "smartfallmm", "watch_accelerometer"),
    Side("UTD-MHAD wrist", "utd-mhad", "accelerometer", 8.0, ("walk", "jog", "sit down", "stand up")),
)
HIP = (Side("SmartFallMM phone at the hip", "smartfallmm", "phone_accelerometer"),)
# The simulated streams that stand for them; the first that there is.
PLACES = {
    "wrist": (WRIST, ("accelerometer", "wrist_accelerometer", "left_wrist_accelerometer", "right_wrist_accelerometer")),
    "hip": (HIP, ("right_pocket_accelerometer", "pelvis_accelerometer")),
}


def load(side: Side, data: Path) -> list[Signal]:
    """The recordings of a set that have the stream; what the reader refuses is left out, and said so."""
    found, refused = [], []
    for source in datasets.open(side.dataset, data).sources:
        try:
            recording = source.load()
        except UserError as error:
            refused.append(str(error))
            continue
        if side.stream in recording.streams:
            found.append(_signal(recording, side.stream))
    if refused:
        print(f"{side.label}: {len(refused)} recordings left out, e.g. {refused[0]}")
    return found


def _signal(recording: Recording, name: str) -> Signal:
    stream = recording.streams[name]
    gyroscope = recording.streams.get(name.replace("accelerometer", "gyroscope"))
    turn = None if gyroscope is None else np.linalg.norm(gyroscope.values, axis=1)
    return Signal(stream.times, stream.values, stream.rate, turn, recording.activity, recording.fall)


def measure(signal: Signal, rate: float, limit: float = np.inf) -> dict[str, float]:
    """All `MEASURES` of one recording at `rate` Hz, clipped at `limit` g; NaN where one does not apply."""
    grid = even_grid(float(signal.times[0]), float(signal.times[-1]), rate)
    values = resample(signal.times, signal.values.clip(-limit, limit), grid)[0].astype(np.float64)
    size = np.linalg.norm(values, axis=1)
    peak = _peak(size, grid, signal.fall)
    second, half = round(rate), round(rate / 2)

    before = size[max(peak - second, 0) : peak + 1]
    spread = np.lib.stride_tricks.sliding_window_view(size, min(half, len(size))).std(axis=1)
    calm = np.flatnonzero(spread[peak:] < 0.1)
    first, last = values[max(peak - 2 * second, 0) : max(peak - second, 1)], values[peak + second : peak + 2 * second]
    whole = len(first) >= half and len(last) >= half
    power, frequency = _spectrum(values[max(peak - 2 * second, 0) : peak + 2 * second], rate)
    total = power.sum()
    shares = {f"{low}-{high} Hz": power[(frequency >= low) & (frequency < high)].sum() / total for low, high in BANDS}
    return {
        "peak": size[peak],
        "dip": before.min(),
        "free fall": (before < 0.6).sum() / rate,
        "to rest": calm[0] / rate if len(calm) else np.nan,
        "never rests": float(not len(calm)),
        "tilt": _angle(first.mean(axis=0), last.mean(axis=0)) if whole else np.nan,
        "motion": size.std(),
        "stillest": spread.min(),
        "turn": np.nan if signal.turn is None else signal.turn.max(),
        **shares,
        "centroid": (power * frequency).sum() / total,
    }


def _peak(size: np.ndarray, grid: np.ndarray, fall: FallTimes | None) -> int:
    onset = fall.onset if fall and fall.onset is not None else -np.inf
    end = fall.end + 1 if fall and fall.end is not None else np.inf
    within = (grid >= onset) & (grid <= end)
    return int(np.argmax(np.where(within, size, -1))) if within.any() else int(size.argmax())


def _spectrum(values: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Power summed over the axes, and its frequencies in Hz; padded so that short pieces have the same lines."""
    moved = (values - values.mean(axis=0)) * np.hanning(len(values))[:, None]
    count = round(8 * rate)
    return (np.abs(np.fft.rfft(moved, count, axis=0)) ** 2).sum(axis=1), np.fft.rfftfreq(count, 1 / rate)


def _angle(first: np.ndarray, second: np.ndarray) -> float:
    cosine = first @ second / (np.linalg.norm(first) * np.linalg.norm(second) + 1e-9)
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


Table = dict[str, dict[str, np.ndarray]]  # group -> measure -> (recordings,)


def table(signals: list[Signal], rate: float, limit: float, only: tuple[str, ...]) -> Table:
    """The measures of every group that has recordings."""
    measured = [(signal, measure(signal, rate, limit)) for signal in signals]
    found: Table = {}
    for group in only:
        rows = [
            row
            for signal, row in measured
            if (signal.fall is not None) == (group in FALLS) and re.fullmatch(GROUPS[group], signal.activity)
        ]
        if rows:
            found[group] = {name: np.asarray([row[name] for row in rows]) for name in MEASURES}
    return found


def distance(first: np.ndarray, second: np.ndarray) -> float:
    """Kolmogorov-Smirnov distance of two samples (0 alike, 1 apart), NaN left out; NaN for an empty one."""
    first, second = np.sort(first[~np.isnan(first)]), np.sort(second[~np.isnan(second)])
    if not len(first) or not len(second):
        return float("nan")
    at = np.concatenate([first, second])
    below = [np.searchsorted(values, at, side="right") / len(values) for values in (first, second)]
    return float(np.abs(below[0] - below[1]).max())


def described(name: str, values: np.ndarray) -> str:
    """ "4.2 [2.1, 8.0] n 30"."""
    values = values[~np.isnan(values)]
    if not len(values):
        return "-"
    if name == "never rests":
        return f"{values.mean():.2f} n {len(values)}"
    low, middle, high = np.percentile(values, [5, 50, 95])
    digits = 0 if name in ("tilt", "turn") else 3 if name == "stillest" else 2
    return f"{middle:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}] n {len(values)}"


def compare(title: str, labels: tuple[str, str], tables: tuple[Table, Table]) -> tuple[list[str], list[float]]:
    """Markdown of one comparison, and the distances in it ("any fall" only as a whole)."""
    lines = [f"## {title}", "", f"| activity | measure | {labels[0]} | {labels[1]} | KS |", "|---|---|---|---|---|"]
    distances = []
    for group in (group for group in tables[0] if group in tables[1]):
        for name in MEASURES:
            first, second = (one[group][name] for one in tables)
            apart = distance(first, second)
            if not np.isnan(apart):
                lines.append(f"| {group} | {name} | {described(name, first)} | {described(name, second)} | {apart:.2f} |")
                distances.append(apart)
    mean = f"Mean distance over {len(distances)} rows: {np.mean(distances):.2f}" if distances else "No activity in common."
    return [*lines, "", mean, ""], distances


def draw(path: Path, title: str, labels: tuple[str, str], tables: tuple[Table, Table]) -> None:
    """Distribution functions, a row an activity, a column a measure."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    groups = [group for group in tables[0] if group in tables[1]]
    figure, axes = plt.subplots(len(groups), len(DRAWN), figsize=(2.1 * len(DRAWN), 1.35 * len(groups) + 1.1), squeeze=False)
    for row, group in zip(axes, groups, strict=True):
        for axis, name in zip(row, DRAWN, strict=True):
            both = [np.sort(one[group][name][~np.isnan(one[group][name])]) for one in tables]
            for values, label, colour in zip(both, labels, ("#1f5fa8", "#e07b1f"), strict=True):
                if len(values):
                    axis.step(values, np.arange(1, len(values) + 1) / len(values), where="post", color=colour, label=label, linewidth=1.6)
            axis.set_ylim(0, 1.02)
            axis.set_yticks([0, 0.5, 1], ["", "", ""])
            axis.tick_params(labelsize=7, length=2)
            axis.grid(alpha=0.3)
            apart = distance(*both)
            if not np.isnan(apart):
                axis.text(0.97, 0.06, f"{apart:.2f}", transform=axis.transAxes, ha="right", fontsize=7, color="#444444")
            if group == groups[0]:
                axis.set_title(f"{name} ({MEASURES[name].split(',')[0].split(' ')[0]})", fontsize=9)
        row[0].set_ylabel(group.replace(" ", "\n", 1), fontsize=8, rotation=0, ha="right", va="center")
    handles, names = axes[0][0].get_legend_handles_labels()
    figure.suptitle(f"{title}: distribution functions; numbers are KS distances", fontsize=11, x=0.01, ha="left")
    figure.legend(handles, names, loc="upper right", ncols=2, fontsize=9, frameon=False)
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.15 / figure.get_figheight()))
    figure.savefig(path, dpi=110)
    plt.close(figure)


def targets(sides: list[tuple[Side, list[Signal]]]) -> list[str]:
    """What a simulation should look like: every real set at its own rate."""
    tables = [(side, table(signals, signals[0].rate, side.range, side.only)) for side, signals in sides]
    lines = ["## Real figures, each at its own rate: median [5%, 95%] n", ""]
    lines += [f"| activity | measure | {' | '.join(f'{side.label} ({s[0].rate:g} Hz)' for side, s in sides)} |"]
    lines += ["|---|---|" + "---|" * len(sides)]
    for group in GROUPS:
        for name in MEASURES:
            cells = [described(name, found[group][name]) if group in found else "-" for _, found in tables]
            if any(cell != "-" for cell in cells):
                lines.append(f"| {group} | {name} | {' | '.join(cells)} |")
    return [*lines, ""]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("simulated", type=Path, nargs="?")
    parser.add_argument("--out", type=Path, default=Path("realism"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    warnings.filterwarnings("ignore", category=RuntimeWarning)

    real = {side: load(side, options.data) for side in (*WRIST, *HIP)}
    pairs: list[tuple[Side, Side]] = [(WRIST[0], WRIST[1]), (WRIST[0], WRIST[2])]
    loaded = dict(real)
    if options.simulated:
        known = datasets.open("folder", options.simulated).sources[0].roles
        for place, (sides, names) in PLACES.items():
            name = next((name for name in names if name in known), None)
            if name is None:
                print(f"{options.simulated} has none of {', '.join(names)}: nothing compared at the {place}")
                continue
            simulated = Side(f"simulated {place}", "folder", name)
            loaded[simulated] = load(simulated, options.simulated)
            pairs += [(side, simulated) for side in sides]

    lines = ["# Is it real enough?", "", *(f"- {name}: {text}" for name, text in MEASURES.items()), ""]
    lines += ["Recordings of one person are not independent: n overstates what is known.", "", *targets(list(real.items()))]
    for first, second in pairs:
        rate, limit = min(loaded[first][0].rate, loaded[second][0].rate), min(first.range, second.range)
        labels = (first.label, second.label)
        tables = (table(loaded[first], rate, limit, first.only), table(loaded[second], rate, limit, second.only))
        title = f"{labels[0]} and {labels[1]} at {rate:g} Hz{'' if limit == np.inf else f', +-{limit:g} g'}"
        text, distances = compare(title, labels, tables)
        lines += text
        if distances:
            draw(options.out / f"realism-{'-'.join(labels).replace(' ', '_').lower()}.png", title, labels, tables)
            print(f"{title}: mean KS distance {np.mean(distances):.2f} over {len(distances)} rows")
    (options.out / "realism.md").write_text("\n".join(lines))
    print(f"table and figures: {options.out}")


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
