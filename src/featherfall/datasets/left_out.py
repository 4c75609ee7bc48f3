"""Recordings of a dataset that could not be used: how many, why, and when that is too many to go on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from featherfall.core.errors import UserError

# Share of unreadable recordings above which nothing is trained or evaluated without being told to. What is left out is rarely left out by
# chance (the lively recordings, one subject, one device), and a tenth moves a figure by as much as most methods differ.
MOST_LEFT_OUT = 0.1
LACKS = "lacks"  # begins what is said of a recording that never had a needed stream: it is not used, and nothing is wrong with it
_ABSENT = re.compile(rf"^[^:]*: (?:{LACKS} |bundle .* needs the (?:input|film) |activity .* is not among the bundle's labels)")
_SHOWN = 4  # reasons in a line


@dataclass(frozen=True)
class LeftOut:
    """Recordings that were left out.

    Attributes:
        count: how many, of `of` in all.
        unreadable: those of them that could not be read; the others lack a stream that is needed.
        reasons: how many for which reason, the most frequent first; each with the first recording that has it.
    """

    count: int
    of: int
    unreadable: int
    reasons: Mapping[str, int]

    @property
    def too_many(self) -> bool:
        """Whether more than `MOST_LEFT_OUT` could not be read."""
        return self.unreadable > MOST_LEFT_OUT * self.of

    def lines(self) -> list[str]:
        """Return a line with the count, and one for each of the most frequent reasons; none where nothing was left out."""
        if not self.count:
            return []
        more = len(self.reasons) - _SHOWN
        shown = [f"{count} x {reason}" for reason, count in list(self.reasons.items())[:_SHOWN]]
        return [f"left out: {self.count} of {self.of}", *shown, *([f"and {more} more reasons"] if more > 0 else [])]

    def check(self, where: str | Path, allowed: bool) -> None:
        """Raise `UserError` where too many were left out and that was not allowed."""
        if self.too_many and not allowed:
            reason = next(iter(self.reasons), "")
            raise UserError(
                f"{where}: {self.unreadable} of {self.of} recordings cannot be used, more than {100 * MOST_LEFT_OUT:.0f} % "
                f"({next(iter(self.reasons.values()), 0)} x {reason}); mend the files (featherfall data inspect shows all), or go on "
                "without them: --allow-skipped"
            )

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {"count": self.count, "of": self.of, "unreadable": self.unreadable, "reasons": dict(self.reasons)}


def left_out(of: int, kept: int, problems: Sequence[str], folder: Path, unlisted: Sequence[str] = ()) -> LeftOut:
    """Return what was left out.

    Arguments:
        of: recordings that were listed. kept: those that were used.
        problems: a line for each that was not, "FILE: reason" or "RECORDING: lacks ...".
        folder: of the dataset, which is left out of the lines.
        unlisted: `Dataset.unlisted`, a line for each recording that could not even be listed.
    """
    of, problems = of + len(unlisted), (*problems, *unlisted)
    first: dict[str, str] = {}
    counts: dict[str, int] = {}
    for line in problems:
        text = line.replace(f"{folder}/", "")
        kind = re.sub(r"[-+]?\d+(?:\.\d+)?", "#", text.partition(": ")[2] or text)
        first.setdefault(kind, text)
        counts[kind] = counts.get(kind, 0) + 1
    ranked = sorted(counts, key=lambda kind: -counts[kind])
    absent = sum(bool(_ABSENT.match(line)) for line in problems)
    return LeftOut(of - kept, of, max(of - kept - absent, 0), {first[kind]: counts[kind] for kind in ranked})
