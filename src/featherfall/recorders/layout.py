"""How a text table is laid out, found by its first lines: delimiter, decimal mark, preamble, header, units, where the rows begin."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from featherfall.recorders.dates import is_date
from featherfall.recorders.names import is_unit, spell_unit, split_unit

Kind = Literal["number", "date", "empty", "text"]

COMMENTS = ("#", "%", "//", "@", "!")
# What spreadsheets, R, pandas, MATLAB and loggers write where a value is missing.
MISSING = frozenset((
    "", "nan", "na", "n/a", "#n/a", "null", "none", "nil", "nat", "-", "--", "---", "?", "missing", "#value!", "-nan", "nan(ind)",
    "-nan(ind)", "1.#qnan", "-1.#ind",
))  # fmt: skip
_SPACE = " "  # the delimiter "any white space"
_DELIMITERS = (",", ";", "\t", "|", _SPACE)  # white space last: it also stands within dates and after other delimiters
_NUMBER = {
    ".": re.compile(r"[-+]?(\d+(?:\.\d*)?|\.\d+|\d{1,3}(,\d{3})+\.\d+)([eE][-+]?\d+)?"),
    ",": re.compile(r"[-+]?(\d+(?:,\d*)?|,\d+|\d{1,3}(\.\d{3})+,\d+)([eE][-+]?\d+)?"),
}
_MAX_CELLS = 2000  # a wider table is none of a worn sensor
_MAX_CELL = 400  # characters; a longer one is neither a number nor a date, and patterns would take long to say so
_MAX_LINE = 20_000  # characters
_FEW = 20  # lines
_MAX_LINES = 400  # looked at: four times the longest known preamble


@dataclass(frozen=True)
class TableLayout:
    """How the rows are written.

    Attributes:
        delimiter: one character; " " for any white space.
        decimal: "." or ",".
        first: index of the first line with values.
        width: number of columns.
        columns: names of the header without their units; empty without a header. units: as `Table.units`.
        names: of the header as they stand.
        kinds: what most cells of each column hold.
        top: index of the first line that is not preamble: of the header, else of the first values.
        closing: what ends each row and is no delimiter: ";" or nothing.
    """

    delimiter: str
    decimal: str
    first: int
    width: int
    columns: tuple[str, ...] = ()
    units: tuple[str | None, ...] = ()
    names: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    top: int = 0
    closing: str = ""

    def bare(self, line: str) -> str:
        """Return a row without what ends it."""
        return line.rstrip().removesuffix(self.closing) if self.closing else line


def find_layout(lines: Sequence[str]) -> TableLayout | None:
    """Return the layout of a table by its first lines; None where they are not those of one."""
    lines = [line[:_MAX_LINE] for line in lines[:_MAX_LINES]]
    closing = _closing(lines)
    lines = [line.rstrip().removesuffix(closing) for line in lines] if closing else lines
    stated = _stated_delimiter(lines[0]) if lines else None
    best: tuple[tuple[int, int], _Body] | None = None
    for delimiter in [stated] if stated else _DELIMITERS:
        for decimal in ".,":
            if delimiter == decimal:
                continue
            body = _find_body(lines, delimiter, decimal)
            # The reading with more numbers is right: a wrong delimiter leaves text in which several of them stand.
            if body and (best is None or body.score > best[0]):
                best = body.score, body
    if best is None:
        return None
    return replace(_with_header(lines, best[1]), closing=closing)


def split_row(line: str, delimiter: str) -> list[str]:
    """Return the cells of a row, stripped."""
    if delimiter == _SPACE:
        return [cell.strip('"') for cell in line.split()]
    if '"' not in line:
        return [cell.strip() for cell in line.split(delimiter)]
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])]
    except csv.Error:
        return [cell.strip(' "') for cell in line.split(delimiter)]


def cell_kind(cell: str, decimal: str = ".") -> Kind:
    """Return what a cell holds."""
    if len(cell) > _MAX_CELL:
        return "text"
    if _NUMBER[decimal].fullmatch(cell):
        return "number"
    if cell.lower() in MISSING:
        return "empty"
    return "date" if is_date(cell) else "text"


def is_comment(line: str) -> bool:
    """Return whether a line is a comment."""
    return line.lstrip().startswith(COMMENTS)


@dataclass(frozen=True)
class _Body:
    delimiter: str
    decimal: str
    first: int
    width: int
    kinds: tuple[Kind, ...]
    score: tuple[int, int]


def _stated_delimiter(line: str) -> str | None:
    """Return the delimiter of Excel's first line "sep=;"."""
    found = re.fullmatch(r'\s*"?sep=(.|\\t)"?\s*', line, re.IGNORECASE | re.DOTALL)
    return None if not found else "\t" if found[1] == "\\t" else found[1]


