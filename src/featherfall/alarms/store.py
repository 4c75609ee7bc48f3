"""What is kept of alarms: memories of machines, messages, and those that a sink has not got yet."""

from __future__ import annotations

import contextlib
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path

from featherfall.alarms.database import Database, Statement, StoreError, open_database
from featherfall.alarms.memory import AlarmMemory
from featherfall.alarms.snippets import LABELS, Review, Snippet
from featherfall.core.documents import as_written, parse_json
from featherfall.core.errors import UserError
from featherfall.core.text import json_text
from featherfall.runtime.alarm import AlarmMessage
from featherfall.runtime.decide.zones import Zone

VERSION = 1  # of the tables
KEEP_DAYS = 365.0  # of messages
SNIPPET_DAYS = 30.0  # of snippets that nobody has reviewed
MOST_SNIPPETS = 20_000  # about 20 kB each
_DAY = 86_400.0  # s
_CORNERS = 10_000  # values of a camera's zones
_VALUES = 2000  # in one stored document; a memory with 200 conditions has fewer

_TABLES = (
    "CREATE TABLE IF NOT EXISTS featherfall (version BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS machines (subject TEXT PRIMARY KEY, memory TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS messages (subject TEXT, number BIGINT, time DOUBLE PRECISION NOT NULL, body TEXT NOT NULL, "
    "PRIMARY KEY (subject, number))",
    "CREATE INDEX IF NOT EXISTS messages_by_time ON messages (time)",
    # A row for each message that a sink has to get. It is deleted when it has.
    "CREATE TABLE IF NOT EXISTS outbox (sink TEXT, subject TEXT, number BIGINT, PRIMARY KEY (sink, subject, number))",
    "CREATE TABLE IF NOT EXISTS snippets (subject TEXT, time DOUBLE PRECISION, device TEXT, episode BIGINT NOT NULL, body {blob} NOT NULL, "
    "PRIMARY KEY (subject, time, device))",
    "CREATE TABLE IF NOT EXISTS reviews (subject TEXT, episode BIGINT, label TEXT NOT NULL, reviewer TEXT NOT NULL, "
    "time DOUBLE PRECISION NOT NULL, PRIMARY KEY (subject, episode))",
    # Zones that were drawn on a camera's picture: a JSON list of lists of corners.
    "CREATE TABLE IF NOT EXISTS zones (camera TEXT PRIMARY KEY, corners TEXT NOT NULL)",
)


