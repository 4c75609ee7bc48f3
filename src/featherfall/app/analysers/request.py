"""What an analyser is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from featherfall.app.analysis import TaskProgress
from featherfall.app.models import OfferedModel
from featherfall.core.recording import Video
from featherfall.recorders.reading import ReadOptions


@dataclass(frozen=True)
class AnalysisRequest:
    """One file for one model.

    Attributes:
        path: the uploaded file. name: the user's name of it, for messages.
        model: analyses it.
        folder: an empty folder for files that the browser shows.
        private: keep and show no image, only keypoints or boxes on black.
        table: columns and units of a CSV.
        placement_ok: judge sensors wherever they were worn.
        rotate, rate, stream: of a film, as `Video`'s.
        progress: reports progress and cancels.
    """

    path: Path
    name: str
    model: OfferedModel
    folder: Path
    private: bool = False
    table: ReadOptions = field(default_factory=ReadOptions)
    placement_ok: bool = False
    rotate: int = 0
    rate: float | None = None
    stream: int | None = None
    progress: TaskProgress = field(default_factory=TaskProgress)

    @property
    def video(self) -> Video:
        """Return the uploaded film."""
        return Video(self.path, rotate=self.rotate, rate=self.rate, stream=self.stream)
