"""A real MQTT broker on a free port of this machine."""

from __future__ import annotations

import contextlib
import getpass
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
NO_MOSQUITTO = "mosquitto is not installed (apt-get install mosquitto)"


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Broker:
    """port: that it listens on. config: its configuration file."""

    port: int
    config: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        assert MOSQUITTO is not None
        self.process = subprocess.Popen([MOSQUITTO, "-c", str(self.config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise RuntimeError("mosquitto does not answer")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextlib.contextmanager
def broker(folder: Path, *lines: str) -> Iterator[Broker]:
    """A running broker; lines: of its configuration, else everybody may come."""
    port = free_port()
    config = folder / "mosquitto.conf"
    head = [f"listener {port} 127.0.0.1", f"user {getpass.getuser()}", "persistence false"]
    config.write_text("\n".join([*head, *(lines or ["allow_anonymous true"])]) + "\n")
    running = Broker(port, config)
    running.start()
    try:
        yield running
    finally:
        running.stop()
