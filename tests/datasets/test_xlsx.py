from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from featherfall.core.errors import UserError
from featherfall.datasets.xlsx import read_sheet

NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def pack(path: Path, rows: str, strings: str | None = None) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", f"<worksheet {NAMESPACE}><sheetData>{rows}</sheetData></worksheet>")
        if strings:
            archive.writestr("xl/sharedStrings.xml", f"<sst {NAMESPACE}>{strings}</sst>")
    return path


def test_every_kind_of_cell(tmp_path: Path) -> None:
    rows = (
        '<row r="1"><c r="A1" t="s"><v>1</v></c><c r="B1" t="inlineStr"><is><t>in</t><t>line</t></is></c></row>'
        '<row r="3"><c r="B3"><v>12.5</v></c><c r="AA3" t="n"><f>1+1</f><v>2</v></c><c r="A3" t="inlineStr"/></row>'
    )
    sheet = read_sheet(pack(tmp_path / "a.xlsx", rows, "<si><t>no</t></si><si><r><t>sha</t></r><r><t>red</t></r></si>"))
    assert [len(row) for row in sheet] == [27, 27, 27]
    assert sheet[0][:3] == ["shared", "inline", ""]
    assert not any(sheet[1])
    assert (sheet[2][0], sheet[2][1], sheet[2][26]) == ("", "12.5", "2")


def test_what_is_no_sheet(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with pytest.raises(UserError, match=r"a\.xlsx: cannot be read \(No such file"):
        read_sheet(path)
    path.write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(UserError, match=r"a\.xlsx: cannot be read as an \.xlsx file"):
        read_sheet(path)
    with pytest.raises(UserError, match=r"a\.xlsx: cannot be read as an \.xlsx file"):
        read_sheet(pack(path, "<row>"))
