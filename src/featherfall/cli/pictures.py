"""Print the facts of a dataset of pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from featherfall.datasets.pictures.look import PictureFacts

_MAPPED = {"fall": "[red]fall[/red]", "not_fall": "[green]not fall[/green]", "ignore": "[dim]ignored[/dim]", None: "[yellow]?[/yellow]"}
_SHOWN_VALUES = 4  # of a trait, to fit one line


def show_pictures(facts: PictureFacts, console: Console) -> None:
    """Print sizes, sources and traits, then every class name and what it is mapped to."""
    from rich.markup import escape

    from featherfall.cli.console import plain_table

    endings = ", ".join(f"{count} {ending}" for ending, count in facts.endings.items())
    console.print(f"[dim]size   [/dim]  {_sizes(facts)}  ({escape(endings)})", highlight=False)
    several = f"{facts.with_versions} of them in several versions, {facts.most_versions} at most"
    versions = several if facts.with_versions else "one file each"
    console.print(f"[dim]sources[/dim]  {facts.sources}: {versions}", highlight=False)
    console.print(f"[dim]looks  [/dim]  {_looks(facts.looks)}", highlight=False)
    for name, values in facts.traits.items():
        shown = ", ".join(f"{value} ({count})" for value, count in list(values.items())[:_SHOWN_VALUES])
        more = f", and {len(values) - _SHOWN_VALUES} more" if len(values) > _SHOWN_VALUES else ""
        console.print(f"[dim]{escape(name):7}[/dim]  {escape(shown)}{more}", highlight=False)
    if facts.nothing:
        console.print(f"nothing is marked in {facts.nothing} picture(s)", highlight=False)

    classes = plain_table("Classes")
    for heading in ("class", "taken for", "boxes", "pictures"):
        classes.add_column(heading, justify="right" if heading in ("boxes", "pictures") else "left")
    for one in facts.classes:
        classes.add_row(escape(one.name), _MAPPED[one.taken_for], str(one.boxes), str(one.pictures))
    console.print(classes)
    if not facts.stated:
        console.print("Taken for by usual words; training goes by a recipe's labels.names, which --recipe shows.\n", highlight=False)


def _looks(looks: list[int]) -> str:
    alike = [count for count in looks if count > 1]
    if not alike:
        return "all differ"
    shown = ", ".join(map(str, alike[:_SHOWN_VALUES])) + (" ..." if len(alike) > _SHOWN_VALUES else "")
    return f"{len(looks)}: {sum(alike)} pictures look like others (groups of {shown}); split.group: look keeps them on one side"


def _sizes(facts: PictureFacts) -> str:
    smallest, median, largest = (f"{width} x {height}" for width, height in (facts.smallest, facts.median, facts.largest))
    return f"all {smallest}" if facts.shapes == 1 else f"{smallest} to {largest}, half below {median}, {facts.shapes} different"
