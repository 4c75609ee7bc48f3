"""A camera over RTSP, by GStreamer's server: pictures, and again after the server was killed."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.brokers import free_port
from tests.runtime.sources.test_mqtt import wait

from featherfall.runtime.sources import camera, live
from featherfall.runtime.sources.camera import CameraSource, CameraSourceOptions

pytest.importorskip("av")
PYTHON = "/usr/bin/python3"  # GObject introspection is Debian's, for Debian's Python
SERVER = Path(__file__).parents[2] / "rtsp_server.py"
NEEDED = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
HAS_SERVER = Path(PYTHON).exists() and subprocess.run([PYTHON, "-c", NEEDED], capture_output=True).returncode == 0
pytestmark = pytest.mark.skipif(
    not HAS_SERVER, reason="GStreamer's RTSP server is not installed (apt-get install gir1.2-gst-rtsp-server-1.0)"
)


def start(port: int) -> subprocess.Popen[bytes]:
    running = subprocess.Popen([PYTHON, str(SERVER), str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(200):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return running
        time.sleep(0.05)
    raise RuntimeError("the RTSP server does not answer")


@pytest.fixture
def watched() -> Iterator[tuple[CameraSource, list[tuple[int, ...]], int]]:
    port, shapes = free_port(), list[tuple[int, ...]]()
    source = CameraSource(f"rtsp://viewer:geheim@127.0.0.1:{port}/test", CameraSourceOptions())
    thread = threading.Thread(target=lambda: shapes.extend(frame.image.shape for frame in source.frames(15)))
    thread.start()
    yield source, shapes, port
    source.stop()
    thread.join()
    assert "geheim" not in source.name + str(vars(source.health))


def test_a_server_that_is_killed_and_comes_back(
    watched: tuple[CameraSource, list[tuple[int, ...]], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LONGEST_WAIT", 0.5)
    source, shapes, port = watched
    server = start(port)
    wait(lambda: len(shapes) > 10)
    server.kill()
    server.wait()
    wait(lambda: source.health.state == "reconnecting")
    seen = len(shapes)
    server = start(port)
    wait(lambda: len(shapes) > seen + 5)
    server.kill()
    server.wait()
    assert set(shapes) == {(240, 320, 3)} and source.health.reconnects >= 1


def test_a_server_that_freezes(watched: tuple[CameraSource, list[tuple[int, ...]], int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "READ_S", 1.0)
    monkeypatch.setattr(live, "LONGEST_WAIT", 0.5)
    source, shapes, port = watched
    server = start(port)
    wait(lambda: len(shapes) > 3)
    server.send_signal(signal.SIGSTOP)
    wait(lambda: source.health.state == "reconnecting")
    server.send_signal(signal.SIGCONT)
    seen = len(shapes)
    wait(lambda: len(shapes) > seen + 3)
    server.kill()
    server.wait()
