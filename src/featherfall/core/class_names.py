"""Meaning of an image dataset's class names: fall, no fall, or to be ignored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field, model_validator

from featherfall.core.checked import Checked
from featherfall.core.errors import UserError

Meaning = Literal["fall", "not_fall", "ignore"]


class ClassNames(Checked):
    """Meaning of each class name of an image dataset; upper and lower case, "-", "_" and spaces make no difference.

    A picture is a fall if any of its names is in `fall`. Names in `ignore` (e.g. a bed) say nothing about a person and are skipped, so a
    picture with no other name is not a fall.
    """

    fall: list[str] = Field(min_length=1)
    not_fall: list[str] = []
    ignore: list[str] = []

    @model_validator(mode="after")
    def _once(self) -> ClassNames:
        known: dict[str, str] = {}
        for meaning in ("fall", "not_fall", "ignore"):
            for name in getattr(self, meaning):
                if known.setdefault(normal(name), meaning) != meaning:
                    raise ValueError(f"{name!r} is in both {known[normal(name)]!r} and {meaning!r}; keep one")
        return self

    def meaning(self, name: str) -> Meaning | None:
        """Return the meaning of a name; None where it is not listed."""
        wanted = normal(name)
        meanings: tuple[Meaning, ...] = ("fall", "not_fall", "ignore")
        return next((meaning for meaning in meanings if wanted in map(normal, getattr(self, meaning))), None)

    def check(self, names: Iterable[str], where: str) -> None:
        """Raise `UserError` with all of `names` that are not listed."""
        unknown = sorted({name for name in names if self.meaning(name) is None})
        if unknown:
            raise UserError(f"{where}: labels.names does not list {', '.join(map(repr, unknown))}; add it to fall, not_fall or ignore")


def normal(name: str) -> str:
    """Return the canonical spelling of a class name: "Not_Fallen" -> "not fallen"."""
    return " ".join(name.replace("_", " ").replace("-", " ").split()).casefold()
