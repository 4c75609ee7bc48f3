"""Machines, store and sinks together: what is stored is delivered, once, also after a crash."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.alarms.conftest import ANNA
from tests.alarms.servers import Postgres, drop_tables, wait_for

from featherfall.alarms import AlarmCentre, AlarmEvent, Condition, Route, Trigger, Watched
from featherfall.alarms import outbox as outbox_module
from featherfall.alarms.database import open_database
from featherfall.alarms.outbox import Courier, Outbox
from featherfall.alarms.store import AlarmStore
from featherfall.core.errors import UserError
from featherfall.runtime.alarm import AlarmCommand, AlarmMessage, AlarmState, AlarmSubject, Severity
from featherfall.runtime.sinks.sink import Sink

NOW = 1_780_000_000.0
BEN = AlarmSubject("ben", "Ben")


class Collects(Sink):
    """Keeps what it gets, and fails as it is told."""

    def __init__(self) -> None:
        self.got: list[AlarmMessage] = []
        self.error: Exception | None = None
        self.opened = 0

    def open(self) -> None:
        self.opened += 1

    def alarm(self, message: AlarmMessage) -> None:
        if self.error is not None:
            raise self.error
        self.got.append(message)

    @property
    def kinds(self) -> list[str]:
        return [one.kind for one in self.got]


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(outbox_module, "LONGEST_PAUSE", 0.05)


def home(sink: Sink, store: Path | str | None, clock: Clock, **rest: object) -> AlarmCentre:
    return AlarmCentre([Watched(ANNA), Watched(BEN)], [Route("phone", sink)], store, clock=clock, **rest)  # type: ignore[arg-type]


def fall(centre: AlarmCentre, clock: Clock) -> None:
    centre.handle("anna", AlarmEvent(Trigger.fall, clock(), "watch", 0.9))
    clock.now += 20
    centre.tick()


def test_a_fall_is_delivered_and_a_command_ends_it(clock: Clock, tmp_path: Path) -> None:
    sink, seen = Collects(), []
    centre = home(sink, tmp_path / "a.db", clock, listener=seen.append)
    centre.start()
    fall(centre, clock)
    wait_for(lambda: sink.kinds == ["countdown", "alarm"])  # the possible fall is below this sink's severity
    assert centre.states == {"anna": AlarmState.alarm, "ben": AlarmState.idle}
    centre.command(AlarmCommand("acknowledge", "anna", "Carer", "app"))
    wait_for(lambda: len(sink.got) == 3)
    assert sink.got[-1].by == "Carer" and [one.kind for one in seen] == ["possible fall", "countdown", "alarm", "acknowledged"]
    assert centre.report("ben", Condition("low battery", "ring", clock()))[0].subject is BEN
    wait_for(lambda: centre.health()["sinks"]["phone"] == {"waiting": 0})
    centre.stop()
    with pytest.raises(UserError, match="nobody is called 'bem'; did you mean 'ben'"):
        centre.handle("bem", AlarmEvent(Trigger.fall, clock()))
    with pytest.raises(UserError, match="unknown command"):
        centre.command(AlarmCommand("stop", "anna", "x"))  # type: ignore[arg-type]


def test_a_latched_alarm_and_what_waits_survive_a_restart(clock: Clock, tmp_path: Path) -> None:
    down, up = Collects(), Collects()
    down.error = OSError("no route to host")
    first = home(down, tmp_path / "a.db", clock)
    first.start()
    fall(first, clock)
    wait_for(lambda: first.health()["sinks"]["phone"].get("problem") == "no route to host")
    first.stop()
    clock.now += 5
    second = home(up, tmp_path / "a.db", clock)
    assert second.states["anna"] is AlarmState.alarm and second.health()["sinks"]["phone"]["waiting"] == 2
    second.start()
    wait_for(lambda: up.kinds == ["countdown", "alarm"])
    assert second.command(AlarmCommand("acknowledge", "anna", "x"))[0].number > up.got[-1].number
    second.stop()
    third = home(Collects(), tmp_path / "a.db", clock)
    assert third.states["anna"] is AlarmState.acknowledged and third.health()["sinks"]["phone"]["waiting"] <= 1
    third.stop()


def test_messages_are_stored_before_they_are_told(clock: Clock, tmp_path: Path) -> None:
    centre = home(Collects(), tmp_path / "a.db", clock)
    centre.handle("anna", AlarmEvent(Trigger.fall, clock(), "watch", 0.9))
    store = AlarmStore(tmp_path / "a.db")
    assert [one.kind for one in store.waiting("phone", 10)] == ["countdown"] and len(store.history(0, 2 * NOW)) == 2
    store.close()
    centre.stop()
    clock.now += 50
    later = home(Collects(), tmp_path / "a.db", clock)
    assert later.machines["anna"].memory.number == int((NOW + 50) * 1000)  # above those of a run whose memory was lost
    later.stop()


def test_a_message_that_is_refused_does_not_keep_others_back(clock: Clock) -> None:
    sink = Collects()
    outbox = Outbox([Route("phone", sink, Severity.info, frozenset({"anna"}))], None, clock)
    courier = Courier(outbox.routes["phone"], outbox)
    centre = AlarmCentre([Watched(ANNA)], clock=clock)
    messages = centre.handle("anna", AlarmEvent(Trigger.fall, NOW))
    outbox.put("anna", centre.machines["anna"].memory, messages)
    sink.error = UserError("the address is refused")
    assert courier.deliver(outbox.head("phone")) and courier.health() == {
        "waiting": 1,
        "refused": 1,
        "problem": "the address is refused",
    }
    sink.error = None
    assert courier.deliver(outbox.head("phone")) and sink.kinds == ["countdown"] and courier.health() == {"waiting": 0, "refused": 1}


def test_a_route_takes_its_subjects_and_severities(clock: Clock) -> None:
    (first, second) = AlarmCentre([Watched(ANNA)], clock=clock).handle("anna", AlarmEvent(Trigger.fall, NOW))
    assert not Route("x", Sink(), Severity.info).wants(replace(first, is_muted=True))
    assert not Route("x", Sink()).wants(first) and Route("x", Sink()).wants(second)
    assert Route("x", Sink(), Severity.info).wants(first) and not Route("x", Sink(), Severity.info, frozenset({"ben"})).wants(first)


def test_what_waits_is_bounded_and_alarms_stay(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "MOST_WAITING", 10)
    centre = home(Collects(), None, clock)
    fall(centre, clock)
    for _ in range(30):
        centre.report("anna", Condition("left out", "watch", clock()))
        centre.command(AlarmCommand("unmute", "anna", "x"))
        centre.command(AlarmCommand("mute", "ben", "x", seconds=1))
    assert centre.health()["sinks"]["phone"]["waiting"] == 10 and centre.health()["dropped"] == 22
    assert "alarm" in [one.kind for one in centre._outbox._waiting["phone"]]


def test_a_store_that_fails_delays_nothing_and_is_written_later(clock: Clock, tmp_path: Path) -> None:
    sink = Collects()
    centre = home(sink, tmp_path / "a.db", clock)
    centre.start()
    assert centre.store is not None
    centre.store.database.rows("PRAGMA max_page_count = 1")  # as a full disk
    for _ in range(30):
        centre.handle("anna", AlarmEvent(Trigger.help, clock(), by="Anna"))
        clock.now += 15
    fall(centre, clock)
    wait_for(lambda: sink.kinds[-1:] == ["alarm"])
    assert centre.health()["store"] == f"{tmp_path / 'a.db'}: the disk is full; free some space"
    centre.store.database.rows("PRAGMA max_page_count = 100000")
    clock.now += 11
    centre.tick()
    assert centre.health()["store"] == ""
    assert [one.kind for one in centre.store.history(0, NOW * 2)][-3:] == ["possible fall", "countdown", "alarm"]
    assert wait_for(lambda: centre.store.waiting("phone", 10) == [])  # type: ignore[union-attr]
    centre.stop()


def test_a_newer_database_leaves_alarms_on(clock: Clock, tmp_path: Path) -> None:
    home(Collects(), tmp_path / "a.db", clock).stop()
    database = open_database(tmp_path / "a.db")
    database.run([("UPDATE featherfall SET version = 99", ())])
    database.close()
    sink = Collects()
    centre = home(sink, tmp_path / "a.db", clock)
    centre.start()
    fall(centre, clock)
    wait_for(lambda: sink.kinds == ["countdown", "alarm"])
    assert "newer version" in centre.health()["store"]
    centre.stop()


def test_a_damaged_memory_is_named_and_begins_anew(clock: Clock, tmp_path: Path) -> None:
    home(Collects(), tmp_path / "a.db", clock).stop()
    database = open_database(tmp_path / "a.db")
    database.run([("UPDATE machines SET memory = '{\"state\": 7}' WHERE subject = 'anna'", ())])
    database.close()
    centre = home(Collects(), tmp_path / "a.db", clock)
    assert "anna: the state of its alarm is damaged" in centre.health()["store"] and centre.states["anna"] is AlarmState.idle
    centre.stop()


def test_a_database_server_that_restarts(clock: Clock, database: Postgres) -> None:
    sink = Collects()
    centre = home(sink, database.url, clock)
    centre.start()
    assert centre.store is not None
    database.stop()
    fall(centre, clock)
    wait_for(lambda: sink.kinds == ["countdown", "alarm"])
    assert centre.health()["store"].startswith("postgresql://")
    centre.stop()
    other = home(Collects(), database.url, clock)  # starts while the server is away
    assert other.store is None and other.states["anna"] is AlarmState.idle
    database.start()
    clock.now += 11
    other.tick()
    assert other.health()["store"] == ""
    fall(other, clock)
    assert [one.kind for one in other.store.history(0, 2 * NOW)] == ["possible fall", "countdown", "alarm"]  # type: ignore[union-attr]
    other.stop()
    third = home(Collects(), database.url, clock)
    assert third.states["anna"] is AlarmState.alarm
    third.stop()
    drop_tables(database)


def test_what_a_store_that_is_away_misses_survives_a_crash(clock: Clock, tmp_path: Path) -> None:
    """The store's folder cannot be made, as a server that is away; then the process ends without a word."""
    (tmp_path / "away").write_text("a file in the way")
    store, spill, sink = tmp_path / "away" / "a.db", tmp_path / "spill.json", Collects()
    first = home(sink, store, clock, spill=spill)
    fall(first, clock)
    kept = json.loads(spill.read_text())
    assert [one["kind"] for one in kept["subjects"]["anna"]["messages"]] == ["possible fall", "countdown", "alarm"]
    head = first._outbox.head("phone")
    assert head is not None and head.kind == "countdown"
    first._outbox.done("phone", head)
    again = home(sink, store, clock, spill=spill)
    assert again.states["anna"] is AlarmState.alarm
    again.start()
    wait_for(lambda: sink.kinds == ["alarm"])  # the countdown was delivered before
    (tmp_path / "away").unlink()
    clock.now += 11
    again.tick()
    assert again.store is not None and not spill.exists() and again.health()["store"] == ""
    assert [one.kind for one in again.store.history(0, 2 * NOW)] == ["possible fall", "countdown", "alarm"]
    assert again.states["anna"] is AlarmState.alarm and again.store.waiting("phone", 10) == []
    again.stop()
    spill.write_text("{")
    third = home(sink, store, clock, spill=spill)
    assert "spill.json" in third.health()["store"] and third.states["anna"] is AlarmState.alarm
    third.stop()


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(UserError, match="two subjects have the name 'anna'"):
        AlarmCentre([Watched(ANNA), Watched(ANNA)])
    for name in ("", "a/b", "a\r\nb", "+", "x" * 65):
        with pytest.raises(UserError, match="is no id"):
            AlarmCentre([Watched(AlarmSubject(name, "Anna"))])
    with pytest.raises(UserError, match="two sinks have the name 'x'"):
        AlarmCentre([Watched(ANNA)], [Route("x", Sink()), Route("x", Sink())])


