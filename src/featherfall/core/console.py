"""Print lines and JSON: nothing from a file reaches the terminal unescaped. Tables: `core.rich_console`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from featherfall.core.errors import UserError
from featherfall.core.text import printable, to_json


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
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
    with output_errors():
        print(to_json(value, indent, ascii_only=not encoding.startswith("utf")), flush=True)
