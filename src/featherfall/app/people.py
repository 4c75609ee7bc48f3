"""Curves and findings of people tracked through a film, by keypoints or boxes, and the overlay that the page draws over it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from featherfall.app.analysis import Curve, Finding, TaskProgress, percent, short_clock
from featherfall.app.film_copy import CopySize
from featherfall.runtime.decide.incidents import DecisionSettings
from featherfall.runtime.observation import Fall, FrameResult, Sighting, TrackedPerson
from featherfall.runtime.perceive.pose import Pose
from featherfall.runtime.sinks.draw import EDGES, Painter
from featherfall.runtime.sinks.film import FilmSink
from featherfall.runtime.sources.film import as_video
from featherfall.signals.video import read_frames


def fall_finding(fall: Fall) -> Finding:
    """Describe a fall."""
    after = {"still down": f", still down at {short_clock(fall.still_down_s or 0)}", "got up": f", got up at {short_clock(fall.up_s or 0)}"}
    what = f"Possible fall at {short_clock(fall.raised_s)}, {percent(fall.confidence)} sure"
    if fall.kind == "lying":
        what = f"Lies since {short_clock(fall.start_s)} where one does not lie"
    text = f"{what}{after.get(fall.state, '')}"
    facts = fall.to_json()
    facts["person"] = facts.pop("track")
    return Finding("possible fall", max(fall.start_s, 0.0), text, fall.confidence, facts, fall.track, fall.raised_s)


def person_curves(table: np.ndarray, what: str = "person") -> tuple[Curve, ...]:
    """Return a curve for each person, of (K, 3): time s, person's number, probability."""
    table = table.reshape(-1, 3)
    numbers = [int(number) for number in dict.fromkeys(table[:, 1])]
    return tuple(Curve(f"{what} {number}", number, *table[table[:, 1] == number][:, [0, 2]].T) for number in numbers)


def overlay(people: Sequence[TrackedPerson], scale: float, settings: DecisionSettings) -> list[list[int]]:
    """Return people as the page draws them, in whole pixels of a picture `scale` times as large.

    Returns: for each person the number, 1 where it has moved (boxes: where it looks fallen), then x, y, score (percent) of each joint in
    turn (boxes: left, top, right, bottom).
    """
    if settings.kind == "boxes":
        return [[one.id, int((one.probability or 0) >= settings.threshold), *_whole(one.sighting.box * scale)] for one in people]
    return [[one.id, int(one.is_person), *_joints(one.sighting, scale)] for one in people if isinstance(one.sighting, Pose)]


def write_overlay(path: Path, trace: Sequence[FrameResult], size: CopySize, settings: DecisionSettings) -> Path:
    """Write the people of a film as JSON, for the page."""
    boxes = settings.kind == "boxes"
    value = {
        "width": size.width,
        "height": size.height,
        "edges": [] if boxes else EDGES,
        "boxes": boxes,
        "times": [round(one.time - trace[0].time, 3) for one in trace],
        "people": [overlay(one.people, size.scale, settings) for one in trace],
    }
    path.write_text(json.dumps(value, separators=(",", ":")))
    return path


def draw_annotated_film(
    copy: Path, out: Path, trace: Sequence[FrameResult], size: CopySize, falls: Sequence[Fall], painter: Painter, progress: TaskProgress
) -> Path:
    """Draw results over the page's copy of a film; return the new file."""
    with FilmSink(out) as film:
        for k, (frame, one) in enumerate(zip(read_frames(as_video(copy)), trace, strict=False)):
            progress.report(k / len(trace), "drawing")
            film.frame(
                one.time, painter.paint(frame.image, _scaled(one, size.scale), [fall for fall in falls if fall.raised_s <= one.time])
            )
    return out


def _joints(pose: Pose, scale: float) -> list[int]:
    return _whole(np.concatenate([pose.joints * scale, 100 * pose.scores[:, None]], axis=1))


def _whole(values: np.ndarray) -> list[int]:
    return [int(value) for value in np.round(values).ravel()]


def _scaled(result: FrameResult, scale: float) -> FrameResult:
    if scale == 1:
        return result
    return replace(result, people=tuple(replace(one, sighting=_scaled_sighting(one.sighting, scale)) for one in result.people))


def _scaled_sighting(sighting: Sighting, scale: float) -> Sighting:
    if isinstance(sighting, Pose):
        return replace(sighting, joints=sighting.joints * scale, box=sighting.box * scale)
    return replace(sighting, box=sighting.box * scale)
