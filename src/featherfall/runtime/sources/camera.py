"""Cameras: USB (V4L2), RTSP, HTTP (MJPEG), and a film as if it were live. The latest picture counts; what comes between is passed over."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.core.registry import register
from featherfall.runtime.sources.live import FatalError, keep_open
from featherfall.runtime.sources.packets import Health
from featherfall.runtime.sources.source import Samples
from featherfall.runtime.sources.urls import shown_url
from featherfall.signals.picture_steps import picture_step
from featherfall.signals.video import Frame

OPEN_S, READ_S = 10.0, 5.0  # s until a camera has answered, and until its next picture must have come: a frozen server sends nothing
MOST_PIXELS = 3840 * 2160
_NETWORK = ("rtsp", "rtsps", "http", "https")


@dataclass(frozen=True)
class CameraSourceOptions:
    """How to read a camera.

    Attributes:
        username, password: they are never shown.
        rotate: degrees by which the pictures are turned clockwise: 0, 90, 180 or 270.
        as_live: a film only: its pictures come in their time.
    """

    username: str | None = None
    password: str | None = None
    rotate: int = 0
    as_live: bool = True


class CameraSource:
    """Pictures of one camera; it is opened again when it breaks.

    Attributes:
        name: for messages, without credentials. health: how it fares; its packets are pictures.
        stopping: set when it should end.
    """

    def __init__(self, url: str | Path, options: CameraSourceOptions) -> None:
        """Arguments:
            url: rtsp://HOST/PATH, http://HOST/video.mjpg, /dev/video0, or the path of a film.

        Raises: `UserError` for an impossible rotation.
        """
        if options.rotate not in (0, 90, 180, 270):
            raise UserError(f"rotate {options.rotate}; give 0, 90, 180 or 270")
        self.name, self.health, self.stopping = shown_url(str(url)), Health(), threading.Event()
        self._url, self._options = str(url), options
        self._latest: tuple[float, Any] | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @property
    def is_film(self) -> bool:
        """Whether it is a file, which has an end."""
        return urlsplit(self._url).scheme not in _NETWORK and not self._url.startswith("/dev/")

    def samples(self) -> Iterator[Samples]:
        """Yield nothing: this is a source of pictures."""
        yield from ()

    def frames(self, rate: float | None = None, problems: list[str] | None = None) -> Iterator[Frame]:
        """Yield the latest picture whenever there is a new one, at most `rate` a second (Hz); ends with `stopping`, or a film's end.

        Times are s on this machine's clock since the first picture, of a film its own.
        """
        self._thread = threading.Thread(target=self._keep_open, name=self.name, daemon=True)
        self._thread.start()
        try:
            first, step = None, -1
            while (found := self._wait()) is not None:
                at, picture = found
                first = at if first is None else first
                if rate is not None and picture_step(at, first, rate) <= step:
                    continue
                step = picture_step(at, first, rate) if rate is not None else step
                image = picture.to_ndarray(format="rgb24")
                yield Frame(at, np.rot90(image, -self._options.rotate // 90) if self._options.rotate else image)
            if self.health.state == "failed":
                raise UserError(f"{self.name}: {self.health.reason}")
        finally:
            self.stop()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End, and wait for that."""
        self.stopping.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)

    def _wait(self) -> tuple[float, Any] | None:
        """Return the latest picture and its time; None at the end."""
        with self._changed:
            while self._latest is None:
                if self.stopping.is_set() or self.health.state in ("ended", "failed", "stopped"):
                    return None
                self._changed.wait(0.25)
            found, self._latest = self._latest, None
            self._changed.notify_all()
            return found

    def _keep_open(self) -> None:
        keep_open(self._run_film if self.is_film else self._run, self.health, self.stopping)
        with self._changed:
            self._changed.notify_all()

    def _run_film(self) -> None:
        """A file that cannot be read stays so."""
        try:
            self._run()
        except FatalError:
            raise
        except Exception as error:
            raise FatalError(str(error) or type(error).__name__) from error

    def _run(self) -> None:
        try:
            import av
        except ImportError:
            raise FatalError("cameras need PyAV; pip install 'featherfall[camera]'") from None
        before = self.health.packets
        if self.is_film and not Path(self._url).is_file():
            raise FatalError("no such file; name a film, a device as /dev/video0, or a URL as rtsp://HOST/PATH")
        try:
            with av.open(self._address(), options=self._ffmpeg(), timeout=(OPEN_S, READ_S)) as container:
                if not container.streams.video:
                    raise (FatalError if self.is_film else UserError)("it sends no video")
                self._read(container)
        except av.error.FFmpegError as error:  # its text holds the URL with the password
            reason = _explained(error)
            reason = "the stream broke off" if reason == _NO_VIDEO and self.health.packets > before else reason
            raise (FatalError if self.is_film else UserError)(reason) from None
        if not self.is_film and not self.stopping.is_set():
            raise UserError("the stream ended")  # FFmpeg reports a server that died as an ordinary end

    def _read(self, container: Any) -> None:
        stream = container.streams.video[0]
        stream.thread_type = "NONE" if not self.is_film else "AUTO"  # threads of a decoder hold pictures back
        began = time.monotonic()
        first: float | None = None
        for picture in container.decode(stream):
            if self.stopping.is_set():
                return
            if picture.width * picture.height > MOST_PIXELS:
                raise FatalError(f"pictures of {picture.width} x {picture.height}; choose a stream of at most 3840 x 2160")
            now = time.monotonic()
            if self.is_film:
                first = float(picture.time or 0.0) if first is None else first
                at = float(picture.time or 0.0) - first
                if self._options.as_live and self.stopping.wait(max(began + at - now, 0.0)):
                    return
            else:
                at = now
            self._put(at, picture)

    def _put(self, at: float, picture: Any) -> None:
        with self._changed:
            while self.is_film and not self._options.as_live and self._latest is not None and not self.stopping.is_set():
                self._changed.wait(0.25)  # a film that is not live is seen whole
            if self._latest is not None:
                self.health.dropped += 1
            self._latest = (at, picture)
            self.health.packets += 1
            self.health.last = time.time()
            if self.health.state != "ok":
                self.health.change("ok")
            self._changed.notify_all()

    def _address(self) -> str:
        """Return what FFmpeg opens: the URL with the credentials."""
        user, password = self._options.username, self._options.password
        parts = urlsplit(self._url)
        if not user or parts.scheme not in _NETWORK:
            return self._url
        from urllib.parse import quote

        host = parts.netloc.rpartition("@")[2]
        return parts._replace(netloc=f"{quote(user, safe='')}:{quote(password or '', safe='')}@{host}").geturl()

    def _ffmpeg(self) -> dict[str, str]:
        scheme = urlsplit(self._url).scheme
        if scheme in ("rtsp", "rtsps"):
            return {"rtsp_transport": "tcp", "timeout": str(int(READ_S * 1e6)), "fflags": "nobuffer", "protocol_whitelist": _ONLY[scheme]}
        if scheme in ("http", "https"):
            return {"rw_timeout": str(int(READ_S * 1e6)), "protocol_whitelist": _ONLY[scheme], "format_whitelist": _FORMATS}
        return {} if self._url.startswith("/dev/") else {"protocol_whitelist": "file"}


