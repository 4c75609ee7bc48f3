"""Live looking: pictures of a webcam and samples of a phone, brought by the page one by one; nothing of them is kept."""

from __future__ import annotations

import io
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from featherfall.app.models import Model
from featherfall.app.of_sensor import fall_of
from featherfall.app.people import curves_of, drawn_over, told
from featherfall.app.shown import Curve, highest
from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.core.recording import Recording, Stream
from featherfall.core.units import check_gravity, to_internal
from featherfall.runtime.box_watch import BoxWatcher
from featherfall.runtime.camera import Watcher
from featherfall.runtime.decide.events import events
from featherfall.runtime.perceive.detector import BoxDetector
from featherfall.runtime.perceive.pose import open_estimator
from featherfall.runtime.sinks.draw import EDGES

SIDE = 1280  # pixels of a webcam's picture at most
SILENT = 30.0  # s after which a live session is forgotten
MOST = 4  # at once
SPAN = 60.0  # s that the page shows
LONGEST = 3600.0  # s of a phone's recording
SENSORS = {"g": ("m/s2", slice(1, 4)), "deg/s": ("deg/s", slice(4, 7))}  # of a phone's rows: t, a (3), turning (3)


class LiveCamera:
    """One webcam, watched by keypoints or by a detector's boxes."""

    def __init__(self, model: Model) -> None:
        self._boxes = model.kind == "detector"
        self._watcher = BoxWatcher(BoxDetector(model.bundle)) if self._boxes else Watcher(model.bundle, open_estimator())
        self._line = 0.5 if self._boxes else model.manifest.decision.threshold
        self._curve: list[tuple[float, float, float]] = []
        self._last = -np.inf

    def take(self, time_s: float, body: bytes) -> dict[str, Any]:
        """A picture (JPEG) -> people, probabilities, falls, as plain values. Raises: `UserError`."""
        if not time_s > self._last:
            raise UserError("the webcam's clock went back; start again")
        self._last = time_s
        image = _picture(body)
        seen = self._watcher.see(time_s, image)
        if seen is None:
            return {"wanted": False}
        self._curve += [(time_s, number, probability) for number, probability in seen.judged.items()]
        self._curve = [row for row in self._curve if row[0] > time_s - SPAN]
        curves = [one.to_json() for one in curves_of(np.array(self._curve))]
        falls = [fall for fall in self._watcher.falls if max(fall.raised_s, fall.still_down_s or 0, fall.up_s or 0) > time_s - SPAN]
        return {
            "wanted": True,
            "width": image.shape[1],
            "height": image.shape[0],
            "edges": EDGES,
            "boxes": self._boxes,
            "people": drawn_over(seen.people, 1.0, self._boxes),
            "line": _line(time_s, self._line, curves, [told(fall).to_json() for fall in falls]),
        }


class LiveMotion:
    """One phone's motion sensors; judged by windows that are complete, as they come."""

    def __init__(self, model: Model) -> None:
        self._model = model
        for need in model.manifest.inputs:
            if need.unit not in SENSORS or len(need.channels) != 3:
                raise UserError(
                    f"the model {model.name!r} needs {need.name!r}, which a phone's browser does not give; choose another model"
                )
        self._rows = np.zeros((0, 7))
        self._judged = np.zeros((0, 3))  # centre, end, probability

    def take(self, time_s: float, body: bytes) -> dict[str, Any]:
        """Rows "t,ax,ay,az,gx,gy,gz" in s, m/s2 with gravity, deg/s -> the curve so far and the falls. Raises: `UserError`."""
        fresh = _rows(body)
        rows = np.concatenate([self._rows, fresh])
        rows = rows[np.diff(rows[:, 0], prepend=-np.inf) > 0]
        if len(rows) and rows[-1, 0] - rows[0, 0] > LONGEST:
            raise UserError("an hour is enough for a try; start again")
        window = self._model.manifest.window.seconds
        self._rows = rows[rows[:, 0] > rows[-1, 0] - max(SPAN, 4 * window)] if len(rows) else rows
        now = float(self._rows[-1, 0]) if len(self._rows) else 0.0
        if len(self._rows) > 10 and now - self._rows[0, 0] >= window:
            self._judge(now, window)
        decision, manifest = self._model.manifest.decision, self._model.manifest
        found = events(self._judged[:, 0], self._judged[:, 1], self._judged[:, 2], decision) if manifest.positive else []
        recent = self._judged[self._judged[:, 0] > now - SPAN]
        curve = Curve("probability of a fall", 0, recent[:, 0], recent[:, 2])
        shown = [fall_of(one).to_json() for one in found if one.start_s > now - SPAN]
        times, size = highest(self._rows[:, 0], np.linalg.norm(self._rows[:, 1:4], axis=1) / 9.80665, 600)
        keep = times > now - SPAN
        signal = {"unit": "g", "t": np.round(times[keep], 3).tolist(), "v": np.round(size[keep], 3).tolist()}
        return {"wanted": True, "line": _line(now, decision.threshold, [curve.to_json()], shown, signal)}

    def _judge(self, now: float, window: float) -> None:
        """The windows of the last seconds that are complete and were not judged before, cut and resampled by the bundle's own code."""
        tail = self._rows[self._rows[:, 0] > now - max(4 * window, 12.0)]
        start = float(tail[0, 0])
        streams = {need.name: self._stream(need, tail, start) for need in self._model.manifest.inputs}
        said = self._model.bundle.predict(Recording("", "", "", "phone", streams=streams))
        column = said.probabilities[:, said.labels.index(str(self._model.manifest.positive))]
        table = np.stack([said.centre_s + start, said.end_s + start, column], axis=1)
        last = self._judged[-1, 0] if len(self._judged) else -np.inf
        fresh = said.judged & (table[:, 1] <= now) & (table[:, 0] > last + 0.1)
        self._judged = np.concatenate([self._judged, table[fresh]])[-5000:]

    @staticmethod
    def _stream(need: Input, rows: np.ndarray, start: float) -> Stream:
        unit, columns = SENSORS[need.unit]
        if not np.isfinite(rows[:, columns]).all():
            raise UserError(f"this phone gives no {need.name}, which the model needs; choose another model")
        values, inside = to_internal(rows[:, columns], unit)
        if inside == "g":
            check_gravity(values, "the phone", unit)
        times = rows[:, 0] - start
        return Stream(times, values, inside, (len(times) - 1) / float(times[-1]), need.placement, tuple(need.channels))


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
