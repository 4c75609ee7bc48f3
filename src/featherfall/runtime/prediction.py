"""The result of a bundle on one recording."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from featherfall.core.manifest import Decision, Manifest
from featherfall.runtime.decide.events import Event, counting, events, has_numbers, recording_label, usable
from featherfall.runtime.verdict import Verdict, give_verdict, percent_of
from featherfall.signals.frames import WindowTimes
from featherfall.signals.spool import release

_MAX_LIMITS = 400  # characters of a manifest's own line
_RELEASED = 1 << 16  # windows after which their memory is given back, where they lie in a file
_WHOLE = 0.99  # of a recording without gaps; single lost packets are not worth a line


@dataclass(frozen=True)
class Stretch:
    """Consecutive windows of one label. label: None where they are not usable; confidence: mean probability of the label, 0..1."""

    start_s: float
    end_s: float
    label: str | None
    confidence: float


@dataclass(frozen=True, eq=False)
class Prediction:
    """The windows of one recording, their probabilities, and the decision on the whole recording.

    Attributes:
        labels: class names, in the order of the columns of `probabilities`.
        start_s, end_s, centre_s: (K,) seconds of the recording.
        probabilities: (K, classes) float32; each row sums to 1.
        valid: (K,) fraction of each window that is real signal, 0..1.
        usable: (K,) bool; False for windows excluded from label and events (mostly gap, or the model gave no probabilities).
        verdict: the label of the whole recording, what was judged of it, and why the rest was not.
        events: detected falls; empty when the bundle names no positive class.
        positive, decision: the class that is a fall, and the decision settings of the events.
        recognised: what the file was taken for, in one line; "" for other sources.
    """

    labels: tuple[str, ...]
    start_s: np.ndarray
    end_s: np.ndarray
    centre_s: np.ndarray
    probabilities: np.ndarray
    valid: np.ndarray
    usable: np.ndarray
    verdict: Verdict
    events: tuple[Event, ...]
    positive: str | None = None
    decision: Decision = field(default_factory=Decision)
    recognised: str = ""

    @property
    def label(self) -> str:
        """The label of the whole recording; "unknown" where it could not be judged."""
        return self.verdict.label

    @property
    def window_labels(self) -> list[str | None]:
        """The most probable label of each window; None where it is not usable."""
        best = self.probabilities.argmax(axis=1)
        return [self.labels[k] if use else None for k, use in zip(best, self.usable, strict=True)]

    @property
    def skipped(self) -> int:
        """Number of windows that are not usable."""
        return int((~self.usable).sum())

    def curve(self) -> np.ndarray:
        """Return (K, 3) float64 of the usable windows: centre (s), end (s), probability of a fall; (0, 3) without a positive class."""
        if self.positive is None:
            return np.zeros((0, 3))
        columns = (self.centre_s, self.end_s, self.probabilities[:, self.labels.index(self.positive)])
        return np.stack([np.asarray(column, dtype=np.float64)[self.usable] for column in columns], axis=1)

    def events_at(self, threshold: float) -> tuple[Event, ...]:
        """Return the events at another threshold, 0..1; the model does not run again."""
        centre_s, end_s, probability = self.curve().T
        return tuple(events(centre_s, end_s, probability, self.decision.model_copy(update={"threshold": threshold})))

    def stretches(self) -> Iterator[Stretch]:
        """Yield consecutive windows of one label as one stretch, in order of time."""
        best = np.where(self.usable, self.probabilities.argmax(axis=1), -1)
        edges = np.flatnonzero(np.diff(best, prepend=-2, append=-2))
        for first, after in pairwise(edges.tolist()):
            confidence = float(self.probabilities[first:after].max(axis=1).mean())
            label = self.labels[best[first]] if self.usable[first] else None
            yield Stretch(max(float(self.start_s[first]), 0.0), float(self.end_s[after - 1]), label, confidence)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for `json.dump`: label, judged, reasons, events, windows; and what a file was recognised as."""
        return self.facts() | {"windows": list(self.windows())}

    def facts(self) -> dict[str, Any]:
        """As `to_json`, with an iterator over the windows: as values, those of a week need a gigabyte."""
        return {
            **({"recognised": self.recognised} if self.recognised else {}),
            **self.verdict.to_json(),
            "events": [event.to_json() for event in self.events],
            "windows": self.windows(),
        }

    def windows(self) -> Iterator[dict[str, Any]]:
        """Yield the plain values of each window."""
        for k, use in enumerate(self.usable):
            if not k % _RELEASED:
                release(self.start_s, self.end_s, self.centre_s, self.valid, self.probabilities)
            yield self._window(k, self.labels[self.probabilities[k].argmax()] if use else None)

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


def make_prediction(
    manifest: Manifest, windows: WindowTimes, probabilities: np.ndarray, recognised: str = "", notes: Sequence[str] = ()
) -> Prediction:
    """Return the label and events of a recording's windows.

    Arguments:
        windows: K windows. probabilities: (K, classes) float32.
        recognised: see `Prediction`. notes: on how the recording was read; they go before the verdict's reasons.
    """
    use = usable(windows.valid, probabilities, manifest.window.kind)
    found: tuple[Event, ...] = ()
    if manifest.positive is not None:
        column = probabilities[:, manifest.labels.index(manifest.positive)]
        chosen = np.flatnonzero(use & counting(column, manifest.decision))  # others matter to no event, and may be a million
        found = tuple(events(windows.centre_s[chosen], windows.end_s[chosen], column[chosen], manifest.decision))
    verdict = _verdict(manifest, windows, probabilities, use, bool(found))
    return Prediction(
        labels=tuple(manifest.labels),
        start_s=windows.start_s,
        end_s=windows.end_s,
        centre_s=windows.centre_s,
        probabilities=probabilities,
        valid=windows.valid,
        usable=use,
        verdict=replace(verdict, reasons=tuple(dict.fromkeys((*notes, *verdict.reasons)))),
        events=found,
        positive=manifest.positive,
        decision=manifest.decision,
        recognised=recognised,
    )


def _verdict(manifest: Manifest, windows: WindowTimes, probabilities: np.ndarray, use: np.ndarray, found: bool) -> Verdict:
    """Return the verdict: the share is that of the windows that were judged, of the time that windows could be cut from."""
    count, numberless = len(use), int((~has_numbers(probabilities)).sum())
    empty = count - int(use.sum()) - numberless
    film = manifest.inputs[0].is_film
    reasons = []
    if numberless:
        reasons.append(
            f"the model gave no probabilities for {numberless} of {count} windows (its output is not a number); "
            "export the bundle again, or use another one"
        )
    if empty:
        what = ("pictures show" if manifest.kind == "picture" else "windows show") + " nothing (black, covered, or of one colour)"
        reasons.append(f"{empty} of {count} {what if film else 'windows hold too little signal'} and were not judged")
    share = (float(use.mean()) if count else 1.0) * windows.covered
    if film and not windows.covered:
        wanted = manifest.inputs[0].frames / manifest.window.seconds
        reasons.append(f"fewer than {0.5 * wanted:.2g} pictures a second, of which the model needs {wanted:.2g}")
    elif windows.covered < _WHOLE:
        reasons.append(f"{percent_of(1 - windows.covered)} of the recording is missing (gaps) or too short to judge, and was not judged")
    if limits := manifest.provenance.get("limits"):
        reasons.append(str(limits)[:_MAX_LIMITS])
    return give_verdict(recording_label(manifest, probabilities, use, found), found, share, reasons, absence=manifest.task == "fall")
