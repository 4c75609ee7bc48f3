"""Live looking: pictures of a webcam and samples of a phone, brought by the page one by one; nothing of them is kept."""

from __future__ import annotations

import io
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from featherfall.app.analysis import Curve, highest
from featherfall.app.models import Model
from featherfall.app.of_sensor import curves, fall_of
from featherfall.app.people import curves_of, finding_of, overlay
from featherfall.core.errors import UserError
from featherfall.core.units import to_internal
from featherfall.runtime.observation import FrameResult
from featherfall.runtime.perceive.windows import LiveWindows
from featherfall.runtime.sinks.draw import EDGES
from featherfall.runtime.sources.source import Samples
from featherfall.runtime.sources.stream import SampleStream
from featherfall.runtime.watch import Monitor, curve

SIDE = 1280  # pixels of a webcam's picture at most
SILENT = 30.0  # s after which a live session is forgotten
MOST = 4  # at once
SPAN = 60.0  # s that the page shows
LONGEST = 3600.0  # s of a phone's recording
SENSORS = {"g": ("m/s2", slice(1, 4)), "deg/s": ("deg/s", slice(4, 7))}  # of a phone's rows: t, a (3), turning (3)


class LiveCamera:
    """Watch one webcam by keypoints or by a detector's boxes."""

    def __init__(self, model: Model) -> None:
        self._monitor = Monitor(model.bundle)
        self._recent: list[FrameResult] = []  # of the last `SPAN` seconds
        self._last = -np.inf

    def take(self, time_s: float, body: bytes) -> dict[str, Any]:
        """Take a picture (JPEG); return people, probabilities and falls as plain values. Raises: `UserError`."""
        if not time_s > self._last:
            raise UserError("the webcam's clock went back; start again")
        self._last = time_s
        image = _picture(body)
        result, settings = self._monitor.see(time_s, image), self._monitor.settings
        if result is None:
            return {"wanted": False}
        self._recent = [one for one in self._recent if one.time > time_s - SPAN] + [replace(result, people=())]
        curves = [one.to_json() for one in curves_of(curve(self._recent))]
        falls = [fall for fall in self._monitor.falls if max(fall.raised_s, fall.still_down_s or 0, fall.up_s or 0) > time_s - SPAN]
        return {
            "wanted": True,
            "width": image.shape[1],
            "height": image.shape[0],
            "edges": EDGES,
            "boxes": settings.kind == "boxes",
            "people": overlay(result.people, 1.0, settings),
            "line": _line(time_s, settings.threshold, curves, [finding_of(fall).to_json() for fall in falls]),
        }


class LiveMotion:
    """One phone's motion sensors; a thin face on the runtime's live windows."""

    def __init__(self, model: Model) -> None:
        for need in model.manifest.inputs:
            if need.unit not in SENSORS or len(need.channels) != 3:
                raise UserError(
                    f"the model {model.name!r} needs {need.name!r}, which a phone's browser does not give; choose another model"
                )
        self._inputs = model.manifest.inputs
        units = {need.name: SENSORS[need.unit][0] for need in self._inputs}
        self._live = LiveWindows(SampleStream(model.manifest, units, "this phone"), model.bundle.probabilities)

    def take(self, time_s: float, body: bytes) -> dict[str, Any]:
        """Rows "t,ax,ay,az,gx,gy,gz" in s, m/s2 with gravity, deg/s -> the curve so far and the falls. Raises: `UserError`."""
        rows, stream = _rows(body), self._live.stream
        if len(rows) and rows[:, 0].max() - (stream.times[0] if len(stream.times) else rows[0, 0]) > LONGEST:
            raise UserError("an hour is enough for a try; start again")
        prediction = self._live.add(Samples(rows[:, 0], {need.name: rows[:, SENSORS[need.unit][1]] for need in self._inputs}))
        now = stream.now
        recent = [
            Curve(one.name, one.track, one.times[late], one.values[late]) for one in curves(prediction) for late in [one.times > now - SPAN]
        ]
        found = [fall_of(one).to_json() for one in prediction.events if one.start_s > now - SPAN]
        return {"wanted": True, "line": _line(now, prediction.decision.threshold, [one.to_json() for one in recent], found, self._signal())}

    def _signal(self) -> dict[str, Any]:
        """The magnitude of the first input over the last seconds, as the timeline draws it."""
        need, stream = self._inputs[0], self._live.stream
        values, unit = to_internal(stream.values[need.name], SENSORS[need.unit][0])
        times, size = highest(stream.times, np.linalg.norm(values, axis=1), 600)
        keep = times > stream.now - SPAN
        return {"unit": unit, "t": np.round(times[keep], 3).tolist(), "v": np.round(size[keep].astype(np.float64), 3).tolist()}


