"""Mutation testing: change one thing of a decision rule at a time and see whether a test dies.

    python benchmarks/mutants.py                     # all groups; goes on where it was stopped
    python benchmarks/mutants.py track decide        # some groups
    python benchmarks/mutants.py --list metrics      # survivors so far

Results are JSON lines, one a mutant, in `.mutants/GROUP.jsonl`. A mutant that was killed is not run again while its source is the same; a
survivor is, once a test has changed.

Why not a ready-made tool: mutmut 3 mutates function bodies alone, and half of the rules here are module constants (thresholds, times,
distances). cosmic-ray 8 mutates those, but starts a Python process a mutant, edits the working tree in place, and replaces each operator by
every other one: 3,592 mutants of eight modules of the runtime, 4.8 s each for the smallest two. Here each mutant is compiled in memory and
tested in a fork of a process that has imported the third-party packages. Leave the sources and tests alone while it runs.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import hashlib
import importlib
import importlib.abc
import importlib.util
import json
import os
import resource
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # forks must not inherit a pool of threads
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent
SOURCE, PACKAGE = ROOT / "src", "featherfall"
RESULTS = ROOT / ".mutants"

# What is mutated, as globs below the package, and the tests that should kill it, quickest first.
GROUPS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "track": (
        ("runtime/track/*.py", "runtime/perceive/motion.py", "runtime/perceive/keypoints.py", "runtime/trace.py"),
        (
            "tests/runtime/track/test_assign.py",
            "tests/runtime/track/test_tracker.py",
            "tests/runtime/track/test_people.py",
            "tests/runtime/perceive/test_motion.py",
            "tests/runtime/perceive/test_keypoints.py",
            "tests/runtime/track/test_boxes.py",
            "tests/runtime/track/test_poses.py",
            "tests/runtime/test_watch_boxes.py",
            "tests/runtime/test_watch.py",
        ),
    ),
    "decide": (
        ("runtime/decide/*.py", "runtime/watch.py"),
        (
            "tests/runtime/decide/test_posture.py",
            "tests/runtime/decide/test_incidents.py",
            "tests/runtime/test_watch_boxes.py",
            "tests/runtime/decide/test_events.py",
            "tests/runtime/test_watch.py",
        ),
    ),
    "metrics": (
        (
            "evaluation/metrics.py",
            "evaluation/events.py",
            "evaluation/calibration.py",
            "evaluation/intervals.py",
            "evaluation/bootstrap.py",
        ),
        (
            "tests/evaluation/test_metrics.py",
            "tests/evaluation/test_events.py",
            "tests/evaluation/test_calibration.py",
            "tests/evaluation/test_intervals.py",
            "tests/evaluation/test_bootstrap.py",
        ),
    ),
    "splits": (("clips/splits.py",), ("tests/clips/test_splits.py",)),
}
# Imported once, before forking; those that are not installed are skipped.
PRELOADED = "av numpy onnx onnxruntime PIL.Image pydantic pytest scipy.stats yaml hypothesis.extra.numpy"

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
CALLS = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "minimum": "maximum",
    "maximum": "minimum",
    "argmin": "argmax",
    "argmax": "argmin",
}


@dataclass(frozen=True)
class Mutant:
    """One changed module. line: of the original; what: the change in words; source: the whole changed module."""

    module: Path
    line: int
    what: str
    source: str

    @property
    def key(self) -> str:
        """Tells whether it has been tested before."""
        return hashlib.sha256(f"{self.module.relative_to(SOURCE)}\n{self.source}".encode()).hexdigest()[:16]


def mutants_of(module: Path) -> list[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    tree = ast.parse(module.read_text())
    plain = ast.unparse(tree)
    found: dict[str, Mutant] = {}
    for number, node in enumerate(_mutable(tree)):
        for change in range(len(_changes(node))):
            changed = copy.deepcopy(tree)
            other = next(one for i, one in enumerate(_mutable(changed)) if i == number)
            before = ast.unparse(other)
            new = _changes(other)[change]
            after = ast.unparse(new)
            _Replace(other, new).visit(changed)
            source = ast.unparse(ast.fix_missing_locations(changed))
            if source != plain:
                found.setdefault(source, Mutant(module, node.lineno, f"{before} -> {after}", source))
    return list(found.values())


def _mutable(tree: ast.AST) -> Iterator[Any]:
    """Nodes that may be changed: no annotations, docstrings, error texts, assertions, type aliases or imports."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list") or isinstance(tree, ast.Raise | ast.Assert | ast.JoinedStr):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or (isinstance(child, ast.Assign) and "Literal" in ast.unparse(child.value)):
                continue
            if not (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)):
                yield child
                yield from _mutable(child)


