from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from featherfall.core.errors import UserError
from featherfall.core.tables import dead_axes, nearest, read_columns, whole_number

GOOD = "t,ax,ay,az\n0.00,1,2,3\n0.02,4,5,6\n0.04,7,8,9\n"


def written(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "a.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        "\ufeff" + GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD + "\n\n",
        GOOD.replace(",", " , "),
        "\n".join(",".join(f'"{f}"' for f in line.split(",")) for line in GOOD.splitlines()),
    ],
    ids=["plain", "byte order mark", "windows", "blank end", "spaces", "quoted"],
)
def test_columns_by_name_in_the_order_asked(tmp_path: Path, content: str) -> None:
    values = read_columns(written(tmp_path, content), ["az", "t"], header=True)
    assert values.dtype == np.float64
    np.testing.assert_array_equal(values, [[3, 0.0], [6, 0.02], [9, 0.04]])


def test_columns_by_position_from_both_ends(tmp_path: Path) -> None:
    path = written(tmp_path, "2022-08-04 11:24:02,1,2,3\n2022-08-04 11:24:03,4,5,6")
    np.testing.assert_array_equal(read_columns(path, [1, -1], header=False), [[1, 3], [4, 6]])


def test_a_single_row_is_a_table(tmp_path: Path) -> None:
    assert read_columns(written(tmp_path, "a\n5\n"), ["a"], header=True).shape == (1, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"a\.csv: the file is empty; copy it again"),
        ("t,ax,ay,az\n", r"the file is empty"),
        ("\n\n", r"the file is empty"),
        (GOOD + "0.06,1", r"row 5 has 2 column\(s\), 4 are needed; complete or delete the row"),
        (GOOD + "0.06,nan,1,2", r"row 5: column 'ax' is 'nan', not a finite number; correct or delete"),
        (GOOD + "0.06,1,-inf,2", r"row 5: column 'ay' is '-inf', not a finite number"),
        (GOOD + "0.06,1,1e999,2", r"row 5: column 'ay' is '1e999', not a finite number"),
        (GOOD + "0.06,abc,1,2\n0.08,1,2,3", r"row 5: column 'ax' is 'abc', not a number"),
        (GOOD + "0.06,,1,2", r"row 5: column 'ax' has no value"),
        (GOOD + "0.06,1_0,1,2", r"row 5: column 'ax' is '1_0', not a number"),
        (GOOD + "\n0.06,1,2,3", r"row 5 is empty; delete it"),
        (GOOD.replace("az", "acc_z"), r"row 1: no column 'az'; did you mean 'acc_z'\?"),
        ("q,r\n1,2", r"row 1: no column 't'; known: q, r"),
        (GOOD.replace(",", ";"), r"row 1: no column 't'; the columns must be separated by commas"),
        (b"\xff\xfet\x00,\x00", r"a\.csv: not UTF-8 text \(byte 0 is 0xff\); save it as UTF-8"),
        (GOOD.encode() + b"0.06,\xe9,1,2", r"not UTF-8 text \(byte 49 is 0xe9\)"),
    ],
)
def test_every_fault_names_its_row(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_columns(written(tmp_path, content), ["t", "ax", "ay", "az"], header=True)


def test_columns_without_names_are_counted_from_1_in_messages(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"row 2: column 3 is 'x', not a number"):
        read_columns(written(tmp_path, "1,2,3\n4,5,x"), [-2, -1], header=False)


def test_absent_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"b\.csv: no such file; correct the path"):
        read_columns(tmp_path / "b.csv", [0], header=False)
    with pytest.raises(UserError, match="a folder, not a file"):
        read_columns(tmp_path, [0], header=False)


def test_dead_axes() -> None:
    moving = np.arange(10.0)
    one = np.stack([moving, np.zeros(10), moving], axis=1)
    assert dead_axes(one, 2.0) == [1]
    assert dead_axes(one, 0.5) == []  # a coarse sensor may rest that long
    assert dead_axes(np.ones((10, 3)), 0.2) == [0, 1, 2]


def test_nearest() -> None:
    assert nearest("acclerometer", ["accelerometer", "gyroscope"]) == "did you mean 'accelerometer'?"
    assert nearest("zzz", ["a", "b"]) == "known: a, b"


def test_a_long_cell_is_a_fault_of_its_row(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1," + "9" * 200_000 + "x\n")
    with pytest.raises(UserError, match=r"row 2: column 'y' is '999.*', not a number"):
        read_columns(tmp_path / "a.csv", ["x", "y"], header=True)


@pytest.mark.parametrize(("text", "value"), [("7", 7), ("7.0", 7), ("-3", -3), ("1e3", 1000)])
def test_whole_numbers(text: str, value: int) -> None:
    assert whole_number(text) == value


@pytest.mark.parametrize("text", ["7.5", "nan", "inf", "1e15", "9" * 5000, "", "x", "0x10"])
def test_what_is_no_whole_number(text: str) -> None:
    with pytest.raises(ValueError):
        whole_number(text)
