"""Tables as people have them: every layout gives the same samples."""

from __future__ import annotations

import gzip
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featherfall.core.errors import UserError
from featherfall.recorders.capture import Table, open_capture
from featherfall.recorders.layout import cell_kind
from featherfall.recorders.recognise import recognise
from featherfall.recorders.recorder import Series
from featherfall.recorders.table import Stated

VALUES = np.round(np.random.default_rng(0).normal(size=(40, 3)), 3)
TIMES = np.arange(40) * 0.02
START = 1_434_930_963.7  # 2015-06-21 23:56:03.700 UTC


def table(path: Path, content: str | bytes) -> Table:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    found = open_capture(path).table()
    assert found is not None
    return found


def read(series: Series) -> tuple[np.ndarray, np.ndarray, list[int]]:
    blocks = list(series.blocks())
    rows = [block.row + i for block in blocks for i in range(len(block.times))]
    return np.concatenate([block.times for block in blocks]), np.concatenate([block.values for block in blocks]), rows


def written(mark: str = ",", decimal: str = ".", header: str | None = "time,x,y,z", end: str = "\n", tail: str = "") -> str:
    """Return the samples as text."""
    rows = [mark.join(f"{value:.3f}".replace(".", decimal) for value in (t, *row)) + tail for t, row in zip(TIMES, VALUES, strict=True)]
    return end.join([*([header.replace(",", mark) + tail] if header else []), *rows]) + end


