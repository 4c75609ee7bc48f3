"""Which streams and films of a dataset stand behind the inputs of a recipe or of a bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from featherfall.core.clip_settings import Clip
from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.core.placement import refuse_elsewhere, same_place
from featherfall.core.recording import Recording, Stream
from featherfall.core.tables import nearest
from featherfall.core.units import convert_unit, same_quantity
from featherfall.datasets import Dataset

FILM = "rgb8"  # unit of a film's pictures, as in a manifest
Behind = Mapping[str, Sequence[str]]  # by input: streams or films, of which the first that a recording has is taken


@dataclass(frozen=True)
class Choice:
    """What a user states about a bundle's inputs.

    Attributes:
        stated: streams by input; of several ("a | b") the first that a recording has.
        placement_ok: sensors that were worn elsewhere than those that the model was trained on are taken, too.
    """

    stated: Mapping[str, str] = field(default_factory=dict)
    placement_ok: bool = False


@dataclass(frozen=True)
class AvailableInput:
    """A stream or film that a dataset has. placement: of the first recording that was read; "" where it is not stated."""

    name: str
    unit: str
    channels: int
    placement: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.placement})" if self.placement else self.name


def named(recording: Recording, clip: Clip) -> Recording:
    """Return the recording with streams and films under the clip's names for them; all others are left out."""
    return renamed(recording, {name: clip.behind(name) for name in clip.names})


def renamed(recording: Recording, behind: Behind) -> Recording:
    """Return the recording with streams and films under the names of inputs; all others, and inputs that it lacks, are left out."""
    streams = {name: one for name, names in behind.items() if (one := _first(recording.streams, names)) is not None}
    videos = {name: one for name, names in behind.items() if (one := _first(recording.videos, names)) is not None}
    return replace(recording, streams=streams, videos=videos)


