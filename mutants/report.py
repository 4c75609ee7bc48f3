"""Print each module's share of killed mutants, and the survivors: `python mutants/report.py SESSION...`.

cosmic-ray's own `cr-rate` counts skipped mutants as killed.
"""

from __future__ import annotations

import sys
from collections import defaultdict

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import WorkerOutcome


def report(session: str) -> None:
    killed: dict[str, int] = defaultdict(int)
    survivors: dict[str, list[str]] = defaultdict(list)
    with use_db(session, WorkDB.Mode.open) as db:
        for item, result in db.completed_work_items:
            if result.worker_outcome is not WorkerOutcome.SKIPPED:
                mutation = item.mutations[0]
                module = str(mutation.module_path)
                killed[module] += result.is_killed
                if not result.is_killed:
                    survivors[module].append(f"{mutation.start_pos[0]:5}: {_change(result.diff or '')}")
        pending = len(db.pending_work_items)
    for module in sorted(killed):
        total = killed[module] + len(survivors[module])
        print(f"{module}: {killed[module]} of {total} killed, {killed[module] / total:.1%}")
        print(*sorted(survivors[module]), sep="\n", end="\n" if survivors[module] else "")
    if pending:
        print(f"{session}: {pending} not tested yet")


def _change(diff: str) -> str:
    """The line before and after."""
    lines = [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    return "  ->  ".join(line[1:].strip() for line in lines)


if __name__ == "__main__":
    for session in sys.argv[1:]:
        report(session)