LAYOUTS: dict[str, str | bytes] = {
    "commas": written(),
    "semicolons": written(";"),
    "tabs with one at the end": written("\t", tail="\t"),
    "bars": written("|"),
    "blanks": written("  ", header="time,x,y,z"),
    "decimal comma": written(";", ","),
    "decimal comma and tabs": written("\t", ","),
    "decimal comma and blanks": written(" ", ","),
    "CRLF": written(end="\r\n"),
    "CR": written(end="\r"),
    "doubled CR": written(end="\r\r\n"),
    "no newline at the end": written().rstrip(),
    "byte order mark": b"\xef\xbb\xbf" + written().encode(),
    "UTF-16": written().encode("utf-16"),
    "UTF-16 without a mark": written().encode("utf-16-le"),
    "big-endian UTF-16": b"\xfe\xff" + written().encode("utf-16-be"),
    "cp1252": written(header="time,x,y,z,°").replace("\n", ",1\n").replace("°,1", "°").encode("cp1252"),
    "sep=": "sep=;\n" + written(";", ","),
    "comments above": "# made by a logger\n# 3 axes, 50 Hz\n# Zürich\n" + written(),
    "header in a comment": "% " + written(),
    "preamble": "Device: Watch\nStart, 12:00:00\n\nRate,50,Hz\n\n" + written(),
    "row of units": written().replace("time,x,y,z\n", "time,x,y,z\ns,g,g,g\n"),
    "row of units in brackets": written(";").replace("time;x;y;z\n", "time;x;y;z\n[s];[g];[g];[g]\n"),
    "quoted": "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in written().splitlines()),
    "ARFF": "@RELATION walk\n"
    + "".join(f"@ATTRIBUTE {name} NUMERIC\n" for name in ("time", "x", "y", "z"))
    + "@DATA\n"
    + written(header=None),
    "minus signs": written().replace("-", "\u2212"),
    "blanks after commas": written(", "),
    "everything at once": b"\xef\xbb\xbf"
    + ("sep=;\r\n# Uhr\r\n" + written(";", ",", end="\r\n", tail=";").replace("time;x;y;z;\r\n", "time;x;y;z;\r\ns;g;g;g;\r\n")).encode(),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_samples(layout: str, tmp_path: Path) -> None:
    found = table(tmp_path / "walk.csv", LAYOUTS[layout])
    assert found.columns[:4] == ("time", "x", "y", "z")
    times, values, _ = read(found.series("accelerometer", ["x", "y", "z"], "g", time="time"))
    np.testing.assert_allclose(times, TIMES, atol=1e-9)
    np.testing.assert_allclose(values, VALUES, atol=1e-9)


@pytest.mark.parametrize("mark", [",", ";", "\t", " "])
def test_without_a_header(mark: str, tmp_path: Path) -> None:
    found = table(tmp_path / "bare.txt", written(mark, header=None))
    assert (found.columns, found.layout.width) == ((), 4)
    _, values, rows = read(found.series("accelerometer", [3, 2, 1], "g", time=0))
    np.testing.assert_allclose(values, VALUES[:, ::-1])
    assert rows[0] == 1


def test_text_columns_and_trailing_marks_as_in_wisdm(tmp_path: Path) -> None:
    text = "".join(f"33,Jogging,{int(4e13 + t * 1e9)},{x},{y},{z};\n" for t, (x, y, z) in zip(TIMES, VALUES, strict=True))
    found = table(tmp_path / "wisdm.txt", text)
    _, values, _ = read(found.series("accelerometer", [3, 4, 5], "m/s2", time=2))
    np.testing.assert_allclose(values, VALUES)


def test_tabs_between_dates_that_hold_white_space(tmp_path: Path) -> None:
    text = "".join(f"2025-06-12 13:20:{t + 18:06.3f}\t{x}\t{y}\t{z}\t0\n" for t, (x, y, z) in zip(TIMES, VALUES, strict=True))
    assert table(tmp_path / "a.csv", text).delimiter == "\t"


def test_units_come_from_the_header_or_the_row_below(tmp_path: Path) -> None:
    assert table(tmp_path / "a.csv", written(header="time (ms),x [m/s^2],y [m/s^2],z [m/s²]")).units == ("ms", "m/s2", "m/s2", "m/s2")
    below = written(header="Timestamp,X,Y,Z").replace("Z\n", "Z\nms,m/(s^2)*,m/(s^2)*,m/(s^2)*\n")
    assert table(tmp_path / "b.csv", below).units == ("ms", "m/s2", "m/s2", "m/s2")
    assert table(tmp_path / "c.csv", written()).units == (None,) * 4


@pytest.mark.parametrize(
    ("pack", "name"),
    [(gzip.compress, "a.csv.gz"), (lzma.compress, "a.csv.xz"), (gzip.compress, "no-ending")],
)
def test_compressed_files(pack: Callable[[bytes], bytes], name: str, tmp_path: Path) -> None:
    found = table(tmp_path / name, pack(written().encode()))
    assert found.name == name.removesuffix(".gz").removesuffix(".xz")
    np.testing.assert_allclose(read(found.series("accelerometer", ["x", "y", "z"], time="time"))[1], VALUES)


def test_a_folder_and_a_zip_hold_the_same_names(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    (folder / "watch").mkdir(parents=True)
    for name in ("watch/Accelerometer.csv", "Gravity.csv.gz", ".hidden", "notes.txt"):
        (folder / name).write_bytes(gzip.compress(written().encode()) if name.endswith(".gz") else written().encode())
    (folder / "link.csv").symlink_to("/etc/passwd")
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        for name in ("watch/Accelerometer.csv", "Gravity.csv.gz", ".hidden", "notes.txt"):
            archive.write(folder / name, name)
    for path in (folder, tmp_path / "export.zip"):
        capture = open_capture(path)
        assert capture.names == ("Gravity.csv", "notes.txt", "watch/Accelerometer.csv")
        for name in capture.names:
            found = capture.table(name)
            assert found is not None
            np.testing.assert_allclose(read(found.series("accelerometer", ["x", "y", "z"], time="time"))[1], VALUES)
        assert capture.table() is None


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x01\x02\x00" * 50, None),
        (b'{"x": [1, 2, 3]}', None),
        (b"Once upon a time,\nthere was a file.\n", None),
        (b"", None),
    ],
)
def test_what_is_no_table(content: bytes, what: None, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    assert open_capture(tmp_path / "a").table() is what


def test_missing_values_are_gaps_and_other_rows_are_counted(tmp_path: Path) -> None:
    lines = written().splitlines()
    lines[5] = lines[5].rsplit(",", 1)[0] + ",NaN"
    lines[6] = lines[6].rsplit(",", 1)[0] + ","
    lines[7] = lines[7].split(",")[0] + ",null, NA ,-"
    lines[10] = ",,,"
    lines[11] = ""
    lines[12] = lines[0]
    lines[13] = "# pause"
    lines[14] = "," + lines[14].split(",", 1)[1]
    series = table(tmp_path / "a.csv", "\n".join([*lines, "", "total: 40"])).series("accelerometer", ["x", "y", "z"], time="time")
    for _ in range(2):
        times, values, rows = read(series)
        assert np.isnan(values).sum(axis=1).tolist()[3:8] == [0, 1, 1, 3, 0]
        assert rows == [*range(2, 11), *range(16, 42)]
        np.testing.assert_allclose(times, TIMES[[row - 2 for row in rows]])
        assert sorted(series.remarks()) == [
            "left out 1 row at the end that hold no sample",
            "left out 1 row that are comments",
            "left out 1 row that repeat the header",
            "left out 1 row without a time",
            "left out 3 rows that are empty",
        ]


@pytest.mark.parametrize(
    ("row", "change", "message"),
    [
        (7, lambda line: line.replace(",", ",oops", 1), r"a\.csv: row 7: column 'x' is 'oops.*', not a number; correct or delete the row"),
        (7, lambda line: "0.1,0.2", r"a\.csv: row 7 has 2 column\(s\), 4 are needed"),
        (7, lambda line: line.rsplit(",", 1)[0] + ",1_0", r"row 7: column 'z' is '1_0', not a number"),
        (7, lambda line: line.rsplit(",", 1)[0] + ",\x1b[31m", r"row 7: column 'z' is '\\\\x1b\[31m', not a number"),
    ],
)
def test_a_bad_row_is_named(row: int, change: Callable[[str], str], message: str, tmp_path: Path) -> None:
    lines = written().splitlines()
    lines[row - 1] = change(lines[row - 1])
    series = table(tmp_path / "a.csv", "\n".join(lines)).series("accelerometer", ["x", "y", "z"], time="time")
    with pytest.raises(UserError, match=message):
        read(series)


def test_the_row_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    series = table(tmp_path / "a.csv", written() + "0.8,0.1,0.").series("accelerometer", ["x", "y", "z"], time="time")
    assert len(read(series)[0]) == 40
    assert series.remarks() == ("left out 1 row at the end that hold no sample",)


def test_marks_between_thousands(tmp_path: Path) -> None:
    german = "zeit;x;y;z\n" + "".join(f"{1000 + 20 * i};1.{i:03d},5;-12.{i:03d},25;3,5\n" for i in range(30))
    values = read(table(tmp_path / "a.csv", german).series("accelerometer", ["x", "y", "z"], time="zeit"))[1]
    np.testing.assert_allclose(values[7], [1007.5, -12007.25, 3.5])
    english = "time,x,y,z\n" + "".join(f'{1000 + 20 * i},"1,{i:03d}.5","-12,{i:03d}.25",3.5\n' for i in range(30))
    values = read(table(tmp_path / "b.csv", english).series("accelerometer", ["x", "y", "z"], time="time"))[1]
    np.testing.assert_allclose(values[7], [1007.5, -12007.25, 3.5])


def test_blocks_are_bounded_and_whole(tmp_path: Path) -> None:
    count = 300_000
    text = "time,x,y,z\n" + "".join(f"{i / 50:.2f},{i % 7},{i % 11},{i}\n" for i in range(count))
    text = text.replace("\n2000.00,", "\n\n2000.00,")  # one empty row
    series = table(tmp_path / "long.csv", text).series("accelerometer", ["x", "y", "z"], time="time")
    sizes = [len(block.times) for block in series.blocks()]
    assert sum(sizes) == count and max(sizes) <= 1 << 18 and len(sizes) > 3
    _, values, rows = read(series)
    np.testing.assert_array_equal(values[:, 2], np.arange(count))
    assert rows[99_999] == 100_001 and rows[100_000] == 100_003


def test_rate_instead_of_stamps_scale_and_skipped_rows(tmp_path: Path) -> None:
    text = "1551453301.0, 1551453301.0, 1551453301.0\n32.0, 32.0, 32.0\n" + "".join(f"{i},64,-{i}\n" for i in range(90))
    series = table(tmp_path / "ACC.csv", text).series("accelerometer", [0, 1, 2], "g", rate=32.0, start=1551453301.0, scale=1 / 64, skip=2)
    times, values, rows = read(series)
    np.testing.assert_allclose(times, 1551453301.0 + np.arange(90) / 32)
    np.testing.assert_allclose(values[64], [1, 1, -1])
    assert rows[0] == 3 and series.rate == 32.0


@pytest.mark.parametrize(
    "stamp",
    [
        lambda t: f"{t:.3f}",
        lambda t: f"{t * 1e3:.0f}",
        lambda t: f"{t * 1e6:.0f}",
        lambda t: f"{round(t * 1e3)}000000",
        lambda t: f"{t / 86_400 + 25_569:.9f}",
        lambda t: np.datetime64(round(t * 1e3), "ms").item().isoformat(timespec="milliseconds"),
        lambda t: np.datetime64(round(t * 1e3), "ms").item().strftime("%d.%m.%Y %H:%M:%S.%f")[:-3],
        lambda t: np.datetime64(round(t * 1e3), "ms").item().strftime("%m/%d/%Y %I:%M:%S.%f %p"),
        lambda t: np.datetime64(round(t * 1e3), "ms").item().strftime("%Y%m%d%H%M%S%f")[:-3],
    ],
)
def test_stamps_of_every_kind(stamp: Callable[[float], str], tmp_path: Path) -> None:
    text = "Timestamp,x,y,z\n" + "".join(f"{stamp(START + t)},{x},{y},{z}\n" for t, (x, y, z) in zip(TIMES, VALUES, strict=True))
    times, _, _ = read(table(tmp_path / "a.csv", text).series("accelerometer", ["x", "y", "z"], time="Timestamp"))
    np.testing.assert_allclose(times, START + TIMES, atol=1e-4)


def test_date_and_time_in_two_columns_and_times_that_pass_midnight(tmp_path: Path) -> None:
    moments = [np.datetime64(1_735_689_599_500 + 20 * i, "ms").item() for i in range(50)]
    apart = "date;time;x;y;z\n" + "".join(f"{m:%d/%m/%Y};{m:%H:%M:%S.%f};0;0;1\n" for m in moments)
    times, _, _ = read(table(tmp_path / "a.csv", apart).series("accelerometer", ["x", "y", "z"], time=("date", "time")))
    np.testing.assert_allclose(times, 1_735_689_599.5 + np.arange(50) * 0.02, atol=1e-6)
    alone = "time;x;y;z\n" + "".join(f"{m:%H:%M:%S.%f};0;0;1\n" for m in moments)
    times, _, _ = read(table(tmp_path / "b.csv", alone).series("accelerometer", ["x", "y", "z"], time="time"))
    np.testing.assert_allclose(times - times[0], np.arange(50) * 0.02, atol=1e-6)


def test_day_and_month_are_asked_for_where_the_file_does_not_show_them(tmp_path: Path) -> None:
    def rows(*days: str) -> str:
        return "time,x,y,z\n" + "".join(f"{day} 12:00:00.{20 * i:03d},0,0,1\n" for i, day in enumerate(days))

    ambiguous = table(tmp_path / "a.csv", rows(*["03/04/2024"] * 30))
    with pytest.raises(UserError, match=r"a\.csv: the date '03/04/2024 12:00:00\.000' .*--dates dmy .*--dates mdy"):
        ambiguous.series("accelerometer", ["x", "y", "z"], time="time")
    stated = open_capture(tmp_path / "a.csv", Stated(dates="mdy")).table()
    assert stated is not None
    assert read(stated.series("accelerometer", ["x", "y", "z"], time="time"))[0][0] == np.datetime64("2024-03-04T12").astype(
        "M8[s]"
    ).astype(int)
    late = table(tmp_path / "b.csv", rows(*["03/04/2024"] * 30, *["13/04/2024"] * 2))
    assert read(late.series("accelerometer", ["x", "y", "z"], time="time"))[0][0] == np.datetime64("2024-04-03T12").astype("M8[s]").astype(
        int
    )


def test_archives_that_are_bombs_or_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("featherfall.recorders.member.FREE", 1 << 20)
    with gzip.open(tmp_path / "bomb.csv.gz", "wb", 9) as file:
        for _ in range(6):
            file.write(b"0,0,1\n" * 175_000)
    found = open_capture(tmp_path / "bomb.csv.gz").table()
    assert found is not None
    with pytest.raises(UserError, match="unpacks to more than 300 times its size"):
        read(found.series("accelerometer", [0, 1, 2], rate=50))
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(written().encode() * 50)[:-20])
    with pytest.raises(UserError, match=r"cut\.csv\.gz: cannot be read"):
        open_capture(tmp_path / "cut.csv.gz").text()
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04" + bytes(40))
    with pytest.raises(UserError, match=r"cut\.zip: not a whole zip archive"):
        open_capture(tmp_path / "cut.zip")


