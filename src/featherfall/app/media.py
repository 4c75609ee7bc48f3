"""Files of the app's users on disk: what was uploaded and what pages show, within limits, removed when it is needed no more."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from featherfall.app.analysis import TaskProgress
from featherfall.core.errors import UserError

_MARK = "featherfall-app-"
MIN_CHARGE = 1_000_000  # bytes that a folder counts at least, so that many small files are limited, too
MIN_FREE = 200_000_000  # bytes of the disk that are left to others
UPLOAD_S = 900.0  # an upload that no analysis has asked for is removed after so many seconds
RESULT_S = 7200.0  # a result that nobody has used is removed, although its page may be open
_SWEEP_S = 20.0


class StorageFull(UserError):
    """The files on disk have reached a limit."""


@dataclass
class _Folder:
    """One folder's files. owner: address that they count for; session: whose end removes them; keep_s: without use."""

    owner: str
    session: str
    keep_s: float
    size: int = 0
    used: float = field(default_factory=time.monotonic)


class MediaStore:
    """A temporary folder of this process, whose results pages reach under `/media/<key>/<name>`.

    Folders of processes that were killed are removed by the next one.

    Attributes:
        folder: holds everything; `uploads` in it what was uploaded, `samples` in that the app's own files, which stay.
        limit: bytes of all users together.
        share: bytes of one address.
    """

    def __init__(self, limit: int = 2_000_000_000, share: int | None = None) -> None:
        remove_stale_folders()
        self.limit, self.share = limit, limit if share is None else share
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_MARK}{os.getpid()}-"))
        self.uploads, self._results = self.folder / "uploads", self.folder / "results"
        self.samples = self.uploads / "samples"
        self.samples.mkdir(parents=True)
        self._results.mkdir()
        self._held: dict[Path, _Folder] = {}
        self._lock = threading.RLock()
        self._closed = threading.Event()
        threading.Thread(target=self._sweep_often, daemon=True).start()

    def new_folder(self, owner: str = "", session: str = "") -> Path:
        """Create a folder for results under an unguessable key. Raises: `StorageFull`."""
        return self._new(self._results, _Folder(owner, session, RESULT_S))

    def new_upload(self, owner: str = "") -> Path:
        """Create a folder for one upload. Raises: `StorageFull`."""
        return self._new(self.uploads, _Folder(owner, "", UPLOAD_S))

    def find_upload(self, path: str | None) -> Path | None:
        """Return an uploaded file, or a copy of a sample; None where there is none (any more), or the path is of another file."""
        file = Path(path or "")
        with self._lock:
            if file.parent != self.samples and file.parent not in self._held:
                return None
        return file if file.parent.parent == self.uploads and file.is_file() else None

    def grow(self, folder: Path, count: int) -> None:
        """Count bytes that are about to be written to a folder. Raises: `StorageFull` where they do not fit."""
        with self._lock:
            held = self._held.get(folder)
            if held is None:
                raise StorageFull("this file was removed meanwhile; choose it again")
            self._check(held.owner, max(held.size + count, MIN_CHARGE) - max(held.size, MIN_CHARGE), count)
            held.size, held.used = held.size + count, time.monotonic()

    def measure(self, folder: Path) -> None:
        """Count the files of a folder as they are on disk. Raises: `StorageFull` where they are too large."""
        with self._lock:
            held = self._held.get(folder)
            if held is not None:
                size = _size(folder)
                growth, held.size, held.used = size - held.size, size, time.monotonic()
                if growth > 0:
                    self._check(held.owner, 0, 0)

    def watched(self, folder: Path, progress: TaskProgress) -> TaskProgress:
        """Return a progress that also counts what the task writes to a folder, and ends it at the limits of the disk."""

        def report(share: float, what: str) -> None:
            self.measure(folder)
            progress.report(share, what)

        return TaskProgress(report)

    def used(self, owner: str | None = None) -> int:
        """Return the counted bytes of an address; None: of all."""
        with self._lock:
            return sum(max(one.size, MIN_CHARGE) for one in self._held.values() if owner is None or one.owner == owner)

    def url(self, file: Path) -> str:
        """Return the address of a file in a `new_folder`."""
        return f"/media/{file.parent.name}/{file.name}"

    def find(self, key: str, name: str) -> Path | None:
        """Return the file of an address; None where there is none."""
        with self._lock:
            folder = next((one for one in self._held if one.parent == self._results and one.name == key), None)
            if folder is None:
                return None
            self._held[folder].used = time.monotonic()
        return next((one for one in folder.iterdir() if one.name == name and one.is_file()), None)

    def remove(self, folder: Path | None) -> None:
        """Remove a folder made by `new_folder` or `new_upload`; others are left alone."""
        with self._lock:
            if folder is not None and self._held.pop(folder, None) is not None:
                shutil.rmtree(folder, ignore_errors=True)

    def end(self, session: str) -> None:
        """Remove the results of a session that has ended."""
        with self._lock:
            for folder in [one for one, held in self._held.items() if session and held.session == session]:
                self.remove(folder)

    def sweep(self) -> None:
        """Remove what nobody has used for too long."""
        now = time.monotonic()
        with self._lock:
            for folder in [one for one, held in self._held.items() if now - held.used > held.keep_s]:
                self.remove(folder)

    def close(self) -> None:
        """Remove all folders."""
        self._closed.set()
        with contextlib.suppress(OSError):
            shutil.rmtree(self.folder)

    def _new(self, parent: Path, held: _Folder) -> Path:
        with self._lock:
            self._check(held.owner, MIN_CHARGE, 0)
            folder = parent / secrets.token_urlsafe(18)
            folder.mkdir()
            self._held[folder] = held
        return folder

    def _check(self, owner: str, count: int, written: int) -> None:
        """Raise `StorageFull` where `count` more counted bytes, or `written` more on disk, are too many."""
        if self.used(owner) + count > self.share:
            raise StorageFull(
                f"files of your address already use the {self.share / 1e6:g} MB that it may have here; "
                "close other pages of this app, or wait until their results are removed"
            )
        if self.used() + count > self.limit or shutil.disk_usage(self.folder).free < written + MIN_FREE:
            raise StorageFull("this app has no space left for files at present; try again later")

    def _sweep_often(self) -> None:
        while not self._closed.wait(_SWEEP_S):
            self.sweep()


def _size(folder: Path) -> int:
    total = 0
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for one in entries:
            total += one.stat(follow_symlinks=False).st_size
    return total


def remove_stale_folders() -> None:
    """Remove the folders of processes that have ended."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_MARK}*-*"):
        number = folder.name.removeprefix(_MARK).partition("-")[0]
        if number.isdigit() and not _is_running(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # of another user
        return True
    return True
