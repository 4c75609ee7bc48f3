"""From window probabilities to usable windows, fall events and a label: pure functions, the same for evaluation and for a device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from featherfall.core.manifest import Decision, Manifest

# Below half, most samples are interpolated or held, so the model's output depends on the filling and not on the wearer.
MINIMUM_VALID = 0.5
_TOGETHER = 1 << 16  # windows


@dataclass(frozen=True)
class Event:
    """One detected fall; times in seconds of the recording.

    Attributes:
        start_s: centre of the first window that counts (its impact, for windows cut around impacts).
        peak_s: centre of the window with the highest probability (the first of equals).
        confidence: that probability, 0..1.
        raised_s: end of the first window that counts: the earliest that a device reading live could know.
        state: "detected". Later states (countdown, alarm, cancelled) are the application's.
    """

    start_s: float
    peak_s: float
    confidence: float
    raised_s: float
    state: str = "detected"

    def to_json(self) -> dict[str, Any]:
        """Return the attributes as plain values, times to the microsecond."""
        return {name: round(value, 6) if name.endswith("_s") else value for name, value in vars(self).items()}


def counting(probability: np.ndarray, decision: Decision) -> np.ndarray:
    """Return (K,) bool: the windows whose probability reaches the threshold; NaN never counts."""
    return np.asarray(np.asarray(probability) >= np.float64(decision.threshold))


def merge_groups(centre_s: np.ndarray, merge_s: float) -> list[np.ndarray]:
    """Split (K,) increasing seconds where a step is longer than `merge_s`; returns the indices of each group."""
    if len(centre_s) == 0:
        return []
    return np.split(np.arange(len(centre_s)), np.flatnonzero(np.diff(centre_s) > merge_s) + 1)


def events(centre_s: np.ndarray, end_s: np.ndarray, probability: np.ndarray, decision: Decision) -> list[Event]:
    """Return the events of one recording, in order of time.

    A window counts when its probability reaches the threshold; counting windows within `merge_s` of the previous counting one are one
    event, so two events' windows are always more than `merge_s` apart.

    Arguments:
        centre_s: (K,) seconds, non-decreasing.
        end_s: (K,) seconds.
        probability: (K,) of the positive class, 0..1.
    """
    chosen = np.flatnonzero(counting(probability, decision))
    return [_event(centre_s, end_s, probability, chosen[group]) for group in merge_groups(np.asarray(centre_s)[chosen], decision.merge_s)]


class EventFinder:
    """Finds the events of windows that come one after the other: those of `events`, each as its first window that counts is there."""

    def __init__(self, decision: Decision) -> None:
        self._decision = decision
        self._last = -np.inf  # centre of the last window that counts, s

    def add(self, centre_s: np.ndarray, end_s: np.ndarray, probability: np.ndarray) -> list[Event]:
        """Take (K,) windows, later than those before; return the events that begin with them. Arguments as of `events`."""
        found = []
        for k in np.flatnonzero(counting(probability, self._decision)):
            if centre_s[k] - self._last > self._decision.merge_s:
                found.append(_event(centre_s, end_s, probability, np.array([k])))
            self._last = float(centre_s[k])
        return found


def _event(centre_s: np.ndarray, end_s: np.ndarray, probability: np.ndarray, windows: np.ndarray) -> Event:
    peak = windows[np.argmax(np.asarray(probability)[windows])]
    return Event(
        start_s=float(centre_s[windows[0]]),
        peak_s=float(centre_s[peak]),
        confidence=float(probability[peak]),
        raised_s=float(end_s[windows[0]]),
    )


def has_numbers(probabilities: np.ndarray) -> np.ndarray:
    """Return (K,) bool: the windows for which the model gave probabilities; a broken model gives NaN."""
    return np.asarray(np.isfinite(probabilities).all(axis=1))


def usable(valid: np.ndarray, probabilities: np.ndarray, window: Literal["trial", "sliding", "impact"]) -> np.ndarray:
    """Return which windows count for events and for the label, (K,) bool.

    Windows cut around an impact all count: a fall near a recording's edge has little signal on one side and is still a fall.

    Arguments:
        valid: (K,) fraction of each window that is real signal, 0..1.
        probabilities: (K, classes).
        window: how they were cut.
    """
    finite = has_numbers(probabilities)
    return np.asarray(finite if window == "impact" else finite & (valid >= MINIMUM_VALID))


def recording_label(manifest: Manifest, probabilities: np.ndarray, use: np.ndarray, found: bool) -> str | None:
    """Return the label of a whole recording; None where no window can tell.

    For a fall bundle: the positive class if an event was found, else the best other class (of two classes the other one, even where no
    window was triggered). For an activity bundle: the best class. The best class has the highest mean log probability, so that one
    confident error does not decide.

    Arguments:
        probabilities: (K, classes). use: (K,) bool, see `usable`.
        found: whether there is an event.
    """
    names = list(manifest.labels)
    if manifest.task == "fall" and manifest.positive is not None:
        if found:
            return manifest.positive
        names.remove(manifest.positive)
        if len(names) == 1 and len(use) == 0:
            return names[0]
    if not use.any():
        return None
    scores = np.zeros(len(manifest.labels))
    for at in range(0, len(use), _TOGETHER):  # of a week, all at once would need more memory than the samples
        part = slice(at, at + _TOGETHER)
        scores += np.log(np.maximum(probabilities[part][use[part]].astype(np.float64), 1e-12)).sum(axis=0)
    return max(names, key=lambda name: scores[manifest.labels.index(name)])
