"""Sum up what was noted while the recordings of a dataset were read: one line a stream and kind, not one a recording."""

from __future__ import annotations

from dataclasses import dataclass

from featherfall.core.recording import NoteKind, Recording

_SAID = {
    "corrupt": "corrupt samples left out",
    "clipped": "clipped",
    "repeated": "repeated values",
    "unit": "no quiet stretch that confirms unit and gravity",
    "file": "read with a note",
}


@dataclass
class _Count:
    recordings: int
    first: str


class NoteSummary:
    """Counts the recordings with a note, by stream and kind."""

    def __init__(self) -> None:
        self._recordings: dict[str, int] = {}
        self._counts: dict[tuple[str, NoteKind], _Count] = {}

    def add(self, recording: Recording) -> None:
        """Take the notes of a recording's streams."""
        for name, stream in recording.streams.items():
            self._recordings[name] = self._recordings.get(name, 0) + 1
            for kind in dict.fromkeys(note.kind for note in stream.notes):
                text = next(note.text for note in stream.notes if note.kind == kind)
                known = self._counts.setdefault((name, kind), _Count(0, f"{recording.id}: {text.partition(': ')[2]}"))
                known.recordings += 1

    def lines(self) -> list[str]:
        """Return the lines. A unit that most of a stream's recordings confirm is confirmed for all of them."""
        lines = []
        for (name, kind), count in self._counts.items():
            of = self._recordings[name]
            if kind in _SAID and not (kind == "unit" and count.recordings <= of / 2):
                lines.append(f"{name}: {_SAID[kind]} in {count.recordings} of {of} recordings (first: {count.first})")
        return lines
