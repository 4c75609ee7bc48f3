"""Print lines and JSON: nothing from a file reaches the terminal unescaped. Tables: `core.rich_console`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping

from featherfall.core.errors import UserError
from featherfall.core.text import json_text, printable


@contextlib.contextmanager
def output_errors() -> Iterator[None]:
    """Convert errors of standard output, e.g. of a full disk, to `UserError`s; a reader that has gone (`| head`) remains what it is."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UserError(f"the output cannot be written ({error.strerror}); free some space, or send it elsewhere") from error


def say(*lines: str, error: bool = False) -> None:
    """Print lines on standard output (or error) at once, each of them one line."""
    with output_errors():
        print(*map(printable, lines), sep="\n", file=sys.stderr if error else sys.stdout, flush=True)


def say_json(value: object, indent: int | None = 2) -> None:
    """Print one JSON document on standard output, in ASCII where its encoding has no other characters."""
    with output_errors():
        print(json_text(value, indent, ascii_only=_only_ascii()), flush=True)


def say_json_object(value: Mapping[str, object], indent: str = "") -> None:
    """Print a JSON object on standard output, without an end of line; iterators are lists that are printed element by element, one a line.

    Memory does not grow with them, so that the windows of a week can be printed.

    Arguments:
        indent: of its first line, which is not printed.
    """
    ascii_only = _only_ascii()
    with output_errors():
        separator = "{"
        for name, one in value.items():
            sys.stdout.write(f"{separator}\n{indent}  {json_text(name, ascii_only=ascii_only)}: ")
            separator = ","
            if isinstance(one, Iterator):
                _write_list(one, f"{indent}  ", ascii_only)
            else:
                text = json_text(one, 2, ascii_only)
                sys.stdout.write(text.replace("\n", f"\n{indent}  "))
        sys.stdout.write(f"\n{indent}}}" if value else "{}")


def say_json_text(text: str) -> None:
    """Print a piece of a JSON document on standard output as it is."""
    with output_errors():
        sys.stdout.write(text)
        sys.stdout.flush()


def _write_list(items: Iterator[object], indent: str, ascii_only: bool) -> None:
    separator = "["
    for item in items:
        sys.stdout.write(f"{separator}\n{indent}  {json_text(item, ascii_only=ascii_only)}")
        separator = ","
    sys.stdout.write("[]" if separator == "[" else f"\n{indent}]")


def _only_ascii() -> bool:
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
    return not encoding.startswith("utf")
