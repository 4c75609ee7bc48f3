"""Numbers and names as people read them; nothing that a terminal or a page would obey."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from featherfall.core.errors import UserError
from featherfall.core.text import clock_time, in_markdown, in_markdown_code, printable, shortened


def test_time() -> None:
    assert clock_time(3723.44) == "1:02:03.4"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Größe 10 µT 낙상", "Größe 10 µT 낙상"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("abc\u202efdp.exe", "abc\\u202efdp.exe"),  # shown as abcexe.pdf
        ("\x9b2J", "\\x9b2J"),  # the one-character CSI
        ("\udcff.csv", "\\udcff.csv"),  # a file name that is no UTF-8
        ("C:\\new", "C:\\new"),
    ],
)
def test_characters_that_a_terminal_obeys(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable("a\n\x07", keep="\n") == "a\n\\x07"


@given(st.text(st.characters()))
def test_any_text_becomes_printable_once(text: str) -> None:
    once = printable(text)
    assert once.isprintable()
    assert printable(once) == once
    once.encode()


@given(st.text(st.characters(), max_size=3000))
def test_any_message_is_one_short_line(text: str) -> None:
    error = UserError(text)
    assert str(error).isprintable() and len(str(error)) <= 1500
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_the_middle_of_a_long_message_is_left_out() -> None:
    message = str(UserError("a.csv: " + "x" * 10_000 + "; correct it"))
    assert message.startswith("a.csv: xxx") and message.endswith("x; correct it") and " ... " in message
    assert shortened("abc", 3) == "abc"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("S1", "S1"),
        ("[x](javascript:alert)", "\\[x\\](javascript:alert)"),
        ("<script>", "&lt;script&gt;"),
        ("a|b", "a\\|b"),
        ("left_wrist *x*", "left\\_wrist \\*x\\*"),
        ("a\n# head", "a\\\\n\\# head"),
        ("&copy;", "&amp;copy;"),
    ],
)
def test_names_in_markdown(name: str, shown: str) -> None:
    assert in_markdown(name) == shown
    assert in_markdown_code("a`b\n") == "a'b\\n"
