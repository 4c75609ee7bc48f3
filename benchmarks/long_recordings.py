"""What `predict` needs for recordings of days: memory, CPU time and wall time.

python benchmarks/long_recordings.py [--bundle wrist] [--days 7] [--rate 50] [--folder DIR] [--json]

A simulated hour with a watch, repeated with other noise, is written as a CSV with the columns time, x, y, z (g); nothing is kept.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from featherfall.runtime.measure import machine
from featherfall.sim.dataset.day import simulate_day

_ROWS = 50_000  # that are formatted together


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bundle", default="wrist")
    parser.add_argument("--days", type=float, default=7.0)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--folder", type=Path, help="where the file is written; default: the temporary folder")
    parser.add_argument("--json", action="store_true", help="measure predict --json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        file = Path(folder) / "long.csv"
        count = write_recording(file, options.days, options.rate)
        size = file.stat().st_size
        print(f"machine {machine()}; {options.days:g} days at {options.rate:g} Hz: {count:,} rows, {size / 1e6:.0f} MB")
        wall, usage = measure([options.bundle, str(file), *(["--json"] if options.json else [])])
    print(f"peak resident {usage.ru_maxrss / 1024:.0f} MiB, user {usage.ru_utime:.1f} s, system {usage.ru_stime:.1f} s, wall {wall:.1f} s")


def write_recording(file: Path, days: float, rate: float) -> int:
    """Write the CSV; returns the number of rows."""
    worn = simulate_day(hours=1.0, falls=2).recording.streams
    hour = next(iter(worn.values()))
    hour_times = np.arange(0, hour.duration, 1 / rate)
    values = np.stack([np.interp(hour_times, hour.times, column) for column in hour.values.T], axis=1)
    noise, count = np.random.default_rng(0), round(days * 86400 * rate)
    with file.open("w", encoding="ascii") as out:
        out.write("time,x,y,z\n")
        for first in range(0, count, _ROWS):
            rows = np.arange(first, min(first + _ROWS, count))
            block = values[rows % len(values)] + noise.normal(0, 0.004, (len(rows), 3))
            cells = np.column_stack([rows / rate, block]).ravel().tolist()
            out.write(("%.3f,%.4f,%.4f,%.4f\n" * len(rows)) % tuple(cells))
    return count


def measure(arguments: list[str]) -> tuple[float, object]:
    """Return the wall seconds of `featherfall predict`, and what the process used."""
    begin = time.perf_counter()
    command = [sys.executable, "-m", "featherfall.cli", "predict", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return time.perf_counter() - begin, usage


if __name__ == "__main__":
    main()
