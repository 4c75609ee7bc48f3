"""From a stored trace to what the runtime says of it: the only module of the golden tests that calls the runtime.

A change of API is made up for here, and only here: traces, stored outputs and tests stay as they are, and so do the plain values that
these functions return.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from tests.golden import store

from featherfall.core.recording import Recording, Stream, Video
from featherfall.runtime.box_watch import BoxWatcher, watch_boxes
from featherfall.runtime.bundle import Bundle, load_bundle
from featherfall.runtime.camera import Notice, Seen, Watched, Watcher, replay
from featherfall.runtime.decide.incidents import Fall
from featherfall.runtime.embedded import find_bundle
from featherfall.runtime.perceive.boxes import Found
from featherfall.runtime.perceive.detector import open_detector
from featherfall.runtime.perceive.pose import Pose, make_pose
from featherfall.runtime.sources.csv import read_csv

LABELS = ("person", "fall")  # of the boxes' scores, in this order
THRESHOLDS = (0.3, 0.85)  # at which a film's falls are decided again


def keypoints(trace: dict[str, Any]) -> dict[str, Any]:
    """Watch poses by an embedded camera bundle.

    Arguments:
        trace: height, width (pixels), bundle, precision, still_down_s (left out: the default), and pictures: time (s) and poses, each 17 x
            (right, down in pixels, score in hundredths) and the share of its box that has changed, in hundredths.
    Returns: label, seconds, pictures, falls, notices, windows (columns: time, person, probability), people (time, and number and whether
        it has moved of each; where that changes), and the falls at `THRESHOLDS`.
    """
    pictures = [(time, [_pose(one) for one in poses]) for time, poses in trace["pictures"]]
    bundle = load_bundle(trace["bundle"], trace["precision"])
    seen: list[Seen] = []
    watched = _replayed(bundle, pictures, trace, seen)
    again = {str(threshold): _replayed(_at(bundle, threshold), pictures, trace, []) for threshold in THRESHOLDS}
    falls = {threshold: [_exact(fall) for fall in one.falls] for threshold, one in again.items()}
    return _watched(watched, seen) | {"falls_at": falls}


def boxes(trace: dict[str, Any]) -> dict[str, Any]:
    """Watch a detector's boxes.

    Arguments:
        trace: height, width (pixels), still_down_s (left out: the default), and pictures: time (s) and boxes: left, top, right, bottom
            (fractions), scores.
    Returns: as `keypoints`, of the pictures that the watcher wants; windows are shares that look fallen.
    """
    detector = cast(Any, SimpleNamespace(labels=list(LABELS), positive="fall", threshold=0.3))
    watcher = BoxWatcher(detector, **_options(trace))
    seen = [
        watcher.take(time, sorted(map(_found, found), key=lambda one: -one.score), trace["height"], trace["width"])
        for time, found in trace["pictures"]
        if watcher.wants(time)
    ]
    curve = [(one.time, number, share) for one in seen for number, share in one.judged.items()]
    notices = tuple(notice for one in seen for notice in one.notices)
    label = "fall" if watcher.falls else "person"
    seconds = seen[-1].time - seen[0].time
    return _watched(Watched(label, tuple(watcher.falls), notices, np.array(curve).reshape(-1, 3), seconds, len(seen)), seen)


def samples(trace: dict[str, Any]) -> dict[str, Any]:
    """Judge acceleration by an embedded wrist bundle.

    Arguments:
        trace: bundle, precision, milliseconds (N,) and milli_g (N, 3).
    Returns: label, events, windows, as `predict --json`.
    """
    times, values = np.array(trace["milliseconds"]) / 1000, np.array(trace["milli_g"]) / 1000
    rate = (len(times) - 1) / float(times[-1] - times[0])
    stream = Stream(times, values.astype(np.float32), "g", rate, "left wrist", ("x", "y", "z"))
    recording = Recording("", "", "", "golden", streams={"accelerometer": stream})
    return load_bundle(trace["bundle"], trace["precision"]).predict(recording).to_json()


def table(trace: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Judge the same acceleration as `samples`, written to a CSV in m/s2."""
    path = folder / "samples.csv"
    rows = np.column_stack([np.array(trace["milliseconds"]), np.array(trace["milli_g"]) / 1000 * 9.80665])
    np.savetxt(path, rows, delimiter=",", header="time [ms],ax [m/s2],ay [m/s2],az [m/s2]", comments="", fmt=["%d", *["%.9f"] * 3])
    bundle = load_bundle(trace["bundle"], trace["precision"])
    return bundle.predict(read_csv(path, bundle.manifest.inputs)).to_json()


