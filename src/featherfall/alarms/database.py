"""A database by URL: SQLite, or PostgreSQL. One connection, one transaction a call; errors are one line without secrets."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from featherfall.core.errors import UserError

Statement = tuple[str, Sequence[Any]]  # SQL with "?" for each value
# s that an alarm waits for a database at most; after it, it is delivered without.
_WAIT = 1


class StoreError(Exception):
    """The database cannot be reached or written now; one line."""


class Database(Protocol):
    """A connection.

    Attributes:
        name: for messages, without secrets.
        blob: type of bytes.
    """

    name: str
    blob: str

    def has_table(self, name: str) -> bool:
        """Return whether a table exists; raises `StoreError`."""

    def run(self, statements: Iterable[Statement]) -> None:
        """Run statements in one transaction; raises `StoreError`."""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query; raises `StoreError`."""

    def close(self) -> None:
        """Disconnect."""


def open_database(url: str | Path) -> Database:
    """Return a database.

    Arguments:
        url: path of a SQLite file, or "postgresql://user:password@host/name".
    Raises: `UserError` for a URL of another kind, and where psycopg is not installed; `StoreError` where it cannot be opened.
    """
    scheme, separator, rest = str(url).partition("://")
    if not separator:
        return SqliteDatabase(Path(url))
    if scheme == "sqlite":
        return SqliteDatabase(Path(rest))
    if scheme in ("postgresql", "postgres"):
        return PostgresDatabase(str(url))
    raise UserError(f"store: {scheme}:// is no database; give a path (SQLite) or postgresql://USER@HOST/NAME")


class SqliteDatabase:
    """A file of SQLite, written through to the disk with each transaction; only its owner may read it."""

    blob = "BLOB"

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._connection = sqlite3.connect(path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
        except (sqlite3.Error, OSError, ValueError) as error:
            raise StoreError(f"{path}: {_line(error)}") from error
        try:
            self.rows("PRAGMA journal_mode=WAL")
            self.rows("PRAGMA synchronous=FULL")
        except StoreError:
            self.close()
            raise

    def has_table(self, name: str) -> bool:
        """Return whether a table exists; raises `StoreError`."""
        return bool(self.rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)))

    def run(self, statements: Iterable[Statement]) -> None:
        """Run statements in one transaction; raises `StoreError`."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    for sql, values in statements:
                        self._connection.execute(sql, values)
                    self._connection.execute("COMMIT")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise StoreError(f"{self.name}: {_line(error)}") from error

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query; raises `StoreError`."""
        with self._lock:
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise StoreError(f"{self.name}: {_line(error)}") from error

    def close(self) -> None:
        """Disconnect."""
        with self._lock:
            self._connection.close()


class PostgresDatabase:
    """A database of PostgreSQL, connected again after its server was away."""

    blob = "BYTEA"

    def __init__(self, url: str) -> None:
        try:
            import psycopg
        except ImportError:
            raise UserError("store: PostgreSQL needs psycopg; install it: pip install 'featherfall[postgresql]'") from None
        parts = urlsplit(url)
        self.name = f"postgresql://{parts.hostname or ''}{parts.path}"
        self._url, self._error = url, psycopg.Error
        self._connect = psycopg.connect
        self._connection: Any = None
        self._lock = threading.Lock()
        self.rows("SELECT 1")

    def has_table(self, name: str) -> bool:
        """Return whether a table exists; raises `StoreError`."""
        return self.rows("SELECT to_regclass(?)::text", (name,)) != [(None,)]

    def run(self, statements: Iterable[Statement]) -> None:
        """Run statements in one transaction; raises `StoreError`."""
        with self._lock:
            self._do(lambda connection: [connection.execute(sql.replace("?", "%s"), values) for sql, values in statements])

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query; raises `StoreError`."""
        with self._lock:
            return self._do(lambda connection: connection.execute(sql.replace("?", "%s"), values).fetchall())  # type: ignore[no-any-return]

    def close(self) -> None:
        """Disconnect."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _do(self, work: Any) -> Any:
        try:
            if self._connection is None:
                timeouts = f"-c statement_timeout={_WAIT * 1000} -c lock_timeout={_WAIT * 1000}"
                self._connection = self._connect(self._url, connect_timeout=_WAIT + 1, options=timeouts)  # libpq takes 2 s at least
            with self._connection.transaction():
                return work(self._connection)
        except self._error as error:
            broken, self._connection = self._connection, None
            if broken is not None:
                broken.close()
            raise StoreError(f"{self.name}: {_line(error)}") from error


def _line(error: Exception) -> str:
    """Return an error's first line. Drivers name host, user and database, and never the password."""
    text = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return "the disk is full; free some space" if "disk is full" in text or "No space left" in text else text[:300]
