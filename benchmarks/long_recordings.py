"""What `predict` needs for recordings of days: memory, CPU time and wall time.

python benchmarks/long_recordings.py [--bundle wrist] [--days 7] [--rate 50] [--folder DIR] [--json]

A simulated hour with a watch, repeated with other noise, is written as a CSV with the columns time, x, y, z (g); nothing is kept.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_ROWS = 50_000  # that are formatted together


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bundle", default="wrist")
    parser.add_argument("--days", type=float, default=7.0)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--folder", type=Path, help="where the file is written; default: the temporary folder")
    parser.add_argument("--json", action="store_true", help="measure predict --json")
    parser.add_argument("--write", type=Path, help="only write the recording to this file")
    options = parser.parse_args()
    if options.write:
        write_recording(options.write, options.days, options.rate)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        file = Path(folder) / "long.csv"
        # In a process of its own: Linux gives a child its parent's peak of memory, so that this process must stay small.
        length = ["--days", str(options.days), "--rate", str(options.rate)]
        subprocess.run([sys.executable, __file__, "--write", str(file), *length], check=True)
        size = file.stat().st_size
        wall, used = measure([options.bundle, str(file), *(["--json"] if options.json else [])])
    print(
        f"{options.days:g} days at {options.rate:g} Hz, {size / 1e6:.0f} MB: peak resident {used.ru_maxrss * 1024 / 1e6:.0f} MB, ", end=""
    )
    print(f"user {used.ru_utime:.1f} s, system {used.ru_stime:.1f} s, wall {wall:.1f} s")


def write_recording(file: Path, days: float, rate: float) -> None:
    """Write the CSV."""
    import numpy as np

    from featherfall.sim.dataset.day import simulate_day

    hour = next(iter(simulate_day(hours=1.0, falls=2).recording.streams.values()))
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


def measure(arguments: list[str]) -> tuple[float, resource.struct_rusage]:
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
