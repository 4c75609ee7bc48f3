"""Splits: groups of recordings; no group on two sides."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from featherfall.clips.balance import traits_of
from featherfall.clips.protocols import Published, Tests
from featherfall.clips.store import RecordingFacts
from featherfall.core.errors import UserError
from featherfall.core.recipe import TRAIN_ONLY, Split
from featherfall.core.registry import find
from featherfall.datasets.content import duplicates
from featherfall.datasets.views import SCENE


@dataclass(frozen=True, eq=False)
class Fold:
    """Indices of recordings.

    Attributes:
        train: those whose labels are used.
        test: what the role is evaluated on: with part "validation", the validation part stands there.
        unlabelled: those of the training part whose labels are not used, or that have none; only distilled students learn from them.
    """

    name: str
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    unlabelled: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def seen(self) -> np.ndarray:
        """All recordings of the training part."""
        return np.concatenate([self.train, self.unlabelled])


def folds(
    recordings: Sequence[RecordingFacts], split: Split, published: Published | None = None, copies: Sequence[tuple[int, int]] = ()
) -> list[Fold]:
    """Return every fold of a protocol, checked for leaks.

    Arguments:
        published: the dataset's own splits by name; each says "train" or "test" of a recording.
        copies: positions of recordings that are the same under two names, see `copies_of`.
    Raises: `UserError` when there are too few groups, when a group, or one recording under two names, would stand on two sides, and for
        options that the protocol lacks.
    """
    groups, judged = groups_of(recordings, split), _judged(recordings, split)
    tests = _tests([one for one, may in zip(recordings, judged, strict=True) if may], groups[judged], split, published or {})
    found = []
    for number, (name, tested) in enumerate(tests):
        on_test = np.zeros(len(recordings), bool)
        on_test[judged] = tested
        found.append(_fold(name, on_test, recordings, groups, number, split, judged))
    for fold in found:
        guard_content(recordings, copies, fold, split.group)
    return found


def full_fit(recordings: Sequence[RecordingFacts], split: Split) -> Fold:
    """Return a fold of all recordings to train on (the share that the split keeps) and none to test, whose student is exported."""
    groups = groups_of(recordings, split)
    nobody = np.zeros(0, np.int64)
    return Fold("everybody", _share(recordings, groups, np.arange(len(groups)), split, "everybody"), nobody, nobody)


def group_of(recording: RecordingFacts, group: str) -> str:
    """Return the recording's group: its subject, the recording itself (of which a view is a part), or a trait where it has it."""
    if group == "recording":
        return recording.traits.get(SCENE, recording.id)
    return recording.traits.get(group, recording.subject)


def groups_of(recordings: Sequence[RecordingFacts], split: Split) -> np.ndarray:
    """Return the group of each recording, (N,) str; raises `UserError` for a trait that none has."""
    traits = sorted({name for recording in recordings for name in recording.traits if name != SCENE})
    if split.group not in ("subject", "recording", *traits):
        raise UserError(f"split.group {split.group!r}: no recording has this trait; give {', '.join(['subject', 'recording', *traits])}")
    return np.asarray([group_of(recording, split.group) for recording in recordings])


def _judged(recordings: Sequence[RecordingFacts], split: Split) -> np.ndarray:
    """Return (N,) bool: False for recordings without an activity, and of the datasets that `options.train_only` names.

    Raises: `UserError` for one that is absent.
    """
    known = {recording.dataset for recording in recordings}
    names = split.train_only
    for name in names:
        if name not in known:
            raise UserError(
                f"split.options.train_only: {name!r} is not among the data ({', '.join(sorted(known))}); join it to 'dataset' with ' + ', "
                f"or leave it out: --set split.options.train_only=[{', '.join(one for one in names if one in known)}]"
            )
    return np.asarray([recording.labelled and recording.dataset not in names for recording in recordings], bool)


def _tests(recordings: Sequence[RecordingFacts], groups: np.ndarray, split: Split, published: Published) -> Tests:
    """Return what each fold of the protocol tests. Raises `UserError` for options that it lacks."""
    protocol, options = find("protocol", split.protocol), {name: value for name, value in split.options.items() if name != TRAIN_ONLY}
    try:
        inspect.signature(protocol).bind(recordings, groups, split, {}, **options)
    except TypeError as error:
        raise UserError(f"split.protocol {split.protocol!r} with options {', '.join(options) or 'none'}: {error}") from error
    tests: Tests = protocol(recordings, groups, split, published, **options)
    return tests


