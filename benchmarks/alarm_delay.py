"""Delay from the last sample of an impact's window to the alarm's state at an MQTT subscriber.

    python benchmarks/alarm_delay.py [--bundle wrist] [--falls 100]

A real Mosquitto; `featherfall watch` in this process with its MQTT source, MQTT sink and a store on disk. The simulated watch's fall is
published in packets of a tenth of a second, for one person after the other. When the fall can be known at the earliest is taken from the
recording (`raised_s` of its event); the clock starts when the packet with that sample is published, and stops when the subscriber has the
person's new state. Wall time: other processes make it longer.
"""

from __future__ import annotations

import argparse
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

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

from tests.brokers import broker  # noqa: E402

import featherfall  # noqa: E402
from featherfall.core.console import say_json  # noqa: E402
from featherfall.household.config import HouseholdConfig  # noqa: E402
from featherfall.household.process import Household  # noqa: E402
from featherfall.runtime.bundle import load_bundle  # noqa: E402
from featherfall.runtime.measure import machine  # noqa: E402

SAMPLE = Path(featherfall.__file__).parent / "app" / "samples" / "simulated-watch.csv"
PACKET_S = 0.1
PAUSE_S = 0.01  # between two packets: faster than life, so that a hundred falls do not take half an hour


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", default="wrist")
    parser.add_argument("--falls", type=int, default=100)
    options = parser.parse_args()
    table = np.genfromtxt(SAMPLE, delimiter=",", skip_header=1)[:, :4]
    (event,) = load_bundle(options.bundle).predict(SAMPLE, unit="g").events
    with tempfile.TemporaryDirectory() as folder, broker(Path(folder)) as one:
        delays = measure(Path(folder), one.url, one.port, options, table, event.raised_s + table[0, 0])
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
    told: dict[str, float] = {}
    arrived = threading.Condition()

    def take(client: Any, userdata: Any, message: Any) -> None:
        now, name = time.perf_counter(), message.topic.split("/")[-2]
        if json.loads(message.payload)["state"] != "idle":
            with arrived:
                told.setdefault(name, now)
                arrived.notify_all()

    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = take
    client.connect("127.0.0.1", port)
    client.subscribe("featherfall/home/+/state", qos=1)
    client.loop_start()
    while household.sources[0].health.state != "ok":
        time.sleep(0.05)
    time.sleep(2.0)  # the sink announces everybody
    parts = np.split(table, np.flatnonzero(np.diff(table[:, 0] // PACKET_S)) + 1)
    delays: list[float | None] = []
    for name in people:
        began = 0.0
        for part in parts:
            if not began and part[-1, 0] >= raised:
                began = time.perf_counter()
            client.publish(f"watch/{name}", json.dumps({"samples": part.tolist(), "unit": "g"}))
            time.sleep(PAUSE_S)
        with arrived:
            arrived.wait_for(lambda name=name: name in told, 10.0)
        delays.append(told[name] - began if name in told else None)
    household.stopping.set()
    thread.join()
    client.loop_stop()
    return delays


if __name__ == "__main__":
    main()
