"""MkDocs hook: fill `<!-- generate: NAME -->` of a page with what the code says, so that the reference cannot go stale."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

MARKER = re.compile(r"<!-- generate: (\w+) -->")
ROOT = Path(__file__).parents[2]


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the markers of a page."""
    return MARKER.sub(lambda found: "\n".join(GENERATORS[found[1]]()), markdown)


def on_page_context(context: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Leave the edit link out: the site is also read from a folder."""
    context["page"].edit_url = None
    return context


def commands() -> Iterator[str]:
    """Every verb with its arguments and options."""
    from typer.main import get_command

    from featherfall.cli.main import app

    yield from _verbs(get_command(app), "featherfall")


def _verbs(command: Any, name: str) -> Iterator[str]:
    inner = getattr(command, "commands", None)
    if inner is not None:
        for verb, one in inner.items():
            yield from _verbs(one, f"{name} {verb}")
        return
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    usage = " ".join(str(one.metavar or one.name.upper()).removesuffix("...") + ("..." if one.nargs == -1 else "") for one in arguments)
    yield from (f"\n## {name}\n", f"{command.help}\n", f"```text\n{' '.join([name, *usage.split()])} [OPTIONS]\n```\n")
    yield from ("| argument or option | default | |", "|---|---|---|")
    for one in command.params:
        names = ", ".join(f"`{option}`" for option in (*one.opts, *one.secondary_opts))
        if one.param_type_name == "argument":
            names = f"`{one.metavar or one.name.upper()}`"
        elif not one.is_flag:
            names += f" `{one.metavar or _choices(one)}`"
        default = (
            "" if one.default in (None, False) or callable(one.default) or "UNSET" in repr(one.default) else f"`{_plain(one.default)}`"
        )
        yield f"| {_cell(names)} | {_cell(default)} | {_cell(one.help or '')} |"


def _choices(option: Any) -> str:
    annotation = option.type_descriptor.annotation
    given = get_args(annotation)
    return "|".join(map(str, given)) if given else {Path: "PATH", str: "TEXT", int: "N", float: "X"}.get(annotation, "VALUE")


def recipe_keys() -> Iterator[str]:
    """Every section of a recipe: its docstring and a table of keys."""
    from featherfall.core.recipe import Recipe

    yield from _section(Recipe, "", set())


def manifest_keys() -> Iterator[str]:
    """Every section of a manifest."""
    from featherfall.core.manifest import Manifest

    yield from _section(Manifest, "", set())


def _section(schema: Any, path: str, done: set[Any]) -> Iterator[str]:
    import inspect

    done.add(schema)
    yield f"\n## {'Top level' if not path else f'`{path}`'}\n"
    yield from _paragraphs(inspect.getdoc(schema) or "", set(schema.model_fields))
    yield from ("\n| key | type | default |", "|---|---|---|")
    below = []
    for key, field in schema.model_fields.items():
        default = "required" if field.is_required() else f"`{_plain(field.get_default(call_default_factory=True))}`"
        schemas = _schemas(field.annotation)
        if schemas:
            below += [(f"{path}.{key}" if path else key, one) for one in schemas]
            default = "required" if field.is_required() else ""
        yield f"| `{key}` | {_cell(_type(field.annotation))} | {_cell(default.replace('``', ''))} |"
    for where, one in below:
        if one not in done:
            yield from _section(one, where, done)


def _paragraphs(text: str, keys: set[str]) -> Iterator[str]:
    """A docstring as Markdown: what stands as "key: meaning" becomes a list."""
    stated = re.compile(r"(?:^|(?<=\. ))((?:\w+, )*\w+): ")
    for paragraph in text.split("\n\n"):
        line = " ".join(part.strip() for part in paragraph.splitlines())
        starts = [found for found in stated.finditer(line) if set(found[1].split(", ")) <= keys]
        if head := line[: starts[0].start()].strip() if starts else line:
            yield f"\n{head}\n"
        for found, end in zip(starts, [*(one.start() for one in starts), len(line)][1:], strict=True):
            names = ", ".join(f"`{name}`" for name in found[1].split(", "))
            yield f"- {names}: {line[found.end() : end].strip()}"


def _schemas(annotation: Any) -> list[Any]:
    import pydantic

    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return [annotation]
    return [found for one in get_args(annotation) for found in _schemas(one)]


def _type(annotation: Any) -> str:
    schemas = _schemas(annotation)
    if schemas:
        many = str(annotation).startswith(("list", "dict"))
        return f"{'several ' if many else ''}section{' (see below)'}"
    text = annotation.__name__ if isinstance(annotation, type) and not get_args(annotation) else str(annotation)
    text = re.sub(r"Annotated\[(\w+), [^\]]*\](?=\W|$)", r"\1", text.replace("typing.", ""))
    text = re.sub(r"Literal\[(.*?)\]", lambda found: " or ".join(one.strip().strip("'") for one in found[1].split(",")), text)
    return re.sub(r", Ge\(ge=0\)\)?|\[int, .*?\]", "", text).replace(" | None", "")


def recipes() -> Iterator[str]:
    """A table of the recipes that ship."""
    import yaml

    yield from ("| recipe | dataset | what it does |", "|---|---|---|")
    for path in sorted((ROOT / "recipes").glob("*.yaml")):
        stated = yaml.safe_load(path.read_text())
        yield f"| `{stated['name']}` | `{stated['dataset']}` | {_cell(stated.get('summary', ''))} |"


def names() -> Iterator[str]:
    """Everything that is registered, by kind."""
    from featherfall.core.registry import KINDS

    for kind in KINDS:
        yield f"\n## {kind}\n"
        yield from _names(kind)


def datasets() -> Iterator[str]:
    """A table of the datasets."""
    yield from _names("dataset")


def _names(kind: str) -> Iterator[str]:
    from featherfall.core.registry import catalogue

    yield from ("| name | |", "|---|---|")
    for entry in catalogue(kind):
        yield f"| `{entry.name}` | {_cell(entry.summary)} |"


def _plain(value: Any) -> str:
    value = getattr(value, "value", value)
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "none"}[value]
    return str(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def alarm_states() -> Iterator[str]:
    """For each event the next state, what is done and what is told; states in which all that is the same stand together."""
    from featherfall.alarms.table import TABLE, Trigger

    yield from ("| event | in | next | done | told |", "|---|---|---|---|---|")
    for trigger in Trigger:
        same: dict[tuple[str, str, str], list[str]] = {}
        for state, row in TABLE.items():
            cell = row[trigger]
            after = "rest" if cell.rests else str(cell.state or "·")
            done, told = ", ".join(one.value for one in cell.do), ", ".join(f"“{kind}”" for kind in cell.say)
            same.setdefault((after, done, told), []).append(str(state))
        for (after, done, told), states in same.items():
            yield f"| {trigger} | {', '.join(states)} | {after} | {done} | {told} |"


GENERATORS: dict[str, Callable[[], Iterator[str]]] = {
    "alarm_states": alarm_states,
    "commands": commands,
    "datasets": datasets,
    "manifest_keys": manifest_keys,
    "names": names,
    "recipe_keys": recipe_keys,
    "recipes": recipes,
}