@pytest.mark.parametrize("name", ["nowhere.csv", "empty"])
def test_paths_that_lead_nowhere(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=rf"{name}: (cannot be read|holds no file)"):
        open_capture(tmp_path / name)


def test_a_stamp_that_no_clock_shows_is_left_out(tmp_path: Path) -> None:
    lines = written().splitlines()
    lines[5] = "9" * 40 + lines[5][lines[5].index(",") :]
    found = table(tmp_path / "a.csv", "\n".join(lines) + "\n").series("accelerometer", ["x", "y", "z"], time="time", time_unit="s")
    times = np.concatenate([block.times for block in found.blocks()])
    assert len(times) == len(TIMES) - 1 and found.remarks() == ("left out 1 row without a time",)


@pytest.mark.parametrize("text", ["time,x,y,z\n1e308,1,1,1\n1e308\n", "0,1,2,3\n1,1,2,3\n\r", "0,1,2,3\n1,1,2,3\n" + "\n" * 1_100_000])
def test_odd_numbers_and_empty_rows_warn_of_nothing(text: str, tmp_path: Path) -> None:
    tried(tmp_path / "a.csv", text.encode())


def tried(path: Path, content: bytes) -> None:
    """Read a file as the program does; only `UserError` may come of it."""
    path.write_bytes(content)
    for stated in (Stated(), Stated(rate=50.0), Stated(dates="dmy", time="1")):
        error = None
        try:
            for series in recognise(open_capture(path, stated)).series:
                for block in series.blocks():
                    assert len(block.times) == len(block.values) and np.isfinite(block.times).all()
        except UserError as caught:
            error = caught
        assert str(error).isprintable()


