"""Files that pages show, under unguessable addresses; those of a session are removed when it ends."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
from pathlib import Path

_MARK = "featherfall-app-"


class MediaStore:
    """A temporary folder of this process, whose files pages reach under `/media/<key>/<name>`.

    Folders of processes that were killed are removed by the next one.
    """

    def __init__(self) -> None:
        remove_stale_folders()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_MARK}{os.getpid()}-"))

    def new_folder(self) -> Path:
        """Create a folder under an unguessable key."""
        folder = self.folder / secrets.token_urlsafe(18)
        folder.mkdir()
        return folder

    def url(self, file: Path) -> str:
        """Return the address of a file in a `new_folder`."""
        return f"/media/{file.parent.name}/{file.name}"

    def find(self, key: str, name: str) -> Path | None:
        """Return the file of an address; None where there is none."""
        folders = {one.name: one for one in self.folder.iterdir() if one.is_dir()}
        files = {one.name: one for one in folders[key].iterdir() if one.is_file()} if key in folders else {}
        return files.get(name)

    def remove(self, folder: Path | None) -> None:
        """Remove a folder made by `new_folder`; others are left alone."""
        if folder is not None and folder.parent == self.folder:
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Remove all folders."""
        with contextlib.suppress(OSError):
            shutil.rmtree(self.folder)


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
