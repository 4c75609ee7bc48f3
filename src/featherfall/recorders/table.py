"""A text table with one row a sample: what its first lines say, and its columns as series of samples."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.tables import nearest
from featherfall.recorders.dates import DayOrder, day_order
from featherfall.recorders.encoding import decode, find_encoding
from featherfall.recorders.layout import TableLayout, find_layout, split_row
from featherfall.recorders.member import Member
from featherfall.recorders.names import Header, plain_name, shown, time_unit
from featherfall.recorders.recorder import Block, Clock, Sensor, Series
from featherfall.recorders.rows import RowReader
from featherfall.recorders.times import StampReader, stamp_unit
from featherfall.signals.rows import all_columns

HEAD = 1 << 16  # bytes by which a table is recognised
_MAX_LINES = 3000  # of them; more tell nothing new
_TAIL = 1 << 12  # bytes of the end, which may say what the beginning does not: which of 3/4 is the month


@dataclass(frozen=True)
class Stated:
    """What the user says of a file's times; it wins over what is found.

    Attributes:
        dates: order of day and month in dates that do not show it.
        time: column of time stamps, by name or by number counted from 1, of a table that no recorder of its own reads.
        time_unit: "s", "ms", "us", "ns" or "iso", of that column.
        rate: samples per second, in place of any time stamps, Hz.
    """

    dates: DayOrder | None = None
    time: str | None = None
    time_unit: str | None = None
    rate: float | None = None


@dataclass(frozen=True, eq=False)
class Table:
    """A text file with one row a sample, as found by its first 64 kB.

    Attributes:
        name: of the file (inside a folder or zip: relative to it).
        lines: the first lines as decoded, at most 64 kB, for recorders that know their preamble.
        delimiter, decimal: as found.
        preamble: lines above the header.
        columns: names of the header row without their units; empty for a table without a header.
        units: of the columns as the header, or a row of units below it, says, spelled as `core.units` does where known; None where it says
            nothing.
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
    layout: TableLayout = field(repr=False)
    member: Member = field(repr=False)
    encoding: tuple[str, int] = field(default=("utf-8", 0), repr=False)
    stated: Stated = Stated()

    @property
    def where(self) -> str:
        """For messages."""
        return self.member.where

    @property
    def header(self) -> Header:
        """The names as they stand, and the number of columns."""
        return Header(self.layout.names, self.layout.width)

    def has(self, *columns: str) -> bool:
        """Return whether the table has all these columns; case, spaces, "_" and "-" do not count."""
        return all(self._find(column) is not None for column in columns)

    def column(self, column: str | int) -> int:
        """Return the position of a column from 0; raises `UserError` where there is none."""
        if isinstance(column, int):
            if not -self.layout.width <= column < self.layout.width:
                raise UserError(f"{self.where}: no column {column + 1}; the file has {self.layout.width}")
            return column % self.layout.width
        found = self._find(column)
        if found is None:
            hint = nearest(column, [shown(name) for name in self.columns[:30]]) if self.columns else f"the file has {self.header}"
            raise UserError(f"{self.where}: no column {column!r}; {hint}")
        return found

    def cells(self, column: str | int, most: int = 500) -> list[str]:
        """Return the cells of a column in the first rows, with a decimal point."""
        at = self.column(column)
        rows = (split_row(self.layout.bare(line), self.delimiter) for line in self.lines[self.layout.first : self.layout.first + most])
        cells = [row[at] for row in rows if len(row) > at]
        return [cell.replace(",", ".") for cell in cells] if self.decimal == "," else cells

    def series(
        self,
        sensor: Sensor,
        columns: Sequence[str | int],
        unit: str | None = None,
        *,
        time: str | int | Sequence[str | int] | None = None,
        time_unit: str | None = None,
        rate: float | None = None,
        start: float = 0.0,
        scale: float = 1.0,
        channels: tuple[str, ...] = ("x", "y", "z"),
        placement: str = "",
        clock: Clock = "sampled",
        counts_per_g: float | None = None,
        skip: int = 0,
        only: tuple[int, str] | None = None,
    ) -> Series:
        """Return the samples in these columns.

        Arguments:
            columns: names, or positions from 0, in the order of `channels`.
            unit: None takes the header's.
            time: column of time stamps, or two of them, date and time; None for rows that are `1 / rate` apart from `start` (s since 1970,
                or 0).
            time_unit: "s", "ms", "us", "ns" or "date"; None finds it out.
            scale: factor of the values as written, e.g. 1 / 64 of counts.
            skip: rows of values at the beginning that are no samples, e.g. a row that states the rate.
            only: position of a column of text, and the text (in any case) of the rows that are meant, e.g. one sensor's.
        Raises: `UserError` for a missing column, and for dates of which day and month cannot be told apart.
        """
        places = [self.column(column) for column in columns]
        stamps = [] if time is None else [self.column(one) for one in ([time] if isinstance(time, str | int) else time)]
        if not stamps and not (rate and 0 < rate < float("inf")):
            raise UserError(f"{self.where}: neither a time column nor the rate is known; state it with --time NAME, or --rate HZ")
        in_header = {self.units[place] for place in places} - {None}
        if unit is None and len(in_header) == 1:
            unit = in_header.pop()
        stamp_kind = self._stamp_unit(stamps, time_unit) if stamps else "s"
        order = self._day_order(stamps) if stamp_kind == "date" else None
        left_out: dict[str, int] = {}
        chosen = _Selection(places, stamps, stamp_kind, order, rate or 1.0, start, scale, skip, only)
        return Series(
            sensor=sensor,
            channels=channels,
            unit=unit,
            blocks=lambda: chosen.read(self, left_out),
            placement=placement,
            rate=None if stamps else rate,
            clock=clock,
            counts_per_g=counts_per_g,
            remarks=partial(_remarks, left_out),
        )

    def text(self) -> Iterator[str]:
        """Yield the whole text in pieces, with "\\n" as its only line end."""
        return decode(self.member.pieces(), *self.encoding)

    def _find(self, column: str) -> int | None:
        exact = [i for i, name in enumerate(self.columns) if name == column or self.layout.names[i] == column]
        alike = exact or [i for i, name in enumerate(self.columns) if _same(name) == _same(column) and _same(column)]
        return alike[0] if alike else None

    def column_name(self, at: int) -> str:
        """Return a column's name for messages, or its number from 1."""
        return repr(shown(self.columns[at])) if at < len(self.columns) and self.columns[at] else str(at + 1)

    def _stamp_unit(self, stamps: Sequence[int], stated: str | None) -> str:
        if len(stamps) > 1:
            return "date"
        at = stamps[0]
        header = self.units[at] if self.units[at] in _TIME_UNITS else time_unit(self.layout.names[at]) if self.columns else None
        return stamp_unit(self.cells(at), stated or header, self.where)

    def _day_order(self, stamps: Sequence[int]) -> DayOrder | None:
        """Return the order of day and month of this table's dates; raises `UserError` that asks where the file does not show it."""
        texts = [cell for at in stamps for cell in self.cells(at, most=_MAX_LINES)]
        found = day_order(texts)
        if found is not None:
            return found
        found = self.stated.dates or day_order(texts + self._last_cells(stamps))
        if found is None:
            raise UserError(
                f"{self.where}: the date {shown(texts[0])!r} does not show whether day or month comes first, nor does any other; "
                "state --dates dmy (day first) or --dates mdy (month first)"
            )
        return found

    def _last_cells(self, stamps: Sequence[int]) -> list[str]:
        """Return the cells of the last rows; the file is read once for it."""
        tail = ""
        for piece in self.text():
            tail = (tail + piece)[-_TAIL:]
        rows = [split_row(line, self.delimiter) for line in tail.split("\n")[1:]]
        return [row[at] for row in rows for at in stamps if len(row) == self.layout.width and row[at]]


