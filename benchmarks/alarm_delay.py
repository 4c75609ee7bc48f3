"""Delay from what decides on a fall to the alarm's state at an MQTT subscriber: a sample of a watch, a picture of a camera.

    python benchmarks/alarm_delay.py [--bundle wrist] [--falls 100]
    python benchmarks/alarm_delay.py --bundle camera --falls 20

A real Mosquitto; `featherfall watch` in this process with its MQTT source, MQTT sink and a store on disk. The simulated watch's fall is
published in packets of a tenth of a second, for one person after the other. When the fall can be known at the earliest is taken from the
recording (`raised_s` of its event); the clock starts when the packet with that sample is published, and stops when the subscriber has the
person's new state.

A camera is an HTTP server of MJPEG, which sends the simulated fall's film of 480 lines, 15 pictures a second, each in its time. The clock
starts when the picture in which the fall was raised is sent, and stops as above; so it holds JPEG, network, waiting for the look before,
poses, tracks, the model, the state machine, the store and MQTT. Wall time: other processes make both longer.
"""

from __future__ import annotations

import argparse
import contextlib
import http.server
import io
import json
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

from tests.brokers import broker  # noqa: E402

import featherfall  # noqa: E402
from featherfall.core.console import say_json  # noqa: E402
from featherfall.household.config import HouseholdConfig  # noqa: E402
from featherfall.household.process import Household  # noqa: E402
from featherfall.runtime.bundle import load_bundle  # noqa: E402
from featherfall.runtime.measure import machine  # noqa: E402
from featherfall.signals.video import Video, read_frames  # noqa: E402

