"""Open a file, a folder or a zip of text tables, whatever their encoding, delimiter, decimal mark and header."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from featherfall.recorders.recorder import Clock, Sensor, Series


@dataclass(frozen=True, eq=False)
class Table:
    """A text file with one row a sample, as found by its first 64 kB.

    Attributes:
        name: of the file (inside a folder or zip: relative to it).
        lines: the first lines as decoded, at most 64 kB, for recorders that know their preamble.
        delimiter, decimal: as found.
        preamble: lines above the header.
        columns: names of the header row without their units; empty for a table without a header.
        units: of the columns as the header, or a row of units below it, says, spelled as `core.units` does where known; None where it says nothing.
        first: fields of the first row of values.
    """

    path: Path
    name: str
    lines: tuple[str, ...]
    delimiter: str
    decimal: str
    preamble: tuple[str, ...]
    columns: tuple[str, ...]
    units: tuple[str | None, ...]
    first: tuple[str, ...]

    def has(self, *columns: str) -> bool:
        """Return whether the table has all these columns; case, spaces, "_" and "-" do not count."""
        raise NotImplementedError

    def series(
        self,
        sensor: Sensor,
        columns: Sequence[str | int],
        unit: str | None = None,
        *,
        time: str | int | None = None,
        time_unit: str | None = None,
        rate: float | None = None,
        start: float = 0.0,
        scale: float = 1.0,
        channels: tuple[str, ...] = ("x", "y", "z"),
        placement: str = "",
        clock: Clock = "sampled",
        counts_per_g: float | None = None,
    ) -> Series:
        """Return the samples in these columns.

        Arguments:
            columns: names, or positions from 0, in the order of `channels`.
            unit: None takes the header's.
            time: column of time stamps; None for rows that are `1 / rate` apart from `start` (s since 1970, or 0).
            time_unit: "s", "ms", "us", "ns" or "date"; None finds it out.
            scale: factor of the values as written, e.g. 1 / 64 of counts.
        """
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Capture:
    """What the user gave: a file, a folder or a zip.

    Attributes:
        path: as given, for messages.
        names: of the files in it: one for a file (without ".gz"), all for a folder or zip, relative, sorted, bounded in number.
    """

    path: Path
    names: tuple[str, ...]

    def table(self, name: str | None = None) -> Table | None:
        """Return a file as a table; None where it is not one (binary, JSON, prose). name: None for the only file."""
        raise NotImplementedError

    def head(self, name: str | None = None, size: int = 1 << 16) -> bytes:
        """Return a file's first bytes, decompressed."""
        raise NotImplementedError

    def text(self, name: str | None = None, limit: int = 1 << 24) -> str:
        """Return a whole small text file, e.g. JSON; raises `UserError` beyond `limit` bytes."""
        raise NotImplementedError
