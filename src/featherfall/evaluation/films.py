"""Evaluate a camera's bundle on films that it never saw: falls found, still down, false alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from featherfall.core.files import atomic_write, digest, fingerprint
from featherfall.core.recording import Recording, Video
from featherfall.runtime.observation import AnalysisResult, Observation
from featherfall.runtime.perceive.pose import Pose, make_pose

VERSION = "3"  # of the layout of kept keypoints


@dataclass(frozen=True, eq=False)
class Film:
    """One film to be evaluated.

    Attributes:
        name: unique, e.g. "urfd/unnamed/fall/01/cam0".
        fall: whether somebody falls in it.
        impact: s on the film's clock; None where nobody falls or the dataset does not say.
        exact: whether the impact is stated by the dataset, not estimated from a sensor.
    """

    name: str
    fall: bool
    video: Video
    impact: float | None
    exact: bool


def films_of(recording: Recording) -> list[Film]:
    """Return the films of a recording, by view.

    Where a fall's times are not stated, the impact is estimated as the highest peak of the acceleration that the recording has.
    """
    impact = recording.fall.impact if recording.fall is not None else None
    exact = impact is not None
    worn = [stream for name, stream in recording.streams.items() if name.endswith("accelerometer")]
    if recording.fall is not None and impact is None and worn:
        impact = float(worn[0].times[np.argmax(np.linalg.norm(worn[0].values, axis=1))])
    return [
        Film(f"{recording.dataset}/{recording.id}/{view}", recording.fall is not None, video, impact, exact)
        for view, video in sorted(recording.videos.items())
    ]


@dataclass(frozen=True, eq=False)
class Poses:
    """The people that an estimator found in a film: keypoints only.

    Attributes:
        height: of the pictures, pixels.
        width: likewise.
        pictures: time s and people, of each.
    """

    height: int
    width: int
    pictures: tuple[tuple[float, tuple[Pose, ...]], ...]

    @property
    def observations(self) -> tuple[Observation, ...]:
        """The same, for `runtime.watch.replay`."""
        return tuple(Observation(time, people, self.height, self.width) for time, people in self.pictures)

    @property
    def seconds(self) -> float:
        """From the first picture to the last."""
        return self.pictures[-1][0] - self.pictures[0][0] if self.pictures else 0.0


def cache_file(folder: Path, film: Film, how: str) -> Path:
    """Return where the keypoints of a film are kept; the name depends on the film's content and on `how` they were found."""
    return folder / f"{film.name.replace('/', '_').replace(' ', '_')}-{digest([VERSION, fingerprint(film.video.path), how])[:12]}.npz"


def save_poses(path: Path, poses: Poses) -> None:
    """Write keypoints as .npz: sizes, times (N,), people in each picture (N,), joints (P, 17, 2) and scores (P, 17) of all, float32."""
    people = [pose for _, found in poses.pictures for pose in found]
    with atomic_write(path) as file:
        np.savez_compressed(
            file,
            size=np.array([poses.height, poses.width]),
            times=np.array([time for time, _ in poses.pictures]),
            counts=np.array([len(found) for _, found in poses.pictures], dtype=np.int64),
            joints=np.array([pose.joints for pose in people], dtype=np.float32).reshape(-1, 17, 2),
            scores=np.array([pose.scores for pose in people], dtype=np.float32).reshape(-1, 17),
            motions=np.array([pose.motion for pose in people], dtype=np.float32),
        )


def load_poses(path: Path) -> Poses:
    """Read what `save_poses` wrote."""
    with np.load(path) as kept:
        joints, scores, motions = kept["joints"], kept["scores"], kept["motions"]
        ends = np.cumsum(kept["counts"])
        pictures = tuple(
            (float(time), tuple(replace(make_pose(joints[k], scores[k]), motion=float(motions[k])) for k in range(end - count, end)))
            for time, count, end in zip(kept["times"], kept["counts"], ends, strict=True)
        )
        height, width = (int(side) for side in kept["size"])
    return Poses(height, width, pictures)


