"""The cells of an .xlsx sheet, by openpyxl: pure Python, so that no file crashes the process."""

from __future__ import annotations

import importlib
import io
import zipfile
from pathlib import Path

from featherfall.core.errors import UserError
from featherfall.core.files import read_bytes

_BYTES = 8 << 20  # of the file; KFall's label sheets have 10 kB
_UNPACKED = 24 << 20  # of the XML in it; openpyxl takes a second for 10 MB
_ROWS, _CELLS = 10_000, 200_000


def read_sheet(path: Path) -> list[list[str]]:
    """Return rows of the first sheet as text; "" for an empty cell, all rows equally long, formulas as last computed.

    Raises: `UserError` for a file that is no .xlsx, and for one with more than 10,000 rows or 200,000 cells.
    """
    importlib.import_module("openpyxl")  # of the extra `train`; where it is absent, that is no fault of the file
    data = read_bytes(path, _BYTES)
    try:
        rows = _rows(data)
    except MemoryError:
        raise
    except Exception as error:  # openpyxl, zipfile and the decompressors raise whatever a damaged part makes them
        raise UserError(f"{path}: cannot be read as an .xlsx file, it may be cut off; copy it again") from error
    if rows is None:
        raise UserError(f"{path}: more than {_ROWS:,} rows or {_CELLS:,} cells, or {_UNPACKED / 1e6:.0f} MB; delete what is no label")
    width = max(map(len, rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows]


def _rows(data: bytes) -> list[list[str]] | None:
    """Return the rows without the empty cells at their ends; None beyond the limits."""
    from openpyxl import load_workbook

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(part.file_size for part in archive.infolist()) > _UNPACKED:
            return None
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    rows: list[list[str]] = []
    cells = 0
    for row in book.worksheets[0].iter_rows(values_only=True, max_row=_ROWS + 1):
        texts = ["" if value is None else str(value) for value in row]
        while texts and not texts[-1]:
            texts.pop()
        rows.append(texts)
        cells += len(row)
        if len(rows) > _ROWS or cells > _CELLS:
            return None
    return rows
