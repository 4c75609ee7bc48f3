"""One file of what the user gave, wherever it lies: on disk, compressed, or in an archive. Nothing is unpacked to disk."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from featherfall.core.errors import UserError
from featherfall.core.progress import report

PACKED = (".gz", ".bz2", ".xz")
_MAGIC: dict[bytes, Callable[[Any], Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
# A table of samples shrinks to a tenth or, of a sensor at rest, to a fiftieth; deflate ends at 1:1032, which only a bomb comes near.
MAX_RATIO = 300
FREE = 1 << 28  # bytes that a packed file may always give
_BROKEN = (EOFError, OSError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError)


@dataclass(frozen=True)
class Member:
    """A file.

    Attributes:
        path: on disk: the file itself, or the archive that holds it.
        inside: name in the archive; "" for a file of its own.
    """

    path: Path
    inside: str = ""

    @property
    def where(self) -> str:
        """For messages."""
        return f"{self.path}: {self.inside}" if self.inside else str(self.path)

    def pieces(self, size: int = 1 << 19) -> Iterator[bytes]:
        """Yield the content, unpacked, in pieces of at most `size` bytes.

        Raises: `UserError` for a file that cannot be read or unpacked, and for one that unpacks to more than `MAX_RATIO` times its size.
        """
        given = 0
        with self._user_errors(), contextlib.ExitStack() as stack:
            file, packed = self._open(stack)
            whole = 0 if packed else self.path.stat().st_size
            while piece := file.read(size):
                given += len(piece)
                if packed and given > max(FREE, packed * MAX_RATIO):
                    raise UserError(f"{self.where}: unpacks to more than {MAX_RATIO} times its size; unpack it yourself if that is right")
                yield piece
                if whole:
                    report("reading", given / whole)

    def head(self, size: int) -> bytes:
        """Return the first bytes, unpacked."""
        return next(iter(self.pieces(size)), b"")

    def _open(self, stack: contextlib.ExitStack) -> tuple[IO[bytes], int]:
        """Return the unpacked content, and the packed size in bytes; 0 where nothing is packed."""
        packed = 0
        if self.inside:
            archive = stack.enter_context(zipfile.ZipFile(self.path))
            file = stack.enter_context(archive.open(self.inside))
            packed = archive.getinfo(self.inside).compress_size
            magic = stack.enter_context(archive.open(self.inside)).read(6)
        else:
            file = stack.enter_context(self.path.open("rb"))
            magic = file.read(6)
            file.seek(0)
        opener = next((opener for begin, opener in _MAGIC.items() if magic.startswith(begin)), None)
        if opener is None:
            return file, packed
        unpacked: IO[bytes] = stack.enter_context(opener(file))
        return unpacked, packed or self.path.stat().st_size

    @contextlib.contextmanager
    def _user_errors(self) -> Iterator[None]:
        try:
            yield
        except UserError:
            raise
        except _BROKEN as error:
            if isinstance(error, RuntimeError) and "password" in str(error):
                raise UserError(f"{self.where}: is protected by a password; unpack it first") from error
            reason = getattr(error, "strerror", None) or (f"damaged archive: {error}" if str(error) else "cut off")
            raise UserError(f"{self.where}: cannot be read ({reason}); copy it again, or correct the path or its permissions") from error


def member_name(name: str) -> str:
    """Return a file's name without the ending of its compression: "ACC.csv.gz" -> "ACC.csv"."""
    path = PurePosixPath(name)
    return str(path.with_suffix("")) if path.suffix.lower() in PACKED else name
