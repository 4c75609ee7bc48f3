"""How quick the command line and the runtime start, and what `predict` needs in memory.

python benchmarks/startup.py BUNDLE FILE.csv [--repeat 7] [predict's options...]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

from featherfall.runtime.measure import machine


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("bundle")
    parser.add_argument("file")
    parser.add_argument("--repeat", type=int, default=7)
    options, rest = parser.parse_known_args()
    featherfall = os.path.join(os.path.dirname(sys.executable), "featherfall")
    print(f"machine {machine()}, median of {options.repeat}")
    commands = {
        "featherfall --help": [featherfall, "--help"],
        "featherfall.load('wrist')": [sys.executable, "-c", "import featherfall; featherfall.load('wrist')"],
        "import featherfall.runtime": [sys.executable, "-c", "import featherfall.runtime"],
        "featherfall predict": [featherfall, "predict", options.bundle, options.file, *rest],
    }
    for name, command in commands.items():
        seconds, memory = zip(*(measure(command) for _ in range(options.repeat)), strict=True)
        print(f"{name:<28} {statistics.median(seconds):.3f} s   peak resident {max(memory) / 1e6:.1f} MB")


def measure(command: list[str]) -> tuple[float, int]:
    """Wall seconds and peak resident bytes of one process."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return time.perf_counter() - begin, usage.ru_maxrss * 1024


if __name__ == "__main__":
    main()
