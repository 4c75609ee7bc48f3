"""Live analysis: pictures of a webcam and samples of a phone, sent by the page one by one; none of them is stored."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from featherfall.app.alarms import brief_false_alarms
from featherfall.app.analysis import Curve, downsample_peaks
from featherfall.app.models import OfferedModel
from featherfall.app.people import fall_finding, overlay, person_curves
from featherfall.app.predictions import event_finding, prediction_curves
from featherfall.core.errors import UserError
from featherfall.core.units import to_internal
from featherfall.runtime.live import LiveWindows
from featherfall.runtime.observation import FrameResult
from featherfall.runtime.sinks.draw import EDGES
from featherfall.runtime.sources.source import Samples
from featherfall.runtime.sources.stream import SampleStream
from featherfall.runtime.watch import Monitor, curve
from featherfall.signals.picture_file import decode_bytes
from featherfall.signals.picture_head import read_header

_MAX_SIDE = 1280  # pixels: the page sends 640, other clients may send more
SESSION_TIMEOUT_S = 30.0  # without data a session ends; a browser that closes sends nothing
MAX_SESSIONS = 4  # at once: each may run a pose estimator on this machine's CPU
_SHOWN_S = 60.0  # that the page shows
_MAX_RECORDING_S = 3600.0  # of a phone's recording, which is held in memory
_PHONE_SENSORS = {
    "g": ("m/s2", slice(1, 4)),
    "deg/s": ("deg/s", slice(4, 7)),
}  # columns of a phone's rows: t, acceleration, rotation


class LiveCamera:
    """Watch one webcam by keypoints or by a detector's boxes."""

    def __init__(self, model: OfferedModel) -> None:
        self._monitor = Monitor(model.bundle)
        self._alarms = brief_false_alarms(model.metrics, model.manifest.decision.threshold, model.manifest.operating)
        self._recent: list[FrameResult] = []  # of the last `_SHOWN_S` seconds
        self._last = -np.inf
        self._unjudged = ""  # why nothing can be judged, once that has lasted

    def take(self, time_s: float, body: bytes) -> dict[str, Any]:
        """Take a picture (JPEG); return people, probabilities and falls as plain values. Raises: `UserError`."""
        if not time_s > self._last:
            raise UserError("the webcam's clock went back; start again")
        self._last = time_s
        image = _picture(body)
        result, settings = self._monitor.see(time_s, image), self._monitor.settings
        if result is None:
            return {"wanted": False}
        for notice in result.notices:
            self._unjudged = notice.reason or self._unjudged
        self._unjudged = self._unjudged if result.unjudged else ""
        self._recent = [one for one in self._recent if one.time > time_s - _SHOWN_S] + [replace(result, people=())]
        curves = [one.to_json() for one in person_curves(curve(self._recent))]
        falls = [fall for fall in self._monitor.falls if max(fall.raised_s, fall.still_down_s or 0, fall.up_s or 0) > time_s - _SHOWN_S]
        return {
            "wanted": True,
            "width": image.shape[1],
            "height": image.shape[0],
            "edges": EDGES,
            "boxes": settings.kind == "boxes",
            "unjudged": self._unjudged,
            "people": overlay(result.people, 1.0, settings),
            "line": _line(time_s, settings.threshold, curves, [fall_finding(fall).to_json() for fall in falls], self._alarms),
        }


class LiveMotion:
    """Watch one phone's motion sensors through the runtime's live windows."""

    def __init__(self, model: OfferedModel) -> None:
        for need in model.manifest.inputs:
            if need.unit not in _PHONE_SENSORS or len(need.channels) != 3:
                raise UserError(
                    f"the model {model.name!r} needs {need.name!r}, which a phone's browser does not give; choose another model"
                )
        self._inputs = model.manifest.inputs
        self._alarms = brief_false_alarms(model.metrics, model.manifest.decision.threshold, model.manifest.operating)
        units = {need.name: _PHONE_SENSORS[need.unit][0] for need in self._inputs}
        self._live = LiveWindows(SampleStream(model.manifest, units, "this phone"), model.bundle.probabilities)

    def take(self, time_s: float, body: bytes) -> dict[str, Any]:
        """Take rows "t,ax,ay,az,gx,gy,gz" in s, m/s2 with gravity, deg/s; return curve and falls as plain values. Raises: `UserError`."""
        rows, stream = _rows(body), self._live.stream
        if len(rows) and rows[:, 0].max() - (stream.times[0] if len(stream.times) else rows[0, 0]) > _MAX_RECORDING_S:
            raise UserError("a live recording is limited to an hour; start again")
        prediction = self._live.add(Samples(rows[:, 0], {need.name: rows[:, _PHONE_SENSORS[need.unit][1]] for need in self._inputs}))
        now = stream.now
        recent = [
            Curve(one.name, one.track, one.times[late], one.values[late])
            for one in prediction_curves(prediction)
            for late in [one.times > now - _SHOWN_S]
        ]
        found = [event_finding(one).to_json() for one in prediction.events if one.start_s > now - _SHOWN_S]
        line = _line(now, prediction.decision.threshold, [one.to_json() for one in recent], found, self._alarms, self._signal())
        return {"wanted": True, "unjudged": self._live.unjudged, "left_out": stream.left_out(), "line": line}

    def _signal(self) -> dict[str, Any]:
        """Return the magnitude of the first input over the last seconds, for the timeline."""
        need, stream = self._inputs[0], self._live.stream
        values, unit = to_internal(stream.values[need.name], _PHONE_SENSORS[need.unit][0])
        times, size = downsample_peaks(stream.times, np.linalg.norm(values, axis=1), 600)
        keep = times > stream.now - _SHOWN_S
        return {"unit": unit, "t": np.round(times[keep], 3).tolist(), "v": np.round(size[keep].astype(np.float64), 3).tolist()}