def _share(recordings: Sequence[RecordingFacts], groups: np.ndarray, train: np.ndarray, split: Split, fold: str) -> np.ndarray:
    """Return the training recordings whose groups are kept: a function of the fold's name, its training groups and the draw."""
    if split.train_share == 1:
        return train
    row = drawn_groups(recordings, groups, train, split.balance, (split.train_draw, fold))
    kept = row[: max(1, int(split.train_share * len(row) + 0.5))]
    return train[np.isin(groups[train], kept)]


def drawn_groups(
    recordings: Sequence[RecordingFacts], groups: np.ndarray, train: np.ndarray, balance: str | None, draw: tuple[int, str]
) -> list[str]:
    """Return the groups of the training recordings in a random order whose beginnings hold every trait of `balance` in proportion.

    Arguments:
        draw: its number, and the fold's name.
    """
    trait = traits_of(recordings, groups, balance)
    names = sorted(set(groups[train].tolist()))
    random = np.random.default_rng([draw[0], *draw[1].encode()])
    shuffled = [names[i] for i in random.permutation(len(names))]
    # One row in which every trait is spread evenly: whatever is cut from its start has each trait in proportion.
    place: dict[str, float] = {}
    for value in sorted(set(trait.values())):
        alike = [name for name in shuffled if trait[name] == value]
        place |= {name: (i + 0.5) / len(alike) for i, name in enumerate(alike)}
    return sorted(shuffled, key=lambda name: (place[name], name))


def _fold(
    name: str,
    on_test: np.ndarray,
    recordings: Sequence[RecordingFacts],
    groups: np.ndarray,
    number: int,
    split: Split,
    judged: np.ndarray,
) -> Fold:
    """Return a fold. judged: (N,) bool, the recordings that may stand in the validation part."""
    train_groups = sorted(set(groups[~on_test & judged].tolist()))
    if split.validation >= len(set(groups[~on_test].tolist())) or split.validation > len(train_groups):
        raise UserError(f"split.validation {split.validation} leaves nothing to train on: {name} has {len(train_groups)} training groups")
    # Validation groups rotate with the fold, so that over the folds all take part.
    first, step = number * split.validation, 1.0
    if split.balance and split.validation:  # evenly along the traits
        trait = traits_of(recordings, groups, split.balance)
        train_groups.sort(key=lambda name: (trait[name], name))
        step = len(train_groups) / split.validation
        first = int(step * (number % split.folds) / split.folds)
    chosen = [train_groups[(first + int(i * step)) % len(train_groups)] for i in range(split.validation)]
    labelled = np.asarray([one.labelled for one in recordings], bool)
    held_out = on_test | np.isin(groups, chosen)
    on_validation = held_out & ~on_test & labelled
    # A recording without an activity judges nothing; where its group is held out, it must not train either.
    on_train = ~held_out & (labelled | ~np.isin(groups, groups[held_out]))
    train, validation, test = (np.flatnonzero(mask) for mask in (on_train, on_validation, on_test))
    guard({"train": groups[train], "validation": groups[validation], "test": groups[test]}, name)
    if split.part == "validation":
        test = validation
    if not len(train) or not len(test):
        raise UserError(f"{name}: the {'training' if not len(train) else split.part} part is empty; the data is not what the split expects")
    return Fold(name, _share(recordings, groups, train, split, name), validation, test)


def copies_of(recordings: Sequence[RecordingFacts]) -> list[tuple[int, int]]:
    """Return the positions of recordings that are the same under two names, in pairs."""
    return duplicates([recording.content for recording in recordings])


def guard_content(recordings: Sequence[RecordingFacts], copies: Sequence[tuple[int, int]], fold: Fold, group: str) -> None:
    """Raise `UserError` with the names of two recordings that are the same and stand on two sides. copies: pairs, by their positions."""
    side = {int(i): name for name in ("train", "validation", "test") for i in getattr(fold, name)}
    apart = [pair for pair in copies if len({side[one] for one in pair if one in side}) > 1]
    if not apart:
        return
    first, second = (f"{recordings[one].id} ({side[one]})" for one in apart[0])
    more = f", and {len(apart) - 1} more pair(s) like these (`featherfall data inspect` lists them)" if len(apart) > 1 else ""
    raise UserError(
        f"{fold.name}: {first} and {second} are the same recording under two names{more}; remove one of the two, or give both the same "
        f"{group}"
    )


def guard(sides: dict[str, np.ndarray], where: str) -> None:
    """Raise `UserError` with the names of all groups that stand on two sides."""
    names = list(sides)
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            both = sorted(set(sides[first].tolist()) & set(sides[second].tolist()))
            if both:
                raise UserError(f"{where}: {', '.join(both)} on both {first} and {second}; a group may stand on one side only")