CELL = st.one_of(
    st.sampled_from(
        [
            "1",
            "-0.5",
            "1,5",
            "1.234,5",
            '"1,234.5"',
            "1e308",
            "-1e999",
            "inf",
            "nan",
            "",
            " ",
            "x",
            "\x1b[2J",
            "12:00:01",
            "3/4/2024 1:02:03 PM",
            "1700000000000",
            "99999999999999999999999999",
            "ns",
            "\x00",
            '"',
            "#",
            "@data",
        ]
    ),
    st.floats(width=32).map(str),
    st.text(max_size=5),
)


@given(
    rows=st.lists(st.lists(CELL, max_size=6), max_size=12),
    mark=st.sampled_from([",", ";", "\t", " ", "|"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_no_table_breaks_it(rows: list[list[str]], mark: str, end: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    text = "time,x,y,z\n".replace(",", mark) + end.join(mark.join(row) for row in rows)
    path = tmp_path_factory.getbasetemp() / "any.csv"
    for encoding in ("utf-8", "utf-16"):
        tried(path, text.encode(encoding, "replace"))


@given(content=st.binary(max_size=300))
def test_no_bytes_break_it(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    for start in (b"", b"\x1f\x8b\x08\0", b"PK\x03\x04", b"\xff\xfe", b"0,1,2,3\n1,1,2,3\n"):
        tried(path, start + content)


def test_long_cells_are_text_at_once() -> None:
    """Telling that thousands of digits are no number took seconds a file."""
    for cell in ("9" * 5000, "9" * 399 + "x", "1," * 150):
        for _ in range(200):
            cell_kind(cell)
    assert cell_kind("9" * 5000) == "text" and [cell_kind(cell) for cell in ("5.", ".5e3", "1,234.5")] == ["number"] * 3