def _changes(node: Any) -> list[ast.AST]:
    """What a node may be replaced by."""
    match node:
        case ast.Compare(ops=[*ops]):
            return [_with(node, ops=[*ops[:i], new(), *ops[i + 1 :]]) for i, op in enumerate(ops) for new in COMPARISONS[type(op)]]
        case ast.BoolOp(op=op):
            return [_with(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())]
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in OPERATORS:
            changed: list[ast.AST] = [_with(node, op=OPERATORS[type(op)]())]
            return changed + ([ast.Pass()] if isinstance(node, ast.AugAssign) else [])
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            return [operand]
        case ast.Constant(value=bool() as value):
            return [ast.Constant(not value)]
        case ast.Constant(value=int() as value):
            return [ast.Constant(value + 1)] + ([ast.Constant(value - 1)] if value > 1 else [])
        case ast.Constant(value=float() as value):
            return [ast.Constant(1.0)] if value == 0 else [ast.Constant(value * 1.2), ast.Constant(value * 0.8)]
        case ast.Call(func=ast.Name(id=name)) if name in CALLS:
            return [_with(node, func=ast.Name(CALLS[name], ast.Load()))]
        case ast.Call(func=ast.Attribute(attr=name) as func) if name in CALLS:
            return [_with(node, func=_with(func, attr=CALLS[name]))]
        case ast.If(test=test) | ast.IfExp(test=test) if not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp):
            return [_with(node, test=ast.UnaryOp(ast.Not(), test))]
        case ast.Return(value=value) if value is not None and not (isinstance(value, ast.Constant) and value.value is None):
            return [_with(node, value=ast.Constant(None))]
        case ast.Expr(value=ast.Call()) | ast.Continue() | ast.Break() | ast.Delete():
            return [ast.Pass()]
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript() | ast.Tuple(elts=[ast.Attribute(), *_]), *_]):
            return [ast.Pass()]
    return []


def _with(node: Any, **fields: Any) -> Any:
    return type(node)(**{**{name: getattr(node, name) for name in node._fields}, **fields})


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> Any:
        return ast.copy_location(self._new, node) if node is self._old else self.generic_visit(node)


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a mutant's source."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._name = ".".join(mutant.module.relative_to(SOURCE).with_suffix("").parts)

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        return importlib.util.spec_from_file_location(name, self._mutant.module, loader=self) if name == self._name else None

    def create_module(self, spec: Any) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._mutant.source, str(self._mutant.module), "exec"), module.__dict__)


def run(mutant: Mutant | None, tests: Sequence[str], limit: float) -> tuple[str, float]:
    """Run the tests against a mutant (None: the code as it is) in a fork; "survived", "killed" or "timeout", and seconds of CPU.

    Arguments:
        limit: s of CPU, so that a busy machine changes no result.
    """
    child = os.fork()
    if not child:
        _test(mutant, tests, limit)
    _, status, used = os.wait4(child, 0)
    late = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL)
    return "survived" if status == 0 else "timeout" if late else "killed", used.ru_utime + used.ru_stime


def _test(mutant: Mutant | None, tests: Sequence[str], limit: float) -> None:
    """In the fork: never returns."""
    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit) + 1, int(limit) + 2))
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (1, 2):
            os.dup2(nowhere, stream)
        if mutant is not None:
            sys.meta_path.insert(0, Changed(mutant))
        import pytest

        code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=no", "--assert=plain", *tests]))
    finally:
        os._exit(code)


