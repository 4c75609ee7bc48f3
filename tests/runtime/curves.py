"""A curve for the manifest of a tiny bundle."""

from __future__ import annotations

from typing import Any

COUNTS = [(0.1, 100, 90), (0.5, 95, 4), (0.7, 85, 1), (0.999, 20, 0)]


def operating(hours: float = 12.0) -> dict[str, Any]:
    """Three points: .1, .5 and .999 (which no window of 4 g reaches, see `tiny.write_model`)."""
    return {
        "curve": [{"threshold": at, "falls_found": found, "false_alarms": false} for at, found, false in COUNTS],
        "falls": 100,
        "hours": hours,
        "alarms_in": "daily life",
        "points": {"sensitive": 0.1, "balanced": 0.5, "quiet": 0.999},
        "left_out": "people and datasets",
        "datasets": [{"name": "walking", "recordings": 9, "people": 3, "falls": 0, "hours": hours}],
    }
