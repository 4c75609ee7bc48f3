"""Output paths of `featherfall predict --draw`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Drawing:
    """Where to draw: a file for one input, a folder for several; films are written as mp4.

    private: draw keypoints on black, not the image. images: draw a picture as a picture; otherwise as a film of one picture.
    """

    out: Path
    private: bool = False
    images: bool = False

    def path(self, file: Path, count: int) -> Path:
        """Return the path of the drawing of one of `count` files."""
        if count == 1 and self.out.suffix:
            return self.out
        return self.out / f"{file.stem}.{'png' if self._is_image(file) else 'mp4'}"

    def check(self, files: Sequence[Path]) -> None:
        """Raise `UserError` where two drawings would have one path, or a drawing would overwrite its file."""
        from featherfall.core.errors import UserError
        from featherfall.signals.picture_file import is_image_file

        out = [self.path(file, len(files)) for file in files]
        if len(files) > 1 and self.out.suffix:
            raise UserError(f"--draw {self.out}: {len(files)} files; name a folder")
        if len(set(out)) < len(out):
            raise UserError(f"--draw {self.out}: two of the files have one name; draw them into different folders")
        for file, drawn in zip(files, out, strict=True):
            if drawn.resolve() == file.resolve():
                raise UserError(f"--draw {drawn}: that is the file itself; give another name")
            if self._is_image(file) and not is_image_file(drawn):
                raise UserError(f"--draw {drawn}: {file.name} is a picture; give a name that ends in .png or .jpg, or a folder")

    def _is_image(self, file: Path) -> bool:
        from featherfall.signals.picture_file import is_image_file

        return self.images and is_image_file(file)