def preload() -> None:
    """Import what every fork needs, but nothing of the package: a mutant must be imported by all who use it."""
    sys.path[:0] = [str(ROOT), str(SOURCE)]
    for name in PRELOADED.split():
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    assert not any(name.split(".")[0] == PACKAGE for name in sys.modules)


def modules_of(group: str) -> list[Path]:
    """The modules of a group; every glob matches at least one."""
    found = []
    for pattern in GROUPS[group][0]:
        matched = sorted((SOURCE / PACKAGE).glob(pattern))
        if not matched:
            raise SystemExit(f"{group}: no module {pattern}; mend GROUPS in {Path(__file__).name}")
        found += matched
    return found


def tests_for(module: Path, tests: Sequence[str]) -> list[str]:
    """The tests, those of the module itself first."""
    return sorted(tests, key=lambda test: Path(test).stem != f"test_{module.stem}")


def read(group: str) -> dict[str, dict[str, Any]]:
    """Results so far, by mutant; the last of each."""
    file = RESULTS / f"{group}.jsonl"
    return {row["key"]: row for row in map(json.loads, file.read_text().splitlines())} if file.is_file() else {}


def test_group(group: str, only: str) -> None:
    """Test all mutants of a group that are not yet known."""
    tests = GROUPS[group][1]
    state = hashlib.sha256(b"".join(file.read_bytes() for file in sorted((ROOT / "tests").rglob("*.py")))).hexdigest()[:16]
    known = read(group)
    RESULTS.mkdir(exist_ok=True)
    wanted = [one for module in modules_of(group) if only in str(module) for one in mutants_of(module)]
    todo = [one for one in wanted if (row := known.get(one.key)) is None or (row["result"] == "survived" and row["tests"] != state)]
    if todo:
        result, baseline = run(None, tests, 600)
        if result != "survived":
            raise SystemExit(f"{group}: the tests fail without any mutant")
        print(f"{group}: {len(todo)} of {len(wanted)} mutants to test, {baseline:.1f} s each at most", flush=True)
    with (RESULTS / f"{group}.jsonl").open("a") as out:
        for mutant in todo:
            result, seconds = run(mutant, tests_for(mutant.module, tests), 2 + 2 * baseline)
            row = {"module": str(mutant.module.relative_to(SOURCE / PACKAGE)), "line": mutant.line, "what": mutant.what, "result": result}
            out.write(json.dumps(row | {"seconds": round(seconds, 2), "key": mutant.key, "tests": state}) + "\n")
            out.flush()
            if result == "survived":
                print(f"  {row['module']}:{mutant.line}: {mutant.what}", flush=True)


def summarize(group: str, only: str, survivors: bool) -> None:
    """Print each module's share of killed mutants, of those that its source has now."""
    known = read(group)
    for module in modules_of(group):
        rows = [known[one.key] for one in mutants_of(module) if only in str(module) and one.key in known]
        alive = [row for row in rows if row["result"] == "survived"]
        if rows:
            seconds = sum(row["seconds"] for row in rows) / len(rows)
            killed = len(rows) - len(alive)
            name = str(module.relative_to(SOURCE / PACKAGE))
            print(f"{group:8} {name:28} {killed:4} of {len(rows):4} killed, {killed / len(rows):.1%}; {seconds:.2f} s each")
        for row in alive if survivors else ():
            print(f"  {row['module']}:{row['line']}: {row['what']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)}; default all")
    parser.add_argument("--only", default="", help="part of a module's path")
    parser.add_argument("--list", action="store_true", help="test nothing, print the survivors")
    options = parser.parse_args()
    unknown = set(options.groups) - set(GROUPS)
    if unknown:
        parser.error(f"no group {', '.join(sorted(unknown))}; give {', '.join(GROUPS)}")
    os.chdir(ROOT)
    if not options.list:
        preload()
    for group in options.groups or GROUPS:
        if not options.list:
            test_group(group, options.only)
        summarize(group, options.only, options.list)


if __name__ == "__main__":
    main()
