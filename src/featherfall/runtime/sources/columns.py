"""Find the columns of a CSV that hold an input: stated by the user, or by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.core.units import quantity
from featherfall.runtime.sources.timestamps import UNIT_SECONDS

# Prefixes that recording apps give to a sensor's columns; "" stands for bare "x", "y", "z".
_BEGINNINGS = {
    "accelerometer": ("accelerometer", "acceleration", "accel", "acc", "a", ""),
    "gyroscope": ("gyroscope", "gyro", "gyr", "g", "w"),
    "magnetometer": ("magnetometer", "mag", "m"),
}
_TIMES = (
    *("secondselapsed", "time", "timestamp", "t", "elapsed", "elapsedtime"),
    *("acceltime", "acceltimestamp", "accelerometertime", "accelerometertimestamp", "acctime", "acctimestamp"),
)
_SPELLINGS = {
    "m/s^2": "m/s2", "m/s²": "m/s2", "m/s/s": "m/s2", "ms-2": "m/s2", "ms^-2": "m/s2", "m*s-2": "m/s2", "m s-2": "m/s2",
    "g0": "g", "gs": "g", "dps": "deg/s", "°/s": "deg/s", "degrees/s": "deg/s", "radians/s": "rad/s", "µt": "uT", "μt": "uT", "ut": "uT",
}  # fmt: skip


@dataclass(frozen=True)
class Header:
    """The first line of a CSV. names: one per column; empty when the file starts with numbers. width: number of columns."""

    names: tuple[str, ...]
    width: int

    def position(self, stated: str) -> int | None:
        """Index of a column stated by its name, or by its number counted from 1; None when there is no such column."""
        if stated in self.names:
            return self.names.index(stated)
        bare = [i for i, name in enumerate(self.names) if split_unit(name)[0] == stated]
        if len(bare) == 1:
            return bare[0]
        return int(stated) - 1 if stated.isdigit() and 1 <= int(stated) <= self.width else None

    def __str__(self) -> str:
        names = ", ".join(name[:40] for name in self.names[:30])
        more = f" and {self.width - 30} more" if self.width > 30 else ""
        return names + more if self.names else f"{self.width} columns without a header"


def split_unit(name: str) -> tuple[str, str | None]:
    """ "accel_x [m/s^2]" -> ("accel_x", "m/s2"); without brackets the unit is None."""
    found = re.fullmatch(r"\s*(.*?)\s*[\[(]([^\])]*)[\])]\s*", name)
    if not found:
        return name.strip(), None
    unit = found[2].strip()
    return found[1], _SPELLINGS.get(unit.lower(), unit)


def is_known(unit: str) -> bool:
    """Return whether `core.units` knows a unit."""
    try:
        return bool(quantity(unit))
    except UserError:
        return False


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
    plain = [_plain(name) for name in header.names]
    for beginning in _beginnings(need.name):
        spellings = [{_plain(f"{beginning}_{channel}"), _plain(f"{channel}_{beginning}")} for channel in need.channels]
        found = [[i for i, name in enumerate(plain) if name in wanted] for wanted in spellings]
        if all(len(one) == 1 for one in found):
            return [one[0] for one in found]
    return None


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


def match_time(header: Header) -> int | None:
    """Return the index of the column that is named like a time; None where there is none."""
    plain = [_plain(name) for name in header.names]
    spellings = (spelling for known in _TIMES for spelling in (known, *(f"{known}{unit}" for unit in UNIT_SECONDS)))
    return next((plain.index(spelling) for spelling in spellings if spelling in plain), None)


def time_unit(name: str) -> str | None:
    """ "time [ms]", "timestamp_ms" -> "ms"; "seconds_elapsed" -> "s"; otherwise None."""
    bare, unit = split_unit(name)
    unit = unit or (bare.lower().rsplit("_", 1)[-1] if "_" in bare else None)
    if _plain(bare) == "secondselapsed":
        return "s"
    return unit if unit in UNIT_SECONDS else None


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


def _beginnings(name: str) -> tuple[str, ...]:
    """Return the prefixes to try: the input's own name, then the usual ones of its kind of sensor ("wrist_gyroscope" is a gyroscope)."""
    kind = next((kind for kind in _BEGINNINGS if kind in name), None)
    return (name, *(_BEGINNINGS[kind] if kind else ("",)))


def _plain(name: str) -> str:
    """Normalise a name: lower case, no unit, no "_list", only letters and digits: "Accel_X_list [g]" -> "accelx"."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"_list$", "", split_unit(name)[0].lower()))
