"""`data.yaml` of a YOLO data set: class names, and which pictures are for what; paths in it are those of another machine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from featherfall.core.documents import read_yaml
from featherfall.core.errors import UserError
from featherfall.core.files import is_there
from featherfall.core.tables import read_text

_KEYS = (("train", "train"), ("val", "valid"), ("valid", "valid"), ("test", "test"))
_PLAIN_NAMES = ("classes.txt", "obj.names", "_darknet.labels")


@dataclass(frozen=True)
class Described:
    """The content of a data.yaml.

    Attributes:
        file: its path.
        names: class names by their number.
        parts: for "train", "valid" and "test" the folders or lists of pictures, as written.
    """

    file: Path
    names: dict[int, str]
    parts: tuple[tuple[str, str], ...] = ()

    def name(self, number: int) -> str:
        """Return a class's name; raises `UserError` for a number without one."""
        if number not in self.names:
            last = max(self.names, default=-1)
            raise UserError(f"class {number}, where {self.file.name} names {len(self.names)} (0 to {last}); correct the row or the names")
        return self.names[number]


def find_described(folder: Path, problems: list[str]) -> list[Described]:
    """Return all data sets below a folder, the nearest first; unusable YAML files are reported in `problems`."""
    found = []
    for file in sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")], key=lambda file: (len(file.parts), file)):
        try:
            described = read_data_yaml(file, problems)
        except UserError as error:
            problems.append(str(error))
            continue
        if described is not None:
            found.append(described)
    if not found:
        lists = [file for name in _PLAIN_NAMES for file in sorted(folder.rglob(name))]
        for file in lists[:1]:
            lines = [line.strip() for line in read_text(file).splitlines()]
            found.append(Described(file, {number: line for number, line in enumerate(lines) if line}))
    return found


def read_data_yaml(file: Path, problems: list[str]) -> Described | None:
    """Read one YAML file; None where it names no classes and so is no description. Raises `UserError` for a broken one."""
    values = read_yaml(file)
    if not isinstance(values, dict) or "names" not in values:
        return None
    names = _names(file, values["names"])
    count = values.get("nc", len(names))
    if count != len(names):
        problems.append(f"{file}: nc says {count} classes, names lists {len(names)}; the names count")
    return Described(file, names, tuple((part, text) for key, part in _KEYS for text in _texts(values.get(key))))


def _names(file: Path, value: Any) -> dict[int, str]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    try:
        names = {int(number): str(name).strip() for number, name in pairs}
    except (TypeError, ValueError):
        names = {}
    if not names or not all(names.values()):
        raise UserError(f"{file}: names should list the class names, or give one for each number; correct it")
    return names


def _texts(value: Any) -> Sequence[str]:
    return [value] if isinstance(value, str) else [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def place(folder: Path, text: str) -> Path | None:
    """Return the path below `folder` that matches most last parts of a path of another machine; None where none matches."""
    parts = [part for part in re.split(r"[\\/]+", text.strip()) if part not in ("", ".", "..") and not part.endswith(":")]
    for first in range(len(parts)):
        path = folder.joinpath(*parts[first:])
        if is_there(path):
            return path
    return None
