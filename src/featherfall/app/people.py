"""People that were followed through a film, whoever found them: their curves, their falls in words, what the page draws over the film."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from featherfall.app.films import Screen
from featherfall.app.shown import Curve, Happening, Progress, clock, percent
from featherfall.runtime.camera import Seen, as_video
from featherfall.runtime.camera import Shown as Person
from featherfall.runtime.decide.incidents import Fall
from featherfall.runtime.perceive.pose import Pose
from featherfall.runtime.sinks.draw import EDGES, Painter
from featherfall.runtime.sinks.film import film_writer
from featherfall.signals.video import read_frames


def told(fall: Fall) -> Happening:
    """A fall in plain words."""
    after = {"still down": f", still down at {clock(fall.still_down_s or 0)}", "got up": f", got up at {clock(fall.up_s or 0)}"}
    text = f"Possible fall at {clock(fall.raised_s)}, {percent(fall.confidence)} sure{after.get(fall.state, '')}"
    facts = fall.to_json()
    facts["person"] = facts.pop("track")
    return Happening("possible fall", max(fall.start_s, 0.0), text, fall.confidence, facts, fall.track, fall.raised_s)


def curves_of(table: np.ndarray, what: str = "person") -> tuple[Curve, ...]:
    """A curve a person, of (K, 3): time s, person's number, probability."""
    table = table.reshape(-1, 3)
    numbers = [int(number) for number in dict.fromkeys(table[:, 1])]
    return tuple(Curve(f"{what} {number}", number, *table[table[:, 1] == number][:, [0, 2]].T) for number in numbers)


def drawn_over(people: Sequence[Person], scale: float, boxes: bool) -> list[list[int]]:
    """What the page draws of people, in whole pixels of a picture `scale` times as large.

    Returns: of each the number, whether it has moved (of boxes: whether it looks fallen), then x, y, score (percent) of each joint in turn
    (of boxes: left, top, right, bottom).
    """
    if boxes:
        return [[one.track, int((one.probability or 0) >= 0.5), *_whole(one.pose.box * scale)] for one in people]
    return [[one.track, int(one.is_person), *_joints(one.pose, scale)] for one in people]


def write_people(path: Path, seen: Sequence[Seen], screen: Screen, boxes: bool = False) -> Path:
    """All people of a film, for the page."""
    value = {
        "width": screen.width,
        "height": screen.height,
        "edges": [] if boxes else EDGES,
        "boxes": boxes,
        "times": [round(one.time - seen[0].time, 3) for one in seen],
        "people": [drawn_over(one.people, screen.scale, boxes) for one in seen],
    }
    path.write_text(json.dumps(value, separators=(",", ":")))
    return path


def draw_film(
    copy: Path, out: Path, seen: Sequence[Seen], screen: Screen, falls: Sequence[Fall], painter: Painter, doing: Progress
) -> Path:
    """The annotated film: what was seen drawn over the page's copy."""
    with film_writer(out) as add:
        for k, (frame, one) in enumerate(zip(read_frames(as_video(copy)), seen, strict=False)):
            doing.at(k / len(seen), "drawing")
            add(one.time, painter.paint(frame.image, _scaled(one, screen.scale), [fall for fall in falls if fall.raised_s <= one.time]))
    return out


def _joints(pose: Pose, scale: float) -> list[int]:
    return _whole(np.concatenate([pose.joints * scale, 100 * pose.scores[:, None]], axis=1))


def _whole(values: np.ndarray) -> list[int]:
    return [int(value) for value in np.round(values).ravel()]


def _scaled(seen: Seen, scale: float) -> Seen:
    if scale == 1:
        return seen
    people = tuple(replace(one, pose=replace(one.pose, joints=one.pose.joints * scale, box=one.pose.box * scale)) for one in seen.people)
    return replace(seen, people=people)
