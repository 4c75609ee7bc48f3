"""How often gravity tells an accelerometer's unit, and how often corrupt samples are found and impacts are not taken for them.

    python benchmarks/units.py ~/.cache/featherfall/real

Each recording is judged in four true units by three stated ones and by none, and without gravity, which is taken away as Android's example
does (a low-pass filter). The rules were chosen on all sets but sp-sw-har and WISDM-watch, those for recordings without a stated unit on
half of the people (`chosen_on`).
"""

from __future__ import annotations

import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.core.units import GRAVITY_UNITS
from featherfall.recorders.reading import ReadOptions, read_sensors
from featherfall.signals.quality.corrupt import corrupt_samples
from featherfall.signals.quality.gravity import judge, measure_gravity

SETS = {
    "WEDA-FALL": "weda-fall",
    "UP-Fall": "up-fall",
    "SmartFallMM": "smartfallmm",
    "SisFall": "sisfall",
    "KFall": "kfall",
    "UTD-MHAD": "utd-mhad",
    "URFD": "urfd",
    "Berkeley-MHAD": "berkeley-mhad",
    "WISDM-watch": "wisdm-watch",
}
PART = 20.0  # s; of WISDM-watch, whose recordings last three minutes, this long a part from the middle is judged
FILES = {"sp-sw-har": "**/*.csv"}
NEED = Input(name="accelerometer", unit="g", channels=["x", "y", "z"])
COUNTS = 16384.0


def recordings(data: Path) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    """Yield the name of the set, the subject, (N,) s and (N, 3) g."""
    for folder, name in SETS.items():
        if (data / folder).is_dir():
            for source in datasets.open(name, data / folder).sources:
                for stream in _load(source.load):
                    times, values = stream.times, stream.values.astype(np.float64)
                    if folder == "WISDM-watch":
                        part = np.abs(times - times[len(times) // 2]) <= PART / 2
                        times, values = times[part], values[part]
                    yield folder, source.subject, times, values
    for folder, pattern in FILES.items():
        for path in sorted((data / folder).glob(pattern)):
            for stream in _load(lambda path=path: read_sensors(path, [NEED], ReadOptions())):
                yield folder, path.name, stream.times, stream.values.astype(np.float64)


def _load(load):  # type: ignore[no-untyped-def]
    try:
        return [one for one in load().streams.values() if one.unit == "g" and one.values.shape[1] == 3 and len(one.times) > 20]
    except UserError:
        return []


def without_gravity(values: np.ndarray) -> np.ndarray:
    """Return acceleration without gravity, as the documentation of Android's SensorEvent takes it away."""
    gravity, out = values[0].copy(), np.empty_like(values)
    for i, value in enumerate(values):
        gravity = 0.8 * gravity + 0.2 * value
        out[i] = value - gravity
    return out


def chosen_on(name: str, subject: str) -> bool:
    """Return whether the rules for recordings without a stated unit were chosen on this person."""
    return name not in ("sp-sw-har", "WISDM-watch") and zlib.crc32(f"{name}/{subject}".encode()) % 2 == 0


def unstated(name: str, subject: str, times: np.ndarray, values: np.ndarray, linear: np.ndarray, found: dict[str, Counter[str]]) -> None:
    """Count what becomes of a recording of which nobody states the unit, with gravity and without."""
    count = found["the people it was chosen on" if chosen_on(name, subject) else "other people"], found[name]
    for unit, size in (("g", 1.0), ("m/s2", GRAVITY_UNITS["m/s2"])):
        whole, bare = judge(measure_gravity(times, values * size), None), judge(measure_gravity(times, linear * size), None)
        for one in count:
            one["with"] += 1
            one["right"] += whole.unit == unit
            one["wrong"] += whole.kind == "other unit" and whole.unit != unit
            one[f"{unit} passes"] += bare.kind == "other unit"


def print_unstated(found: dict[str, Counter[str]]) -> None:
    """Print the table of recordings without a stated unit."""
    heads = ["", "recordings", "unit found", "asked for it", "wrong unit", "without gravity, in g: passes", "in m/s2: passes"]
    print(f"\n| {' | '.join(heads)} |\n|---|{'---:|' * 6}")
    for name, count in found.items():
        n = count["with"]
        shares = [count["right"] / n, (n - count["right"] - count["wrong"]) / n, count["wrong"] / n]
        shares += [2 * count["g passes"] / n, 2 * count["m/s2 passes"] / n]
        print(f"| {name} | {n // 2} | {' | '.join(f'{100 * one:.1f}%' for one in shares)} |")


def main(data: Path) -> None:
    """Print a row for each set."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    bare: dict[str, Counter[str]] = defaultdict(Counter)
    random = np.random.default_rng(0)
    for name, subject, times, values in recordings(data):
        count = found[name]
        count["recordings"] += 1
        for true, size in {**GRAVITY_UNITS, "count": COUNTS}.items():
            evidence = measure_gravity(times, values * size)
            for stated in GRAVITY_UNITS:
                verdict = judge(evidence, stated)
                if true == stated:
                    count["quiet"] += verdict.quiet and true == "g"
                    count["own unit refused"] += verdict.kind not in ("fits", "unknown")
                    count["own unit confirmed"] += verdict.kind == "fits"
                elif true == "count":
                    count["counts refused"] += verdict.kind not in ("fits", "unknown")
                else:
                    count["wrong unit named"] += verdict.unit == true
        linear = without_gravity(values)
        for unit, size in (("g", 1.0), ("m/s2", GRAVITY_UNITS["m/s2"])):
            verdict = judge(measure_gravity(times, linear * size), unit)
            count["missing found"] += verdict.kind == "missing"
        unstated(name, subject, times, values, linear, bare)
        bad = corrupt_samples(times, values, 1.0)
        count["samples masked"] += int(bad.sum())
        at = int(random.integers(len(values)))
        glitch = values.copy()
        glitch[at, 0] = 50.0
        count["50 g found"] += bool(corrupt_samples(times, glitch, 1.0)[at])
    heads = ["recordings", "quiet", "own unit refused", "own unit confirmed", "wrong unit named", "counts refused", "missing gravity found"]
    print(f"| set | {' | '.join([*heads, '50 g sample found', 'own samples masked'])} |")
    print("|---|" + "---|" * 9)
    for name, count in found.items():
        n = count["recordings"]
        shares = [count["quiet"] / n, None, count["own unit confirmed"] / (3 * n), count["wrong unit named"] / (6 * n)]
        shares += [count["counts refused"] / (3 * n), count["missing found"] / (2 * n), count["50 g found"] / n]
        cells = [str(count["own unit refused"]) if one is None else f"{100 * one:.1f}%" for one in shares]
        print(f"| {name} | {n} | {' | '.join(cells)} | {count['samples masked']} |")
    print_unstated(bare)


if __name__ == "__main__":
    main(Path(sys.argv[1]).expanduser())
