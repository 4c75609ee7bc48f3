"""A real Home Assistant as the judge of the MQTT sink: `make homeassistant`.

    python benchmarks/home_assistant.py --hass .venv-homeassistant/bin/hass --log docs/appendix/home-assistant.log

Starts Mosquitto, Home Assistant and `featherfall watch` on loopback, each in a process of its own. Home Assistant is set up through its own
interface (a user, the MQTT integration) and asked through its REST interface. A fall of the simulated watch is pushed, the alarm is
acknowledged by Home Assistant's button; then the broker, Home Assistant and featherfall are killed with signal 9 in turn, each while the
alarm's state changes, and after each it is waited for until Home Assistant shows the state that featherfall states. Exit code 1 where one
does not.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

from tests.brokers import Broker, broker, free_port  # noqa: E402

import featherfall  # noqa: E402
from featherfall.core.files import write_json  # noqa: E402

SAMPLE = Path(featherfall.__file__).parent / "app" / "samples" / "simulated-watch.csv"
TOKEN = "a token for this run only"
PATIENCE = 180.0  # s, on a busy machine
COUNTDOWN = 5.0  # s


class Log:
    """Lines with the seconds since the start."""

    def __init__(self, path: Path | None) -> None:
        self._file = path.open("w") if path else None
        self._start = time.monotonic()

    def say(self, text: str) -> None:
        line = f"{time.monotonic() - self._start:7.1f} s  {text}"
        print(line, flush=True)
        if self._file:
            print(line, file=self._file, flush=True)


def ask(port: int, path: str, body: Any = None, token: str = "", form: bool = False) -> Any:
    """Return the JSON of an answer on loopback; raises `OSError` where there is none, `ValueError` for a refusal."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if form:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        sent = body if form or body is None else json.dumps(body)
        connection.request("GET" if body is None else "POST", path, sent, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()
    if answer.status not in (200, 201, 503):  # featherfall's health is 503 where it states a problem
        raise ValueError(f"{path}: {answer.status} {text[:200]}")
    return json.loads(text) if text.startswith(("{", "[")) else text


def until(what: str, test: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Return what a test gives as soon as it gives something; raises `RuntimeError` after a while."""
    end = time.monotonic() + patience
    last: object = None
    while time.monotonic() < end:
        try:
            last = test()
            if last:
                return last
        except (OSError, ValueError, LookupError) as error:
            last = error
        time.sleep(0.2)
    raise RuntimeError(f"{what}: not within {patience:.0f} s (last: {last})")


class HomeAssistant:
    """Home Assistant in a folder of its own, on loopback."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.program, self.folder, self.port, self.token = program, folder, free_port(), ""
        folder.mkdir()
        lines = ["http:", "  server_host: 127.0.0.1", f"  server_port: {self.port}", "api:", "config:", "logger:", "  default: warning"]
        (folder / "configuration.yaml").write_text("\n".join(lines) + "\n")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "out.txt").open("ab") as out:
            command = [str(self.program), "--config", str(self.folder), "--skip-pip"]
            environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
            self.process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
        until("Home Assistant answers", lambda: ask(self.port, "/api/onboarding"))

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def set_up(self, mqtt_port: int) -> str:
        """Make a user and the MQTT integration; return the version."""
        client = f"http://127.0.0.1:{self.port}/"
        user = {"client_id": client, "name": "Judge", "username": "judge", "password": "judge of this run", "language": "en"}
        code = ask(self.port, "/api/onboarding/users", user)["auth_code"]
        self.token = ask(self.port, "/auth/token", f"grant_type=authorization_code&code={code}&client_id={client}", form=True)[
            "access_token"
        ]
        until("Home Assistant is up", lambda: ask(self.port, "/api/config", token=self.token)["state"] == "RUNNING")
        flow = ask(self.port, "/api/config/config_entries/flow", {"handler": "mqtt"}, self.token)
        given = {"broker": "127.0.0.1", "port": mqtt_port}
        made = ask(self.port, f"/api/config/config_entries/flow/{flow['flow_id']}", given, self.token)
        if made.get("type") != "create_entry":
            raise RuntimeError(f"the MQTT integration was not made: {made}")
        return str(ask(self.port, "/api/config", token=self.token)["version"])

    def states(self) -> dict[str, dict[str, Any]]:
        """Return the entities of Anna by the name that they have."""
        found = ask(self.port, "/api/states", token=self.token)
        names = {one["attributes"].get("friendly_name", ""): one for one in found}
        return {name.removeprefix("Anna "): one for name, one in names.items() if name.startswith("Anna ")}

    def press(self, name: str) -> None:
        ask(self.port, "/api/services/button/press", {"entity_id": self.states()[name]["entity_id"]}, self.token)


class Watching:
    """`featherfall watch` with a pushed watch, the MQTT sink and a store."""

    def __init__(self, folder: Path, mqtt_port: int) -> None:
        self.push, self.port = free_port(), free_port()
        (folder / "token").write_text(TOKEN)
        secret = {"file": str(folder / "token")}
        values = {
            "people": [{"name": "anna", "title": "Anna"}],
            "sources": [{"name": "app", "kind": "push", "port": self.push, "token": secret}],
            "devices": [{"name": "watch", "person": "anna", "source": "app"}],
            "alarms": {"countdown_s": COUNTDOWN, "cooldown_s": 5, "episode_s": 2},
            "sinks": [{"name": "ha", "kind": "mqtt", "url": f"mqtt://127.0.0.1:{mqtt_port}"}],
            "store": str(folder / "alarms.db"),
            "status": {"port": self.port, "token": secret},
        }
        self.config, self.log = folder / "home.yaml", folder / "watch.txt"
        write_json(self.config, values)
        self.falls = 0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as out:
            command = [sys.executable, "-m", "featherfall.cli", "watch", "--plain", str(self.config)]
            self.process = subprocess.Popen(command, stdout=out, stderr=out)
        until("featherfall answers", self.state)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait()

    def state(self) -> str:
        return str(ask(self.port, "/health", token=TOKEN)["people"]["anna"])

    def fall(self) -> None:
        """Push the simulated watch's fall, as an app would: a message a second of its time."""
        rows = [[float(cell) for cell in row] for row in list(csv.reader(SAMPLE.open()))[1:]]
        began = 1000.0 * self.falls
        self.falls += 1
        for at in range(0, len(rows), 50):
            part = [[began + row[0], *row[1:]] for row in rows[at : at + 50]]
            ask(self.push, "/watch", {"samples": part, "unit": "g"}, TOKEN)

    def order(self, kind: str) -> None:
        ask(self.port, "/command", {"kind": kind, "subject": "anna", "by": "Ben"}, TOKEN)

    def history(self) -> list[dict[str, Any]]:
        return list(ask(self.port, "/history/1", token=TOKEN)["messages"])


@contextlib.contextmanager
def ended(*parts: HomeAssistant | Watching) -> Iterator[None]:
    """End the processes in the end."""
    try:
        yield
    finally:
        for one in parts:
            if one.process is not None and one.process.poll() is None:
                one.process.terminate()
                one.process.wait(60)


def agree(watching: Watching, home: HomeAssistant, log: Log, want: str) -> None:
    """Wait until Home Assistant shows what featherfall states, and that it is what is wanted."""
    until(f"featherfall is in {want}", lambda: watching.state() == want)
    until(f"Home Assistant shows {want}", lambda: home.states()["Alarm state"]["state"] == want)
    shown = home.states()
    is_on = "on" if want in ("alarm", "help") else "off"
    if shown["Fall alarm"]["state"] != is_on:
        raise RuntimeError(f"the binary sensor is {shown['Fall alarm']['state']} in state {want}")
    log.say(f"states agree: featherfall {want}, Home Assistant {want}, Fall alarm {is_on}")


def judge(home: HomeAssistant, watching: Watching, mosquitto: Broker, log: Log) -> None:
    """Go through all of it; raises `RuntimeError` where something is not as it must be."""
    home.start()
    log.say(f"Home Assistant {home.set_up(mosquitto.port)} is up, with the MQTT integration")
    watching.start()
    found = until("Home Assistant has the entities", lambda: (its := home.states()) and len(its) >= 6 and its)
    log.say("discovered: " + ", ".join(sorted(one["entity_id"] for one in found.values())))
    agree(watching, home, log, "idle")

    log.say("a fall is pushed")
    watching.fall()
    agree(watching, home, log, "alarm")
    log.say(f"Home Assistant says: {home.states()['Fall alarm']['attributes']['text']}")
    home.press("Acknowledge alarm")
    log.say("Acknowledge is pressed in Home Assistant")
    agree(watching, home, log, "acknowledged")
    log.say(f"featherfall says: {watching.history()[-1]['text']}")

    mosquitto.stop()
    until("Home Assistant sees that", lambda: home.states()["Alarm state"]["state"] == "unavailable")
    log.say("the broker is killed; Home Assistant shows the entities as unavailable; a fall is pushed")
    watching.fall()
    until("featherfall alarms without a broker", lambda: watching.state() == "alarm")
    mosquitto.start()
    log.say("featherfall is in alarm; the broker is started")
    agree(watching, home, log, "alarm")

    home.kill()
    log.say("Home Assistant is killed; the alarm is acknowledged in featherfall")
    watching.order("acknowledge")
    home.start()
    until("Home Assistant is up", lambda: ask(home.port, "/api/config", token=home.token)["state"] == "RUNNING")
    agree(watching, home, log, "acknowledged")

    log.say("a fall is pushed")
    watching.fall()
    agree(watching, home, log, "alarm")
    watching.kill()
    until("Home Assistant sees that", lambda: home.states()["Alarm state"]["state"] == "unavailable")
    log.say("featherfall is killed in alarm; Home Assistant shows the entities as unavailable (the broker's last will)")
    watching.start()
    agree(watching, home, log, "alarm")
    home.press("Cancel alarm")
    log.say("Cancel is pressed in Home Assistant")
    agree(watching, home, log, "cancelled")
    agree(watching, home, log, "idle")

    home.press("Test alarm")
    until("the test is told", lambda: watching.history()[-1]["kind"] == "test")
    log.say(f"Test is pressed; featherfall says: {watching.history()[-1]['text']}")
    until("the event is shown", lambda: home.states()["Alarm event"]["attributes"].get("event_type") == "test")
    log.say("Home Assistant's event entity shows: test")
    told = [one["kind"] for one in watching.history()]
    log.say(f"the store holds {len(told)} messages, of them {told.count('alarm')} alarms of {watching.falls} falls")
    watching.kill(signal.SIGTERM)
    until("Home Assistant sees that", lambda: home.states()["Alarm state"]["state"] == "unavailable")
    log.say("featherfall is stopped; the entities are unavailable")
    if told.count("alarm") != watching.falls:
        raise RuntimeError(f"{told.count('alarm')} alarms of {watching.falls} falls")


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    words.add_argument("--hass", type=Path, required=True, help="Home Assistant's program")
    words.add_argument("--log", type=Path, help="file for the log")
    chosen = words.parse_args()
    log = Log(chosen.log)
    folder = Path(tempfile.mkdtemp())
    with broker(folder) as mosquitto:
        home, watching = HomeAssistant(chosen.hass.absolute(), folder / "ha"), Watching(folder, mosquitto.port)
        with ended(home, watching):
            try:
                judge(home, watching, mosquitto, log)
            except Exception as error:
                log.say(f"FAILED: {error}; the logs are in {folder}")
                raise SystemExit(1) from error
    log.say("passed")


if __name__ == "__main__":
    main()
