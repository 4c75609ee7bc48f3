"""Read the rows of a table in blocks of bounded size: fast where all cells are as they should be, row by row where they are not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from featherfall.core.errors import UserError
from featherfall.recorders.dates import WIDTH
from featherfall.recorders.layout import MISSING, TableLayout, cell_kind, is_comment, split_row
from featherfall.recorders.names import shown

MAX_LINE = 1 << 20  # characters; a longer row is none of a table of sensor samples
MAX_FOOTER = 20  # rows at the end that are no samples: totals, a closing line, a row cut off; at most a tenth of the samples


@dataclass(frozen=True, eq=False)
class Rows:
    """Consecutive rows.

    Attributes:
        row: of the first in the file, from 1.
        dates: (N,) bytes by column that was asked for as text.
        values: (N, C) float64; NaN for a missing value.
    """

    row: int
    dates: tuple[np.ndarray, ...]
    values: np.ndarray


@dataclass
class RowReader:
    """Reads some columns of a table.

    Attributes:
        where: file, for messages.
        columns, dates: positions of the columns that are read as numbers and as text.
        name: of a column by its position, for messages.
        left_out: number of rows that were left out, by the reason, since the last `read` began.
    """

    where: str
    layout: TableLayout
    columns: Sequence[int]
    dates: Sequence[int]
    name: Callable[[int], str]
    left_out: dict[str, int] = field(default_factory=dict)
    _broken: list[tuple[int, str]] = field(default_factory=list)
    _good: int = 0
    _step: int = 0

    def read(self, pieces: Iterable[str]) -> Iterator[Rows]:
        """Yield the rows of values.

        Arguments:
            pieces: of the whole file's text.
        Raises: `UserError` for a row in which a cell is neither a number nor missing, unless only few rows follow and all are so.
        """
        self.left_out.clear()
        self._broken.clear()
        self._good = 0
        for row, lines in _chunks(pieces, self.where):
            skip = max(0, self.layout.first + 1 - row)
            if lines[skip:]:
                yield from self._parse(
                    row + skip, [self.layout.bare(line) for line in lines[skip:]] if self.layout.closing else lines[skip:]
                )
        if self._broken:
            if len(self._broken) > min(MAX_FOOTER, self._good // 10):
                self._refuse()
            self.left_out["at the end that hold no sample"] = len(self._broken)

    def _parse(self, row: int, lines: list[str]) -> Iterator[Rows]:
        for step in range(self._step, len(self._STEPS)):
            table = self._load(self._STEPS[step](self, lines))
            if table is not None:
                self._step = step  # the next rows will be alike
                yield self._checked(row, table)
                return
        yield from self._slow(row, lines)

    def _load(self, lines: list[str]) -> np.ndarray | None:
        """Return the table of lines that all hold one; None where NumPy cannot read them so."""
        if not any(map(str.strip, lines)):
            return None  # NumPy warns of it
        kinds = [*((f"d{i}", f"S{WIDTH}") for i in range(len(self.dates))), ("v", "f8", (len(self.columns),))]
        try:
            table = np.loadtxt(
                lines,
                dtype=kinds,
                delimiter=None if self.layout.delimiter == " " else self.layout.delimiter,
                usecols=[*self.dates, *self.columns],
                comments=None,
                quotechar='"',
                ndmin=1,
            )
        except (ValueError, UnicodeError):
            return None
        return table if len(table) == len(lines) else None  # loadtxt skips blank rows

    def _checked(self, row: int, table: np.ndarray) -> Rows:
        if self._broken:
            self._refuse()
        return self._rows(row, tuple(table[f"d{i}"] for i in range(len(self.dates))), table["v"])

    def _rows(self, row: int, dates: tuple[np.ndarray, ...], values: np.ndarray) -> Rows:
        values = np.where(np.isfinite(values), values, np.nan)
        self._good += len(values)
        return Rows(row, dates, values)

    def _plain(self, lines: list[str]) -> list[str]:
        """Return lines with decimal points."""
        if self.layout.decimal == ".":
            return lines
        return "\n".join(lines).replace(",", ".").split("\n")

    def _filled(self, lines: list[str]) -> list[str]:
        """Return lines with decimal points, and "nan" in empty cells."""
        text, mark = "\n".join(self._plain(lines)), self.layout.delimiter
        if mark == " ":
            return lines
        for _ in range(2):
            text = text.replace(mark + mark, f"{mark}nan{mark}")
        text = text.replace(f"\n{mark}", f"\nnan{mark}").replace(f"{mark}\n", f"{mark}nan\n")
        return (f"nan{text}" if text.startswith(mark) else text).split("\n")

    def _mended(self, lines: list[str]) -> list[str]:
        """Return lines with "nan" for every mark of a missing value, decimal points, and no marks between thousands."""
        text, mark = "\n".join(lines), self.layout.delimiter
        if self.layout.decimal == ",":
            text = _THOUSANDS_DOT.sub(lambda found: found[0].replace(".", ""), text).replace(",", ".")
        elif '"' in text:
            text = _THOUSANDS_COMMA.sub(lambda found: found[0].replace(",", "").replace('"', ""), text)
        return (text if mark == " " else _missing_marks(mark).sub("nan", text)).split("\n")

    _STEPS = (_plain, _filled, _mended)

    def _slow(self, row: int, lines: list[str]) -> Iterator[Rows]:
        """Read row by row; yields one `Rows` for each stretch without a row that is left out."""
        start, values, dates = row, list[list[float]](), list[tuple[str, ...]]()
        for at, line in enumerate(lines, start=row):
            one = self._row(at, line)
            if one is not None:
                if self._broken:
                    self._refuse()
                if not values:
                    start = at
                dates.append(one[0])
                values.append(one[1])
            elif values:
                yield self._of_lists(start, dates, values)
                values, dates = [], []
        if values:
            yield self._of_lists(start, dates, values)

    def _of_lists(self, row: int, dates: list[tuple[str, ...]], values: list[list[float]]) -> Rows:
        texts = tuple(np.array([one[i].encode("latin-1", "replace")[:WIDTH] for one in dates], f"S{WIDTH}") for i in range(len(self.dates)))
        return self._rows(row, texts, np.array(values, dtype=np.float64).reshape(len(values), len(self.columns)))

    def _row(self, row: int, line: str) -> tuple[tuple[str, ...], list[float]] | None:
        """Return the cells of one row; None where it is left out, or broken."""
        cells = split_row(line, self.layout.delimiter)
        why = self._not_a_sample(line, cells)
        if why:
            self.left_out[why] = self.left_out.get(why, 0) + 1
            return None
        values: list[float] = []
        fault = ""
        needed = max((*self.columns, *self.dates), default=0) + 1
        if len(cells) < needed:
            fault = f" has {len(cells)} column(s), {needed} are needed; complete or delete the row"
        else:
            for i in self.columns:
                value = number_of(cells[i], self.layout.decimal)
                if value is None:
                    fault = fault or f": column {self.name(i)} is {shown(cells[i])!r}, not a number; correct or delete the row"
                else:
                    values.append(value)
        if fault:
            self._broken.append((row, fault))
            return None
        return tuple(cells[i].replace(",", ".") if self.layout.decimal == "," else cells[i] for i in self.dates), values

    def _not_a_sample(self, line: str, cells: list[str]) -> str:
        """Return why a row is left out without harm; "" for a row that should hold a sample."""
        if not any(cell.strip() for cell in cells):
            return "that are empty"
        if is_comment(line):
            return "that are comments"
        names = list(self.layout.names)
        return "that repeat the header" if names and cells[: len(names)] == names else ""

    def _refuse(self) -> None:
        row, fault = self._broken[0]
        raise UserError(f"{self.where}: row {row}{fault}")


_THOUSANDS_DOT = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{3})+,\d")
_THOUSANDS_COMMA = re.compile(r'"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d*)?"')


@lru_cache
def _missing_marks(delimiter: str) -> re.Pattern[str]:
    """Return a pattern of the cells that are empty or say that a value is missing."""
    mark = re.escape(delimiter)
    words = "|".join(sorted((re.escape(word) for word in MISSING if word), key=len, reverse=True))
    return re.compile(rf'(?<![^{mark}\n])(?:[^\S\n{mark}]*(?:"?(?:{words})"?|"")?[^\S\n{mark}]*)(?![^{mark}\n])', re.IGNORECASE)


def number_of(cell: str, decimal: str) -> float | None:
    """Return the number in a cell, NaN where it is missing, None where it holds something else."""
    cell = cell.strip("\x00 ")
    if cell.lower() in MISSING:
        return float("nan")
    if cell_kind(cell, decimal) != "number":
        return float("nan") if re.fullmatch(r"[-+]?(inf|infinity|1\.#inf)", cell, re.IGNORECASE) else None
    if decimal == ",":
        return float(cell.replace(".", "").replace(",", "."))
    return float(cell.replace(",", ""))


def _chunks(pieces: Iterable[str], where: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the first of some lines, from 1, and the lines."""
    row, rest = 1, ""
    for piece in pieces:
        text = rest + piece
        cut = text.rfind("\n")
        if cut < 0:
            rest = text
            if len(rest) > MAX_LINE:
                raise UserError(f"{where}: row {row} is longer than {MAX_LINE:,} characters; this is no table with one row a sample")
            continue
        lines = text[:cut].split("\n")
        rest = text[cut + 1 :]
        yield row, lines
        row += len(lines)
    if rest.strip():
        yield row, [rest]
