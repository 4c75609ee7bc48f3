"""Make a session ready to go on: `python mutants/prepare.py SESSION [--since REV]`, in the folder whose `src` it mutates.

Survivors are tested again, as a test may have been added since. With `--since`, lines that git knows from that commit are
skipped. So is what says nothing about the tests:

- Annotations and decorators do nothing in a decision; a message's wording is no behaviour; an assertion holds by construction.
- cosmic-ray puts every operator in the place of every other one, 3,300 of 4,000 mutants here. One that is farther from the original dies
  whenever a nearer one does: of each operator the inverse is kept, of each comparison the other side of its limit and its negation.
- A decorator that is missing is an error on import, so that any test finds it.
"""

from __future__ import annotations

import ast
import re
import sqlite3
import subprocess
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from cosmic_ray.tools.filters.filter_app import FilterApp
from cosmic_ray.work_db import WorkDB
from cosmic_ray.work_item import MutationSpec, WorkerOutcome, WorkResult

REPLACED = {
    "Binary": "Add_Sub Sub_Add Mul_Div Div_Mul FloorDiv_Mul Mod_Mul Pow_Mul BitAnd_BitOr BitOr_BitAnd",
    "Comparison": "Lt_LtE Lt_GtE LtE_Lt LtE_Gt Gt_GtE Gt_LtE GtE_Gt GtE_Lt Eq_NotEq NotEq_Eq Is_IsNot IsNot_Is",
}
KEPT = {f"core/Replace{kind}Operator_{pair}" for kind, pairs in REPLACED.items() for pair in pairs.split()}
DROPPED = ("core/ReplaceBinary", "core/ReplaceComparison", "core/ReplaceUnaryOperator_", "core/RemoveDecorator")

REPOSITORY = Path(__file__).parent.parent

Span = tuple[tuple[int, int], tuple[int, int]]


def is_duplicate(operator: str) -> bool:
    """Whether an operator's mutants die with those of another one, or on import; of the unary ones, deletion is kept."""
    return operator.startswith(DROPPED) and operator not in KEPT and "Operator_Delete_" not in operator


@cache
def inert(module: Path) -> list[Span]:
    """The (line, column) spans of a module's annotations, decorators, errors and assertions."""
    return [
        ((part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset))
        for node in ast.walk(ast.parse(module.read_text()))
        for part in _inert_parts(node)
    ]


def _inert_parts(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Raise | ast.Assert):
        yield node
    for name in ("annotation", "returns"):
        if (part := getattr(node, name, None)) is not None:
            yield part
    yield from getattr(node, "decorator_list", ())


def is_inert(mutation: MutationSpec) -> bool:
    return any(start <= mutation.start_pos and mutation.end_pos <= end for start, end in inert(mutation.module_path))


@cache
def added_lines(module: Path, since: str) -> set[int]:
    """The numbers of a module's lines that are not in the commit `since`."""
    command = ["git", "-C", str(REPOSITORY), "diff", "--unified=0", since, "--", str(module)]
    diff = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    hunks = re.findall(r"^@@ \S+ \+(\d+)(?:,(\d+))? @@", diff, re.MULTILINE)
    return {int(first) + line for first, count in hunks for line in range(int(count or 1))}


def is_known(mutation: MutationSpec, since: str | None) -> bool:
    if since is None:
        return False
    lines = range(mutation.start_pos[0], mutation.end_pos[0] + 1)
    return added_lines(mutation.module_path, since).isdisjoint(lines)


class Prepare(FilterApp):
    """Forget the results of survivors, and mark what is not to be tested."""

    def add_args(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", metavar="REV", help="test only lines that are new since this commit")

    def filter(self, work_db: WorkDB, args: Namespace) -> None:
        with sqlite3.connect(args.session) as session:
            session.execute("DELETE FROM work_results WHERE test_outcome = 'SURVIVED' OR worker_outcome = 'SKIPPED'")
        jobs = [
            item.job_id
            for item in work_db.pending_work_items
            if any(
                is_duplicate(mutation.operator_name) or is_inert(mutation) or is_known(mutation, args.since) for mutation in item.mutations
            )
        ]
        work_db.set_multiple_results(jobs, WorkResult(WorkerOutcome.SKIPPED))


if __name__ == "__main__":
    Prepare().main()