def live(trace: dict[str, Any]) -> dict[str, Any]:
    """Give a phone's samples to the app, packet by packet.

    Arguments:
        trace: samples: the name of a golden file of `samples`; lost: from and to, ms, which samples never come; packets: how many come at
            once, each time.
    Returns: per packet the time now (s), the number of windows so far and the falls shown; then the last curve and each 20th value of
        the last signal.
    """
    from featherfall.app.live import LiveMotion
    from featherfall.app.models import Model

    given = store.read(trace["samples"])["trace"]
    name = given["bundle"]
    source = LiveMotion(Model(name, find_bundle(name), "sensor", None))
    times = np.array(given["milliseconds"])
    rows = np.column_stack([times / 1000, np.array(given["milli_g"]) / 1000 * 9.80665, np.zeros((len(times), 3))])
    rows = rows[(times < trace["lost"][0]) | (times >= trace["lost"][1])]
    answers, start = [], 0
    for count in trace["packets"]:
        body = "\n".join(",".join(f"{value:.5f}" for value in row) for row in rows[start : start + count])
        answers.append(source.take(0.0, body.encode())["line"])
        start += count
    steps = [
        {"now": one["now"], "windows": len(one["curves"][0]["t"]), "events": [_facts(event) for event in one["events"]]} for one in answers
    ]
    last = answers[-1]
    signal = {"unit": last["signal"]["unit"], "t": last["signal"]["t"][::20], "v": last["signal"]["v"][::20]}
    shown = {key: last[key] for key in ("start", "seconds", "now", "threshold", "curves")}
    return {"steps": steps, "last": shown | {"signal": signal}}


def film(trace: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Judge a small film, a folder of pictures, by models of pixels and by a detector; all three go by how bright it is.

    Arguments:
        trace: rate (Hz) and pictures, each rows of hexadecimal digits, one a pixel: 0 black to f white.
        folder: for files.
    Returns: what a model of films and one of single pictures predict, and what the detector's watcher tells.
    """
    from tests.app.test_pictures import box_bundle
    from tests.runtime.perceive.test_images import bright_bundle

    video = _video(trace, folder / "pictures")
    said = {}
    for name, frames, window in (
        ("film", 4, {"kind": "sliding", "length": 12, "rate": 6.0, "stride_s": 0.5}),
        ("still", 1, {"kind": "trial", "length": 8}),
    ):
        bundle = bright_bundle(folder / name, frames, window)
        said[name] = bundle.predict(Recording("", "", "", "golden", streams={}, videos={"camera": video})).to_json()
    seen: list[Seen] = []
    watched = watch_boxes(
        video, open_detector(box_bundle(folder / "box")), still_down_s=2.0, on_picture=lambda _, one, __: seen.append(one)
    )
    return said | {"detector": _watched(watched, seen)}


class _Recorded(Watcher):
    """A watcher that remembers what each picture gave."""

    def __init__(self, *arguments: Any, seen: list[Seen], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.seen = seen

    def take(self, time: float, poses: Any, height: int, width: int) -> Seen:
        self.seen.append(super().take(time, poses, height, width))
        return self.seen[-1]


class _Nobody:
    """The estimator of who gives poses."""

    def estimate(self, image: np.ndarray) -> list[Pose]:
        raise AssertionError("the poses are known")

    def reset(self) -> None:
        pass


def _replayed(bundle: Bundle, pictures: list[tuple[float, list[Pose]]], trace: dict[str, Any], seen: list[Seen]) -> Watched:
    watcher = _Recorded(bundle, _Nobody(), **_options(trace), seen=seen)
    return replay(pictures, trace["height"], trace["width"], watcher)


def _options(trace: dict[str, Any]) -> dict[str, float]:
    return {"still_down_s": trace["still_down_s"]} if "still_down_s" in trace else {}


def _at(bundle: Bundle, threshold: float) -> Bundle:
    decision = bundle.manifest.decision.model_copy(update={"threshold": threshold})
    return Bundle(bundle.path, bundle.manifest.model_copy(update={"decision": decision}), bundle.model, bundle._session)


def _pose(values: list[int]) -> Pose:
    table = np.array(values[:51], dtype=np.float64).reshape(17, 3)
    pose = make_pose(table[:, :2], table[:, 2] / 100)
    return Pose(pose.joints, pose.scores, pose.box, values[51] / 100)


def _found(values: list[float]) -> Found:
    left, top, right, bottom, *scores = values
    return Found(LABELS[int(np.argmax(scores))], max(scores), (left, top, right, bottom), tuple(scores))


def _facts(event: dict[str, Any]) -> dict[str, Any]:
    return {"kind": event["kind"], "time_s": event["time_s"], **event["facts"]}


def _exact(one: Fall | Notice) -> dict[str, Any]:
    return one.to_json() | {"confidence": round(one.confidence, 6)}


def _watched(watched: Watched, seen: list[Seen]) -> dict[str, Any]:
    people: list[list[Any]] = []
    for one in seen:
        now = [[person.track, person.is_person] for person in one.people]
        if not people or people[-1][1] != now:
            people.append([round(one.time, 3), now])
    said = watched.to_json()
    return {
        "label": said["label"],
        "seconds": said["seconds"],
        "pictures": said["pictures"],
        "falls": [_exact(fall) for fall in watched.falls],
        "notices": [_exact(notice) for notice in watched.notices],
        "windows": {
            "time_s": watched.curve[:, 0].round(3).tolist(),
            "track": watched.curve[:, 1].astype(int).tolist(),
            "probability": watched.curve[:, 2].round(6).tolist(),
        },
        "people": people,
    }


def _video(trace: dict[str, Any], folder: Path) -> Video:
    from tests.stills import write

    for k, rows in enumerate(trace["pictures"]):
        levels = np.array([[int(digit, 16) * 17 for digit in row] for row in rows], np.uint8)
        write(folder / f"{k:04}.png", np.repeat(levels[..., None], 3, axis=2))
    return Video(folder, images=True, rate=trace["rate"])


def plain(value: dict[str, Any]) -> dict[str, Any]:
    """Return the value as JSON gives it back."""
    return cast(dict[str, Any], json.loads(json.dumps(value)))
