"""What a clip is: its window, its sensors and its films."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from typing import Any

from pydantic import Field, field_validator, model_validator

from featherfall.core.checked import Checked
from featherfall.core.window import Window


class FilmInput(Checked):
    """A film as a clip's input: `frames` pictures of `size` x `size` pixels, evenly spread over the window, cached as JPEG.

    A still image is a film of one picture: `frames` 1, and windows of kind "trial".

    view: which of a recording's films, e.g. cam0; of several ("cam0 | cam1") the first that a recording has; "each" makes every film of a
    recording a recording of its own, all on one side of a split.
    quality: of the cached pictures, as JPEG counts.
    """

    view: str
    frames: int = Field(default=10, ge=1, le=256)
    size: int = Field(default=160, ge=16, le=512)
    quality: int = Field(default=90, ge=30, le=100)


class Clip(Checked):
    """What a clip is.

    inputs: the clip's sensors and the dataset's stream behind each, e.g. {accelerometer: watch_accelerometer}; of several streams
    ("a | b") the first that a recording has. A list of streams gives the inputs the streams' names.
    films: inputs that are films.
    reference: the input whose time is kept; for impact windows an accelerometer. It must be among the student's.
    require: inputs without which a recording is left out ("*_gyroscope" names several); the student's always are required.
    """

    window: Window
    inputs: dict[str, str] = {}
    films: dict[str, FilmInput] = {}
    reference: str
    require: list[str] = []

    @field_validator("inputs", mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        return {name: name for name in value} if isinstance(value, list) else value

    @model_validator(mode="after")
    def _fits(self) -> Clip:
        self.require[:] = expand(self.require, self.names)
        if not self.names:
            raise ValueError("a clip needs 'inputs' or 'films'")
        if twice := set(self.inputs) & set(self.films):
            raise ValueError(f"{', '.join(sorted(twice))} is in both 'inputs' and 'films'; give the film another name")
        for name in [self.reference, *self.require]:
            if name not in self.names:
                raise ValueError(f"{name!r} is not among the clip's inputs ({', '.join(self.names)})")
        if self.window.kind == "impact" and self.reference in self.films:
            raise ValueError("impact windows need an accelerometer as 'reference', not a film; use kind 'sliding'")
        return self

    @property
    def names(self) -> list[str]:
        """All inputs, films last."""
        return [*self.inputs, *self.films]

    @property
    def each_view(self) -> bool:
        """Whether every film is a recording of its own."""
        return any(film.view == "each" for film in self.films.values())

    def behind(self, name: str) -> list[str]:
        """Return the dataset's streams, or views, that may stand behind an input."""
        stated = self.inputs[name] if name in self.inputs else self.films[name].view
        return [one.strip() for one in stated.split("|")]


def expand(patterns: Sequence[str], known: Sequence[str]) -> list[str]:
    """Return names with each "*" pattern replaced by all known names that match, each once; a pattern without a match is kept."""
    names: list[str] = []
    for pattern in patterns:
        found = [name for name in known if fnmatch.fnmatchcase(name, pattern)] if "*" in pattern else []
        names += found or [pattern]
    return list(dict.fromkeys(names))
