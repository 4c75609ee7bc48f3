from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from featherfall.app import media
from featherfall.app.media import MIN_CHARGE, MediaStore, StorageFull

MB = 1_000_000


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MediaStore]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    store = MediaStore(limit=10 * MB, share=6 * MB)
    yield store
    store.close()


def test_one_address_may_have_its_share_and_all_together_the_limit(store: MediaStore) -> None:
    first, second = store.new_upload("a"), store.new_upload("b")
    store.grow(first, 5 * MB)
    with pytest.raises(StorageFull, match="files of your address already use the 6 MB"):
        store.grow(first, MB + 1)
    store.grow(second, 4 * MB)
    with pytest.raises(StorageFull, match="no space left for files at present"):
        store.grow(second, 2 * MB)
    third = store.new_folder("c", "session")
    with pytest.raises(StorageFull, match="no space left"):
        store.new_folder("c", "session")
    store.remove(third)
    assert (store.used("a"), store.used("b"), store.used()) == (5 * MB, 4 * MB, 9 * MB)
    store.remove(first)
    store.new_folder("c", "session")
    assert store.used() == 5 * MB and not first.exists()


def test_small_files_count_too(store: MediaStore) -> None:
    for _ in range(6):
        store.grow(store.new_upload("a"), 10)
    with pytest.raises(StorageFull):
        store.new_upload("a")
    assert store.used("a") == 6 * MIN_CHARGE == 6 * MB


def test_results_count_as_they_are_on_disk(store: MediaStore) -> None:
    folder = store.new_folder("a", "session")
    (folder / "film.mp4").write_bytes(bytes(2 * MB))
    store.measure(folder)
    assert store.used("a") == 2 * MB
    (folder / "film.mp4").write_bytes(bytes(7 * MB))
    with pytest.raises(StorageFull):
        store.measure(folder)
    (folder / "film.mp4").write_bytes(bytes(MB))
    store.measure(folder)  # smaller is never refused
    assert store.used("a") == MB


def test_the_disk_keeps_some_space(store: MediaStore, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    folder = store.new_upload("a")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, media.MIN_FREE + 100))
    store.grow(folder, 100)
    with pytest.raises(StorageFull, match="no space left"):
        store.grow(folder, 101)


def test_what_nobody_uses_is_removed(store: MediaStore, monkeypatch: pytest.MonkeyPatch) -> None:
    upload, result, used = store.new_upload("a"), store.new_folder("a", "s"), store.new_folder("a", "s")
    (used / "film.mp4").write_bytes(b"film")
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + media.UPLOAD_S + 1)
    store.sweep()
    assert not upload.exists() and result.exists()
    assert store.find(used.name, "film.mp4") == used / "film.mp4"  # a page shows it
    monkeypatch.setattr(time, "monotonic", lambda: now + media.RESULT_S + 1)
    store.sweep()
    assert not result.exists() and used.exists()
    with pytest.raises(StorageFull, match="removed meanwhile"):
        store.grow(upload, 1)


def test_a_session_takes_its_results_along(store: MediaStore) -> None:
    mine, other, upload = store.new_folder("a", "mine"), store.new_folder("a", "other"), store.new_upload("a")
    store.end("")
    store.end("mine")
    assert not mine.exists() and other.exists() and upload.exists()


def test_files_are_found_by_key_and_name_only(store: MediaStore) -> None:
    folder, upload = store.new_folder("a", "s"), store.new_upload("a")
    for place in (folder, upload, store.samples):
        (place / "x.csv").write_text("1")
    assert store.find(folder.name, "x.csv") == folder / "x.csv" and store.url(folder / "x.csv") == f"/media/{folder.name}/x.csv"
    for key, name in (
        (upload.name, "x.csv"),
        ("..", "x.csv"),
        (folder.name, "../x"),
        ("uploads", "x.csv"),
        ("", "x.csv"),
        (folder.name, ""),
    ):
        assert store.find(key, name) is None
    assert store.find_upload(str(upload / "x.csv")) == upload / "x.csv"
    assert store.find_upload(str(store.samples / "x.csv")) == store.samples / "x.csv"
    for path in (
        None,
        "",
        "/etc/passwd",
        str(folder / "x.csv"),
        str(upload / "y.csv"),
        str(upload / ".." / "samples" / "x.csv"),
        "http://x",
    ):
        assert store.find_upload(path) is None


def test_folders_of_killed_processes_are_removed(store: MediaStore, tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True)
    left = tmp_path / f"featherfall-app-{ended.stdout.strip()}-x"
    left.mkdir()
    media.remove_stale_folders()
    assert not left.exists() and store.folder.exists()
