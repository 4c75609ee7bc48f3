"""Text for people: numbers, and names from files without what a terminal would obey."""

from __future__ import annotations

import json
import re
from typing import Any

_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# Marks of CommonMark within a line (2.4: any ASCII punctuation may be escaped), and "|", "~", "$" and "@" of its extensions. Without
# square brackets, "(" and "!" mean nothing.
_MARKS = re.compile(r"[\\`*_{}\[\]#|~$@]")


def clock_time(seconds: float) -> str:
    """Format seconds as h:mm:ss.s: 3723.44 -> "1:02:03.4"."""
    tenths = round(float(seconds) * 10)
    minutes, rest = divmod(tenths, 600)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest // 10:02d}.{rest % 10}"


def printable(text: str, keep: str = "") -> str:
    r"""Return `text` with every character that a terminal obeys or does not show as its escape: ESC -> "\x1b", a line feed -> "\n".

    Control characters, overrides of the direction of writing, lone surrogates and unusual blanks are such characters; those in `keep`
    stay. A text without them, and so any result, is returned as it is.
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in keep else repr(one)[1:-1] for one in text)


def shortened(text: str, most: int) -> str:
    """Return `text`, or of one longer than `most` characters its beginning and its end with " ... " between."""
    if len(text) <= most:
        return text
    tail = most // 4
    return f"{text[: most - tail - 5]} ... {text[-tail:]}"


def json_text(value: Any, indent: int | None = None, ascii_only: bool = False) -> str:
    """Return JSON whose strings hold no character that a terminal obeys; such are written as JSON's escapes (\\u001b).

    Arguments:
        ascii_only: escape every other character beyond ASCII too.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    if text.replace("\n", "").isprintable():
        return text
    return "".join(one if one.isprintable() or one == "\n" else _json_escape(one) for one in text)


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def in_markdown(text: str) -> str:
    """Return text from outside for a line or a table's cell of Markdown: it is shown as it is, without links, HTML or other marks."""
    safe = _MARKS.sub(lambda mark: "\\" + mark[0], printable(text))
    return "".join(_HTML.get(one, one) for one in safe)


def in_markdown_code(text: str) -> str:
    """Return text from outside for a code span of Markdown, which has no escapes: its backticks become apostrophes."""
    return printable(text).replace("`", "'")


def natural_key(name: str) -> tuple[str, int, str]:
    """Return a sort key that puts S2 before S10."""
    digits = "".join(filter(str.isdecimal, name))[:18]  # no more than a number of 64 bits holds
    return name.rstrip("0123456789"), int(digits or 0), name