@dataclass
class LiveSession:
    """One live source and when it last sent data."""

    source: LiveCamera | LiveMotion
    active: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)


class LiveSessions:
    """All live sources: at most `MAX_SESSIONS`, ended after `SESSION_TIMEOUT_S` without data."""

    def __init__(self, models: Sequence[OfferedModel]) -> None:
        self._models = {one.name: one for one in models}
        self._sessions: dict[str, LiveSession] = {}
        self._lock = threading.Lock()

    def start(self, kind: str, name: str) -> str:
        """Start a source; return its key. kind: "camera" or "motion"; name: a model's. Raises: `UserError`."""
        makes: Mapping[str, tuple[tuple[str, ...], Callable[[OfferedModel], LiveCamera | LiveMotion]]] = {
            "camera": (("keypoints", "detector"), LiveCamera),
            "motion": (("window",), LiveMotion),
        }
        model = self._models.get(name)
        if kind not in makes or model is None or model.kind not in makes[kind][0]:
            raise UserError(f"no open model {name!r} for this")
        with self._lock:
            self._sessions = {key: one for key, one in self._sessions.items() if one.active > time.monotonic() - SESSION_TIMEOUT_S}
            if len(self._sessions) >= MAX_SESSIONS:
                raise UserError(f"{MAX_SESSIONS} cameras and phones are watched already; stop one first")
            key = secrets.token_urlsafe(18)
            self._sessions[key] = LiveSession(makes[kind][1](model))
        return key

    def take(self, key: str, time_s: float, body: bytes) -> dict[str, Any]:
        """Take what the page sends; return what it shows. Raises: `UserError`."""
        session = self._sessions.get(key)
        if session is None:
            raise UserError("no data came for too long and this has ended; start again")
        with session.lock:
            session.active = time.monotonic()
            return session.source.take(time_s, body)

    def stop(self, key: str) -> None:
        """End a source."""
        self._sessions.pop(key, None)


def _line(now: float, threshold: float, curves: list[Any], found: list[Any], alarms: str, signal: Any = None) -> dict[str, Any]:
    """Return plain values of the last seconds, for the timeline."""
    start = max(0.0, now - _SHOWN_S)
    return {
        "start": round(start, 3),
        "seconds": round(max(now - start, 10.0), 3),
        "now": round(now, 3),
        "threshold": threshold,
        "curves": curves,
        "signal": signal,
        "events": found,
        "alarms": alarms,
    }


def _picture(body: bytes) -> np.ndarray:
    """Return (H, W, 3) uint8 RGB. By FFmpeg, as films are: Pillow warns of damaged pictures on the server's terminal."""
    head = read_header(body)
    if head is None or head.kind != "mjpeg":
        raise UserError("the webcam's picture is no JPEG")
    if max(head.width, head.height) > _MAX_SIDE:
        raise UserError(f"the webcam's picture is too large; {_MAX_SIDE} pixels a side at most")
    frame, _ = decode_bytes(body, Path("the webcam's picture"))
    if frame is None or max(frame.width, frame.height) > _MAX_SIDE:
        raise UserError("the webcam's picture is no JPEG")
    return frame.to_ndarray(format="rgb24")


def _rows(body: bytes) -> np.ndarray:
    """Return (N, 7); a missing rotation is NaN."""
    try:
        lines = [[float(field) if field else np.nan for field in line.split(",")] for line in body.decode("ascii").splitlines() if line]
        table = np.array(lines, dtype=np.float64).reshape(-1, 7)
    except (ValueError, UnicodeDecodeError):
        raise UserError('a phone\'s rows should be "t,ax,ay,az,gx,gy,gz"') from None
    if not np.isfinite(table[:, :4]).all():
        raise UserError("a phone's times and accelerations should be numbers")
    return table
