"""Write files whole or not at all, and lock folders against other processes."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from featherfall.core.errors import UserError

SIMULATION = "simulation.json"  # a dataset's folder that holds it was simulated


@contextlib.contextmanager
def user_errors(path: Path) -> Iterator[None]:
    """Convert errors of the file system to `UserError`s that name the path and the remedy."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise UserError(f"{path}: the disk is full; free some space or choose another folder") from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise UserError(f"{path}: no permission to write; choose another folder") from error
        if error.errno == errno.ENOTDIR:
            raise UserError(f"{path}: a file stands where a folder is needed; choose another folder") from error
        raise


@contextlib.contextmanager
def atomic_write(path: Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """Open a temporary file beside `path`; on success sync it and rename it to `path`, on any error leave no trace.

    Raises `UserError` where the disk is full or the folder is not writable.
    """
    path = Path(path)
    with user_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
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
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
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
        json.dump(value, file, indent=2, ensure_ascii=False)
        file.write("\n")


def read_json(path: Path) -> Any:
    """Read JSON; raises `UserError` that names the file and the line."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not valid JSON ({error})") from error


def sha256(path: Path) -> str:
    """Return the hex digest of one file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(path: Path) -> str:
    """Return a hex digest of a file's content that does not read long ones (films) whole.

    Of everything up to 4 MB, else of the size and 16 evenly spaced pieces of 64 kB.
    """
    size = path.stat().st_size
    if size <= 4 << 20:
        return sha256(path)
    total = hashlib.sha256(size.to_bytes(8, "big"))
    with open(path, "rb") as file:
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
