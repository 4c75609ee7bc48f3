"""Open a file, a folder or a zip of text tables, whatever their encoding, delimiter, decimal mark and header."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from featherfall.core.errors import UserError
from featherfall.recorders.encoding import decode, find_encoding
from featherfall.recorders.member import Member, member_name
from featherfall.recorders.table import Stated, read_table
from featherfall.recorders.table import Table as Table  # what a capture gives

MAX_NAMES = 500  # files of an export; a folder of more is a dataset, or a disk
MAX_DEPTH = 4  # folders in folders


@dataclass(frozen=True, eq=False)
class Capture:
    """What the user gave: a file, a folder or a zip.

    Attributes:
        path: as given, for messages.
        names: of the files in it: one for a file (without ".gz"), all for a folder or zip, relative, sorted, bounded in number.
        stated: what the user says of its times.
    """

    path: Path
    names: tuple[str, ...]
    members: Mapping[str, Member] = field(repr=False)
    stated: Stated = field(default_factory=Stated)
    _tables: dict[str, Table | None] = field(default_factory=dict, repr=False)

    def table(self, name: str | None = None) -> Table | None:
        """Return a file as a table; None where it is not one (binary, JSON, prose). name: None for the only file."""
        name = self._only(name)
        if name is None:
            return None
        if name not in self._tables:
            self._tables[name] = read_table(self.members[name], name, self.stated)
        return self._tables[name]

    def head(self, name: str | None = None, size: int = 1 << 16) -> bytes:
        """Return a file's first bytes, decompressed; none where the only one is asked for and there are several."""
        name = self._only(name)
        return b"" if name is None else self.members[name].head(size)

    def text(self, name: str | None = None, limit: int = 1 << 24) -> str:
        """Return a whole small text file, e.g. JSON; raises `UserError` beyond `limit` bytes."""
        name = self._only(name)
        if name is None:
            return ""
        pieces, size = [], 0
        for piece in self.members[name].pieces():
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                raise UserError(f"{self.members[name].where}: larger than {limit >> 20} MB; cut it into smaller files")
        encoding, mark = find_encoding(b"".join(pieces)[: 1 << 16]) or ("utf-8", 0)
        return "".join(decode(pieces, encoding, mark))

    def _only(self, name: str | None) -> str | None:
        if name is None:
            return self.names[0] if len(self.names) == 1 else None
        return name


def open_capture(path: str | Path, stated: Stated = Stated()) -> Capture:
    """Open a file, which may be compressed, a folder or a zip.

    Arguments:
        stated: what the user says of its times.
    Raises: `UserError` for a path that is not there, an empty folder, a damaged archive.
    """
    path = Path(path)
    try:
        if path.is_dir():
            members = _in_folder(path)
        elif path.is_file():
            members = _in_archive(path) if _is_zip(path) else {member_name(path.name): Member(path)}
        elif path.exists():
            raise UserError(f"{path}: cannot be read (neither a file nor a folder); save the samples to a file")
        else:
            raise UserError(f"{path}: cannot be read (No such file or directory); correct the path")
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); correct the path or its permissions") from error
    if not members:
        raise UserError(f"{path}: holds no file; give the folder or archive of an export")
    return Capture(path, tuple(sorted(members)), members, stated)


def _is_zip(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _in_folder(path: Path) -> dict[str, Member]:
    """Return the files of a folder by name; links, which may lead out of it, and hidden files are left out."""
    members: dict[str, Member] = {}
    for folder, folders, files in os.walk(path):
        inside = Path(folder).relative_to(path)
        folders[:] = sorted(one for one in folders if not _is_hidden(one)) if len(inside.parts) < MAX_DEPTH else []
        for file in files:
            one = Path(folder) / file
            if not _is_hidden(file) and one.is_file() and not one.is_symlink():
                members[member_name((inside / file).as_posix())] = Member(one)
        if len(members) > MAX_NAMES:
            raise UserError(f"{path}: holds more than {MAX_NAMES} files; give the folder of one export")
    return members


def _in_archive(path: Path) -> dict[str, Member]:
    """Return the files of a zip by name."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist()[: MAX_NAMES + 1] if not info.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, IndexError) as error:  # IndexError: a part without a name
        raise UserError(f"{path}: not a whole zip archive ({error}); copy it again") from error
    if len(names) > MAX_NAMES:
        raise UserError(f"{path}: holds more than {MAX_NAMES} files; give the archive of one export")
    if "[Content_Types].xml" in names:
        raise UserError(f"{path}: a workbook of a spreadsheet program; save its sheet as CSV")
    return {member_name(name): Member(path, name) for name in names if not any(_is_hidden(part) for part in PurePosixPath(name).parts)}


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "__MACOSX"))
