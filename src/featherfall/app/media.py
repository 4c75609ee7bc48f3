"""Files that pages show, by names that nobody can guess; each session's are removed with it."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
from pathlib import Path

_MARK = "featherfall-app-"


class Shelf:
    """A folder of this process, which vanishes with it; a page sees a file of it only under `/media/<key>/<name>`.

    What a process left that was killed is removed by the next one.
    """

    def __init__(self) -> None:
        sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_MARK}{os.getpid()}-"))

    def place(self) -> Path:
        """A new folder under a key that nobody can guess."""
        place = self.folder / secrets.token_urlsafe(18)
        place.mkdir()
        return place

    def url(self, file: Path) -> str:
        """Where a page finds a file that lies in a `place`."""
        return f"/media/{file.parent.name}/{file.name}"

    def find(self, key: str, name: str) -> Path | None:
        """The file of an address; None for whatever is not on the shelf."""
        places = {one.name: one for one in self.folder.iterdir() if one.is_dir()}
        files = {one.name: one for one in places[key].iterdir() if one.is_file()} if key in places else {}
        return files.get(name)

    def drop(self, place: Path | None) -> None:
        """Remove a folder of the shelf."""
        if place is not None and place.parent == self.folder:
            shutil.rmtree(place, ignore_errors=True)

    def close(self) -> None:
        """Remove everything."""
        with contextlib.suppress(OSError):
            shutil.rmtree(self.folder)


def sweep() -> None:
    """Remove the folders of processes that are no more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_MARK}*-*"):
        number = folder.name.removeprefix(_MARK).partition("-")[0]
        if number.isdigit() and not _lives(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True
