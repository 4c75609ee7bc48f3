"""Measure a bundle's latency and memory in a fresh process: `python -m featherfall.runtime.measure BUNDLE PRECISION REPEAT`."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from featherfall.core.manifest import BundleKind
from featherfall.runtime.bundle import Bundle, Precision, load_bundle
from featherfall.runtime.session import window_arrays

WARM_UP = 50  # untimed runs before the measurement


@dataclass(frozen=True)
class InferenceCost:
    """Latency of one window (batch 1, one thread, softmax or choice of boxes included) and peak resident memory of the process."""

    p50_ms: float
    p95_ms: float
    peak_bytes: int


def measure_cost(path: Path, precision: Precision, repeat: int) -> InferenceCost:
    """Measure in a new Python process, so that the caller's memory and warm caches do not count."""
    source = str(Path(__file__).parents[2])
    search = os.pathsep.join([source, *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-m", __name__, str(path), precision, str(repeat)]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": search}, stdout=subprocess.PIPE, text=True, check=True)
    return InferenceCost(**json.loads(done.stdout))


def latencies(bundle: Bundle, repeat: int) -> np.ndarray:
    """Return (repeat,) milliseconds of single windows or pictures of noise, after a warm-up."""
    noise = np.random.default_rng(0)
    window = {
        name: (noise.integers(0, 256, one.shape) if one.dtype == np.uint8 else noise.normal(0, 1, one.shape)).astype(one.dtype)
        for name, one in window_arrays(bundle.manifest).items()
    }
    run = RUNS[bundle.manifest.kind](bundle)
    for _ in range(WARM_UP):
        run(window)
    taken = np.empty(repeat)
    for k in range(repeat):
        start = time.perf_counter_ns()
        run(window)
        taken[k] = time.perf_counter_ns() - start
    return taken / 1e6


TimedRun = Callable[[Mapping[str, np.ndarray]], object]


def _windows(bundle: Bundle) -> TimedRun:
    """Run one window, or one picture, with its softmax."""
    return bundle.probabilities


def _detection(bundle: Bundle) -> TimedRun:
    """Run one picture, with non-maximum suppression of its boxes."""
    from featherfall.runtime.perceive.boxes import decode_boxes

    manifest = bundle.manifest

    def run(window: Mapping[str, np.ndarray]) -> object:
        outputs = bundle.raw(window)
        threshold, overlap = manifest.decision.threshold, manifest.decision.overlap
        return decode_boxes(outputs["boxes"][0], outputs["scores"][0], list(manifest.labels), threshold, overlap)

    return run


RUNS: dict[BundleKind, Callable[[Bundle], TimedRun]] = {
    "window": _windows,
    "keypoints": _windows,
    "film": _windows,
    "picture": _windows,
    "detector": _detection,
}


def peak_bytes() -> int:
    """Return the peak resident memory of this process."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count the parent's memory from before exec
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def machine() -> str:
    """Return the machine's name: "Raspberry Pi 4 Model B Rev 1.4", "Intel(R) Core(TM) i5-8250U", ..., and its system."""
    board, cpu = Path("/proc/device-tree/model"), Path("/proc/cpuinfo")
    if board.exists():
        name = board.read_text(errors="replace").strip("\0\n ")
    else:
        lines = cpu.read_text().splitlines() if cpu.exists() else []
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    return f"{name or 'unknown processor'}, {platform.system()} {platform.machine()}"


def _main(path: str, precision: Precision, repeat: str) -> None:
    taken = latencies(load_bundle(path, precision), int(repeat))
    p50, p95 = np.percentile(taken, [50, 95])
    print(json.dumps(asdict(InferenceCost(float(p50), float(p95), peak_bytes()))))


if __name__ == "__main__":
    _main(*sys.argv[1:])  # type: ignore[arg-type]
