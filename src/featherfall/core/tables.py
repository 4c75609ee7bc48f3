"""Read numbers from text files: fast for valid files, naming the exact row of invalid ones. NumPy only."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.files import read_bytes

csv.field_size_limit(1 << 30)  # files are bounded; a long cell is a fault of the file, which its reader names by row
MOST_BYTES = 512 << 20  # of a file that is read whole: a day at 200 Hz; reading it takes three times as much memory


def read_columns(path: Path, columns: Sequence[str | int], header: bool) -> np.ndarray:
    """Read columns of a comma-separated file.

    Arguments:
        columns: names from the header row, or positions counted from 0 (negative: from the end).
        header: whether the first row holds names.
    Returns: (N, len(columns)) float64, N >= 1, every value finite. Row i of it is row i + 1 of the file, or i + 2 below a header.
    Raises: `UserError` for an unreadable, empty or undecodable file, a missing column, a row cut short, text, NaN or infinity.
    """
    return parse_columns(path, read_text(path), columns, header)


def parse_columns(path: Path, text: str, columns: Sequence[str | int], header: bool, first_row: int = 1) -> np.ndarray:
    """Parse as `read_columns` a part of a file, or text in which the caller has replaced other separators by commas.

    Arguments:
        path: named in messages.
        first_row: the text's first row as an editor counts it, for messages.
    """
    lines = text.rstrip().splitlines()
    first = int(header)
    if len(lines) <= first:
        raise UserError(f"{path}: the file is empty; copy it again or leave the recording out")
    names = _fields(lines[0]) if header else []
    index = [_position(path, name, names, lines[0]) for name in columns]
    try:
        values = np.loadtxt(lines[first:], delimiter=",", usecols=index, ndmin=2, comments=None, quotechar='"')
    except ValueError as error:
        raise _diagnose(path, lines, first, index, columns, first_row) from error
    if len(values) != len(lines) - first or not np.isfinite(values).all():  # loadtxt skips blank rows and takes "nan"
        raise _diagnose(path, lines, first, index, columns, first_row)
    return np.asarray(values, dtype=np.float64)


def read_text(path: Path, most: int = MOST_BYTES) -> str:
    """Return the text of a UTF-8 file, with or without a byte order mark.

    Raises: `UserError` that names the file, if it is not text, no regular file, or has more than `most` bytes.
    """
    try:
        return read_bytes(Path(path), most).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = f"byte {error.start} is 0x{error.object[error.start]:02x}"
        raise UserError(f"{path}: not UTF-8 text ({byte}); save it as UTF-8") from error


def dead_axes(values: np.ndarray, seconds: float) -> list[int]:
    """Return axes that never change, e.g. of a loose wire, a sensor switched off, or a column filled with zeros.

    Arguments:
        values: (N, C) of an accelerometer or a gyroscope, N >= 2.
        seconds: duration; within one second, a single axis of a coarse sensor may be constant by chance.
    Returns: positions of the dead axes; all of them when nothing changes at all.
    """
    still = np.ptp(values, axis=0) == 0
    if still.all() or seconds > 1:
        return [int(axis) for axis in np.flatnonzero(still)]
    return []


def whole_number(text: str) -> int:
    """Return the whole number that a cell states, "7" or "7.0"; raises `ValueError` for any other text, and beyond 15 digits."""
    value = float(text)
    if not abs(value) < 1e15:  # NaN too; int() takes ever longer for more digits, and a float has no more
        raise ValueError(f"{text[:40]!r} is no whole number of at most 15 digits")
    if value != int(value):
        raise ValueError(f"{text[:40]!r} is no whole number")
    return int(value)


def nearest(word: str, known: Sequence[str]) -> str:
    """Return a hint for an unknown name: the closest known one, or all of them."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"


def _fields(line: str) -> list[str]:
    return [field.strip() for field in next(csv.reader([line]), [])]


def _position(path: Path, column: str | int, names: list[str], header: str) -> int:
    if isinstance(column, int):
        return column
    if column in names:
        return names.index(column)
    if len(names) == 1 and (";" in header or "\t" in header):
        raise UserError(f"{path}: row 1: no column {column!r}; the columns must be separated by commas")
    raise UserError(f"{path}: row 1: no column {column!r}; {nearest(column, names)}")


def _diagnose(path: Path, lines: list[str], first: int, index: list[int], columns: Sequence[str | int], first_row: int) -> UserError:
    """Return an error for the first invalid row."""
    needed = max(position + 1 if position >= 0 else -position for position in index)
    for row, line in enumerate(lines[first:], start=first + first_row):
        fields = _fields(line)
        if not line.strip():
            return UserError(f"{path}: row {row} is empty; delete it")
        if len(fields) < needed:
            return UserError(f"{path}: row {row} has {len(fields)} column(s), {needed} are needed; complete or delete the row")
        for position, column in zip(index, columns, strict=True):
            fault = _fault(fields[position])
            if fault:
                name = repr(column) if isinstance(column, str) else position % len(fields) + 1
                return UserError(f"{path}: row {row}: column {name} {fault}; correct or delete the row")
    return UserError(f"{path}: not a comma-separated table of numbers; save it as CSV")


def _fault(field: str) -> str:
    try:
        value = float(field.replace("_", "?"))  # Python takes 1_000, a table does not
    except ValueError:
        return f"is {field[:40]!r}, not a number" if field else "has no value"
    return "" if np.isfinite(value) else f"is {field!r}, not a finite number"
