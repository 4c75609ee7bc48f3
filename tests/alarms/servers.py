"""Real servers of this machine: PostgreSQL, and a receiver of webhooks."""

from __future__ import annotations

import contextlib
import glob
import http.server
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from featherfall.alarms.database import open_database


def wait_for(ready: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Return what `ready` gives as soon as it is true."""
    end = time.monotonic() + seconds
    while not (found := ready()):
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)
    return found


class Postgres:
    """A PostgreSQL behind a socket in a folder, which can be stopped and started again."""

    def __init__(self, programs: Path) -> None:
        self._programs, self.folder = programs, Path(tempfile.mkdtemp(prefix="featherfall-pg-"))
        self._user = "postgres" if os.getuid() == 0 else None
        if self._user:
            shutil.chown(self.folder, self._user)
        self._run("initdb", "--auth=trust", "--username=featherfall", "--no-sync", f"--pgdata={self.folder}/data")
        self.url = f"postgresql://featherfall@/postgres?host={self.folder}"

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off"
        self._run("pg_ctl", f"--pgdata={self.folder}/data", "--wait", f"--options={options}", f"--log={self.folder}/log", "start")

    def stop(self) -> None:
        self._run("pg_ctl", f"--pgdata={self.folder}/data", "--wait", "--mode=immediate", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments], user=self._user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
        )
        assert done.returncode == 0, done.stderr.decode()


def drop_tables(server: Postgres) -> None:
    """Leave the database empty for the next test."""
    database = open_database(server.url)
    names = [name for (name,) in database.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    database.run([(f"DROP TABLE {name}", ()) for name in names])
    database.close()


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """Yield a running PostgreSQL; skips the test where there is none."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    if not found:
        pytest.skip("no PostgreSQL; install it: apt-get install postgresql")
    pytest.importorskip("psycopg", reason="no psycopg; pip install 'featherfall[postgresql]'")
    server = Postgres(Path(found[-1]).parent)
    server.start()
    try:
        yield server
    finally:
        with contextlib.suppress(AssertionError):
            server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


class Receiver:
    """A receiver of webhooks: what it got, and how it answers."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []  # path, headers in lower case, body
        self.status = 204
        self.headers: dict[str, str] = {}
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                receiver.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.got]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
