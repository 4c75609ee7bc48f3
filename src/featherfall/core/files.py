"""Write files whole or not at all, and lock folders against other processes."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from featherfall.core.errors import UserError
from featherfall.core.text import json_text

_NAME = 40  # characters of a name that its temporary file repeats; the whole one may be as long as the file system allows
SIMULATION = "simulation.json"  # a dataset's folder that holds it was simulated


# What a user can mend when a file or a folder cannot be written, by the error's number; "" for the general advice.
_WRITING = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder",
    errno.EDQUOT: "the disk quota is used up; free some space or choose another folder",
    errno.EACCES: "no permission to write; choose another folder",
    errno.EPERM: "no permission to write; choose another folder",
    errno.EROFS: "no permission to write; choose another folder",
    errno.ENOTDIR: "a file stands where a folder is needed; choose another folder",
    errno.EEXIST: "a file stands where a folder is needed; choose another folder",
    errno.EISDIR: "a folder stands where a file is needed; choose another name",
    errno.ENAMETOOLONG: "the name is too long for the file system; choose a shorter one",
    errno.ELOOP: "a link that leads to itself; choose another path",
}
_KINDS = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


@contextlib.contextmanager
def user_errors(path: Path) -> Iterator[None]:
    """Convert errors of the file system to `UserError`s that name the path and the remedy. For writing."""
    try:
        yield
    except OSError as error:
        if error.errno in _WRITING:
            raise UserError(f"{path}: {_WRITING[error.errno]}") from error
        raise


def open_file(path: Path) -> io.BufferedReader:
    """Open a file for reading; raises `UserError` for whatever is not a regular file that can be read.

    A pipe or a device is refused: opening it may wait for ever, and it has no end, or none that can be read twice.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; correct the path") from None
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket
            raise UserError(f"{path}: not a file but a socket; save what it gives as a file first") from None
        raise UserError(f"{path}: cannot be read ({error.strerror}); correct the path or the file's permissions") from error
    except ValueError:  # a NUL character
        raise UserError(f"{path}: no file can have this name; correct the path") from None
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(handle, "rb")
    os.close(handle)
    if stat.S_ISDIR(mode):
        raise UserError(f"{path}: a folder, not a file; name a file in it")
    raise UserError(f"{path}: not a file but {_KINDS.get(stat.S_IFMT(mode), 'a device')}; save what it gives as a file first")


def is_there(path: Path) -> bool:
    """Return whether a path that a file names exists; one that no file system could hold does not."""
    try:
        return path.exists()
    except (OSError, ValueError):  # too long; with a NUL character
        return False


def read_bytes(path: Path, most: int) -> bytes:
    """Return a file's content; raises `UserError` as `open_file`, and for more than `most` bytes."""
    with open_file(path) as file:
        try:
            size = os.fstat(file.fileno()).st_size
            data = b"" if size > most else file.read(size + 1)  # reading allocates what it is asked for
            while size < len(data) <= most and (more := file.read(1 << 20)):  # it grows, or states no size as in /proc
                data += more
        except OSError as error:
            raise UserError(f"{path}: cannot be read ({error.strerror}); copy it again") from error
    if max(size, len(data)) > most:
        raise UserError(f"{path}: larger than {most / 1e6:g} MB; such a file has less, name another one or leave it out")
    return data


@contextlib.contextmanager
def atomic_write(path: Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """Open a temporary file beside `path`; on success sync it and rename it to `path`, on any error leave no trace.

    Raises `UserError` where the disk is full or the folder is not writable.
    """
    path = Path(path)
    with user_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:_NAME]}.", dir=path.parent)
        try:
            with os.fdopen(handle, mode) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise


@contextlib.contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; on success it becomes `path` (replacing it), on any error it vanishes."""
    path = Path(path)
    with user_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name[:_NAME]}.", dir=path.parent))
        try:
            yield temporary
            os.chmod(temporary, 0o755)
            if path.exists():
                shutil.rmtree(path)
            os.replace(temporary, path)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


def data_folder(stated: str | Path | None = None) -> Path:
    """Return the data folder: `stated`, else $FEATHERFALL_REAL_DATA, else ~/.cache/featherfall/real."""
    return Path(stated or os.environ.get("FEATHERFALL_REAL_DATA") or Path.home() / ".cache" / "featherfall" / "real")


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, whole or not at all."""
    with atomic_write(path, "w") as file:
        file.write(json_text(value, indent=2) + "\n")


def sha256(path: Path) -> str:
    """Return the hex digest of one file's content."""
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(path: Path) -> str:
    """Return a hex digest of a file's content that does not read long ones (films) whole.

    Of everything up to 4 MB, else of the size and 16 evenly spaced pieces of 64 kB.
    """
    size = path.stat().st_size
    if size <= 4 << 20:
        return sha256(path)
    total = hashlib.sha256(size.to_bytes(8, "big"))
    with open_file(path) as file:
        for piece in range(16):
            file.seek((size - (1 << 16)) * piece // 15)
            total.update(file.read(1 << 16))
    return total.hexdigest()


def digest(parts: Iterable[str | bytes]) -> str:
    """Return the hex digest of a sequence of strings; each is length-prefixed, so that no two sequences collide by joining."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()


@contextlib.contextmanager
def hold(folder: Path, wait: bool = False) -> Iterator[None]:
    """Lock `folder` for this process (created if absent); where another process holds it, wait or raise `UserError`.

    The lock is the kernel's (`flock`), so a killed process leaves nothing to clean up.
    """
    import fcntl  # which Windows lacks; what only runs bundles needs no lock

    folder = Path(folder)
    with user_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"{folder}: another run is writing here; wait for it or give another --out") from None
        yield
    finally:
        os.close(handle)