CHILD = """
import sys, time
from featherfall.alarms import AlarmCentre, Route, Watched
from featherfall.runtime.alarm import AlarmCommand, AlarmSubject, Severity
from featherfall.runtime.sinks.jsonl import JsonLines

folder, rounds = sys.argv[1], int(sys.argv[2])
routes = [Route("log", JsonLines(folder + "/log.jsonl"), Severity.info)]
centre = AlarmCentre([Watched(AlarmSubject("anna", "Anna"))], routes, folder + "/a.db")
centre.start()
print("ready", flush=True)
for _ in range(rounds):
    for kind in ("help", "help", "acknowledge", "cancel", "test"):
        centre.command(AlarmCommand(kind, "anna", "Anna"))
    time.sleep(0.002)
while centre.health()["sinks"]["log"]["waiting"]:
    time.sleep(0.01)
centre.stop()
"""


def test_nothing_is_lost_or_doubled_by_kill_9(tmp_path: Path) -> None:
    """A child is killed at random points; what it has stored is in the log, each once."""
    draw = random.Random(0)
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    for _ in range(5):
        child = subprocess.Popen([*command, "100000"], stdout=subprocess.PIPE)
        assert child.stdout is not None and child.stdout.readline() == b"ready\n"
        time.sleep(draw.uniform(0.0, 0.3))
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    assert subprocess.run([*command, "1"], stdout=subprocess.DEVNULL, timeout=120, check=False).returncode == 0
    with sqlite3.connect(tmp_path / "a.db") as connection:
        stored = [json.loads(body)["key"] for (body,) in connection.execute("SELECT body FROM messages")]
        assert connection.execute("SELECT COUNT(*) FROM outbox").fetchone() == (0,)
    connection.close()
    logged = [json.loads(line)["key"] for line in (tmp_path / "log.jsonl").read_text().splitlines() if line.endswith("}")]
    assert len(stored) > 20 and sorted(logged) == sorted(stored)
