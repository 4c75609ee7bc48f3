"""Text of unknown encoding: found by the byte order mark, by zeros where UTF-16 has them, else UTF-8, else Windows' cp1252."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

# Longest first: UTF-32's mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip


def find_encoding(head: bytes) -> tuple[str, int] | None:
    """Return the encoding of a file and the length of its byte order mark; None where the first bytes are not of a text."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, len(mark)
    # UTF-16 without a mark: every other byte of numbers and Latin letters is 0.
    if len(head) >= 4 and head.count(0):
        pairs = head[: len(head) // 2 * 2]
        for name, zeros in (("utf-16-le", pairs[1::2]), ("utf-16-be", pairs[::2])):
            if zeros.count(0) > 0.9 * len(zeros):
                return name, 0
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a character may be cut at the end
        return "utf-8", 0
    except UnicodeDecodeError:
        pass
    controls = sum(head.count(byte) for byte in range(32) if byte not in (9, 10, 12, 13))
    return None if controls > len(head) // 100 else ("cp1252", 0)


def decode(pieces: Iterable[bytes], encoding: str, mark: int = 0) -> Iterator[str]:
    """Yield text with "\\n" as its only line end and "-" as its only minus sign.

    A byte that the encoding does not have becomes "\ufffd": it is in a name or a comment, or the row that holds it is named later.

    Arguments:
        mark: length of the byte order mark.
    """
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    held = ""  # a "\r" whose "\n" may follow
    for piece in pieces:
        text = held + decoder.decode(piece[mark:])
        mark = 0
        held = "\r" if text.endswith("\r") else ""
        yield _plain(text[: len(text) - len(held)])
    yield _plain(held + decoder.decode(b"", final=True))


def _plain(text: str) -> str:
    if "\u2212" in text:
        text = text.replace("\u2212", "-")  # a minus sign of typesetters, which some languages' settings write
    if "\r" not in text:
        return text
    return text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
