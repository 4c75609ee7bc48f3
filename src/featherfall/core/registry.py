"""One registry for everything that can be added: an object registers itself by name beside its definition.

    @register("loss", "feature_mse", needs="features")
    def feature_mse(student, teacher):
        \"\"\"Mean squared error of features.\"\"\"

A name stands as a literal in the decorator, so that names, facts and summaries are read from the source without importing it: listing
and validating them needs no torch. A module is imported when one of its objects is looked up. Packages of others take part through entry
points.
"""

from __future__ import annotations

import ast
import functools
import importlib
import importlib.util
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import pydantic

from featherfall.core.errors import UserError
from featherfall.core.tables import nearest

_T = TypeVar("_T")


@dataclass(frozen=True)
class PluginKind:
    """A kind of thing that can be added.

    Attributes:
        package: whose modules are searched for built-in ones.
        entry_points: group through which installed packages add theirs; the entry point's name is the registered name.
        extra: what `pip install featherfall[...]` must bring before the built-in ones can be imported; empty for none.
    """

    package: str
    entry_points: str
    extra: str = ""


KINDS: dict[str, PluginKind] = {
    "dataset": PluginKind("featherfall.datasets", "featherfall.datasets", "train"),
    "model": PluginKind("featherfall.models", "featherfall.models", "train"),
    "loss": PluginKind("featherfall.losses", "featherfall.losses", "train"),
    "protocol": PluginKind("featherfall.clips", "featherfall.protocols", "train"),
    "format": PluginKind("featherfall.export", "featherfall.formats", "train"),
    "recorder": PluginKind("featherfall.recorders", "featherfall.recorders"),
    "payload": PluginKind("featherfall.runtime", "featherfall.payloads"),
    "source": PluginKind("featherfall.runtime", "featherfall.sources"),
    "estimator": PluginKind("featherfall.runtime", "featherfall.estimators", "camera"),
    "sink": PluginKind("featherfall.runtime", "featherfall.sinks"),
}


@dataclass(frozen=True)
class Entry:
    """A registered name, without importing its module.

    Attributes:
        summary: first line of the docstring; empty for plugins that were not imported yet.
        origin: module of a built-in one, distribution of a plugin.
        facts: keyword arguments of its `register`.
    """

    kind: str
    name: str
    summary: str
    origin: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    plugin: metadata.EntryPoint | None = None


_objects: dict[tuple[str, str], Any] = {}
_own: dict[tuple[str, str], Entry] = {}  # registered by code that neither ships with the package nor is a plugin, e.g. a notebook


def register(kind: str, name: str, **facts: Any) -> Callable[[_T], _T]:
    """Register a function or class under a name. Use as a decorator, with literal arguments.

    A class without a `name` of its own gets the name as its attribute `name`.

    Arguments:
        kind: one of `KINDS`.
        facts: properties that are read without importing the module.
    Raises: `UserError` for an unknown kind, and for a name that another definition has.
    """
    if kind not in KINDS:
        raise UserError(f"register: unknown kind {kind!r}; {nearest(kind, tuple(KINDS))}")

    def take(thing: _T) -> _T:
        key = (kind, name)
        mine = _where(thing)
        if key in _objects and _where(_objects[key]) != mine:
            raise UserError(f"{kind} {name!r} is registered by both {_where(_objects[key])} and {mine}; give one another name")
        _objects[key] = thing
        if isinstance(thing, type) and "name" not in vars(thing):
            thing.name = name  # type: ignore[attr-defined]
        if key not in _built_in_names(kind):
            lines = (getattr(thing, "__doc__", None) or "").strip().splitlines()
            _own[key] = Entry(kind, name, lines[0] if lines else "", mine, facts)
        return thing

    return take


def find(kind: str, name: str, where: str = "") -> Any:
    """Return the object that is registered under a name; its module is imported now.

    Arguments:
        name: in any case, with "-" or "_".
        where: start of error messages, e.g. the file that holds the name.
    Raises: `UserError` for an unknown name (with the nearest known one), a name that two plugins share, a plugin that fails to import, and
        a built-in one whose extra is not installed.
    """
    start = f"{where}: " if where else ""
    name = known_as(kind, name) or name
    if (kind, name) in _objects and not _rivals(kind, name):
        return _objects[kind, name]
    entries = [entry for entry in catalogue(kind) if entry.name == name]
    if not entries:
        raise UserError(f"{start}unknown {kind} {name!r}; {nearest(name, known_names(kind))}")
    if len(entries) > 1:
        both = " and ".join(entry.origin for entry in entries)
        raise UserError(f"{start}{kind} {name!r} comes from both {both}; uninstall one of them")
    _load(entries[0], start)
    if (kind, name) not in _objects:
        raise UserError(
            f"{start}{kind} {name!r}: {entries[0].origin} does not register it; its entry point must lead to the decorated object"
        )
    return _objects[kind, name]


def facts(kind: str, name: str) -> Mapping[str, Any]:
    """Return the facts of a name, those of a built-in one without importing it; raises `UserError` as `find`."""
    name = known_as(kind, name) or name
    entry = next((entry for entry in catalogue(kind) if entry.name == name), None)
    if entry is None or (entry.plugin is not None and (kind, name) not in _own):
        find(kind, name)
        return _own[kind, name].facts
    return entry.facts


