"""Loops of C under construction: a value that does not depend on the inner loops is computed before them, and once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Index:
    """offset + the sum of factor * variable. sizes: (variable, count): each runs from 0 to count - 1."""

    offset: int = 0
    factors: tuple[tuple[str, int], ...] = ()
    sizes: tuple[tuple[str, int], ...] = ()

    @property
    def variables(self) -> set[str]:
        """The names of the loops' variables."""
        return {name for name, _ in self.factors}

    @property
    def least(self) -> int:
        """The smallest value."""
        sizes = dict(self.sizes)
        return self.offset + sum(min(factor * (sizes[name] - 1), 0) for name, factor in self.factors)

    @property
    def most(self) -> int:
        """The largest value."""
        sizes = dict(self.sizes)
        return self.offset + sum(max(factor * (sizes[name] - 1), 0) for name, factor in self.factors)

    def __add__(self, other: Index | int) -> Index:
        if isinstance(other, int):
            return Index(self.offset + other, self.factors, self.sizes)
        factors = dict(self.factors)
        for name, factor in other.factors:
            factors[name] = factors.get(name, 0) + factor
        kept = tuple((name, factor) for name, factor in factors.items() if factor)
        return Index(self.offset + other.offset, kept, tuple({**dict(self.sizes), **dict(other.sizes)}.items()))

    def __mul__(self, factor: int) -> Index:
        return Index(self.offset * factor, tuple((name, one * factor) for name, one in self.factors if factor), self.sizes)

    def __str__(self) -> str:
        parts = [name if factor == 1 else f"{factor} * {name}" for name, factor in self.factors]
        text = " + ".join([*parts, *([str(self.offset)] if self.offset > 0 or not parts else [])])
        return f"{text} - {-self.offset}" if self.offset < 0 and parts else text


def flat(index: Sequence[Index], shape: Sequence[int]) -> Index:
    """Return the place of an element in an array in the order of rows."""
    place = Index()
    for one, size in zip(index, shape, strict=True):
        place = place * size + one
    return place


@dataclass
class Braces:
    """What is between two braces. guards: it runs under a condition, so nothing inside may be computed before it."""

    variables: set[str] = field(default_factory=set)
    guards: bool = False
    lines: list[str] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)


class Statements:
    """The statements of one step, under construction."""

    def __init__(self) -> None:
        self._blocks = [Braces()]
        self._count = 0

    @property
    def lines(self) -> list[str]:
        """The finished lines."""
        return self._blocks[0].lines

    def add(self, line: str) -> None:
        """Append a line to the innermost block."""
        self._blocks[-1].lines.append(line)

    def name(self, stem: str) -> str:
        """Return a new name for a variable."""
        self._count += 1
        return f"{stem}{self._count}"

    def known(self, key: str) -> str | None:
        """Return the variable that holds a value already, where it can be seen from here."""
        return next((block.known[key] for block in reversed(self._blocks) if key in block.known), None)

    def keep(self, key: str, name: str) -> None:
        """Note that a variable of the innermost block holds a value."""
        self._blocks[-1].known[key] = name

    @contextlib.contextmanager
    def within(self, variables: set[str]) -> Iterator[None]:
        """Go to the outermost block in which these variables are known and that is under the same condition."""
        depth = max((i for i, block in enumerate(self._blocks) if block.guards or block.variables & variables), default=0)
        inner, self._blocks = self._blocks[depth + 1 :], self._blocks[: depth + 1]
        yield
        self._blocks += inner

    @contextlib.contextmanager
    def loop(self, count: int, start: int = 0) -> Iterator[Index]:
        """Open a loop, unless it would run once; yields start + its variable."""
        if count == 1:
            yield Index(start)
            return
        name = self.name("i")
        self._blocks.append(Braces({name}))
        yield Index(start, ((name, 1),), ((name, count),))
        self._close(f"for (int {name} = 0; {name} < {count}; {name}++) {{")

    @contextlib.contextmanager
    def condition(self, head: str) -> Iterator[None]:
        """Open a block under a condition. head: e.g. "if (a < 3)"."""
        self._blocks.append(Braces(guards=True))
        yield
        self._close(f"{head} {{")

    def _close(self, head: str) -> None:
        block = self._blocks.pop()
        self._blocks[-1].lines += [head, *(f"  {line}" for line in block.lines), "}"]


@dataclass(frozen=True)
class Buffer:
    """Memory for one value. kind: a C type; size: elements."""

    name: str
    kind: str
    size: int

    @property
    def bytes(self) -> int:
        """Bytes, a multiple of 4."""
        return -(-self.size * (4 if self.kind == "float" else 1) // 4) * 4


@dataclass(frozen=True)
class Step:
    """One function of the C. value: what it computes, for the comment; buffers: those that it reads or writes."""

    value: str
    lines: tuple[str, ...]
    buffers: frozenset[Buffer]


def place_buffers(steps: Sequence[Step]) -> tuple[Mapping[Buffer, int], int]:
    """Return where each buffer begins in the arena, and the arena's bytes: two that are needed at the same time do not overlap."""
    used: dict[Buffer, list[int]] = {}
    for number, step in enumerate(steps):
        for buffer in step.buffers:
            used.setdefault(buffer, []).append(number)
    placed: dict[Buffer, int] = {}
    for buffer in sorted(used, key=lambda one: (-one.bytes, one.name)):
        at = 0
        beside = [one for one in placed if used[one][0] <= used[buffer][-1] and used[buffer][0] <= used[one][-1]]
        for other in sorted(beside, key=lambda one: placed[one]):
            if at + buffer.bytes <= placed[other]:
                break
            at = max(at, placed[other] + other.bytes)
        placed[buffer] = at
    return placed, max((at + buffer.bytes for buffer, at in placed.items()), default=0)