# What a camera's answer may lead to: a playlist from the network must not make this machine read its own files.
_ONLY = {
    "rtsp": "rtsp,rtp,udp,tcp",
    "rtsps": "rtsp,rtsps,rtp,srtp,udp,tcp,tls",
    "http": "http,tcp",
    "https": "https,http,tls,tcp",
}
_FORMATS = "mpjpeg,mjpeg,jpeg_pipe,mpegts,matroska,webm,mov,mp4,flv,h264,hevc"


_NO_VIDEO = "it answers with something that is no video, e.g. a page; check the URL's path"


def _explained(error: Any) -> str:
    """Return why FFmpeg could not open or read, without the URL."""
    name = type(error).__name__
    known = {
        "InvalidDataError": _NO_VIDEO,
        "OSError": _NO_VIDEO,  # of FFmpeg's "Input/output error": the answer ended before it showed a format
        "ExitError": f"no picture came for {READ_S:.0f} s",
        "HTTPUnauthorizedError": "it wants another user or password",
        "HTTPForbiddenError": "it forbids this",
        "HTTPNotFoundError": "it knows no such path",
        "TimeoutError": f"no picture came for {READ_S:.0f} s",
        "ConnectionRefusedError": "nothing listens there",
    }
    return known.get(name) or f"{getattr(error, 'strerror', None) or name}"


@register("source", "camera", gives="frames", schemes=["rtsp", "rtsps", "http", "https"], live=True)
def open_camera(url: str | Path, manifest: Manifest | None = None, **options: Any) -> CameraSource:
    """A camera: rtsp://, http:// (MJPEG), /dev/video0, or a film as if it were live.

    Arguments:
        options: the fields of `CameraSourceOptions`.
    """
    return CameraSource(url, CameraSourceOptions(**options))
