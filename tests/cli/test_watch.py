"""`featherfall watch` as a process: lines, signals, and mistakes in one line."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.household.test_process import write_csv
from tests.runtime.tiny import write_bundle


def household(folder: Path, *more: str) -> Path:
    bundle = write_bundle(folder / "b")
    file = write_csv(folder / "fall.csv")
    lines = [
        "people: [{name: anna, title: Anna}]",
        f"sources: [{{name: file, kind: replay, path: {file}, speed: 0}}]",
        f"devices: [{{name: watch, person: anna, source: file, bundle: {bundle}}}]",
        *more,
    ]
    (folder / "home.yaml").write_text("\n".join(lines))
    return folder / "home.yaml"


def start(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "featherfall.cli", "watch", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_it_ends_at_a_signal_with_all_told(tmp_path: Path) -> None:
    running = start(str(household(tmp_path, "alarms: {countdown_s: 0}")))
    assert running.stdout is not None
    lines = [running.stdout.readline() for _ in range(3)]
    assert lines[0].split("  ")[1].strip() == "Anna: possible fall" and "has fallen" in lines[2]
    time.sleep(0.1)
    running.send_signal(signal.SIGTERM)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 0 and errors == ""


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ("sinks: [{name: a, kind: consol}]", "line 4: key 'sinks.0'"),
        ("alarms: {countdwn_s: 3}", "line 4: unknown key 'alarms.countdwn_s'; did you mean 'countdown_s'?"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, more: str, line: str) -> None:
    running = start(str(household(tmp_path, more)))
    out, errors = running.communicate(timeout=60)
    assert running.returncode == 2 and out == "" and errors.count("\n") == 1 and line in errors
