from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.alarms.conftest import ANNA
from tests.alarms.servers import Postgres, drop_tables

from featherfall.alarms.database import StoreError, open_database
from featherfall.alarms.events import AlarmEvent
from featherfall.alarms.machine import AlarmMachine
from featherfall.alarms.settings import AlarmSettings
from featherfall.alarms.store import VERSION, AlarmStore, read_memory, read_message
from featherfall.alarms.table import Trigger
from featherfall.core.errors import UserError
from featherfall.runtime.alarm import AlarmMessage

NOW = 1_780_000_000.0


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield str(tmp_path / "sub" / "alarms.db")
        return
    server: Postgres = request.getfixturevalue("database")
    yield server.url
    drop_tables(server)


def a_fall(machine: AlarmMachine, time: float = NOW) -> list[AlarmMessage]:
    return machine.handle(AlarmEvent(Trigger.fall, time, "watch", 0.9)) + machine.tick(time + 20)


def test_what_was_stored_comes_back(url: str) -> None:
    store, machine = AlarmStore(url), AlarmMachine(AlarmSettings(), ANNA)
    assert store.memories() == {} and store.waiting("mqtt", 10) == []
    messages = a_fall(machine)
    store.save("anna", machine.memory, messages, [("mqtt", messages[2]), ("mqtt", messages[1]), ("mail", messages[2])])
    store.save("anna", machine.memory, messages, [("mail", messages[2])])  # once more: nothing is doubled
    store.close()
    again = AlarmStore(url)
    assert again.memories() == {"anna": machine.memory}
    known = [read_message(json.dumps(one.to_json()), "x") for one in messages]
    assert again.waiting("mqtt", 10) == known[1:] and again.waiting("mqtt", 1) == known[1:2]
    again.delivered("mqtt", [messages[1]])
    assert again.waiting("mqtt", 10) == known[2:] == again.waiting("mail", 10)
    assert again.history(NOW - 1, NOW + 100) == known and again.history(NOW + 1, NOW + 100, subject="anna") == known[2:]
    assert again.history(NOW - 1, NOW + 100, most=1) == known[2:] and again.history(NOW, NOW + 100, subject="ben") == []
    again.prune(NOW + 10 + 86_400, keep_days=1)
    assert again.history(0, NOW + 100) == known[2:] and again.waiting("mail", 10) == known[2:]
    again.close()


def test_messages_come_back_as_they_were() -> None:
    machine = AlarmMachine(AlarmSettings(), ANNA)
    for one in a_fall(machine) + machine.handle(AlarmEvent(Trigger.acknowledge, NOW + 30, by="Ben", via="app")):
        back = read_message(json.dumps(one.to_json()), "x")
        assert back.to_json() == one.to_json() and back.text == one.text


def test_a_database_of_a_newer_version_is_left_as_it_is(url: str) -> None:
    AlarmStore(url).close()
    database = open_database(url)
    database.run([("UPDATE featherfall SET version = ?", (VERSION + 1,))])
    with pytest.raises(StoreError, match="newer version of featherfall"):
        AlarmStore(url)
    assert database.rows("SELECT version FROM featherfall") == [(VERSION + 1,)]
    database.close()


def test_only_the_owner_reads_the_file(tmp_path: Path) -> None:
    AlarmStore(tmp_path / "alarms.db").close()
    assert os.stat(tmp_path / "alarms.db").st_mode & 0o077 == 0


def test_a_full_disk_is_one_line_and_nothing_is_half_written(tmp_path: Path) -> None:
    store, machine = AlarmStore(tmp_path / "alarms.db"), AlarmMachine(AlarmSettings(), ANNA)
    store.database.rows("PRAGMA max_page_count = 10")  # as a disk that is full

    def fill() -> None:
        for at in range(1000):
            messages = a_fall(machine, NOW + 1000 * at)
            store.save("anna", machine.memory, messages, [("mail", messages[-1])])

    with pytest.raises(StoreError, match=r"alarms.db: the disk is full; free some space"):
        fill()
    store.close()
    with sqlite3.connect(tmp_path / "alarms.db") as connection:
        (saved,) = connection.execute("SELECT COUNT(*) FROM outbox").fetchone()
        (known,) = connection.execute("SELECT COUNT(*) FROM outbox JOIN messages USING (subject, number)").fetchone()
    connection.close()
    assert saved == known > 0


@pytest.mark.parametrize("content", [b"not a database" * 100, b"SQLite format 3\0" + bytes(5000)])
def test_a_damaged_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "alarms.db").write_bytes(content)
    with pytest.raises(StoreError, match=r"alarms\.db: "):
        AlarmStore(tmp_path / "alarms.db")


def test_urls() -> None:
    with pytest.raises(UserError, match="mysql:// is no database"):
        open_database("mysql://x/y")
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError) as error:
        open_database("postgresql://ann:s3cret@127.0.0.1:1/home")
    assert "s3cret" not in str(error.value) and str(error.value).startswith("postgresql://127.0.0.1/home: ")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"number": 1}', '{"kind": 3}', '{"state": "?"}', "[" * 100, '{"conditions": 1}'])
def test_damaged_documents(text: str) -> None:
    if text not in ("{}", '{"number": 1}'):
        with pytest.raises(UserError):
            read_memory(text, "anna")
    with pytest.raises(UserError):
        read_message(text, "anna")