def known_as(kind: str, name: str) -> str | None:
    """Return the registered spelling of a name that may differ in case, "-" and "_"; None for an unknown one."""
    return next((one for one in known_names(kind) if _plain(one) == _plain(name)), None)


def known_names(kind: str) -> tuple[str, ...]:
    """Return the known names of a kind, sorted."""
    return tuple(sorted({entry.name for entry in catalogue(kind)}))


def catalogue(kind: str) -> list[Entry]:
    """Return all entries of a kind, sorted by name.

    Plugins are not imported: before its first use, a plugin has neither summary nor facts. Two plugins of one name both appear.
    """
    plugins = [_imported(entry) for entry in _plugins(kind)]
    known = {entry.name for entry in plugins}
    own = [entry for (its_kind, name), entry in _own.items() if its_kind == kind and name not in known]
    return sorted([*_built_in(kind), *plugins, *own], key=lambda entry: (entry.name, entry.origin))


def local(kind: str) -> dict[str, Any]:
    """Return the objects that only this process has registered, by name: neither built in nor a plugin's. A worker process lacks them."""
    plugins = {entry.name for entry in _plugins(kind)}
    return {name: _objects[its_kind, name] for its_kind, name in _own if its_kind == kind and name not in plugins}


def problems(kinds: Iterable[str] = tuple(KINDS)) -> dict[tuple[str, str], str]:
    """Import every plugin and return, by kind and name, one line for each that cannot be used."""
    lines: dict[tuple[str, str], str] = {}
    for kind in kinds:
        for entry in _plugins(kind):
            try:
                find(kind, entry.name)
            except UserError as error:
                lines[kind, entry.name] = str(error)
    return lines


def registered(kind: str) -> pydantic.AfterValidator:
    """Return a validator for a schema's field, `Annotated[str, registered("loss")]`: it takes registered names of this kind only, in their
    registered spelling."""
    return pydantic.AfterValidator(functools.partial(check_name, kind))


def check_name(kind: str, name: str) -> str:
    """Return the registered spelling of a name.

    A plugin is imported now, so that one which cannot be used is refused before anything is computed; a built-in one is not.

    Raises: `ValueError` for an unknown name (with the nearest known one), and `UserError` as `find` for a plugin.
    """
    spelling = known_as(kind, name)
    if spelling is None:
        raise ValueError(f"unknown {kind}; {nearest(name, known_names(kind))}")
    if any(entry.name == spelling for entry in _plugins(kind)):
        find(kind, spelling)
    return spelling


def _load(entry: Entry, start: str) -> None:
    what = f"{start}{entry.kind} {entry.name!r}"
    try:
        if entry.plugin is not None:
            entry.plugin.load()
        else:
            importlib.import_module(entry.origin)
    except (Exception, SystemExit) as error:
        why = f"{type(error).__name__}: {error}".splitlines()[0]
        if entry.plugin is not None:  # third-party code may raise anything; name the plugin
            raise UserError(f"{what}: plugin {entry.origin} cannot be imported ({why}); mend or uninstall it") from error
        extra = KINDS[entry.kind].extra
        if isinstance(error, ImportError) and extra:
            raise UserError(f"{what} cannot be imported ({why}); pip install 'featherfall[{extra}]'") from error
        raise


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")


def _imported(entry: Entry) -> Entry:
    """Return the entry of a plugin with the summary and facts of its `register`, once it is imported."""
    own = _own.get((entry.kind, entry.name))
    return replace(entry, summary=own.summary, facts=own.facts) if own else entry


def _rivals(kind: str, name: str) -> bool:
    return sum(entry.name == name for entry in catalogue(kind)) > 1


def _where(thing: Any) -> str:
    return f"{getattr(thing, '__module__', '?')}.{getattr(thing, '__qualname__', type(thing).__qualname__)}"


def _built_in_names(kind: str) -> set[tuple[str, str]]:
    return {(kind, entry.name) for entry in _built_in(kind)}


@functools.lru_cache
def _built_in(kind: str) -> tuple[Entry, ...]:
    """Return the entries found in the package's source, without importing it."""
    package = KINDS[kind].package
    spec = importlib.util.find_spec(package)
    folders = [Path(folder) for folder in (spec.submodule_search_locations or [])] if spec else []
    found: list[Entry] = []
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if "@register(" in text:
                parts = path.relative_to(folder).with_suffix("").parts
                module = ".".join([package, *(parts[:-1] if parts[-1] == "__init__" else parts)])
                found += _decorated(ast.parse(text), kind, module)
    return tuple(found)


def _decorated(tree: ast.Module, kind: str, module: str) -> list[Entry]:
    found = []
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        for call in node.decorator_list:
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "register"):
                continue
            its_kind, name = (ast.literal_eval(argument) for argument in call.args)
            if its_kind == kind:
                facts = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords if keyword.arg}
                lines = (ast.get_docstring(node) or "").splitlines()
                found.append(Entry(kind, name, lines[0] if lines else "", module, facts))
    return found


@functools.lru_cache
def _plugins(kind: str) -> tuple[Entry, ...]:
    points = metadata.entry_points(group=KINDS[kind].entry_points)
    return tuple(Entry(kind, point.name, "", point.dist.name if point.dist else point.value, plugin=point) for point in points)
