"""The cells of an .xlsx sheet, by the standard library alone: a zip of XML (ECMA-376)."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

from featherfall.core.errors import UserError

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def read_sheet(path: Path) -> list[list[str]]:
    """Return rows of the first sheet as text; "" for an empty cell, all rows equally long, formulas as last computed.

    Raises: `UserError` for a file that is no .xlsx.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            sheet = min(name for name in names if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name))
            strings = _strings(archive.read("xl/sharedStrings.xml")) if "xl/sharedStrings.xml" in names else []
            root = ElementTree.fromstring(archive.read(sheet))
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); correct the path or the file's permissions") from error
    except (zipfile.BadZipFile, ValueError, ElementTree.ParseError) as error:
        raise UserError(f"{path}: cannot be read as an .xlsx file, it may be cut off; copy it again") from error
    rows: list[list[str]] = []
    for row in root.iter(f"{_MAIN}row"):
        number = int(row.get("r", len(rows) + 1))
        rows += [[] for _ in range(number - len(rows))]  # rows without cells are left out of the file
        for cell in row.iter(f"{_MAIN}c"):
            column = _column(cell.get("r")) if cell.get("r") else len(rows[number - 1])
            rows[number - 1] += [""] * (column + 1 - len(rows[number - 1]))
            rows[number - 1][column] = _text(cell, strings)
    width = max(map(len, rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows]


def _strings(data: bytes) -> list[str]:
    return ["".join(part.text or "" for part in item.iter(f"{_MAIN}t")) for item in ElementTree.fromstring(data).iter(f"{_MAIN}si")]


def _column(reference: str | None) -> int:
    """Return position of "B7", counted from 0."""
    number = 0
    for letter in re.sub(r"[^A-Z]", "", reference or ""):
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def _text(cell: ElementTree.Element, strings: list[str]) -> str:
    kind, value = cell.get("t"), cell.findtext(f"{_MAIN}v") or ""
    if kind == "inlineStr":
        return "".join(part.text or "" for part in cell.iter(f"{_MAIN}t"))
    return strings[int(value)] if kind == "s" and value else value
