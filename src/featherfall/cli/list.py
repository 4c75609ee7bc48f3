"""`featherfall list`: what recipes and commands can name, built in and from plugins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from featherfall.cli.options import JsonFlag
from featherfall.core.console import say, say_json

if TYPE_CHECKING:
    from featherfall.core.registry import Entry


def list_command(
    kind: Annotated[str | None, typer.Argument(metavar="[KIND]", help="Only this kind, e.g. dataset, model or loss. Default: all.")] = None,
    json: JsonFlag = False,
) -> None:
    """List datasets, models, losses, split protocols, formats, sources, estimators and sinks, one line each."""
    from featherfall.core.errors import UserError
    from featherfall.core.registry import KINDS, catalogue, problems
    from featherfall.core.tables import nearest

    if kind and kind not in KINDS:
        raise UserError(f"list: unknown kind {kind!r}; {nearest(kind, tuple(KINDS))}")
    kinds = [kind] if kind else list(KINDS)
    unusable = problems(kinds)
    for line in unusable.values():
        say(f"featherfall: {line}", error=True)
    found = {one: [entry for entry in catalogue(one) if (one, entry.name) not in unusable] for one in kinds}
    if json:
        say_json([_facts(entry) for entries in found.values() for entry in entries])
        return
    for number, (one, entries) in enumerate(found.items()):
        say(*([""] if number else []), one, *(_lines(entries) or ["  none"]))


def _lines(entries: Sequence[Entry]) -> list[str]:
    width = max((len(entry.name) for entry in entries), default=0)
    origins = [f" ({entry.origin})" if entry.plugin else "" for entry in entries]
    return [f"  {entry.name:{width}}  {entry.summary}{origin}".rstrip() for entry, origin in zip(entries, origins, strict=True)]


def _facts(entry: Entry) -> dict[str, object]:
    return {
        "kind": entry.kind,
        "name": entry.name,
        "summary": entry.summary,
        "plugin": entry.origin if entry.plugin else None,
        "facts": dict(entry.facts),
    }
