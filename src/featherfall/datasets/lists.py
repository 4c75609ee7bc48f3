"""Train and test lists as papers publish them: `E:\\UTD-MHAD\\Frames2\\a1_s1_t1_color 42 0`, a line a clip."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from featherfall.core.errors import UserError
from featherfall.core.tables import read_text, whole_number

_LINE = re.compile(r"(\S.*\S|\S)\s+(\d{1,15})\s+(\d{1,15})")


@dataclass(frozen=True)
class Listed:
    """One line: the parts of the clip's path on the authors' machine, its frames, its class counted from 0."""

    parts: tuple[str, ...]
    frames: int
    label: int


def read_list(path: Path) -> list[Listed]:
    """Read a list; raises `UserError` that names the row which is no path and two numbers."""
    found = []
    for row, line in enumerate(read_text(path).rstrip().splitlines(), start=1):
        match = _LINE.fullmatch(line.strip())
        if not match:
            raise UserError(f"{path}: row {row}: expected a path, a number of frames and a class, found {line[:60]!r}")
        found.append(Listed(tuple(re.split(r"[\\/]+", match[1])), whole_number(match[2]), whole_number(match[3])))
    return found