@dataclass(frozen=True)
class Outcome:
    """The outcome of one film.

    Attributes:
        events: times at which possible falls were raised, s.
        detected: a fall film with an event.
        in_time: a fall film of known impact with an event from 1 s before to 5 s after it; None where the impact is unknown.
        delay: from impact to the first such event, s.
        highest: the highest probability of any window of a person, NaN without a window.
        still_down: whether somebody was found still down; None where no event leaves the film time enough for it.
        got_up: whether a fallen one was found to have got up.
    """

    name: str
    fall: bool
    seconds: float
    events: tuple[float, ...]
    detected: bool
    in_time: bool | None
    delay: float | None
    highest: float
    still_down: bool | None
    got_up: bool

    def to_row(self) -> dict[str, Any]:
        """Return it as a row of a table."""

        def short(value: float | None) -> str:
            return "" if value is None or np.isnan(value) else f"{value:.2f}"

        return {
            **{"film": self.name, "fall": int(self.fall), "seconds": short(self.seconds), "events": len(self.events)},
            **{"first_event_s": short(self.events[0] if self.events else None), "delay_s": short(self.delay)},
            **{"in_time": "" if self.in_time is None else int(self.in_time), "highest": f"{self.highest:.4f}"},
            **{"still_down": "" if self.still_down is None else int(self.still_down), "got_up": int(self.got_up)},
        }


BEFORE, AFTER = 1.0, 5.0  # s, as `evaluation.events`


def outcome(film: Film, result: AnalysisResult, last: float, still_down_s: float) -> Outcome:
    """Compare a film with its result.

    Arguments:
        last: time of the film's last picture, s.
        still_down_s: after which somebody is still down.
    """
    events = tuple(fall.raised_s for fall in result.falls)
    near = [] if film.impact is None else [time for time in events if film.impact - BEFORE <= time <= film.impact + AFTER]
    room = [fall for fall in result.falls if fall.raised_s + still_down_s <= last]
    return Outcome(
        name=film.name,
        fall=film.fall,
        seconds=result.seconds,
        events=events,
        detected=film.fall and bool(events),
        in_time=bool(near) if film.fall and film.impact is not None else None,
        delay=near[0] - film.impact if near and film.impact is not None else None,
        highest=float(result.curve[:, 2].max()) if len(result.curve) else float("nan"),
        still_down=any(fall.still_down_s is not None for fall in room) if film.fall and room else None,
        got_up=any(fall.up_s is not None for fall in result.falls),
    )


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Return the 95% interval of a share (Wilson 1927), 0..1; (0, 1) of nothing.

    (p + z^2 / 2n +- z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n), z = 1.96.
    """
    if count == 0:
        return 0.0, 1.0
    z = 1.959964
    share = hits / count
    middle = share + z * z / (2 * count)
    half = z * float(np.sqrt(share * (1 - share) / count + z * z / (4 * count * count)))
    return max(0.0, (middle - half) / (1 + z * z / count)), min(1.0, (middle + half) / (1 + z * z / count))


@dataclass(frozen=True)
class Share:
    """`hits` of `count`."""

    hits: int
    count: int

    def __str__(self) -> str:
        if not self.count:
            return "none"
        low, high = wilson(self.hits, self.count)
        return f"{self.hits} of {self.count} ({100 * self.hits / self.count:.0f}% [{100 * low:.0f}, {100 * high:.0f}])"


@dataclass(frozen=True)
class Summary:
    """Of many films; shares with Wilson's 95% intervals.

    Attributes:
        detected: fall films with an event.
        in_time: those whose event is near the impact, of all with a known impact.
        false_alarms: films without a fall that have an event.
        still_down: of fall films whose event leaves time enough.
        delays: s, of all falls that are in time.
        hours: of films without a fall.
    """

    detected: Share
    in_time: Share
    false_alarms: Share
    still_down: Share
    delays: tuple[float, ...]
    hours: float

    @property
    def delay(self) -> str:
        """Median and range."""
        return f"{np.median(self.delays):.1f} s ({min(self.delays):.1f} to {max(self.delays):.1f})" if self.delays else "-"


def summarise(outcomes: Sequence[Outcome]) -> Summary:
    """Return the counts over all films."""
    falls = [one for one in outcomes if one.fall]
    others = [one for one in outcomes if not one.fall]
    timed = [one for one in falls if one.in_time is not None]
    waited = [one for one in falls if one.still_down is not None]
    return Summary(
        detected=Share(sum(one.detected for one in falls), len(falls)),
        in_time=Share(sum(bool(one.in_time) for one in timed), len(timed)),
        false_alarms=Share(sum(bool(one.events) for one in others), len(others)),
        still_down=Share(sum(bool(one.still_down) for one in waited), len(waited)),
        delays=tuple(one.delay for one in falls if one.delay is not None),
        hours=sum(one.seconds for one in others) / 3600,
    )
