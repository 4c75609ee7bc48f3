"""Le2i (ImViA) fall detection videos: four rooms, actors falling and not, 320 x 240 at 25 frames a second (Charfi et al., 2013).

`Coffee_room_01/Videos/video (1).avi` with `Coffee_room_01/Annotation_files/video (1).txt`: line 1 the fall's first frame, line 2 its last
(0 and 0, or boxes at once, where there is no fall), then a box for each frame. Archives double some folders. Rooms without annotations are
left out, since their falls are unknown. There is no sensor: recordings hold films only. The actors are not published; a room, filmed in one
or more sessions, counts as one subject, so that no room stands on two sides of a split.

Written from third-party documentation and not tested on original files.
"""

from __future__ import annotations

import re
from pathlib import Path

from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes, Recording, Video
from featherfall.core.registry import register
from featherfall.core.tables import read_text, whole_number

from .dataset import Dataset, Reader, Source, Unlisted
from .streams import make_recording

FRAME_RATE = 25.0
_ROOM = re.compile(r"(.+?)_?(\d*)")
_VIDEO = re.compile(r"video \((\d+)\)\.avi", re.IGNORECASE)


@register("dataset", "le2i")
class Le2i(Reader):
    """Films of falls and daily life in four rooms; no sensors."""

    folder = "Le2i"
    layout = "Coffee_room_01/Videos/video (1).avi and Coffee_room_01/Annotation_files/video (1).txt"

    def scan(self, folder: Path) -> Dataset:
        """List the annotated films; folders without annotations and invalid annotations are reported in `problems`."""
        sources, problems = [], []
        bare: dict[Path, int] = {}
        for path in sorted(folder.rglob("*.avi"), key=lambda path: (path.parent, _number(path))):
            place = path.parent.parent if path.parent.name.lower() == "videos" else path.parent
            notes = next(iter(sorted(place.glob(f"Annotation*/{path.stem}.txt"))), None)
            if notes is None:
                bare[place] = bare.get(place, 0) + 1
                continue
            try:
                frames = _fall(notes)
            except UserError as error:
                problems.append(Unlisted(f"{error}; left out"))
                continue
            sources.append(_source(path, place.name, notes, frames))
        problems += [Unlisted(f"{place}: no annotation of {count} film(s); they are left out", count) for place, count in bare.items()]
        return Dataset(self.name, folder, tuple(sources), problems=tuple(problems))


def _number(path: Path) -> int:
    match = _VIDEO.fullmatch(path.name)
    return int(match[1]) if match else 0


def _source(path: Path, place: str, notes: Path, frames: tuple[int, int] | None) -> Source:
    match = _ROOM.fullmatch(place)
    room, session = match.groups() if match else (place, "")
    number = _number(path)
    return Source(
        dataset=Le2i.name,
        subject=room.lower().replace("_", " "),
        activity="fall" if frames else "daily activity",
        trial=f"{session or 1}-{number or path.stem}",
        fall=frames is not None,
        files=(path, notes),
        traits={},
        read=_read,
        roles=("cam0", "annotation"),
        # Frames count from 1.
        fall_times=FallTimes(onset=(frames[0] - 1) / FRAME_RATE, end=frames[1] / FRAME_RATE) if frames else None,
    )


def _fall(path: Path) -> tuple[int, int] | None:
    """Return first and last frame of the fall, or None where there is no fall."""
    lines = [line.strip() for line in read_text(path).splitlines() if line.strip()]
    if not lines or "," in lines[0]:
        return None
    try:
        start, end = whole_number(lines[0]), whole_number(lines[1])
    except (IndexError, ValueError):
        raise UserError(f"{path}: rows 1 and 2 are not the first and last frame of a fall") from None
    if start == end == 0:
        return None
    if not 0 < start < end:
        raise UserError(f"{path}: a fall from frame {start} to {end}")
    return start, end


def _read(source: Source) -> Recording:
    """Return the recording of a film: its file and the times of its fall."""
    return make_recording(source, {}, {"cam0": Video(source.files[0])})