def _closing(lines: Sequence[str]) -> str:
    """Return ";" where it ends the rows and stands nowhere else in them, as in WISDM's "33,Jogging,49105962326000,-0.69,12.68,0.50;"."""
    rows = [line.rstrip() for line in lines[len(lines) // 2 :] if line.strip()]
    return ";" if rows and sum(row.endswith(";") and row.count(";") == 1 for row in rows) > 0.8 * len(rows) else ""


def _find_body(lines: Sequence[str], delimiter: str, decimal: str) -> _Body | None:
    """Return where the rows of values begin, if the lines are a table of this delimiter and decimal mark."""
    rows = [[] if is_comment(line) else split_row(line, delimiter) for line in lines]
    kinds = [tuple(cell_kind(cell, decimal) for cell in row) for row in rows]
    # The end of the head is all rows, the beginning may be a preamble; of a few lines, which are too few to tell, the longest row is whole.
    tail = [one for one in kinds[len(kinds) // 2 if len(kinds) > _FEW else 0 :] if any(kind in ("number", "date") for kind in one)]
    if not tail:
        return None
    width = max(Counter(map(len, tail)).items(), key=lambda one: (one[1], one[0]))[0]
    fitting = [one for one in tail if len(one) == width]
    usual = tuple(_usual([one[i] for one in fitting]) for i in range(width))
    if not 1 <= width <= _MAX_CELLS or "number" not in usual:
        return None
    good = [i for i, one in enumerate(kinds) if _fits(one, usual)]
    if len(good) < max(1, 0.5 * sum(1 for row in rows[good[0] if good else 0 :] if any(row))):
        return None
    if decimal == "," and not any("," in cell for i in good[:200] for cell in rows[i]):
        return None  # whole numbers only: the same table without a decimal mark
    numbers = sum(kind == "number" for kind in usual)
    dates = sum(kind == "date" for kind in usual)
    if delimiter == _SPACE:  # a date and its time are one value that white space takes apart
        dates -= sum(first == second == "date" for first, second in pairwise(usual))
    return _Body(
        delimiter,
        decimal,
        good[0],
        width,
        usual,
        (len(good) * (numbers + dates), -_DELIMITERS.index(delimiter) if delimiter in _DELIMITERS else 0),
    )


def _usual(kinds: Sequence[Kind]) -> Kind:
    known = Counter(kind for kind in kinds if kind != "empty")
    return known.most_common(1)[0][0] if known else "empty"


def _fits(row: Sequence[Kind], usual: Sequence[Kind]) -> bool:
    """Return whether a row has numbers and dates where the table has them; the last cells may be missing."""
    if not any(kind in ("number", "date") for kind in row) or abs(len(row) - len(usual)) > 1:
        return False
    return all(kind in (wanted, "empty") or wanted in ("text", "empty") for kind, wanted in zip(row, usual, strict=False))


def _with_header(lines: Sequence[str], body: _Body) -> TableLayout:
    above = [i for i in range(body.first) if lines[i].strip()]
    units: list[str] = []
    names: list[str] = _attributes(lines[: body.first], body.width)
    top = body.first
    for i in reversed(above if not names else []):
        cells = _header_cells(lines[i], body)
        if cells is None:
            break
        if not units and not names and _are_units(cells):
            units, top = cells, i
            continue
        names, top = cells, i
        break
    trailing = body.width > 1 and body.kinds[-1] == "empty" and not (names and names[-1])
    width = body.width - trailing
    stated = [split_unit(name) for name in names[:width]]
    columns = tuple(name for name, _ in stated)
    return TableLayout(
        delimiter=body.delimiter,
        decimal=body.decimal,
        first=body.first,
        width=width,
        columns=columns,
        units=tuple(unit or _unit_below(units, i) for i, (_, unit) in enumerate(stated)) if columns else (None,) * width,
        names=tuple(names[:width]),
        kinds=body.kinds[:width],
        top=top,
    )


def _header_cells(line: str, body: _Body) -> list[str] | None:
    """Return the cells of a line above the rows as one per column; None where it is none of the table's."""
    bare = line.strip()
    mark = next((mark for mark in COMMENTS if bare.startswith(mark)), "")
    cells = split_row(bare[len(mark) :].lstrip(mark[:1]) if mark else line.strip("\n"), body.delimiter)
    if mark and not cells:
        return None
    if len(cells) == body.width - 1 and body.kinds[0] in ("number", "text") and body.width > 2 and cells[-1] and not mark:
        cells = ["", *cells]  # R names no column of row names
    while len(cells) > body.width and not cells[-1]:
        cells.pop()
    if len(cells) == body.width - 1 and body.kinds[-1] == "empty":
        cells.append("")  # the rows end with a delimiter, the header does not
    kinds = Counter(cell_kind(cell, body.decimal) for cell in cells)
    # A name may be a number ("1"), as long as most are none; a date stands in rows of values and preambles.
    if len(cells) != body.width or kinds["text"] <= kinds["number"] or (kinds["date"] and not mark):
        return None
    return cells


def _are_units(cells: Sequence[str]) -> bool:
    """Return whether a row is one of units: most of its cells that are not empty hold one, as no header's do."""
    filled = [cell for cell in cells if cell.strip("-_ ")]
    return bool(filled) and sum(is_unit(cell) or cell.strip("[]()").lower() in _OTHER_UNITS for cell in filled) > 0.6 * len(filled)


# Of columns that are not read; they tell a row of units from a header.
_OTHER_UNITS = frozenset((
    "hz", "%", "°c", "c", "v", "mv", "lux", "lx", "hpa", "pa", "no units", "no_units", "n/a", "local_flux*", "yyyy-mm-dd", "u", "count",
    "counts", "bpm", "d", "km/h", "°", "deg", "rad",
))  # fmt: skip


def _unit_below(units: Sequence[str], at: int) -> str | None:
    cell = units[at].strip("[]() ") if at < len(units) else ""
    return spell_unit(cell) if cell else None


def _attributes(lines: Sequence[str], width: int) -> list[str]:
    """Return the names that ARFF's lines "@attribute NAME TYPE" give to all columns; empty where they do not."""
    found = [re.match(r"\s*@attribute\s+(?:'([^']*)'|\"([^\"]*)\"|(\S+))", line, re.IGNORECASE) for line in lines]
    names = [one[1] or one[2] or one[3] for one in found if one]
    return names if len(names) == width else []
