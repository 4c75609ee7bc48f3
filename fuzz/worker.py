"""Run inputs through one door in this process: `python -m fuzz.worker DOOR FIRST COUNT STATE`.

Input number i of a door is always the same. STATE is a folder: `at` holds the number of the input that runs, so that whoever started this
knows which one crashed it; `result.json` what came of all. An input is a fault if anything but a `UserError` of one printable line is
raised, if it computes for more than `HANG_S`, or if it needs more than `MEMORY` bytes.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import struct
import sys
import tempfile
import time
import traceback
import warnings
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

from featherfall.core.errors import UserError
from fuzz.doors import DOORS, Door
from fuzz.mutate import mutate

HANG_S = 5.0
MEMORY = 500 << 20
MOST_FAULTS = 40  # of a run that are kept
LINE = 1500  # characters of a message


class HangError(BaseException):
    """An input that computes for too long."""


@dataclass
class Result:
    """What came of the inputs. seconds: of computing, one for each of a sample of inputs. memory: most bytes beyond those at the start."""

    inputs: int = 0
    refused: int = 0
    faults: list[dict[str, object]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    memory: int = 0


class Inputs:
    """The inputs of one door: trees of files on disk, one file of which is damaged at a time."""

    def __init__(self, door: Door, folder: Path) -> None:
        self.door = door
        self.seeds = door.seeds()
        self.roots = []
        for number, tree in enumerate(self.seeds):
            root = folder / str(number)
            for name, data in tree.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_bytes(data)
            self.roots.append(root)
        self._kind = {}
        for tree in self.seeds:
            for name, data in tree.items():
                self._kind.setdefault(Path(name).suffix, []).append(data)

    def damaged(self, number: int) -> tuple[Path, str, bytes]:
        """Return input `number`: a tree's folder, the name of the file in it that is replaced, and its new content."""
        random = Random(f"{self.door.name}:{number}")
        which = random.randrange(len(self.seeds))
        tree = self.seeds[which]
        name = random.choice([one for one in tree if self.door.damages(one)])
        return self.roots[which], name, mutate(tree[name], self._kind[Path(name).suffix], random)

    def run(self, number: int) -> None:
        """Give one input to the door and put its file back."""
        root, name, data = self.damaged(number)
        self.give(root, name, data)

    def give(self, root: Path, name: str, data: bytes) -> None:
        """Replace one file of a tree, open it and put it back."""
        file = root / name
        before = file.read_bytes()
        file.write_bytes(data)
        try:
            self.door.open(root, file)
        finally:
            file.write_bytes(before)


def complaint(error: BaseException) -> str | None:
    """Return what is wrong about an exception; None for a `UserError` of one printable line."""
    if not isinstance(error, UserError):
        return type(error).__name__
    text = str(error)
    if not text.isprintable():
        return "not printable"
    return "empty" if not text else "too long" if len(text) > LINE else None


def run(inputs: Inputs, first: int, count: int, state: Path) -> Result:
    """Run inputs `first` to `first + count`."""
    result = Result()
    mark = os.open(state / "at", os.O_RDWR | os.O_CREAT, 0o644)
    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    every = max(1, count // 20_000)
    for number in range(first, first + count):
        os.pwrite(mark, struct.pack(">Q", number), 0)
        began = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, HANG_S)
        try:
            inputs.run(number)
        except BaseException as error:
            signal.setitimer(signal.ITIMER_PROF, 0)
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            result.refused += 1
            what = complaint(error)
            if what and len(result.faults) < MOST_FAULTS:
                trace = traceback.extract_tb(error.__traceback__)
                where = next(
                    (f"{Path(one.filename).stem}-{one.lineno}" for one in reversed(trace) if Path(one.filename).parent.name != "fuzz"), "?"
                )
                result.faults.append({"input": number, "what": what, "where": where, "text": str(error)[:300]})
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        result.inputs += 1
        if number % every == 0:
            result.seconds.append(round(time.process_time() - began, 6))
    result.memory = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start)
    os.close(mark)
    return result


def limited() -> None:
    """Limit this process's memory, and turn warnings and signals of time into exceptions."""

    def hang(*_: object) -> None:
        raise HangError(f"more than {HANG_S:g} s")

    signal.signal(signal.SIGPROF, hang)
    warnings.simplefilter("error")
    status = Path("/proc/self/status").read_text().splitlines()
    used = int(next(line for line in status if line.startswith("VmData:")).split()[1]) * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (used + MEMORY, used + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Run the command line."""
    name, first, count, state = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    door = DOORS[name]
    shared = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir=shared if shared.is_dir() else None))
    try:
        inputs = Inputs(door, folder)
        for root, tree in zip(inputs.roots, inputs.seeds, strict=True):  # imports what the door needs; a seed may be refused
            with contextlib.suppress(UserError):
                door.open(root, root / next(iter(tree)))
        limited()
        result = run(inputs, first, count, state)
        (state / "result.json").write_text(json.dumps(asdict(result)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
