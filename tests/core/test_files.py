"""Files are whole or absent, whatever interrupts the writing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from featherfall.core.documents import read_json
from featherfall.core.errors import UserError
from featherfall.core.files import atomic_folder, atomic_write, digest, hold, read_bytes, sha256, write_json


def test_written_file_replaces_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "a.bin"
    for content in (b"old", b"new"):
        with atomic_write(target) as file:
            file.write(content)
    assert target.read_bytes() == b"new"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_interrupted_file_leaves_the_old_one_and_no_trace(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(error), atomic_write(target, "w") as file:  # noqa: PT012
        file.write("half")
        raise error
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_killed_writer_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    code = f"""
import time
from featherfall.core.files import atomic_write
with atomic_write({str(target)!r}, "w") as file:
    file.write("half"); file.flush(); print("writing", flush=True); time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        writer.send_signal(signal.SIGKILL)
    assert target.read_text() == "old"


def test_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    for name in ("first", "second"):
        with atomic_folder(target) as folder:
            (folder / name).touch()
    assert [path.name for path in target.iterdir()] == ["second"]
    with pytest.raises(ValueError, match="stop"), atomic_folder(target) as folder:  # noqa: PT012
        (folder / "third").touch()
        raise ValueError("stop")
    assert [path.name for path in target.iterdir()] == ["second"]
    assert list(tmp_path.iterdir()) == [target]


def test_json_survives_and_bad_json_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"name": "Sturz über", "n": [1, 2.5]})
    assert read_json(path) == {"name": "Sturz über", "n": [1, 2.5]}
    path.write_text('{\n"a": 1,\n}')
    with pytest.raises(UserError, match=r"a\.json: line [23]: not valid JSON"):
        read_json(path)
    with pytest.raises(UserError, match=r"b\.json: no such file"):
        read_json(tmp_path / "b.json")


def test_a_file_where_a_folder_is_needed(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="choose another folder"), atomic_write(tmp_path / "file" / "sub" / "a"):
        pass


def test_digests_depend_on_every_boundary(tmp_path: Path) -> None:
    assert digest(["ab", "c"]) != digest(["a", "bc"])
    assert digest(["a", b"b"]) == digest([b"a", "b"])
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_folder_is_held_by_one_process_and_freed_by_its_death(tmp_path: Path) -> None:
    code = f"""
import time
from featherfall.core.files import hold
with hold({str(tmp_path / "run")!r}):
    print("held", flush=True); time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(UserError, match="another run is writing here"), hold(tmp_path / "run"):
            pass
        holder.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            with hold(tmp_path / "run"):
                return
        except UserError:
            time.sleep(0.05)
    pytest.fail("the lock outlived its process")


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "socket"))
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path, told in (
        (tmp_path / "pipe", "not a file but a pipe"),
        (Path("/dev/zero"), "not a file but a device"),
        (Path("/dev/full"), "not a file but a device"),
        (tmp_path / "socket", "not a file but a socket"),
        (tmp_path, "a folder, not a file"),
        (tmp_path / "none", "no such file"),
        (tmp_path / "loop", "cannot be read"),
        (tmp_path / ("x" * 300), "cannot be read .*name too long"),
        (tmp_path / "a\0b", "no file can have this name"),
    ):
        with pytest.raises(UserError, match=told):
            read_bytes(path, 100)
    (tmp_path / "a").write_bytes(bytes(101))
    with pytest.raises(UserError, match="larger than"):
        read_bytes(tmp_path / "a", 100)
    assert read_bytes(tmp_path / "a", 101) == bytes(101)


@pytest.mark.parametrize("write", [atomic_write, atomic_folder])
def test_places_that_cannot_be_written(write: Callable[[Path], AbstractContextManager[Any]], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    stands = tmp_path / ("folder" if write is atomic_write else "file")
    for path, told in (
        (tmp_path / "file" / "a", "a file stands where a folder is needed"),
        (stands, "a folder stands where a file is needed" if write is atomic_write else "a file stands where a folder is needed"),
        (tmp_path / ("x" * 300), "the name is too long"),
    ):
        with pytest.raises(UserError, match=told), write(path):
            pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
    longest = tmp_path / ("x" * 255)  # its temporary file's name is shorter
    with write(longest):
        pass
    assert longest.exists()
