"""Find the columns of a table that hold an input: stated by the user, or by their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.recorders.names import Header, match_channels, match_time, time_unit


def find_input(path: Path, header: Header, need: Input, stated: Sequence[str] | None) -> list[int]:
    """Return the indices of the input's columns, in the order of its channels; raises `UserError` that lists the file's columns."""
    if stated is not None:
        return _stated(path, header, need, stated)
    found = match_input(header, need)
    if found is None:
        raise UserError(
            f"{path}: no columns found for {need.name!r} ({', '.join(need.channels)}); the file has {header}; "
            f"state them with --columns {need.name}={','.join('NAME' for _ in need.channels)}"
        )
    return found


def match_input(header: Header, need: Input) -> list[int] | None:
    """Return the indices of the columns whose names are those of an input's channels; None where they are not all there, once each."""
    return match_channels(header, need.name, need.channels)


def find_time(path: Path, header: Header, stated: str | None) -> tuple[int, str | None]:
    """Return the index of the time column, stated or found by its name, and the unit in its name, if any; raises `UserError`."""
    if stated is not None:
        found = header.position(stated)
        if found is None:
            raise UserError(f"{path}: no time column {stated!r}; the file has {header}")
        return found, time_unit(header.names[found]) if header.names else None
    at = match_time(header)
    if at is None:
        raise UserError(f"{path}: no time column found; the file has {header}; state it with --time NAME, or give the rate with --rate HZ")
    return at, time_unit(header.names[at])


def refuse_shared(path: Path | str, found: Mapping[str, Sequence[int]], header: Header, hint: str = "state each with --columns") -> None:
    """Raise `UserError` if a column is found for two inputs, e.g. for two accelerometers whose columns have the same names."""
    owner: dict[int, str] = {}
    for name, columns in found.items():
        for i in columns:
            if i in owner:
                column = header.names[i] if header.names else str(i + 1)
                raise UserError(f"{path}: column {column!r} is taken for both {owner[i]!r} and {name!r}; {hint}")
            owner[i] = name


def _stated(path: Path, header: Header, need: Input, stated: Sequence[str]) -> list[int]:
    if len(stated) != len(need.channels):
        raise UserError(
            f"{path}: --columns gives {len(stated)} column(s) for {need.name!r}, which has {len(need.channels)}: {', '.join(need.channels)}"
        )
    found = []
    for column in stated:
        i = header.position(column)
        if i is None:
            raise UserError(f"{path}: no column {column!r} for {need.name!r}; the file has {header}")
        found.append(i)
    return found
