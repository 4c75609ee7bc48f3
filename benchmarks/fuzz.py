"""Two million damaged inputs through every door of the package: the table of docs/appendix/fuzz.md.

    nice python benchmarks/fuzz.py --inputs 2000000 --out fuzz.md

Takes some hours on one core. It goes on where it stopped; remove the state folder's file of a door to run that door again.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from fuzz.doors import DOORS  # noqa: E402
from fuzz.run import Summary, line, run_all  # noqa: E402


def table(found: list[Summary]) -> str:
    """Return the table as Markdown."""
    head = ["| door | inputs | of these refused | faults | p99 (ms) | most memory (MB) |", "|---|---:|---:|---:|---:|---:|"]
    rows = []
    for one in found:
        rows.append(f"| {one.door} | {one.inputs:,} | {one.refused:,} | {len(one.faults)} | {one.p99_ms:.1f} | {one.memory_mb:.0f} |")
    inputs, refused, faults = sum(one.inputs for one in found), sum(one.refused for one in found), sum(len(one.faults) for one in found)
    total = f"| **all** | **{inputs:,}** | {refused:,} | **{faults}** | | |"
    return "\n".join([*head, *rows, total]) + "\n"


def main() -> None:
    """Run the command line; exit code 1 where there are faults."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--inputs", type=int, default=2_000_000, help="over all doors")
    parser.add_argument("--state", type=Path, default=ROOT / ".fuzz" / "long")
    parser.add_argument("--out", type=Path, default=None, help="Markdown file for the table")
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    doors, found = list(DOORS.values()), []
    for one in run_all(doors, -(-options.inputs // len(doors)), options.state, options.processes):
        print(line(one), flush=True)
        for fault in one.faults:
            print(f"    input {fault['input']}: {fault['what']} in {fault['where']}: {fault['text']!r}", flush=True)
        found.append(one)
    if options.out:
        options.out.write_text(table(found))
    print(table(found))
    sys.exit(1 if any(one.faults for one in found) else 0)


if __name__ == "__main__":
    main()
