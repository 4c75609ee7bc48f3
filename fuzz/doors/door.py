"""What a door is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).parents[1] / "corpus"


@dataclass(frozen=True)
class Door:
    """One way in.

    Attributes:
        name: of the door and of its corpus.
        open: takes a seed's folder and the damaged file in it; raises `UserError` or nothing.
        reads: modules of the package, without "featherfall." and ".py", whose reading it covers.
        share: inputs in a run of 1,000 on average over all doors; slow doors get fewer.
        corpus: of another door; None has its own.
        leaves: endings of files in a seed that are not damaged (films in a data set).
    """

    name: str
    open: Callable[[Path, Path], object]
    reads: tuple[str, ...]
    share: int = 1000
    corpus: str | None = None
    leaves: tuple[str, ...] = ()

    def seeds(self) -> list[dict[str, bytes]]:
        """Return the seeds, each as its files' contents by name."""
        found = []
        for one in sorted((CORPUS / (self.corpus or self.name)).iterdir()):
            files = [path for path in sorted(one.rglob("*")) if path.is_file()] if one.is_dir() else [one]
            found.append({path.relative_to(one if one.is_dir() else one.parent).as_posix(): path.read_bytes() for path in files})
        return found

    def damages(self, name: str) -> bool:
        """Return whether the file of this name is damaged."""
        return not name.endswith(self.leaves) if self.leaves else True
