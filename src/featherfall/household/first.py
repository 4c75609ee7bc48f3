"""Write a first configuration from a few answers, and the unit that starts it with the machine."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from featherfall.core.errors import UserError
from featherfall.core.files import atomic_write
from featherfall.household.config import load_config

Ask = Callable[[str, str], str]  # question and default -> answer
_SOURCES: dict[str, tuple[tuple[str, str, str], ...]] = {  # kind -> keys of its first settings: key, question, default
    "push": (("port", "Port to listen on", "8766"), ("payload", "What the app sends (featherfall list payload)", "sensor-logger")),
    "mqtt": (
        ("url", "Broker", "mqtt://localhost:1883"),
        ("topics", "Topic, + for any level", "watch/+/samples"),
        ("payload", "What the device sends (featherfall list payload)", "samples"),
    ),
    "camera": (("url", "Camera: rtsp://HOST/PATH, http://HOST/video.mjpg or /dev/video0", "/dev/video0"),),
    "phyphox": (("address", "Address that phyphox shows", "192.168.0.42:8080"),),
    "serial": (("port", "Serial port", "/dev/ttyUSB0"),),
    "replay": (("path", "Recording", "fall.csv"),),
}


def write_first(path: Path, ask: Ask) -> None:
    """Write a configuration; it is checked as it is written.

    Raises: `UserError` where the file is there already, or an answer cannot be used; then nothing is written.
    """
    if path.exists():
        raise UserError(f"{path} is there already; give another name, or edit it")
    title = ask("Who is watched", "Anna")
    person = re.sub(r"[^a-z0-9_-]+", "-", title.lower()).strip("-") or "person"
    kind = ask(f"By what ({', '.join(_SOURCES)})", "push")
    if kind not in _SOURCES:
        raise UserError(f"{kind!r} is none of {', '.join(_SOURCES)}")
    answers = [(key, ask(question, default)) for key, question, default in _SOURCES[kind]]
    text = _text(person, title, kind, answers)
    with atomic_write(path) as file:
        file.write(text.encode())
    try:
        load_config(path)
    except UserError:
        path.unlink()
        raise


def _text(person: str, title: str, kind: str, answers: list[tuple[str, str]]) -> str:
    source = [f"  - name: {kind}", f"    kind: {kind}"]
    source += [f"    {key}: {f'[{_quoted(answer)}]' if key == 'topics' else _quoted(answer)}" for key, answer in answers]
    device = [] if kind == "camera" else ["devices:", f"  - {{name: {person}-watch, person: {person}, source: {kind}}}"]
    return "\n".join(
        [
            "# featherfall watch: `featherfall watch --schema` says what else can stand here.",
            "people:",
            f"  - {{name: {person}, title: {_quoted(title)}}}",
            "sources:",
            *source,
            *([f"    person: {person}"] if kind == "camera" else []),
            *device,
            "alarms: {countdown_s: 20}",
            "sinks:",
            "  - {name: console, kind: console}",
            "store: featherfall.sqlite",
            "status: {port: 8765}",
            "",
        ]
    )


def _quoted(text: str) -> str:
    return text if text.isdigit() else "'" + text.replace("'", "''") + "'"


def unit_text(config: Path) -> str:
    """Return a unit for systemd that runs a configuration as a user of its own, with what it may do cut down."""
    return _UNIT.format(python=sys.executable, config=config.resolve())


_UNIT = """\
[Unit]
Description=featherfall watch
After=network.target
StartLimitIntervalSec=0

[Service]
ExecStart={python} -m featherfall.cli watch {config}
DynamicUser=yes
StateDirectory=featherfall
WorkingDirectory=/var/lib/featherfall
# LoadCredential=token:/etc/featherfall/token   then in the configuration: token: {{file: /run/credentials/featherfall-watch.service/token}}
Restart=always
RestartSec=5
TimeoutStopSec=20
SupplementaryGroups=video dialout
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
MemoryMax=512M

[Install]
WantedBy=multi-user.target
"""
