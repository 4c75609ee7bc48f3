"""Closed pipes, full disks, terminals of ASCII, signals, odd names: one line, and nothing half-written."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import featherfall

COMMAND = [sys.executable, "-m", "featherfall.cli"]
SOURCE = Path(featherfall.__file__).parent


def complaint(done: subprocess.CompletedProcess[str], code: int = 2) -> str:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr
    assert done.stderr.startswith("featherfall: ") and done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def recorded(path: Path) -> Path:
    values = np.random.default_rng(0).normal(0, 0.05, (500, 3)) + np.array([0, 0, 1])
    rows = [f"{i / 50:.2f},{x:.3f},{y:.3f},{z:.3f}" for i, (x, y, z) in enumerate(values.tolist())]
    path.write_text("\n".join(["time,ax,ay,az", *rows]))
    return path


@pytest.mark.parametrize("words", [["list"], ["list", "--json"], ["data", "list"], ["--help"], ["--version"]])
def test_full_and_closed_output(words: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([*COMMAND, *words], stdout=full, stderr=subprocess.PIPE, text=True)
    assert "free some space" in complaint(done)
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*COMMAND, *words], stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert (done.returncode, done.stderr) in ((0, ""), (1, ""))


def test_full_error_output() -> None:
    with open("/dev/full", "w") as full:
        assert subprocess.run([*COMMAND, "predict", "wrist", "no.csv"], stderr=full).returncode == 2


@pytest.mark.parametrize("encoding", ["ascii", "utf-8", "latin-1"])
def test_names_on_any_terminal(encoding: str, tmp_path: Path) -> None:
    name = "Stürze \x1b[31m 낙상 \u202e\n.csv"
    recorded(tmp_path / name)
    environment = os.environ | {"LANG": "C", "LC_ALL": "C", "PYTHONIOENCODING": encoding}
    for words in ([], ["--json"]):
        done = subprocess.run([*COMMAND, "predict", "wrist", name, *words], capture_output=True, env=environment, cwd=tmp_path)
        assert done.returncode == 0 and done.stderr.decode(encoding).replace("\n", "").isprintable()  # it says how the file was read
        text = done.stdout.decode(encoding)
        assert text.replace("\n", "").isprintable()
        if words:
            assert json.loads(text)["files"][0]["file"] == name
        else:
            assert text.splitlines()[0].endswith("\\u202e\\n.csv") and "\\x1b[31m" in text
    done = subprocess.run([*COMMAND, "predict", "wrist", f"no {name}"], capture_output=True, env=environment, cwd=tmp_path)
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1 and b"\x1b" not in done.stderr


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\xfe.csv")
    recorded(tmp_path / name)
    done = subprocess.run([*COMMAND, "predict", "wrist", name, "--json"], capture_output=True, text=True, cwd=tmp_path)
    assert json.loads(done.stdout)["files"][0]["file"] == name
    done = subprocess.run([*COMMAND, "predict", "wrist", name], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.startswith("\\udcff\\udcfe.csv\n")


@pytest.mark.parametrize(("verb", "out"), [("sim", "file/below"), ("sim", "device"), ("demo", "file"), ("demo", "x" * 300)])
def test_an_out_that_is_no_folder(verb: str, out: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("dear")
    path = Path("/dev/null") if out == "device" else tmp_path / out
    message = complaint(subprocess.run([*COMMAND, verb, "--out", str(path)], capture_output=True, text=True, cwd=tmp_path))
    assert re.search("file stands where a folder is needed|too long|Not a directory|no folder", message)
    assert (tmp_path / "file").read_text() == "dear"


def test_terminated(tmp_path: Path) -> None:
    code = f"""
import sys, time
from pathlib import Path
from featherfall.cli import main
from featherfall.core.files import atomic_folder, atomic_write
@main.app.command("wait")
def wait():
    with atomic_write(Path({str(tmp_path)!r}) / "a"), atomic_folder(Path({str(tmp_path)!r}) / "b"):
        print("waiting", flush=True)
        time.sleep(60)
sys.argv = ["featherfall", "wait"]
main.main()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == "waiting\n"
        assert len(list(tmp_path.iterdir())) == 2
        process.send_signal(signal.SIGTERM)
        assert process.stderr.read() == "featherfall: terminated\n"
        assert process.wait() == 143
    assert not list(tmp_path.iterdir())


def test_everything_is_printed_through_one_door() -> None:
    """Names from files reach the terminal through `core.console` and `core.rich_console` only, which escape what a terminal obeys."""
    allowed = {"core/console.py", "core/rich_console.py", "cli/main.py", "runtime/measure.py", "runtime/sinks/jsonl.py"}
    for path in SOURCE.rglob("*.py"):
        name = path.relative_to(SOURCE).as_posix()
        for call in re.findall(r"(?<![\w.\"'])(print|typer\.echo|Console)\(", path.read_text()):
            if call == "Console" and "rich.console import" not in path.read_text():
                continue  # the sink of this name
            assert name in allowed, f"{name}: {call}"
