"""Whether a recording or film was judged, how much of it, and why not: the one place of the label `unknown`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

UNKNOWN = "unknown"

# Share of a recording that must have been judged before "no fall" is said of it. Below half, most of what could hold a fall was not looked
# at. A fall that was found is reported whatever the share.
MIN_JUDGED = 0.5


@dataclass(frozen=True)
class Verdict:
    """What is said of a whole recording or film.

    Attributes:
        label: a class, or `UNKNOWN`.
        judged: whether it could be judged, so that `label` is a class.
        share: of the recording that was judged, 0..1.
        reasons: why the rest was not, and what else limits the label; one line each, for users.
    """

    label: str
    judged: bool = True
    share: float = 1.0
    reasons: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain values: label, judged (the share, 0 where the label is unknown), reasons."""
        return {"label": self.label, "judged": round(self.share, 4) if self.judged else 0.0, "reasons": list(self.reasons)}


def give_verdict(label: str | None, found: bool, share: float, reasons: Iterable[str] = (), *, absence: bool = True) -> Verdict:
    """Return the verdict.

    Arguments:
        label: the best class; None where nothing could be judged.
        found: whether a fall was found, which a share that is too small does not undo.
        share: of the recording that was judged, 0..1.
        absence: whether the label, without a fall, says that there is none; that needs `MIN_JUDGED`.
    """
    lines = tuple(dict.fromkeys(reasons))
    if label is None or (absence and not found and share < MIN_JUDGED):
        return Verdict(UNKNOWN, False, share, lines or ("nothing of it could be judged",))
    return Verdict(label, True, share, lines)


def percent_of(share: float) -> str:
    """Format a share so that neither "0 %" nor "100 %" is said of less: .004 -> "less than 1 %"."""
    if 0 < share < 0.01:
        return "less than 1 %"
    return "more than 99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"
