"""Curves and findings of a prediction: windows of a recording or a film, without tracked people."""

from __future__ import annotations

from featherfall.app.analysis import Curve, Finding, percent, short_clock
from featherfall.runtime.decide.events import Event
from featherfall.runtime.prediction import Prediction


def prediction_curves(prediction: Prediction) -> tuple[Curve, ...]:
    """Return the probability of a fall over time; empty for a bundle that names activities only."""
    if prediction.positive is None:
        return ()
    centre_s, _, probability = prediction.curve().T
    return (Curve("probability of a fall", 0, centre_s, probability),)


def fall_findings(prediction: Prediction, threshold: float) -> tuple[Finding, ...]:
    """Return the falls at a threshold, decided again from the same probabilities."""
    return tuple(event_finding(one) for one in prediction.events_at(threshold))


def event_finding(event: Event) -> Finding:
    """Describe a detected fall."""
    text = f"Possible fall at {short_clock(event.start_s)}, {percent(event.confidence)} sure"
    facts = {key: value for key, value in event.to_json().items() if key != "state"}
    return Finding("possible fall", max(event.start_s, 0.0), text, event.confidence, facts, mark_s=event.start_s)


def activity_findings(prediction: Prediction) -> tuple[Finding, ...]:
    """Return a finding for each stretch of neighbouring windows with one label."""
    out: list[Finding] = []
    for one in prediction.stretches():
        if one.label is not None:
            facts = {
                "start_s": round(one.start_s, 3),
                "end_s": round(one.end_s, 3),
                "label": one.label,
                "confidence": round(one.confidence, 4),
            }
            text = f"{short_clock(one.start_s)} to {short_clock(one.end_s)}: {one.label}, {percent(one.confidence)} sure"
            out.append(Finding("activity", one.start_s, text, one.confidence, facts))
    return tuple(out)