@dataclass
class Session:
    """One live source and when it was last heard of."""

    source: LiveCamera | LiveMotion
    heard: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Live:
    """All live sources; at most `MOST`, forgotten when silent."""

    def __init__(self, models: Sequence[Model]) -> None:
        self._models = {one.name: one for one in models}
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    def start(self, kind: str, name: str) -> str:
        """A new source's key. kind: "camera" or "motion"; name: a model's. Raises: `UserError`."""
        makes: Mapping[str, tuple[tuple[str, ...], Callable[[Model], LiveCamera | LiveMotion]]] = {
            "camera": (("keypoints", "detector"), LiveCamera),
            "motion": (("window",), LiveMotion),
        }
        model = self._models.get(name)
        if kind not in makes or model is None or model.kind not in makes[kind][0]:
            raise UserError(f"no open model {name!r} for this")
        with self._lock:
            self._sessions = {key: one for key, one in self._sessions.items() if one.heard > time.monotonic() - SILENT}
            if len(self._sessions) >= MOST:
                raise UserError(f"{MOST} cameras and phones are watched already; stop one first")
            key = secrets.token_urlsafe(18)
            self._sessions[key] = Session(makes[kind][1](model))
        return key

    def take(self, key: str, time_s: float, body: bytes) -> dict[str, Any]:
        """What the page brings -> what it shows. Raises: `UserError`."""
        session = self._sessions.get(key)
        if session is None:
            raise UserError("this was silent for too long and has ended; start again")
        with session.lock:
            session.heard = time.monotonic()
            return session.source.take(time_s, body)

    def stop(self, key: str) -> None:
        """Forget a source."""
        self._sessions.pop(key, None)


def _line(now: float, threshold: float, curves: list[Any], found: list[Any], signal: Any = None) -> dict[str, Any]:
    """The last seconds, as a timeline draws them."""
    start = max(0.0, now - SPAN)
    return {
        "start": round(start, 3),
        "seconds": round(max(now - start, 10.0), 3),
        "now": round(now, 3),
        "threshold": threshold,
        "curves": curves,
        "signal": signal,
        "events": found,
    }


def _picture(body: bytes) -> np.ndarray:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(body), formats=["JPEG"]) as opened:
            small = max(opened.size) <= SIDE
            image = np.asarray(opened.convert("RGB")) if small else None
    except (OSError, ValueError, SyntaxError):
        raise UserError("the webcam's picture is no JPEG") from None
    if image is None:
        raise UserError(f"the webcam's picture is too large; {SIDE} pixels a side at most")
    return image


def _rows(body: bytes) -> np.ndarray:
    """(N, 7); a missing turning rate is NaN."""
    try:
        lines = [[float(field) if field else np.nan for field in line.split(",")] for line in body.decode("ascii").splitlines() if line]
        table = np.array(lines, dtype=np.float64).reshape(-1, 7)
    except (ValueError, UnicodeDecodeError):
        raise UserError('a phone\'s rows should be "t,ax,ay,az,gx,gy,gz"') from None
    if not np.isfinite(table[:, :4]).all():
        raise UserError("a phone's times and accelerations should be numbers")
    return table
