"""Rich's console for tables and progress: nothing from a file reaches the terminal unescaped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions

from featherfall.core.console import output_errors
from featherfall.core.text import printable

if TYPE_CHECKING:
    from rich.segment import Segment


class SafeConsole(Console):
    """Rich's console, but whatever is rendered holds no control characters. Rich's own, of styles and cursor, stay."""

    def print(self, *objects: Any, **how: Any) -> None:
        """Print as Rich does; raises `UserError` where the output cannot be written."""
        with output_errors():
            super().print(*objects, **how)

    def render(self, renderable: Any, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render as Rich does, with names from files escaped."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=printable(segment.text, keep="\n"))
