from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest

from featherfall.core.errors import UserError
from featherfall.datasets.xlsx import read_sheet

SHEET = "xl/worksheets/sheet1.xml"
NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'

BOMB = b'<!DOCTYPE x [<!ENTITY a "%s"><!ENTITY b "%s">]><x>%s</x>' % (b"x" * 100, b"&a;" * 5000, b"&b;" * 500)  # 250 MB of text


def written(path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"], sheet["B1"] = "Task Code (ID)", "Beschreibung µ"
    sheet["B3"], sheet["AA3"], sheet["C3"] = 12.5, 7, True
    book.save(path)
    return path


def repacked(path: Path, changes: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> Path:
    """The file with some of its parts replaced."""
    with zipfile.ZipFile(written(path.with_suffix(".old.xlsx"))) as old, zipfile.ZipFile(path, "w", how) as new:
        for name in old.namelist():
            new.writestr(name, changes.get(name, old.read(name)))
    return path


def rows(*rows: str) -> dict[str, bytes]:
    return {SHEET: f"<worksheet {NAMESPACE}><sheetData>{''.join(rows)}</sheetData></worksheet>".encode()}


def test_every_kind_of_cell(tmp_path: Path) -> None:
    sheet = read_sheet(written(tmp_path / "a.xlsx"))
    assert [len(row) for row in sheet] == [27, 27, 27]
    assert sheet[0][:3] == ["Task Code (ID)", "Beschreibung µ", ""]
    assert not any(sheet[1])
    assert (sheet[2][0], sheet[2][1], sheet[2][2], sheet[2][26]) == ("", "12.5", "True", "7")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (rows('<row r="30000000"><c r="A30000000"><v>1</v></c></row>'), "more than 10,000 rows"),  # took minutes
        (rows(*('<row><c r="ZZZ1"><v>1</v></c></row>' for _ in range(20))), "more than 10,000 rows or 200,000 cells"),
        (rows('<row r="x"><c r="A1"><v>1</v></c></row>'), "cannot be read as an .xlsx file"),
        (rows('<row r="1"><c r="A1" t="s"><v>99</v></c></row>'), "cannot be read as an .xlsx file"),
        (rows('<row r="1"><c r="A1" t="n"><v>' + "9" * 5000 + "</v></c></row>"), "cannot be read as an .xlsx file"),
        (rows("<row>"), "cannot be read as an .xlsx file"),
        ({SHEET: b"\x00" * (30 << 20)}, "25 MB"),  # 30 kB in the file
        (
            {SHEET: b'<!DOCTYPE x [<!ENTITY a "' + b"x" * 100 + b'"><!ENTITY b "' + b"&a;" * 5000 + b'">]><x>' + b"&b;" * 500 + b"</x>"},
            "cannot be",
        ),
        ({"xl/workbook.xml": b"<x/>"}, "cannot be read as an .xlsx file"),
    ],
)
def test_sheets_that_break_their_reader(changes: dict[str, bytes], told: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=told):
        read_sheet(repacked(tmp_path / "a.xlsx", changes))


@pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damaged_parts(how: int, tmp_path: Path) -> None:
    whole = repacked(tmp_path / "a.xlsx", {}, how).read_bytes()
    path = tmp_path / "b.xlsx"
    for at in range(0, len(whole), len(whole) // 60):
        for data in (whole[:at], whole[:at] + b"\xff\x00" + whole[at + 2 :]):
            path.write_bytes(data)
            try:
                read_sheet(path)  # some bytes do not matter
            except UserError as error:
                assert "cannot be read as an .xlsx file" in str(error) or "more than" in str(error)  # noqa: PT017


def test_what_is_no_sheet(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with pytest.raises(UserError, match=r"a\.xlsx: no such file"):
        read_sheet(path)
    path.write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(UserError, match=r"a\.xlsx: cannot be read as an \.xlsx file"):
        read_sheet(path)
