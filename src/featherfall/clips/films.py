"""Films in the clip store: every chosen picture once, as JPEG, and which pictures each clip shows."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, TracebackType
from typing import IO

import numpy as np

from featherfall.core.errors import UserError


class FilmWriter:
    """Write `<name>.jpgs` (concatenated pictures) and, when closed, `<name>.npz` (their offsets, and the pictures of each clip)."""

    def __init__(self, folder: Path, name: str, frames: int) -> None:
        self._folder, self._name, self._frames = folder, name, frames
        self._file: IO[bytes] = open(folder / f"{name}.jpgs", "wb")  # noqa: SIM115 (closed by __exit__)
        self._ends: list[int] = [0]
        self._index: list[np.ndarray] = []

    def __enter__(self) -> FilmWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()
        if kind is None:
            index = np.concatenate(self._index) if self._index else np.zeros((0, self._frames), np.int64)
            np.savez(self._folder / f"{self._name}.npz", ends=np.asarray(self._ends), index=index)

    def add(self, pictures: list[bytes], index: np.ndarray) -> None:
        """Add the pictures of one recording, and index (K, frames): which of them its clips show."""
        first = len(self._ends) - 1
        for picture in pictures:
            self._file.write(picture)
            self._ends.append(self._ends[-1] + len(picture))
        self._index.append(np.asarray(index, np.int64) + first)

    def add_blank(self, count: int) -> None:
        """Add clips of a recording that has no film."""
        self._index.append(np.full((count, self._frames), -1, np.int64))


@dataclass(frozen=True, eq=False)
class FilmClips:
    """The pictures of N clips of F frames, decoded when asked for.

    Attributes:
        index: (N, F) int64, the picture of each frame; -1 where the recording has no film.
    """

    path: Path
    ends: np.ndarray
    index: np.ndarray
    size: int

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, F, size, size, 3)."""
        return (*self.index.shape, self.size, self.size, 3)

    def pictures(self, numbers: np.ndarray) -> np.ndarray:
        """Return (..., size, size, 3) uint8 RGB pictures by their numbers (any shape), black for -1; each is decoded once."""
        wanted, where = np.unique(numbers, return_inverse=True)
        out = np.zeros((len(wanted), self.size, self.size, 3), np.uint8)
        with open(self.path, "rb") as file:
            for i, number in enumerate(wanted.tolist()):
                if number >= 0:
                    file.seek(int(self.ends[number]))
                    out[i] = from_jpeg(file.read(int(self.ends[number + 1] - self.ends[number])))
        return np.asarray(out[where.reshape(np.shape(numbers))])

    def read(self, clips: np.ndarray) -> np.ndarray:
        """Return (K, F, size, size, 3) uint8 RGB of the given clips."""
        return self.pictures(self.index[clips])


def open_film_clips(folder: Path, name: str, size: int) -> FilmClips:
    """Open what `FilmWriter` wrote."""
    with np.load(folder / f"{name}.npz") as saved:
        return FilmClips(folder / f"{name}.jpgs", saved["ends"], saved["index"], size)


def to_jpeg(image: np.ndarray, quality: int) -> bytes:
    """Encode (H, W, 3) uint8 RGB as JPEG without colour subsampling, which would lose most of the colour of small pictures."""
    buffer = io.BytesIO()
    load_pillow().fromarray(image).save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()


def from_jpeg(data: bytes) -> np.ndarray:
    """Decode a JPEG to (H, W, 3) uint8 RGB."""
    return np.asarray(load_pillow().open(io.BytesIO(data)))


def load_pillow() -> ModuleType:
    """Import Pillow's module Image; raises `UserError` where it is not installed."""
    try:
        from PIL import Image
    except ImportError:
        raise UserError("clips with films need Pillow; install it: pip install 'featherfall[video]'") from None
    return Image
