"""Gramian angular fields: `featherfall.gaf` beside pyts, plain NumPy and torch, taking turns in one run.

python benchmarks/gaf.py [--pyts PYTHON] [--repeat 7]

PYTHON is an interpreter that has pyts: python -m venv V; V/bin/pip install pyts==0.14.1. pyts gives float64.
Each turn begins with a call that is not counted: after another's turn, a virtual machine may have to ask its host for the memory of
276 MB of images, which then costs several times the work itself (`out=` avoids that).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import featherfall
from featherfall.runtime.measure import machine

COUNT, LENGTH = 3072, 150
WINDOW, WINDOWS = 3, 300  # series of one window; calls that are timed together
PEER = """
import sys, time, json
begin = time.perf_counter()
from pyts.image import GramianAngularField
print(json.dumps(time.perf_counter() - begin), flush=True)
import numpy as np
series = np.random.default_rng(0).standard_normal((COUNT, LENGTH)).astype(np.float32)
field = GramianAngularField()
print(json.dumps(field.fit_transform(series[:2]).tolist()), flush=True)
for line in sys.stdin:
    count, calls = json.loads(line)
    begin = time.perf_counter()
    for _ in range(calls):
        images = field.fit_transform(series[:count])
    seconds = time.perf_counter() - begin
    del images
    print(json.dumps(seconds), flush=True)
""".replace("COUNT", str(COUNT)).replace("LENGTH", str(LENGTH))


class Pyts:
    """pyts in its own process, asked one measurement at a time."""

    def __init__(self, python: str) -> None:
        self._process = subprocess.Popen([python, "-c", PEER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.import_seconds: float = self._answer()
        self.images = np.asarray(self._answer())

    def time(self, count: int, calls: int) -> float:
        assert self._process.stdin
        self._process.stdin.write(json.dumps([count, calls]) + "\n")
        self._process.stdin.flush()
        seconds: float = self._answer()
        return seconds

    def _answer(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("pyts has stopped; see its message above")
        return json.loads(line)


def plain(series: np.ndarray) -> np.ndarray:
    low, high = series.min(axis=1, keepdims=True), series.max(axis=1, keepdims=True)
    x = np.clip(2 * (series - low) / (high - low) - 1, -1, 1)
    s = np.sqrt(1 - x * x)
    images: np.ndarray = x[:, :, None] * x[:, None, :] - s[:, :, None] * s[:, None, :]
    return images


def torch_bmm() -> Callable[[np.ndarray], object]:
    import torch

    def bmm(series: np.ndarray) -> object:
        values = torch.from_numpy(series)
        low, high = values.amin(1, keepdim=True), values.amax(1, keepdim=True)
        x = (2 * (values - low) / (high - low) - 1).clamp(-1, 1)
        s = (1 - x * x).sqrt()
        return torch.bmm(torch.stack((x, -s), 2), torch.stack((x, s), 1))

    return bmm


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pyts", metavar="PYTHON")
    parser.add_argument("--repeat", type=int, default=7)
    options = parser.parse_args()

    series = np.random.default_rng(0).standard_normal((COUNT, LENGTH)).astype(np.float32)
    out = np.empty((COUNT, LENGTH, LENGTH), np.float32)
    ours: dict[str, Callable[[np.ndarray], object]] = {
        "featherfall.gaf": featherfall.gaf,
        "featherfall.gaf, range=(-8, 8)": lambda values: featherfall.gaf(values, range=(-8, 8)),
        "featherfall.gaf, difference": lambda values: featherfall.gaf(values, method="difference"),
        "featherfall.gaf, out=": lambda values: featherfall.gaf(values, out=out[: len(values)]),
        "plain NumPy": plain,
        "torch.bmm": torch_bmm(),
    }
    clocks: dict[str, Callable[[int, int], float]] = {name: timed(call, series) for name, call in ours.items()}
    if options.pyts:
        pyts = Pyts(options.pyts)
        clocks["pyts"] = pyts.time
        print(f"largest difference from pyts: {np.abs(featherfall.gaf(series[:2]) - pyts.images).max():.1e}")
    print(f"{machine()}, median (best) of {options.repeat} rounds in turn; {COUNT} series of {LENGTH} -> {LENGTH} x {LENGTH}")

    many: dict[str, list[float]] = {name: [] for name in clocks}
    one: dict[str, list[float]] = {name: [] for name in clocks}
    for _ in range(options.repeat):
        for name, clock in clocks.items():
            clock(COUNT, 1)
            many[name] += [clock(COUNT, 1), clock(COUNT, 1)]
            clock(WINDOW, WINDOWS // 10)
            one[name].append(clock(WINDOW, WINDOWS) / WINDOWS)
    for name in clocks:
        rate, best = COUNT / statistics.median(many[name]), COUNT / min(many[name])
        line = f"{name:<32} {rate:9,.0f} ({best:9,.0f}) images/s   one window {statistics.median(one[name]) * 1e6:6.1f} us"
        if options.pyts and name != "pyts":
            times = statistics.median(many["pyts"]) / statistics.median(many[name])
            line += f"   pyts x {times:4.1f}, x {statistics.median(one['pyts']) / statistics.median(one[name]):4.1f}"
        print(line)

    print(
        f"import and first image, a fresh process: {fresh(options.repeat):.3f} s"
        + (f"; import pyts {pyts.import_seconds:.1f} s" if options.pyts else "")
    )


def timed(call: Callable[[np.ndarray], object], series: np.ndarray) -> Callable[[int, int], float]:
    """Seconds of so many calls on the first `count` series; the last result is freed off the clock."""

    def clock(count: int, calls: int) -> float:
        part = series[:count]
        begin = time.perf_counter()
        for _ in range(calls):
            images = call(part)
        seconds = time.perf_counter() - begin
        del images
        return seconds

    return clock


def fresh(repeat: int) -> float:
    """Median wall seconds of a new interpreter that makes one image."""
    seconds = []
    for _ in range(repeat):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import featherfall; featherfall.gaf([0.0, 1.0, 2.0])"], check=True)
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