class AlarmStore:
    """The tables in a database."""

    def __init__(self, url: str | Path) -> None:
        """Open the database and create the tables where there are none.

        Raises: `UserError` for a URL of another kind; `StoreError` where it cannot be opened, and for tables of a newer version.
        """
        self.database: Database = open_database(url)
        try:
            self._prepare()
        except BaseException:
            self.database.close()
            raise

    def _prepare(self) -> None:
        name = self.database.name
        found = self.database.rows("SELECT version FROM featherfall") if self.database.has_table("featherfall") else []
        if found and int(found[0][0]) > VERSION:
            raise StoreError(
                f"{name}: written by a newer version of featherfall (tables {found[0][0]}, this one knows {VERSION}); update it"
            )
        tables: list[Statement] = [(sql.format(blob=self.database.blob), ()) for sql in _TABLES]
        if not found:
            self.database.run([*tables, ("INSERT INTO featherfall (version) VALUES (?)", (VERSION,))])
        elif not self.database.has_table("zones"):  # of an earlier featherfall, which does not mind a table more
            self.database.run(tables)

    def close(self) -> None:
        """Disconnect."""
        self.database.close()

    def memories(self) -> dict[str, AlarmMemory | UserError]:
        """Return the memory of each subject by id, or why it is not usable."""
        found: dict[str, AlarmMemory | UserError] = {}
        for subject, text in self.database.rows("SELECT subject, memory FROM machines ORDER BY subject"):
            try:
                found[str(subject)] = read_memory(str(text), str(subject))
            except UserError as error:
                found[str(subject)] = error
        return found

    def save(self, subject: str, memory: AlarmMemory, messages: Sequence[AlarmMessage], outbox: Iterable[tuple[str, AlarmMessage]]) -> None:
        """Write a machine's memory and messages, and which sinks have to get them, in one transaction; raises `StoreError`.

        Arguments:
            outbox: names of sinks, each with a message.
        """
        statements: list[Statement] = [
            (
                "INSERT INTO machines (subject, memory) VALUES (?, ?) ON CONFLICT (subject) DO UPDATE SET memory = excluded.memory",
                (subject, memory.model_dump_json()),
            )
        ]
        for one in messages:
            statements.append(
                (
                    "INSERT INTO messages (subject, number, time, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    (one.subject.id, one.number, one.time, json_text(one.to_json())),
                )
            )
        for sink, one in outbox:
            statements.append(
                (
                    "INSERT INTO outbox (sink, subject, number) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    (sink, one.subject.id, one.number),
                )
            )
        self.database.run(statements)

    def waiting(self, sink: str, most: int) -> list[AlarmMessage]:
        """Return what a sink has not got yet, the oldest first; messages that are damaged are left out."""
        rows = self.database.rows(
            "SELECT m.body FROM outbox o JOIN messages m ON m.subject = o.subject AND m.number = o.number "
            "WHERE o.sink = ? ORDER BY m.time, m.number LIMIT ?",
            (sink, most),
        )
        return [one for (body,) in rows if (one := _message(str(body))) is not None]

    def delivered(self, sink: str, messages: Sequence[AlarmMessage]) -> None:
        """Note that a sink has got messages; raises `StoreError`."""
        sql = "DELETE FROM outbox WHERE sink = ? AND subject = ? AND number = ?"
        self.database.run([(sql, (sink, one.subject.id, one.number)) for one in messages])

    def history(self, since: float, until: float, most: int = 1000, subject: str | None = None) -> list[AlarmMessage]:
        """Return the latest messages of a time, in order, muted ones too.

        Arguments:
            since, until: s since 1970.
        """
        rows = self.database.rows(
            "SELECT body FROM messages WHERE time >= ? AND time <= ? AND (? = '' OR subject = ?) ORDER BY time DESC, number DESC LIMIT ?",
            (since, until, subject or "", subject or "", most),
        )
        return [one for (body,) in reversed(rows) if (one := _message(str(body))) is not None]

    def prune(self, now: float, keep_days: float = KEEP_DAYS, snippet_days: float = SNIPPET_DAYS) -> None:
        """Delete messages that are older, with what waits of them, and older snippets but those that were reviewed; raises `StoreError`."""
        before, earlier = (now - keep_days * _DAY,), (now - snippet_days * _DAY,)
        old = "EXISTS (SELECT 1 FROM messages m WHERE m.subject = outbox.subject AND m.number = outbox.number AND m.time < ?)"
        kept = "EXISTS (SELECT 1 FROM reviews r WHERE r.subject = snippets.subject AND r.episode = snippets.episode)"
        newest = "SELECT MIN(time) FROM (SELECT time FROM snippets ORDER BY time DESC LIMIT ?) AS newest"
        self.database.run(
            [
                (f"DELETE FROM outbox WHERE {old}", before),
                ("DELETE FROM messages WHERE time < ?", before),
                (f"DELETE FROM snippets WHERE time < ? AND NOT {kept}", earlier),
                (f"DELETE FROM snippets WHERE time < ({newest})", (MOST_SNIPPETS,)),
            ]
        )

    def keep(self, snippet: Snippet) -> None:
        """Keep the signal around a possible fall; raises `StoreError`."""
        sql = "INSERT INTO snippets (subject, time, device, episode, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        self.database.run([(sql, (snippet.subject, snippet.time, snippet.device, snippet.episode, snippet.to_bytes()))])

    def snippet_keys(self, since: float, until: float, subject: str | None = None) -> list[tuple[str, float, str, int]]:
        """Return subject, time, device and episode of the snippets of a time, in order.

        Arguments:
            since, until: s since 1970.
        """
        chosen = "time >= ? AND time <= ? AND (? = '' OR subject = ?)"
        rows = self.database.rows(
            f"SELECT subject, time, device, episode FROM snippets WHERE {chosen} ORDER BY time",
            (since, until, subject or "", subject or ""),
        )
        return [(str(who), float(time), str(device), int(episode)) for who, time, device, episode in rows]

    def snippets(
        self, since: float = 0.0, until: float = 1e12, subject: str | None = None, episodes: Container[int] | None = None
    ) -> Iterator[Snippet]:
        """Yield the snippets of a time, in order; those that are damaged are left out.

        Arguments:
            since, until: s since 1970. episodes: only those.
        """
        for who, time, device, episode in self.snippet_keys(since, until, subject):
            if episodes is not None and episode not in episodes:
                continue  # one by one: all of them may be a gigabyte
            rows = self.database.rows("SELECT body FROM snippets WHERE subject = ? AND time = ? AND device = ?", (who, time, device))
            with contextlib.suppress(UserError, IndexError):
                yield Snippet.from_bytes(bytes(rows[0][0]), who, time, device, episode)

    def review(self, review: Review) -> None:
        """Note what an episode was; a later review replaces an earlier one. Raises `StoreError`."""
        sql = (
            "INSERT INTO reviews (subject, episode, label, reviewer, time) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (subject, episode) DO UPDATE SET label = excluded.label, reviewer = excluded.reviewer, time = excluded.time"
        )
        self.database.run([(sql, (review.subject, review.episode, review.label, review.by, review.time))])

    def draw_zones(self, camera: str, zones: Sequence[Zone]) -> None:
        """Keep the zones that were drawn on a camera's picture; raises `StoreError`."""
        sql = "INSERT INTO zones (camera, corners) VALUES (?, ?) ON CONFLICT (camera) DO UPDATE SET corners = excluded.corners"
        self.database.run([(sql, (camera, json_text([zone.corners for zone in zones])))])

    def zones(self) -> dict[str, tuple[Zone, ...]]:
        """Return the zones that were drawn, by camera; those that are damaged are left out."""
        found = {}
        for camera, corners in self.database.rows("SELECT camera, corners FROM zones ORDER BY camera"):
            with contextlib.suppress(UserError):
                found[str(camera)] = read_zones(str(corners), str(camera))
        return found

    def reviews(self) -> dict[tuple[str, int], Review]:
        """Return the reviews by subject and episode."""
        rows = self.database.rows("SELECT subject, episode, label, reviewer, time FROM reviews ORDER BY subject, episode")
        found = (Review(str(who), int(episode), str(label), str(by), float(at)) for who, episode, label, by, at in rows)  # type: ignore[arg-type]
        return {(one.subject, one.episode): one for one in found if one.label in LABELS}


def read_zones(text: str, where: str) -> tuple[Zone, ...]:
    """Return stored zones; raises `UserError` for damaged ones."""
    with as_written(where, "zones of a camera"):
        return tuple(Zone(tuple((float(right), float(down)) for right, down in zone)) for zone in parse_json(text, where, _CORNERS))


def read_memory(text: str, where: str) -> AlarmMemory:
    """Return a stored memory; raises `UserError` for a damaged one."""
    return AlarmMemory.read(parse_json(text, where, _VALUES), where)


def read_message(text: str, where: str) -> AlarmMessage:
    """Return a stored message; raises `UserError` for a damaged one."""
    return AlarmMessage.from_json(parse_json(text, where, _VALUES), where)


def _message(text: str) -> AlarmMessage | None:
    try:
        return read_message(text, "message")
    except UserError:
        return None
