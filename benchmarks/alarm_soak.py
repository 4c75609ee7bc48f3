"""A day of alarms at many times its speed; broker, receiver and database fail, the process is killed: nothing may be lost.

    python benchmarks/alarm_soak.py OUT --hours 24 --speed 200 [--postgresql]

One process watches three people, who fall about every ten simulated minutes and get up, are helped, or cancel. Its sinks are a real
Mosquitto, whose answers stop for some seconds at a time, and a receiver of webhooks that fails now and then. The process is killed with
signal 9 when it has watched for 4 to 12 s (13 to 40 simulated minutes at 200 times the speed), and started again. With `--postgresql` the
server of the store is restarted, too. At the end every message of the store that a sink should have is counted at that sink. Prints one
JSON document; exit code 1 where one is missing, or where the store misses a fall that the process had taken.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

from tests.alarms.servers import Postgres, Receiver, postgres, wait_for  # noqa: E402
from tests.brokers import Broker, broker  # noqa: E402

from featherfall.alarms import AlarmCentre, AlarmEvent, Route, Trigger, Watched  # noqa: E402
from featherfall.alarms.store import AlarmStore  # noqa: E402
from featherfall.runtime.alarm import AlarmCommand, AlarmSubject, Severity  # noqa: E402
from featherfall.runtime.sinks.mqtt import MqttSink  # noqa: E402
from featherfall.runtime.sinks.webhook import Webhook  # noqa: E402

PEOPLE = ("anna", "ben", "chris")
EVERY = 600.0  # simulated s between two falls of a person, on average
KILL = (4.0, 12.0)  # s until the process is killed, and between two disturbances
CUT = (1.0, 6.0)  # s for which the broker does not answer, or the receiver fails


def live(options: argparse.Namespace) -> None:
    """The process that is killed: falls and what people do, until the end of the simulated time."""
    draw = random.Random(os.getpid())

    def clock() -> float:
        return float(options.start + (time.time() - options.began) * options.speed)

    routes = [Route("mqtt", MqttSink(options.broker), Severity.info), Route("hook", Webhook(options.hook), Severity.warning)]
    people = [Watched(AlarmSubject(name, name.title())) for name in PEOPLE]
    centre = AlarmCentre(people, routes, options.store, spill=options.out / "spill.json", clock=clock)
    centre.start()
    print("ready", flush=True)
    journal = (options.out / "journal").open("a")
    end = options.start + options.hours * 3600
    due = {name: clock() + draw.expovariate(1 / EVERY) for name in PEOPLE}
    while clock() < end:
        now = clock()
        for name in PEOPLE:
            if now >= due[name]:
                due[name] = now + draw.expovariate(1 / EVERY)
                for message in centre.handle(name, AlarmEvent(Trigger.fall, now, "watch", draw.random())):
                    journal.write(message.key + "\n")
                journal.flush()
            elif draw.random() < 0.02:
                match draw.choice(("got up", "still down", "acknowledge", "cancel", "help")):
                    case "got up" | "still down" as what:
                        centre.handle(name, AlarmEvent(Trigger(what), now, "camera"))
                    case order:
                        centre.command(AlarmCommand(order, name, "Dora", "app"))
        centre.tick()
        time.sleep(0.01)
    wait_for(lambda: all(one["waiting"] == 0 for one in centre.health()["sinks"].values()), 120)
    centre.stop()


def disturb(
    options: argparse.Namespace, mosquitto: Broker, receiver: Receiver, server: Postgres | None, over: threading.Event
) -> Counter[str]:
    """Stop the broker's answers, let the receiver fail, and restart the database, until `over`."""
    draw, done = random.Random(1), Counter[str]()
    while not over.wait(draw.uniform(*KILL)):
        what = draw.choice(["broker", "receiver", *(["database"] if server else [])])
        done[what] += 1
        if what == "broker" and mosquitto.process is not None:
            mosquitto.process.send_signal(signal.SIGSTOP)
            over.wait(draw.uniform(*CUT))
            mosquitto.process.send_signal(signal.SIGCONT)
        elif what == "receiver":
            receiver.status = 503
            over.wait(draw.uniform(*CUT))
            receiver.status = 204
        elif server is not None:
            server.stop()
            over.wait(draw.uniform(*CUT))
            server.start()
    return done


