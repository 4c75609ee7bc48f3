"""What was found in a recorder's time stamps, in lines for the user."""

from __future__ import annotations

from dataclasses import dataclass, field

# kind -> the line, of one and of several; {n} their number, {row} the first, {s} seconds
_LINES: dict[str, tuple[str, str]] = {
    "gap": (
        "time jumps by {s} s before row {row}: a gap, in which nothing is judged",
        "{n} gaps in time, {s} s in all, the first before row {row}; nothing is judged there",
    ),
    "set": ("the clock was set before row {row}; from there the recording is read as a part of its own, 60 s later", ""),
    "restart": ("the clock starts again at row {row}; from there the recording is read as a part of its own, 60 s later", ""),
    "set back": ("the clock was set back by {s} s before row {row}; the times go on from there", ""),
    "counter": ("the counter of time wraps before row {row}; the times go on", "the counter of time wraps {n} times; the times go on"),
    "time of day": ("the time of day begins anew at row {row}; the times go on", "the time of day begins anew {n} times; the times go on"),
    "back": ("the clock goes back by {s} s before row {row} (daylight saving time); the times go on", ""),
    "forward": ("the clock goes forward by {s} s before row {row} (daylight saving time); the times go on", ""),
    "doubled": (
        "row {row} repeats the time of the row before and was left out",
        "{n} rows repeat the time of the row before and were left out, the first is row {row}",
    ),
    "twice": ("row {row} came twice and was left out once", "{n} rows came twice and were left out once, the first is row {row}"),
    "late": ("row {row} came late and was put in order", "{n} rows came late and were put in order, the first is row {row}"),
    "too late": (
        "row {row} came too late to be put in order and was left out",
        "{n} rows came too late to be put in order, from row {row}",
    ),
    "wild": ("the time of row {row} is out of all order, it was left out", "the times of {n} rows are out of all order, from row {row}"),
    "no time": ("row {row} has no time and was left out", "{n} rows have no time and were left out, the first is row {row}"),
    "coarse": ("", "{n} rows share a time stamp with the row before, so the samples are spread evenly between the stamps"),
    "falling": ("", "the rows are in falling order of time and were read from the last to the first"),
    "sorted": ("", "the rows are not in order of time and were sorted"),
}


@dataclass
class ClockNotes:
    """Counts what is found, by kind.

    Attributes:
        begins: times (s) of the first rows after a pause of unknown length, for which a minute stands in the times.
    """

    begins: list[float] = field(default_factory=list)
    _count: dict[str, int] = field(default_factory=dict)
    _row: dict[str, int] = field(default_factory=dict)
    _seconds: dict[str, float] = field(default_factory=dict)

    def add(self, kind: str, row: int, count: int = 1, seconds: float = 0.0) -> None:
        """Count rows, or steps before rows; `row` is the first."""
        if count:
            self._row.setdefault(kind, row)
            self._count[kind] = self._count.get(kind, 0) + count
            self._seconds[kind] = self._seconds.get(kind, 0.0) + seconds

    def lines(self) -> tuple[str, ...]:
        """Return one line a kind."""
        return tuple(self._line(kind) for kind in _LINES if kind in self._count)

    def _line(self, kind: str) -> str:
        count = self._count[kind]
        one, several = _LINES[kind]
        text = one if one and (count == 1 or not several) else several
        seconds = self._seconds[kind] / (count if text is one else 1)
        line = text.format(n=f"{count:,}", row=f"{self._row[kind]}", s=f"{seconds:,.3g}" if seconds < 100 else f"{seconds:,.0f}")
        return f"{line}; so again {count - 1} times" if text is one and count > 1 else line
