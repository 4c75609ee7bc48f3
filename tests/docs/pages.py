"""The code blocks of README and documentation, by page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "benchmarks" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELL = {"bash", "console", "sh", ""}


@dataclass(frozen=True)
class Block:
    """One block. page: relative to the checkout; language: as stated, empty for none; at: its number on the page."""

    page: str
    language: str
    text: str
    at: int

    def __str__(self) -> str:
        return f"{self.page}:{self.at}"


def blocks(*languages: str) -> list[Block]:
    """Every block of some languages, in order."""
    found = []
    for page in PAGES:
        for at, (language, text) in enumerate(BLOCK.findall(page.read_text(encoding="utf-8"))):
            if language in languages:
                found.append(Block(str(page.relative_to(ROOT)), language, text, at))
    return found


def commands(*programs: str) -> list[tuple[str, str]]:
    """(page, line) of every shell command that calls one of some programs; continuation lines are joined, comments left out."""
    found = []
    for block in blocks(*SHELL):
        for line in block.text.replace("\\\n", " ").splitlines():
            line = re.sub(r"^\$ ", "", line.strip())
            line = re.sub(r"\s+#.*$", "", line).removeprefix(".venv-app/bin/").removeprefix(".venv/bin/")
            if line.split(" ")[0] in programs:
                found.append((block.page, re.sub(r" +", " ", line)))
    return found


def inline(program: str) -> list[tuple[str, str]]:
    """(page, text) of every `program ...` within a sentence or a table."""
    found = []
    for page in PAGES:
        prose = BLOCK.sub("", page.read_text(encoding="utf-8"))
        for text in re.findall(rf"`(?:\.venv(?:-app)?/bin/)?({program} [^`\n]+)`", prose):
            if not text.split()[1].endswith(":"):  # what it prints
                found.append((str(page.relative_to(ROOT)), text))
    return found
