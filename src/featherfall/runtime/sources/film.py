"""Films: a file that a decoder opens, a folder of pictures, or one picture. Frames are decoded on demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input, Manifest
from featherfall.core.recording import Recording, Video
from featherfall.core.registry import register
from featherfall.runtime.sources.source import Recorded
from featherfall.signals.picture_file import is_image_file

CAMERA = "camera"  # name of the film for bundles whose input is found in it (keypoints)


@dataclass(frozen=True)
class FilmOptions:
    """How to read a film; what is left out is as the file says.

    Attributes:
        rate: pictures a second, Hz, of a folder whose names hold no times, a raw stream, or a film whose header is wrong.
        rotate: degrees by which the pictures are turned clockwise: 90, 180 or 270.
        stream: which of several video streams, from 0.
    """

    rate: float | None = None
    rotate: int | None = None
    stream: int | None = None

    def of(self, video: Video) -> Video:
        """Return a film read so."""
        stated = {name: value for name, value in vars(self).items() if value is not None}
        return replace(video, **stated)


@register("source", "film", gives="frames")
def open_film(path: str | Path | Video, manifest: Manifest, **options: Any) -> Recorded:
    """A film file, a folder of pictures, or one picture.

    Arguments:
        options: the fields of `FilmOptions`.
    Raises: `UserError` for a bundle that needs more than a film.
    """
    video = FilmOptions(**options).of(as_video(path))
    if manifest.kind == "keypoints":
        recording = Recording("", "", "", video.path.name, streams={}, videos={CAMERA: video})
    else:
        recording = read_film(video, manifest.inputs)
    return Recorded(str(video.path), recording)


def read_film(path: str | Path | Video, inputs: Sequence[Input]) -> Recording:
    """Return a film as the recording that a bundle of films or pictures takes.

    Raises: `UserError` for a bundle that needs other inputs beside a film.
    """
    video = as_video(path)
    films = [need.name for need in inputs if need.is_film]
    if len(films) != 1 or len(inputs) != 1:
        names = ", ".join(need.name for need in inputs)
        raise UserError(f"{video.path}: the bundle needs {names} at once; evaluate it on a dataset instead")
    return Recording("", "", "", video.path.name, streams={}, videos={films[0]: video})


def as_video(path: str | Path | Video) -> Video:
    """Return the film at a path: a file, or a folder of pictures; a picture is a film of one frame. A `Video` stays as it is."""
    if isinstance(path, Video):
        return path
    path = Path(path)
    return Video(path, images=path.is_dir() or is_image_file(path))


def pictures_in(folder: Path) -> list[Path]:
    """Return a folder's pictures, sorted by name; none for anything else. They need not be frames of one film."""
    return sorted(path for path in folder.iterdir() if is_image_file(path)) if folder.is_dir() else []
