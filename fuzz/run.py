"""Run many inputs through every door, each in child processes, and say what came of it: `python -m fuzz.run --help`.

A run goes on where it stopped: what is done is noted in the state folder, door by door. A door whose corpus, code of opening or share has
changed begins anew.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

from fuzz.doors import DOORS, Door

PIECE = 5000  # inputs of one process, so that a crash loses little
PATIENCE_S = 600  # for one input, by the clock: a busy machine only seems to hang
ROOT = Path(__file__).parents[1]


@dataclass
class Summary:
    """What came of a door. p99_ms: of computing, of a sample of inputs. memory_mb: most beyond the start of a process."""

    door: str
    inputs: int = 0
    refused: int = 0
    faults: list[dict[str, object]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    memory_mb: float = 0.0

    @property
    def p99_ms(self) -> float:
        """Return the 99th percentile of the sampled times."""
        times = sorted(self.seconds)
        return 1e3 * times[int(0.99 * (len(times) - 1))] if times else 0.0


def run_door(door: Door, wanted: int, state: Path) -> Summary:
    """Run a door's inputs up to number `wanted`, from where it stopped."""
    noted = state / f"{door.name}.json"
    summary = Summary(**json.loads(noted.read_text())) if noted.is_file() else Summary(door.name)
    while summary.inputs < wanted:
        count = min(PIECE, wanted - summary.inputs)
        _piece(door, summary, count, state / door.name)
        noted.write_text(json.dumps(asdict(summary)))
    return summary


def _piece(door: Door, summary: Summary, count: int, folder: Path) -> None:
    """Run some inputs in a process of its own; a crash counts as a fault of the input that ran."""
    folder.mkdir(parents=True, exist_ok=True)
    result, mark = folder / "result.json", folder / "at"
    result.unlink(missing_ok=True)
    mark.unlink(missing_ok=True)
    command = [sys.executable, "-m", "fuzz.worker", door.name, str(summary.inputs), str(count), str(folder)]
    search = os.pathsep.join([str(ROOT), str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])])
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": search}, stdout=log, stderr=log)
        try:
            code = _wait(process, mark)
        except BaseException:
            process.kill()
            raise
    if result.is_file():
        one = json.loads(result.read_text())
        summary.inputs += one["inputs"]
        summary.refused += one["refused"]
        summary.faults += one["faults"]
        summary.seconds += one["seconds"][:: max(1, len(one["seconds"]) // 500)]
        summary.memory_mb = max(summary.memory_mb, one["memory"] / 1e6)
        return
    if not mark.is_file():
        raise RuntimeError(f"door {door.name} does not start: {(folder / 'log').read_text(errors='replace')[-2000:]}")
    (number,) = struct.unpack(">Q", mark.read_bytes())
    what = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    text = (folder / "log").read_text(errors="replace").strip().splitlines()[-1:]
    summary.faults.append({"input": number, "what": what, "where": "process", "text": "".join(text)[:300]})
    summary.inputs = number + 1


def _wait(process: subprocess.Popen[bytes], mark: Path) -> int:
    """Return the exit code; a process whose `mark` stands still for `PATIENCE_S` is killed."""
    before = b""
    while True:
        try:
            return process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            now = mark.read_bytes() if mark.is_file() else b""
            if now == before:
                process.kill()
            before = now


def run_all(doors: list[Door], inputs: int, state: Path, processes: int = 1) -> Iterator[Summary]:
    """Run all doors, `inputs` each on average, shared out by `Door.share`; yield a summary of each as it is done."""
    state.mkdir(parents=True, exist_ok=True)
    total = sum(door.share for door in doors)
    with ThreadPoolExecutor(processes) as pool:
        wanted = [max(10, round(inputs * len(doors) * door.share / total)) for door in doors]
        yield from pool.map(run_door, doors, wanted, [state] * len(doors))


def line(one: Summary) -> str:
    """Return one line of the table."""
    return f"{one.door:20} {one.inputs:>9,} {one.refused:>9,} {len(one.faults):>7} {one.p99_ms:>8.1f} {one.memory_mb:>8.0f}"


def main() -> None:
    """Run the command line; exit code 1 where there are faults."""
    parser = argparse.ArgumentParser(description="Run damaged inputs through the doors of the package.")
    parser.add_argument("--inputs", type=int, default=1000, help="a door, on average (default: 1000)")
    parser.add_argument("--doors", nargs="*", default=list(DOORS), choices=list(DOORS), metavar="DOOR", help="default: all")
    parser.add_argument("--state", type=Path, default=ROOT / ".fuzz", help="folder of what is done (default: .fuzz)")
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    print(f"{'door':20} {'inputs':>9} {'refused':>9} {'faults':>7} {'p99 ms':>8} {'MB':>8}", flush=True)
    started, total, faults = time.monotonic(), 0, 0
    for one in run_all([DOORS[name] for name in options.doors], options.inputs, options.state, options.processes):
        print(line(one), flush=True)
        for fault in one.faults:
            print(f"    input {fault['input']}: {fault['what']} in {fault['where']}: {fault['text']!r}", flush=True)
        total, faults = total + one.inputs, faults + len(one.faults)
    print(f"{total:,} inputs, {faults} faults, {time.monotonic() - started:.0f} s", flush=True)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
