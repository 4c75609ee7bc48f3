"""What differs between kinds of bundles when they are evaluated."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from featherfall.core.errors import UserError
from featherfall.core.recording import Recording
from featherfall.datasets import Dataset
from featherfall.datasets.content import Content, video_content


class NotReadyError(UserError):
    """Nothing can be evaluated at all, e.g. without weights: other than a bad recording, it ends the evaluation."""


class Evaluator(ABC):
    """Collects predictions beside ground truth, recording by recording, and sums them up; `evaluate` does the rest.

    Attributes:
        unit: what a recording is, for messages.
    """

    unit: ClassVar[str]

    def prepare(self, dataset: Dataset) -> Dataset:
        """Return the dataset as the bundle needs it; raises `UserError` where that cannot be."""
        return dataset

    def remarks(self) -> list[str]:
        """Return what a reader must know of the dataset as a whole, once `prepare` was called."""
        return []

    def noted(self) -> list[str]:
        """Return what was noted while the recordings were read, summed up."""
        return []

    def contents(self, recording: Recording) -> Sequence[Content]:
        """Return the content of what the bundle looks at, to tell whether it was trained on it: here of every film."""
        return [video_content(video) for video in recording.videos.values()]

    @abstractmethod
    def add(self, recording: Recording) -> list[str]:
        """Predict one recording; returns notes for the reader.

        Raises: `UserError` where this recording must be left out, `NotReadyError` where every one would have to be.
        """

    @abstractmethod
    def result(self) -> dict[str, Any]:
        """Return "metrics" and "counts" of all recordings, and what else is known, as plain values."""
