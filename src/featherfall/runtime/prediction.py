"""What a bundle says about one recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from featherfall.core.manifest import Manifest
from featherfall.runtime.decide.events import Event, events
from featherfall.signals.frames import RecordingWindows

MINIMUM_VALID = 0.5  # a window with less real signal than this is not judged


@dataclass(frozen=True, eq=False)
class Prediction:
    """The windows of one recording, what each is, and what follows for the whole.

    Attributes:
        labels: class names, in the order of the columns of `probabilities`.
        start_s, end_s, centre_s: (K,) seconds of the recording.
        probabilities: (K, classes) float32; each row sums to 1.
        valid: (K,) fraction of each window that is real signal, 0..1.
        judged: (K,) bool; False for windows that are left out of the label and of the events (mostly gap).
        label: of the whole recording; None when no window could be judged.
        events: detected falls; empty when the bundle names no positive class.
    """

    labels: tuple[str, ...]
    start_s: np.ndarray
    end_s: np.ndarray
    centre_s: np.ndarray
    probabilities: np.ndarray
    valid: np.ndarray
    judged: np.ndarray
    label: str | None
    events: tuple[Event, ...]

    @property
    def window_labels(self) -> list[str | None]:
        """The most probable label of each window; None where it is not judged."""
        best = self.probabilities.argmax(axis=1)
        return [self.labels[k] if judged else None for k, judged in zip(best, self.judged, strict=True)]

    @property
    def skipped(self) -> int:
        """Windows that were not judged."""
        return int((~self.judged).sum())

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dump`: label, events, windows."""
        return {
            "label": self.label,
            "events": [event.to_json() for event in self.events],
            "windows": [self._window(k, label) for k, label in enumerate(self.window_labels)],
        }

    def _window(self, k: int, label: str | None) -> dict[str, Any]:
        named = zip(self.labels, self.probabilities[k].tolist(), strict=True)
        return {
            "start_s": round(float(self.start_s[k]), 6),
            "end_s": round(float(self.end_s[k]), 6),
            "centre_s": round(float(self.centre_s[k]), 6),
            "valid": round(float(self.valid[k]), 4),
            "label": label,
            "probabilities": dict(named) if label is not None else None,
        }


def conclude(manifest: Manifest, frames: RecordingWindows, probabilities: np.ndarray) -> Prediction:
    """Put windows and probabilities together.

    Windows cut around an impact are all judged: a fall near a recording's edge has little signal on one side and still counts.

    Arguments:
        frames: K windows.
        probabilities: (K, classes) float32.
    """
    length = frames.valid.shape[1]
    valid = frames.valid.sum(axis=1) / length
    judged = np.isfinite(probabilities).all(axis=1)
    if manifest.window.kind != "impact":
        judged &= valid >= MINIMUM_VALID
    found = _falls(manifest, frames, probabilities, judged)
    return Prediction(
        labels=tuple(manifest.labels),
        start_s=frames.start_s,
        end_s=frames.end_s,
        centre_s=frames.centre_s,
        probabilities=probabilities,
        valid=valid,
        judged=judged,
        label=_label(manifest, probabilities, judged, found),
        events=found,
    )


def _falls(manifest: Manifest, frames: RecordingWindows, probabilities: np.ndarray, judged: np.ndarray) -> tuple[Event, ...]:
    if manifest.positive is None:
        return ()
    positive = probabilities[judged, manifest.labels.index(manifest.positive)]
    return tuple(events(frames.centre_s[judged], frames.end_s[judged], positive, manifest.decision))


def _label(manifest: Manifest, probabilities: np.ndarray, judged: np.ndarray, found: tuple[Event, ...]) -> str | None:
    """Fall bundles: the positive class where an event was raised, else the best other one. Activity bundles: the best of all."""
    names = list(manifest.labels)
    if manifest.task == "fall" and manifest.positive is not None:
        if found:
            return manifest.positive
        names.remove(manifest.positive)
        if len(names) == 1 and (len(judged) == 0 or judged.any()):  # no impact at all is an answer too
            return names[0]
    if not judged.any():
        return None
    scores = np.log(np.maximum(probabilities[judged].astype(np.float64), 1e-12)).mean(axis=0)
    return max(names, key=lambda name: scores[manifest.labels.index(name)])
