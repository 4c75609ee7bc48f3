"""Parts of a pool of datasets that are not there: which, how to get them, and how to go on without."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from featherfall.core.errors import UserError
from featherfall.core.recipe import Recipe
from featherfall.core.registry import facts, find

from .dataset import Dataset, Reader


class MissingPartsError(UserError):
    """Datasets of a pool have no folder.

    Attributes:
        present: names of those that have one.
    """

    def __init__(self, data_dir: Path, missing: Sequence[Reader], present: Sequence[str]) -> None:
        self.present = tuple(present)
        self._what = f"{data_dir}: no {', '.join(_described(one, data_dir) for one in missing)}"
        super().__init__(self.with_mend(f'name only those that are there: "{" + ".join(present)}"' if present else ""))

    def with_mend(self, instead: str) -> str:
        """Return the message. instead: what else can be done, "" for nothing."""
        return f"{self._what}; {'add what is missing to' if self.present else 'give'} --data{', or ' + instead if instead else ''}"


def _described(missing: Reader, data_dir: Path) -> str:
    if missing.made_by:
        return f"{missing.name} (written by: {missing.made_by.format(folder=data_dir / missing.folder)})"
    return f"{missing.name} (folder {missing.folder})"


def settings_without(recipe: Recipe, parts: Sequence[Dataset]) -> list[str]:
    """Return the changes ("key=value") with which a recipe runs on the parts of its pool that are there; none where they hold no fall.

    Inputs of the teacher that no part has are left out, and datasets that only train; a protocol that needs several datasets becomes
    folds of people.
    """
    names = [part.name for part in parts]
    judged = [part.name for part in parts if part.name not in recipe.split.train_only and any(source.fall for source in part.sources)]
    known = {stream for part in parts for stream in _streams(part)}
    lacking = [name for name in recipe.clip.inputs if not known.intersection(recipe.clip.behind(name))]
    if not judged or set(lacking) & set(recipe.student.network.inputs):
        return []
    changes = [f"dataset={' + '.join(names)}"]
    if set(recipe.split.train_only) - set(names):
        changes.append(f"split.options.train_only=[{', '.join(name for name in recipe.split.train_only if name in names)}]")
    if len(judged) < facts("protocol", recipe.split.protocol).get("datasets", 1):
        changes.append("split.protocol=kfold")
    return changes + _inputs_without(recipe, lacking)


def _streams(part: Dataset) -> Collection[str]:
    """Return the streams that a dataset may have; of one that does not say, the names of what its recordings consist of."""
    stated: tuple[str, ...] = find("dataset", part.name).streams
    return stated or {role for source in part.sources for role in source.roles}


def _inputs_without(recipe: Recipe, lacking: Sequence[str]) -> list[str]:
    if not lacking:
        return []
    left = {name: stream for name, stream in recipe.clip.inputs.items() if name not in lacking}
    changes = [f"clip.inputs={{{', '.join(f'{name}: {stream}' for name, stream in left.items())}}}"]
    if recipe.teacher is not None:
        seen = [name for name in recipe.teacher.network.inputs if name not in lacking]
        changes.append(f"teacher.network.inputs=[{', '.join(seen or [recipe.clip.reference])}]")
    if set(recipe.clip.require) & set(lacking):
        changes.append(f"clip.require=[{', '.join(name for name in recipe.clip.require if name not in lacking)}]")
    return changes
