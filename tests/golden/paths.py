"""From a stored trace to what the runtime says of it: the only module of the golden tests that calls the runtime.

A change of API is made up for here, and only here: traces, stored outputs and tests stay as they are, and so do the plain values that
these functions return.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from tests.golden import store
from tests.runtime.boxes import LABELS, detector_without_model, observation

from featherfall.core.recording import Recording, Stream, Video
from featherfall.runtime.bundle import load_bundle
from featherfall.runtime.decide.incidents import decide
from featherfall.runtime.embedded import find_bundle
from featherfall.runtime.observation import AnalysisResult, Fall, FrameResult, Notice, Observation
from featherfall.runtime.perceive.boxes import Found
from featherfall.runtime.perceive.pose import Pose, make_pose
from featherfall.runtime.sources.csv import read_csv
from featherfall.runtime.watch import Monitor, replay, watch_film

THRESHOLDS = (0.3, 0.85)  # at which a film's falls are decided again


def keypoints(trace: dict[str, Any]) -> dict[str, Any]:
    """Watch poses by an embedded camera bundle.

    Arguments:
        trace: height, width (pixels), bundle, precision, still_down_s (left out: the default), and pictures: time (s) and poses, each 17 x
            (right, down in pixels, score in hundredths) and the share of its box that has changed, in hundredths.
    Returns: label, seconds, pictures, falls, notices, windows (columns: time, person, probability), people (time, and number and whether
        it has moved of each; where that changes), and the falls at `THRESHOLDS`.
    """
    people = [(time, [_pose(one) for one in poses]) for time, poses in trace["pictures"]]
    monitor = _Recorded(load_bundle(trace["bundle"], trace["precision"]), _Nobody(), **_options(trace))
    found = replay([Observation(time, tuple(poses), trace["height"], trace["width"]) for time, poses in people], monitor)
    again = {}
    for threshold in THRESHOLDS:
        falls, _ = decide(monitor.results, replace(monitor.settings, threshold=threshold))
        again[str(threshold)] = [_exact(fall) for fall in falls]
    return _result(found, monitor.results) | {"falls_at": again}


def boxes(trace: dict[str, Any]) -> dict[str, Any]:
    """Watch a detector's boxes.

    Arguments:
        trace: height, width (pixels), still_down_s (left out: the default), and pictures: time (s) and boxes: left, top, right, bottom
            (fractions), scores.
    Returns: as `keypoints`, of the pictures that the monitor wants; windows are shares that look fallen.
    """
    height, width = trace["height"], trace["width"]
    monitor = _Recorded(detector_without_model(), _Nobody(), **_options(trace))
    pictures = [(time, sorted(map(_found, found), key=lambda one: -one.score)) for time, found in trace["pictures"]]
    found = replay([observation(time, found, height, width) for time, found in pictures], monitor)
    return _result(
        _in_order(found), [replace(one, people=tuple(sorted(one.people, key=lambda person: person.id))) for one in monitor.results]
    )


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
    said = bundle.predict(read_csv(path, bundle.manifest.inputs)).to_json()
    assert said.pop("recognised").startswith("table; accelerometer; m/s2; ")
    return said


def live(trace: dict[str, Any]) -> dict[str, Any]:
    """Give a phone's samples to the app, packet by packet.

    Arguments:
        trace: samples: the name of a golden file of `samples`; lost: from and to, ms, which samples never come; packets: how many come at
            once, each time.
    Returns: per packet the time now (s), the number of windows so far and the falls shown; then the last curve and each 20th value of
        the last signal.
    """
    from featherfall.app.live import LiveMotion
    from featherfall.app.models import OfferedModel

    given = store.read(trace["samples"])["trace"]
    name = given["bundle"]
    source = LiveMotion(OfferedModel(name, find_bundle(name), "sensor", None))
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
    Returns: what a model of films and one of single pictures predict, and what follows from a detector's boxes.
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
    results: list[FrameResult] = []
    detector = load_bundle(box_bundle(folder / "box"))
    found = watch_film(video, detector, still_down_s=2.0, on_picture=lambda _, one, __: results.append(one))
    return said | {"detector": _result(found, results)}


class _Recorded(Monitor):
    """A monitor that remembers its results."""

    def reset(self) -> None:
        super().reset()
        self.results: list[FrameResult] = []

    def take(self, seen: Observation) -> FrameResult:
        self.results.append(super().take(seen))
        return self.results[-1]


class _Nobody:
    """Perception of those who give people."""

    def estimate(self, image: np.ndarray) -> list[Pose]:
        raise AssertionError("the people are known")

    def reset(self) -> None:
        pass


def _in_order(found: AnalysisResult) -> AnalysisResult:
    """Return the result with the windows of one picture by person's number: their order says nothing."""
    return replace(found, curve=found.curve[np.lexsort((found.curve[:, 1], found.curve[:, 0]))])


def _options(trace: dict[str, Any]) -> dict[str, float]:
    return {"still_down_s": trace["still_down_s"]} if "still_down_s" in trace else {}


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


def _result(found: AnalysisResult, results: list[FrameResult]) -> dict[str, Any]:
    people: list[list[Any]] = []
    for one in results:
        now = [[person.id, person.is_person] for person in one.people]
        if not people or people[-1][1] != now:
            people.append([round(one.time, 3), now])
    said = found.to_json()
    return {
        "label": said["label"],
        "seconds": said["seconds"],
        "pictures": said["pictures"],
        "falls": [_exact(fall) for fall in found.falls],
        "notices": [_exact(notice) for notice in found.notices],
        "windows": {
            "time_s": found.curve[:, 0].round(3).tolist(),
            "track": found.curve[:, 1].astype(int).tolist(),
            "probability": found.curve[:, 2].round(6).tolist(),
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
