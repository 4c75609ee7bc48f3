"""Cameras over HTTP, and films as if they were live."""

from __future__ import annotations

import contextlib
import http.server
import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.sources.test_mqtt import wait

from featherfall.core.errors import UserError
from featherfall.runtime.sources import camera, live
from featherfall.runtime.sources.camera import CameraSource, CameraSourceOptions

pytest.importorskip("av")
Image = pytest.importorskip("PIL.Image")
from featherfall.runtime.sinks.film import film_writer  # noqa: E402


def jpeg(level: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((48, 64, 3), level, np.uint8)).save(out, "JPEG")
    return out.getvalue()


class _Mjpeg(http.server.BaseHTTPRequestHandler):
    """/video: 20 pictures, then the connection is cut; /frozen: one picture, then silence; else a page."""

    def do_GET(self) -> None:
        self.send_response(200)
        if self.path not in ("/video", "/frozen"):
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!DOCTYPE html><html><body>Please log in</body></html>" * 50)
            return
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        with contextlib.suppress(OSError):
            for number in range(20 if self.path == "/video" else 2):
                picture = jpeg(100 + number)
                self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(picture), picture))
                self.wfile.flush()
                time.sleep(0.02)
            while self.path == "/frozen" and not _stop.is_set():
                time.sleep(0.05)

    def log_message(self, format: str, *args: object) -> None:
        pass


_stop = threading.Event()


@pytest.fixture
def server() -> Iterator[str]:
    _stop.clear()
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Mjpeg)
    running.daemon_threads = True
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://user:geheim@127.0.0.1:{running.server_port}"
    _stop.set()
    running.shutdown()
    running.server_close()


def test_a_camera_that_breaks_off_is_opened_again(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "FIRST_WAIT", 0.1)
    source = CameraSource(f"{server}/video", CameraSourceOptions(rotate=90))
    shapes, times = set(), []
    for frame in source.frames():
        shapes.add(frame.image.shape)
        times.append(frame.time)
        if source.health.reconnects >= 1 and source.health.packets > 25:
            break
    assert shapes == {(64, 48, 3)} and (np.diff(times) > 0).all()
    assert "geheim" not in source.name + str(vars(source.health)) and source.stopping.is_set()


def test_a_stream_that_was_cut_is_no_wrong_address(server: str) -> None:
    with pytest.raises(UserError, match="the stream broke off"):
        CameraSource(f"{server}/video", CameraSourceOptions())._run()


@pytest.mark.parametrize(("path", "line"), [("/page", "no video, e.g. a page"), ("/frozen", "no picture came for")])
def test_a_page_and_a_frozen_server_are_states(server: str, path: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "READ_S", 0.5)
    source = CameraSource(f"{server}{path}", CameraSourceOptions())
    thread = threading.Thread(target=lambda: list(source.frames()))
    thread.start()
    wait(lambda: source.health.state == "reconnecting")
    told = source.health.reason
    source.stop()
    thread.join()
    assert line in told and "geheim" not in told


def test_nothing_listens_there() -> None:
    source = CameraSource("rtsp://user:geheim@127.0.0.1:9/stream", CameraSourceOptions())
    thread = threading.Thread(target=lambda: list(source.frames()))
    thread.start()
    wait(lambda: source.health.state == "reconnecting")
    told = source.name + source.health.reason
    source.stop()
    thread.join()
    assert "geheim" not in told and told.startswith("rtsp://127.0.0.1:9/stream")


def write_film(path: Path, pictures: int = 20) -> Path:
    with film_writer(path) as add:
        for number in range(pictures):
            add(number / 20, np.full((48, 64, 3), 5 * number, np.uint8))
    return path


def test_a_film_as_if_live_passes_over_what_nobody_looked_at(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.mp4")
    whole = CameraSource(film, CameraSourceOptions(as_live=False))
    assert len(list(whole.frames())) == 20 and whole.health.state == "ended"
    slow = CameraSource(film, CameraSourceOptions())
    seen = 0
    for _ in slow.frames():
        seen += 1
        time.sleep(0.3)
    assert seen + slow.health.dropped == 20 and seen < 10
    assert len(list(CameraSource(film, CameraSourceOptions(as_live=False)).frames(rate=10))) in (10, 11)


def test_what_is_no_camera(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file; name a film, a device"):
        list(CameraSource(tmp_path / "no.mp4", CameraSourceOptions()).frames())
    with pytest.raises(UserError, match="rotate 45; give 0, 90, 180 or 270"):
        CameraSource("/dev/video0", CameraSourceOptions(rotate=45))
