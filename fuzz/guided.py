"""Search one door after the other for inputs that break it, led by the coverage of atheris: `python -m fuzz.guided [DOOR ...]`.

Inputs that reach new code are kept in .fuzz/guided/DOOR and are where the next search begins; those that break a door lie beside it.
atheris takes over a process, so that each door has its own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random

from fuzz.doors import DOORS

KEPT = Path(__file__).parents[1] / ".fuzz" / "guided"


def search(name: str, seconds: int) -> None:
    """Search one door in this process; ends it."""
    import atheris

    with atheris.instrument_imports(include=["featherfall", "yaml", "openpyxl", "json", "csv", "zipfile"]):
        from fuzz.mutate import mutate
        from fuzz.worker import Inputs, complaint

        inputs = Inputs(DOORS[name], Path(tempfile.mkdtemp(prefix="fuzz-")))
        for root, tree in zip(inputs.roots, inputs.seeds, strict=True):
            try:
                inputs.give(root, next(iter(tree)), next(iter(tree.values())))
            except Exception as error:
                if complaint(error) is not None:
                    raise
    places = [(root, file) for root, tree in zip(inputs.roots, inputs.seeds, strict=True) for file in tree if DOORS[name].damages(file)]
    start = KEPT / name
    start.mkdir(parents=True, exist_ok=True)
    for number, (root, file) in enumerate(places[:250]):
        (start / f"seed-{number}").write_bytes(bytes([number]) + (root / file).read_bytes())

    def give(data: bytes) -> None:
        root, file = places[data[0] % len(places)] if data else places[0]
        try:
            inputs.give(root, file, data[1:])
        except Exception as error:
            if complaint(error) is not None:
                raise

    def damaged(data: bytes, most: int, seed: int) -> bytes:
        return (data[:1] + mutate(data[1:], [], Random(seed)))[:most]

    options = [f"-max_total_time={seconds}", "-timeout=5", "-rss_limit_mb=1500", "-max_len=60000", f"-artifact_prefix={KEPT}/{name}-"]
    atheris.Setup([sys.argv[0], *options, str(start)], give, custom_mutator=damaged)
    atheris.Fuzz()


def main() -> None:
    """Run the command line; exit code 1 where a door broke."""
    parser = argparse.ArgumentParser(description="Search for inputs that break a door, led by coverage.")
    parser.add_argument("doors", nargs="*", default=list(DOORS), metavar="DOOR", help="default: all")
    parser.add_argument("--seconds", type=int, default=60, help="for each door (default: 60)")
    parser.add_argument("--here", action="store_true", help="in this process: for one door")
    options = parser.parse_args()
    if options.here:
        return search(options.doors[0], options.seconds)
    broken = []
    for name in options.doors:
        done = subprocess.run(
            [sys.executable, "-m", "fuzz.guided", "--here", "--seconds", str(options.seconds), name], capture_output=True, text=True
        )
        last = [line for line in done.stderr.splitlines() if line.startswith("#")][-1:]
        print(f"{name:20} {'broken' if done.returncode else 'held'}  {''.join(last)[:100]}", flush=True)
        if done.returncode:
            broken.append(name)
            print("\n".join(done.stderr.splitlines()[-15:]), flush=True)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
