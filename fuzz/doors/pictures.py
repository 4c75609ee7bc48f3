"""Pictures, films, cameras."""

from __future__ import annotations

import contextlib
import functools
from itertools import islice
from pathlib import Path
from typing import Any

from featherfall.core.errors import UserError


def picture_head(root: Path, file: Path) -> object:
    from featherfall.signals.picture_head import read_header, strip_png

    data = file.read_bytes()
    head = read_header(data)
    if head is not None and head.kind == "png" and head.width:
        strip_png(data)
    return head


def picture(root: Path, file: Path) -> object:
    from featherfall.signals.picture_file import load_picture

    frame, _ = load_picture(file)
    return frame.to_ndarray(format="rgb24")


def film(root: Path, file: Path) -> object:
    from featherfall.core.recording import Video
    from featherfall.signals.video import read_frames

    return [frame.time for frame in islice(read_frames(Video(file), rate=5.0, problems=[]), 40)]


def webcam(root: Path, file: Path) -> object:
    """A webcam's picture, before a pose estimator sees it."""
    from featherfall.app.live import _picture as webcam_picture

    return webcam_picture(file.read_bytes())


def camera(root: Path, file: Path) -> object:
    """What a network camera answers, once: a household would ask again for ever."""
    import av

    from featherfall.runtime.sources.camera import CameraSource, CameraSourceOptions

    server = _camera_server()
    server.answer = file.read_bytes()
    source = CameraSource(f"http://127.0.0.1:{server.server_address[1]}/video", CameraSourceOptions())
    try:
        source._run()
    except av.error.FFmpegError as error:
        raise UserError("it cannot be decoded") from error
    finally:
        source.stop()
    return source


@functools.cache
def _camera_server() -> Any:
    import socketserver
    import threading

    from featherfall.runtime.sources import camera

    camera.OPEN_S = camera.READ_S = 0.5  # by the clock: FFmpeg may wait for more, whatever it was sent

    class Answer(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1 << 16)
            with contextlib.suppress(OSError):
                self.request.sendall(self.server.answer)  # type: ignore[attr-defined]

    server = socketserver.TCPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server