def observe(url: str) -> tuple[Any, list[str]]:
    """Return a subscriber and the keys that it gets."""
    from paho.mqtt import client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion

    keys: list[str] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="observer", clean_session=False)
    client.on_message = lambda _client, _data, message: keys.append(json.loads(message.payload)["key"])
    client.on_connect = lambda one, *_: one.subscribe("featherfall/home/+/event", qos=1)
    client.connect("127.0.0.1", int(url.rpartition(":")[2]))
    client.loop_start()
    return client, keys


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process, MB; 0 where it has ended."""
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return 0.0


def soak(options: argparse.Namespace, stack: contextlib.ExitStack) -> dict[str, Any]:
    """Run it; return the figures."""
    server = stack.enter_context(postgres()) if options.postgresql else None
    mosquitto = stack.enter_context(broker(Path(stack.enter_context(tempfile.TemporaryDirectory()))))
    receiver = Receiver()
    stack.callback(receiver.close)
    store = server.url if server else str(options.out / "alarms.db")
    client, keys = observe(mosquitto.url)
    words = [sys.executable, __file__, str(options.out), "--live", "--store", store, "--broker", mosquitto.url, "--hook", receiver.url]
    words += ["--hours", str(options.hours), "--speed", str(options.speed), "--start", str(options.start), "--began", str(time.time())]
    over, done = threading.Event(), Counter[str]()
    disturber = threading.Thread(target=lambda: done.update(disturb(options, mosquitto, receiver, server, over)))
    disturber.start()
    draw, kills, highest = random.Random(0), 0, [0.0]
    end = time.time() + options.hours * 3600 / options.speed
    while time.time() < end:
        child = subprocess.Popen(words, stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()  # it watches: on a busy machine a start takes some seconds
        time.sleep(min(draw.uniform(*KILL), max(end - time.time(), 0.1)))
        highest.append(memory_mb(child.pid))
        if time.time() < end and child.poll() is None:
            child.kill()
            kills += 1
        child.wait()
        child.stdout.close()
    over.set()
    disturber.join()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)  # what was left
    time.sleep(2)
    client.disconnect()
    client.loop_stop()
    opened = AlarmStore(store)
    messages = [one for one in opened.history(0, 1e12, most=10_000_000) if not one.is_muted]
    opened.close()
    got = {"mqtt": Counter(keys), "hook": Counter(one["key"] for one in receiver.bodies())}
    wanted = {"mqtt": {one.key for one in messages}, "hook": {one.key for one in messages if one.severity >= Severity.warning}}
    journal = set((options.out / "journal").read_text().split())
    return {
        "hours": options.hours,
        "speed": options.speed,
        "store": "PostgreSQL" if server else "SQLite",
        "kills": kills,
        "disturbances": dict(done),
        "kinds": dict(Counter(one.kind for one in messages)),
        "falls taken that the store misses": len(journal - {one.key for one in messages}),
        "highest memory MB": round(max(highest), 1),
        "sinks": {
            name: {
                "messages": len(keys),
                "lost": len(keys - set(got[name])),
                "came again with the same key": sum(got[name].values()) - len(got[name]),
            }
            for name, keys in wanted.items()
        },
    }


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("out", type=Path)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--speed", type=float, default=200.0)
    parser.add_argument("--postgresql", action="store_true")
    for name, kind in (("--store", str), ("--broker", str), ("--hook", str), ("--start", float), ("--began", float)):
        parser.add_argument(name, type=kind, default=1.78e9 if name == "--start" else None, help=argparse.SUPPRESS)
    parser.add_argument("--live", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.live:
        live(options)
        return
    with contextlib.ExitStack() as stack:
        figures = soak(options, stack)
    print(json.dumps(figures, indent=2))
    sys.exit(any(one["lost"] for one in figures["sinks"].values()) or bool(figures["falls taken that the store misses"]))


if __name__ == "__main__":
    main()
