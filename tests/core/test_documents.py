"""YAML and JSON from outside: a value, or one line that names the place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from featherfall.core.documents import DEPTH, parse_json, parse_yaml, read_json, read_yaml
from featherfall.core.errors import UserError
from featherfall.core.text import json_text

LAUGHS = "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x]", *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9))])
MERGES = "\n".join(["a0: &a0 {x: 1, y: 2}", *(f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}" for i in range(1, 9))])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: !!int ''", "line 2: '' makes no sense as a YAML int"),  # IndexError
        ("b: !!int 0b", "line 1: '0b' makes no sense"),  # ValueError
        ("b: !!bool x", "'x' makes no sense as a YAML bool"),  # KeyError
        ("b: !!float x", "'x' makes no sense as a YAML float"),
        ("b: [{c: !!timestamp ''}]", "'' makes no sense as a YAML timestamp"),  # AttributeError
        ("day: 2024-02-30 25:61:61", "'2024-02-30 25:61:61' makes no sense"),
        ("day: 2001-12-14t21:59:43.10-99:99", "makes no sense as a YAML timestamp"),
        ("? 2001-99-14\n: 1", "makes no sense as a YAML timestamp"),
        ("[]\0\0", "not valid YAML"),
        ("a: \x1b[31m", "not valid YAML"),
        ("a: [1,\nb: ]: {", "line 2: not valid YAML"),
        ("a: *b", "the alias *b names nothing before it"),
        ("a: &a [*a]", "the alias *a names nothing before it"),
        (LAUGHS, "holds more than 50,000 values"),
        (MERGES, "holds more than 50,000 values"),
        ("[" * 3000, "nested more than"),
        ("\n".join("  " * i + "a:" for i in range(80)), "nested more than"),
        ("- " * 2000 + "1", "nested more than"),
        ("a: " + "9" * 500_000, "line 1: a number of 500000 digits"),
        ("a: 0x" + "f" * 500_000, "a number of 500002 digits"),
        ("a: " + "1:" * 100_000 + "1", "a number of 200001 digits"),
        ("a: !!int '0x" + "f" * 500_000 + "'", "a number of 500002 digits"),
        ("a: 99999999999999999999", "a whole number of more than 64 bit"),
        ("a: 1\n---\nb: 2", "not valid YAML"),
        ("a: !!python/object/apply:os.system [ls]", "line 1: not valid YAML"),
        ("{[1, 2]: 3}", "not valid YAML"),
    ],
)
def test_yaml_that_breaks_its_parser(text: str, told: str) -> None:
    with pytest.raises(UserError, match=r"a\.yaml: ") as raised:
        parse_yaml(text, "a.yaml")
    assert told in str(raised.value)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1: not valid JSON"),
        ('{"a": 1,\n}', "line 2: not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 900 + "1" + "}" * 900, "nested more than 60 deep"),
        ("9" * 10_000, "a number of 10000 digits"),
        ('{"a": 99999999999999999999}', "more than 64 bit"),
        ('"\\ud800"', "text that is no Unicode"),
        ('{"\x1b[31m": 1}', "not valid JSON"),
        ("[" + "0," * 1_000_001 + "0]", "holds more than 1,000,000 values"),
    ],
)
def test_json_that_breaks_its_parser(text: str, told: str) -> None:
    with pytest.raises(UserError) as raised:
        parse_json(text, "a.json")
    assert told in str(raised.value)
    assert str(raised.value).isprintable()


def test_what_people_write_is_read() -> None:
    text = f"base: &b {{rate: 50, day: 2024-02-29}}\nmine: {{<<: *b, rate: 100}}\nlist: [*b, *b]\nname: '{'9' * 50}'"
    value = parse_yaml(text, "a.yaml")
    assert value["mine"]["rate"] == 100
    assert value["list"][0] == value["base"]
    assert value["name"].startswith("999")
    assert parse_yaml("", "a.yaml") is None
    assert parse_yaml("a: " + "[" * (DEPTH - 1) + "]" * (DEPTH - 1), "a.yaml")


@pytest.mark.parametrize("read", [read_yaml, read_json])
def test_files_that_hold_no_document(read: Callable[[Path], Any], tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="not UTF-8 text"):
        read(path)
    with open(path, "wb") as file:
        file.truncate(100 << 20)
    with pytest.raises(UserError, match="larger than"):
        read(path)
    with pytest.raises(UserError, match="no such file"):
        read(tmp_path / "b")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_comes_back_as_it_was_written(value: Any) -> None:
    for ascii_only in (False, True):
        text = json_text(value, indent=1, ascii_only=ascii_only)
        assert parse_json(text, "a.json") == value
        assert text.replace("\n", "").isprintable()
        assert text.isascii() or not ascii_only