def _first(known: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((known[name] for name in names if name in known), None)


def alternatives(stated: str) -> list[str]:
    """Return the streams that "a | b" names."""
    return [one.strip() for one in stated.split("|")]


def offers(dataset: Dataset, problems: list[str] | None = None) -> dict[str, list[AvailableInput]]:
    """Return the streams and films of a dataset, by the name of the dataset where several are joined.

    The first readable recording of each layout (the roles of its files) is read. problems: receives a line for each that cannot be.
    """
    layouts: dict[tuple[str, frozenset[str]], list[int]] = {}
    for number, source in enumerate(dataset.sources):
        layouts.setdefault((source.dataset, frozenset(source.roles)), []).append(number)
    found: dict[str, dict[str, AvailableInput]] = {}
    for numbers in layouts.values():
        for number in numbers:
            try:
                recording = dataset.sources[number].load()
            except UserError as error:
                if problems is not None:
                    problems.append(str(error))
                continue
            known = found.setdefault(recording.dataset, {})
            for stream, one in recording.streams.items():
                known.setdefault(stream, AvailableInput(stream, one.unit, one.values.shape[1], one.placement))
            for view in recording.videos:
                known.setdefault(view, AvailableInput(view, FILM, 3))
            break
    return {name: list(known.values()) for name, known in found.items()}


def choose_streams(
    inputs: Sequence[Input], offered: Mapping[str, Sequence[AvailableInput]], choice: Choice, usual: Behind | None = None
) -> dict[str, dict[str, list[AvailableInput]]]:
    """Return what each dataset offers for each input, by dataset and input.

    A stated stream is taken; else one of a usual name; else the only one that measures the same (quantity and channels) at the same place.

    Arguments:
        offered: as `offers` returns.
        usual: names of streams by input, e.g. those of the bundle's recipe.
    Raises: `UserError` that lists the candidates and the option to choose with, where it is not clear or nothing fits.
    """
    _check_stated(inputs, offered, choice)
    chosen = {
        name: {need.name: _for_input(name, need, known, choice, (usual or {}).get(need.name, ())) for need in inputs}
        for name, known in offered.items()
    }
    for name, by_input in chosen.items():
        taken = [one.name for found in by_input.values() for one in found]
        twice = next((one for one in taken if taken.count(one) > 1), None)
        if twice:
            both = " and ".join(need for need, found in by_input.items() if twice in [one.name for one in found])
            raise UserError(f"{name}: the inputs {both} would both be the stream {twice!r}; choose with --map INPUT=STREAM for each")
    return chosen


def fitted_stream(where: str, need: Input, stream: Stream, choice: Choice) -> Stream:
    """Return the stream in the unit of the input; raises `UserError` where it was worn elsewhere, unless that was said to be fine."""
    if not choice.placement_ok:
        refuse_elsewhere(where, need.placement, stream.placement)
    if stream.unit == need.unit or not same_quantity(stream.unit, need.unit):
        return stream
    return replace(stream, values=convert_unit(stream.values, stream.unit, need.unit), unit=need.unit)


def _check_stated(inputs: Sequence[Input], offered: Mapping[str, Sequence[AvailableInput]], choice: Choice) -> None:
    names, streams = [need.name for need in inputs], sorted({one.name for known in offered.values() for one in known})
    for name, stated in choice.stated.items():
        if name not in names:
            raise UserError(f"--map {name}={stated}: the bundle has no input {name!r}; {nearest(name, names)}")
        for one in alternatives(stated):
            if one not in streams:
                raise UserError(f"--map {name}={stated}: the dataset has no stream {one!r}; {nearest(one, streams)}")


def _for_input(dataset: str, need: Input, known: Sequence[AvailableInput], choice: Choice, usual: Sequence[str]) -> list[AvailableInput]:
    if need.name in choice.stated:
        return _stated(dataset, need, known, choice)
    alike = [one for one in known if _measures_the_same(one, need)]
    if not alike:
        has = ", ".join(f"{one} in {one.unit} with {one.channels} channel(s)" for one in known) or "nothing"
        raise UserError(f"{dataset}: no stream for the input {_needed(need)}; it has {has}; choose another dataset or bundle")
    near = [one for one in alike if choice.placement_ok or same_place(need.placement, one.placement) is not False]
    if not near:
        option = " --placement-ok" if len(alike) == 1 else f" --placement-ok --map {need.name}={alike[0].name}"
        raise UserError(
            f"{dataset}: no stream worn at the {need.placement}, for which the bundle was trained; it has {_listed(alike)}; to evaluate "
            f"one of these all the same, add{option}"
        )
    usually = [one for name in [*usual, need.name] for one in near if one.name == name]
    if usually:
        return list(dict.fromkeys(usually))
    there = [one for one in near if same_place(need.placement, one.placement)]
    fits = [one for one in there if one.placement.lower() == need.placement.lower()] or there or near
    if len(fits) == 1:
        return fits
    options = " or ".join(f"--map {need.name}={one.name}" for one in fits)
    raise UserError(f"{dataset}: several streams fit the input {_needed(need)}: {_listed(fits)}; choose one: {options}")


def _stated(dataset: str, need: Input, known: Sequence[AvailableInput], choice: Choice) -> list[AvailableInput]:
    text = choice.stated[need.name]
    found = [one for name in alternatives(text) for one in known if one.name == name]
    if not found:
        raise UserError(f"--map {need.name}={text}: {dataset} has none of these streams; add one of {_listed(known)} after ' | '")
    for one in found:
        if not _measures_the_same(one, need):
            raise UserError(
                f"--map {need.name}={text}: {one.name} of {dataset} is in {one.unit} with {one.channels} channel(s), the bundle needs "
                f"{need.unit} with {len(need.channels)}; choose another stream"
            )
        if not choice.placement_ok:
            refuse_elsewhere(f"--map {need.name}={text}: {one.name} of {dataset}", need.placement, one.placement)
    return found


def _measures_the_same(offer: AvailableInput, need: Input) -> bool:
    same = offer.unit == need.unit if FILM in (offer.unit, need.unit) else same_quantity(offer.unit, need.unit)
    return same and offer.channels == len(need.channels)


def _needed(need: Input) -> str:
    what = "a film" if need.is_film else f"{need.unit}, {len(need.channels)} channel(s)" + (need.placement and f", {need.placement}")
    return f"{need.name!r} ({what})"


def _listed(known: Sequence[AvailableInput]) -> str:
    return ", ".join(map(str, known))