SAMPLES = Path(featherfall.__file__).parent / "app" / "samples"
SAMPLE, FILM = SAMPLES / "simulated-watch.csv", SAMPLES / "simulated-fall.mp4"
PACKET_S = 0.1
PAUSE_S = 0.01  # between two packets: faster than life, so that a hundred falls do not take half an hour


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", default="wrist")
    parser.add_argument("--falls", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, broker(Path(folder)) as one:
        if load_bundle(options.bundle).manifest.kind == "window":
            table = np.genfromtxt(SAMPLE, delimiter=",", skip_header=1)[:, :4]
            (event,) = load_bundle(options.bundle).predict(SAMPLE, unit="g").events
            delays = measure(Path(folder), one.url, one.port, options, table, event.raised_s + table[0, 0])
        else:
            delays = measure_camera(Path(folder), one.url, one.port, options)
    found = np.array([delay for delay in delays if delay is not None])
    p50, p99 = np.quantile(found, [0.5, 0.99])
    figures = {"falls": options.falls, "told": len(found), "p50_ms": round(1e3 * p50, 1), "p99_ms": round(1e3 * p99, 1)}
    say_json(figures | {"most_ms": round(1e3 * found.max(), 1), "machine": machine()})


def measure(folder: Path, url: str, port: int, options: argparse.Namespace, table: np.ndarray, raised: float) -> list[float | None]:
    """Return the delay of each fall, s; None where it was not told within 10 s."""
    people = [f"p{number}" for number in range(options.falls)]
    config = HouseholdConfig.model_validate(
        {
            "people": [{"name": name} for name in people],
            "sources": [{"name": "broker", "kind": "mqtt", "url": url, "topics": ["watch/+"]}],
            "devices": [
                {"name": f"w-{name}", "person": name, "source": "broker", "id": f"watch/{name}", "bundle": options.bundle}
                for name in people
            ],
            "sinks": [{"name": "mqtt", "kind": "mqtt", "url": url}],
            "store": str(folder / "alarms.db"),
        }
    )
    household = Household(config)
    thread = threading.Thread(target=household.run)
    thread.start()
    subscriber = Subscriber(port)
    client = subscriber.client
    while household.sources[0].health.state != "ok":
        time.sleep(0.05)
    time.sleep(2.0)  # the sink announces everybody
    parts = np.split(table, np.flatnonzero(np.diff(table[:, 0] // PACKET_S)) + 1)
    delays: list[float | None] = []
    for name in people:
        began = 0.0
        for part in parts:
            if not began and part[-1, 0] >= raised:
                began = time.monotonic()
            client.publish(f"watch/{name}", json.dumps({"samples": part.tolist(), "unit": "g"}))
            time.sleep(PAUSE_S)
        told = subscriber.wait(name, 10.0)
        delays.append(None if told is None else told - began)
    household.stopping.set()
    thread.join()
    client.loop_stop()
    return delays


class Subscriber:
    """Notes when each person's state first differs from idle, s of `time.monotonic`."""

    def __init__(self, port: int) -> None:
        self._told: dict[str, float] = {}
        self._arrived = threading.Condition()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = self._take
        self.client.connect("127.0.0.1", port)
        self.client.subscribe("featherfall/home/+/state", qos=1)
        self.client.loop_start()

    def wait(self, name: str, seconds: float) -> float | None:
        """Return when a person's was told; None where it was not within some seconds."""
        with self._arrived:
            self._arrived.wait_for(lambda: name in self._told, seconds)
            return self._told.get(name)

    def _take(self, client: Any, userdata: Any, message: Any) -> None:
        now, name = time.monotonic(), message.topic.split("/")[-2]
        if message.payload and json.loads(message.payload)["state"] != "idle":  # nothing: a household that is gone
            with self._arrived:
                self._told.setdefault(name, now)
                self._arrived.notify_all()


class Camera:
    """A camera of a network: MJPEG by HTTP. Each connection gets the film from its beginning, then its last picture again and again.

    Attributes:
        sent: s of `time.monotonic` at which each picture of the last connection was sent.
    """

    def __init__(self, pictures: list[bytes], rate: float) -> None:
        self.sent: list[float] = []
        camera = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                began, camera.sent = time.monotonic(), []
                with contextlib.suppress(OSError):
                    while True:
                        number = len(camera.sent)
                        picture = pictures[min(number, len(pictures) - 1)]
                        time.sleep(max(began + number / rate - time.monotonic(), 0.0))
                        camera.sent.append(time.monotonic())
                        head = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture)
                        self.wfile.write(head + picture + b"\r\n")

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/video.mjpg"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def measure_camera(folder: Path, url: str, port: int, options: argparse.Namespace) -> list[float | None]:
    """Return the delay of each fall, s; None where it was not told within 10 s of the film's end."""
    frames = list(read_frames(Video(FILM)))
    rate = (len(frames) - 1) / (frames[-1].time - frames[0].time)
    camera, subscriber = Camera([jpeg(frame.image) for frame in frames], rate), Subscriber(port)
    delays: list[float | None] = []
    for number in range(options.falls):
        name = f"p{number}"
        config = HouseholdConfig.model_validate(
            {
                "people": [{"name": name}],
                "sources": [{"name": "room", "kind": "camera", "url": camera.url, "person": name, "bundle": options.bundle}],
                "sinks": [{"name": "mqtt", "kind": "mqtt", "url": url}],
                "store": str(folder / f"{name}.db"),
            }
        )
        household = Household(config)
        thread = threading.Thread(target=household.run)
        thread.start()
        told = subscriber.wait(name, len(frames) / rate + 20.0)
        falls = household.cameras[0]._monitor.falls
        household.stopping.set()
        thread.join()
        raised = falls[0].raised_s if falls else 0.0  # s of `time.monotonic`, as of all live cameras
        delays.append(None if told is None else told - max(at for at in camera.sent if at <= raised))
    subscriber.client.loop_stop()
    camera.server.shutdown()
    return delays


def jpeg(image: np.ndarray) -> bytes:
    """Return a picture as cameras send it."""
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG", quality=85)
    return out.getvalue()


if __name__ == "__main__":
    main()
