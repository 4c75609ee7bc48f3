"""Source, Dataset and Reader: what a folder holds, before any of it is read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from featherfall.core.files import SIMULATION
from featherfall.core.recording import FallTimes, Recording

Side = Literal["train", "test"]


@dataclass(frozen=True, eq=False)
class Source:
    """One recording on disk, not yet read; can be pickled to another process.

    Attributes:
        dataset, subject, activity, trial, traits: as in `Recording`.
        fall: whether the person falls.
        files: every file that `load` depends on; their content decides the recording.
        read: module-level function (or a `functools.partial` of one) that reads it.
        roles: what each of `files` holds, e.g. "accelerometer"; the same length as `files`, or empty.
        fall_times: when the fall happened, where the dataset says.
        names: of a picture, the class names of what it shows, each once; `fall` follows from them.
        stamps: gives the time stamps as they stand in the files (s, by stream), where `read` straightens or ignores them.
    """

    dataset: str
    subject: str
    activity: str
    trial: str
    fall: bool
    files: tuple[Path, ...]
    traits: Mapping[str, str]
    read: Callable[[Source], Recording]
    roles: tuple[str, ...] = ()
    fall_times: FallTimes | None = None
    stamps: Callable[[Source], Mapping[str, np.ndarray]] | None = None
    names: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The same as `Recording.id`: "S1/walk/2"."""
        return f"{self.subject}/{self.activity}/{self.trial}"

    def file(self, role: str) -> Path | None:
        """Return the file that holds `role`, or None where this recording has none."""
        return dict(zip(self.roles, self.files, strict=False)).get(role)

    def load(self) -> Recording:
        """Read it; raises `UserError` that names the file and the row where something is wrong."""
        return self.read(self)


class Unlisted(str):
    """A line of `Dataset.problems` that says of recordings that they cannot be listed, e.g. because of the names of their files.

    Attributes:
        recordings: how many.
    """

    recordings: int

    def __new__(cls, text: str, recordings: int = 1) -> Unlisted:
        """Make a line of `text`."""
        line = super().__new__(cls, text)
        line.recordings = recordings
        return line


@dataclass(frozen=True, eq=False)
class Dataset:
    """Everything in one dataset's folder.

    Attributes:
        sources: in a fixed order.
        splits: published splits by name; each puts a source on the side "train" or "test".
        problems: what was found wrong while scanning, one line each; never a reason to stop. `Unlisted` ones count as left out.
        class_names: of pictures, all class names that the data set declares, in its order, whether a picture shows them or not.
    """

    name: str
    folder: Path
    sources: tuple[Source, ...]
    splits: Mapping[str, Callable[[Source], Side]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()

    @property
    def unlisted(self) -> tuple[str, ...]:
        """The problems that leave recordings out of `sources`, each as often as it has recordings."""
        return tuple(str(line) for line in self.problems if isinstance(line, Unlisted) for _ in range(line.recordings))

    @property
    def simulated(self) -> bool:
        """Whether `featherfall sim` wrote every recording: its note lies in a folder above each."""
        folders = {source.files[0].parent for source in self.sources if source.files}
        return bool(folders) and all(any((place / SIMULATION).is_file() for place in (folder, *folder.parents)) for folder in folders)


class Reader(ABC):
    """Base of dataset readers. A reader registers itself beside its definition::

        @register("dataset", "my-falls")
        class MyFalls(Reader):
            \"\"\"Falls of our ward; watch at the wrist.\"\"\"

            folder = "My-Falls"
            layout = "S01/fall_1.csv"
            streams = ("accelerometer",)

            def scan(self, folder): ...

    Readers of still pictures register with `pictures=True`.

    Attributes:
        name: the registered name, set by `register`.
        folder: usual name of the dataset's folder below `--data`; "" for `--data` itself.
        layout: example of a file's path below `folder`, for messages.
        streams: names of the sensor streams that a recording may have.
        made_by: the command that writes the dataset, with "{folder}" in it; "" for one that is fetched.
    """

    name: ClassVar[str]
    folder: ClassVar[str]
    layout: ClassVar[str]
    streams: ClassVar[tuple[str, ...]] = ()
    made_by: ClassVar[str] = ""

    @abstractmethod
    def scan(self, folder: Path) -> Dataset:
        """List the recordings without reading them.

        Arguments:
            folder: the dataset's own folder.
        Returns: a `Dataset` called `self.name`; its `problems` list what does not fit. Raises `UserError` where nothing can be made
        of the folder.
        """
