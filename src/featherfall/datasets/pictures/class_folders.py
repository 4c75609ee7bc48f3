"""A picture a file, a folder a class: `fall/a.jpg` and `walking/b.jpg`, also below `train`, `valid` and `test`; no boxes.

Roboflow's exports for classification look so, too: versions of one source picture (named before ".rf.") count as one subject.
"""

from __future__ import annotations

from pathlib import Path

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.datasets.dataset import Dataset, Reader, Unlisted

from .picture import folder_splits, leaks, numbered, picture_source, pictures_below, split_of, stem_of


@register("dataset", "class-folders", pictures=True)
class ClassFolders(Reader):
    """Pictures in one folder a class; no boxes."""

    folder = "class-folders"
    layout = "train/fall/a.jpg and train/walking/b.jpg"

    def scan(self, folder: Path) -> Dataset:
        """List the pictures in folders that name their class; those directly in `folder` or in "train" are reported in `problems`."""
        if (folder / "data.yaml").is_file():
            raise UserError(f"{folder}: has a data.yaml, so that classes are of boxes, not of folders; open it as 'yolo'")
        sources, bare = [], []
        for path in pictures_below(folder):
            above = path.relative_to(folder).parts[:-1]
            if not above or split_of(above[-1:]):
                bare.append(path)
                continue
            name = above[-1]
            # Folders count from 1 anew, so that a picture's name alone does not tell it.
            sources.append(picture_source(self.name, path, f"{name} {stem_of(path)}", [name], [], None, split_of(above)))
        problems = leaks(folder, sources)
        if bare:
            first = bare[0].relative_to(folder)
            line = f"{folder}: {len(bare)} picture(s) in no folder that names their class, such as {first}; they are left out"
            problems.append(Unlisted(line, len(bare)))
        names = tuple(sorted({source.names[0] for source in sources}))
        return Dataset(self.name, folder, numbered(sources), folder_splits(sources), tuple(problems), names)