@dataclass(frozen=True)
class _Selection:
    """The columns of a series and how they are read; see `Table.series`."""

    places: Sequence[int]
    stamps: Sequence[int]
    stamp_kind: str
    order: DayOrder | None
    rate: float
    start: float
    scale: float
    skip: int
    only: tuple[int, str] | None

    def read(self, table: Table, left_out: dict[str, int]) -> Iterator[Block]:
        """Yield the rows; `left_out` receives the number of rows that are left out, by the reason."""
        texts = list(self.stamps) if self.stamp_kind == "date" else []
        numbers = [*self.places, *(() if texts else self.stamps)]
        asked = texts + ([self.only[0]] if self.only else [])
        reader = RowReader(table.where, table.layout, numbers, asked, table.column_name, left_out)
        clock = StampReader(table.where, self.stamp_kind, self.order)
        count = -self.skip
        for rows in reader.read(table.text()):
            values = rows.values[:, : len(self.places)] * self.scale
            if texts:
                times = clock.dates(rows.dates[: len(texts)], rows.row)
            elif self.stamps:
                times = clock.numbers(rows.values[:, len(self.places)])
            else:
                times = self.start + (count + np.arange(len(values))) / self.rate
            if self.only:
                mine = np.char.lower(np.char.strip(rows.dates[-1])) == self.only[1].lower().encode("latin-1", "replace")
                times, values = times[mine], values[mine]
            first = min(max(0, -count), len(values))
            count += len(values)
            if first < len(values):
                yield from _stamped(Block(rows.row + first, times[first:], values[first:]), left_out)


_TIME_UNITS = ("s", "ms", "us", "ns")


def read_table(member: Member, name: str, stated: Stated = Stated()) -> Table | None:
    """Return a file as a table by its first lines; None where it is not one."""
    head = member.head(HEAD)
    encoding = find_encoding(head)
    if encoding is None:
        return None
    lines = "".join(decode([head], *encoding)).split("\n")[:_MAX_LINES]
    if len(head) == HEAD and len(lines) > 1:
        lines.pop()  # cut off
    if re.match(r"\s*(\{|\[\s*[\[{\"\d])", "\n".join(lines[:20])):
        return None  # JSON, whose numbers are apart by commas too
    layout = find_layout(lines)
    if layout is None:
        return None
    return Table(
        path=member.path,
        name=name,
        lines=tuple(lines),
        delimiter=layout.delimiter,
        decimal=layout.decimal,
        preamble=tuple(lines[: layout.top]),
        columns=layout.columns,
        units=layout.units,
        first=tuple(split_row(layout.bare(lines[layout.first]), layout.delimiter)[: layout.width]),
        layout=layout,
        member=member,
        encoding=encoding,
        stated=stated,
    )


def _stamped(block: Block, left_out: dict[str, int]) -> Iterator[Block]:
    """Yield the parts of a block whose rows have a time."""
    missing = np.isnan(block.times)
    if not missing.any():
        yield block
        return
    without = int(missing.sum())
    empty = int((missing & all_columns(np.isnan(block.values))).sum())
    for why, count in (("that are empty", empty), ("without a time", without - empty)):
        if count:
            left_out[why] = left_out.get(why, 0) + count
    for part in np.split(np.arange(len(missing)), np.flatnonzero(np.diff(missing)) + 1):
        if not missing[part[0]]:
            yield Block(block.row + int(part[0]), block.times[part], block.values[part])


def _remarks(left_out: dict[str, int]) -> tuple[str, ...]:
    return tuple(f"left out {count} row{'s' * (count > 1)} {why}" for why, count in left_out.items())


def _same(name: str) -> str:
    return plain_name(name) or name.strip().lower()
