"""Read YAML and JSON from outside: any bytes become a plain value or a `UserError` that names file and place.

Sizes are bounded before anything is parsed, so that a small file cannot take minutes or gigabytes: bytes, nesting, the number of values
(aliases of YAML counted as often as they are used) and the digits of a number.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from featherfall.core.errors import UserError
from featherfall.core.tables import read_text

YAML_BYTES = 1 << 20  # the largest recipe has 4 kB
JSON_BYTES = 64 << 20  # metrics.json of a cross-validation with hundreds of folds has some MB
DEPTH = 60  # of nested lists and mappings; a recipe has 8
VALUES = 1_000_000  # in one document
_YAML_VALUES = 50_000  # they take far longer than JSON's
_DIGITS = 40  # of an integer; longer ones are no number of anything, and Python takes ever longer for them


def read_json(path: Path) -> Any:
    """Read JSON; raises `UserError` that names the file and the line."""
    return parse_json(read_text(path, JSON_BYTES), path)


def parse_json(text: str, where: str | Path, most: int = VALUES) -> Any:
    """Parse JSON of at most `most` values as `read_json`; `where` is named in messages. NaN and infinity are taken."""
    _check_leaf(text, where)
    try:
        value = json.loads(text, parse_int=_integer)
    except json.JSONDecodeError as error:
        raise UserError(f"{where}: line {error.lineno}: not valid JSON ({error.msg}, column {error.colno}); correct it") from error
    except RecursionError:
        raise UserError(f"{where}: not usable JSON, it is nested too deeply; correct it") from None
    except ValueError as error:
        raise UserError(f"{where}: not usable JSON ({error}); correct it") from error
    _check_bounds(value, where, most)
    return value


def read_yaml(path: Path) -> Any:
    """Read YAML; raises `UserError` that names the file and the line."""
    return parse_yaml(read_text(path, YAML_BYTES), path)


def parse_yaml(text: str, where: str | Path) -> Any:
    """Parse one document of YAML as `read_yaml`; `where` is named in messages."""
    import yaml  # takes as long to import as the rest of this package

    _check_leaf(text, where)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _check_events(yaml.parse(text, Loader=loader), where)
        value = yaml.load(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it holds special characters"
        raise UserError(f"{where}: {line}not valid YAML ({problem}); correct it, e.g. the indentation and the colons") from error
    except UserError:
        raise
    except Exception as error:  # `!!int ''`, the 30th of February: PyYAML's constructors raise whatever int() and datetime raise
        raise UserError(f"{where}: {_odd_scalar(text, loader)}; correct it, or write it in quotes") from error
    _check_bounds(value, where, _YAML_VALUES)
    return value


def line_of(text: str, path: Sequence[str | int]) -> int:
    """Return the line on which a key or an element of a YAML document stands, from 1; the nearest one above it where it is missing.

    Arguments:
        text: that `parse_yaml` takes. path: keys and indices from the top.
    """
    import yaml

    node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    line = 0 if node is None else node.start_mark.line
    for part in path:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line
        elif isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if getattr(key, "value", None) == str(part)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line, found[1]
        else:
            break
    return line + 1


@contextlib.contextmanager
def as_written(path: str | Path, what: str) -> Iterator[None]:
    """Convert errors about the shape of a document that this program writes, and others may have changed, to `UserError`.

    For documents without a schema: a missing key, or a value of another type, shows where it is used. what: e.g. "metrics of a run".
    """
    try:
        yield
    except UserError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise UserError(f"{path}: not {what} as this version writes them ({reason}); write it again, or take the original") from error


def _integer(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _check_events(events: Iterator[Any], where: str | Path) -> None:
    """Refuse, before anything is built, what would be too large when every alias is written out, too deep, or a number without end."""
    import yaml

    sizes: dict[str, int] = {}  # values below an anchor
    opened: list[tuple[str | None, int]] = []  # anchors of the collections around, and the count at their beginning
    count = 0
    for event in events:
        line = f"{where}: line {event.start_mark.line + 1}"
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise UserError(f"{line}: the alias *{event.anchor} names nothing before it; correct it")
            count += sizes[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            count += 1
            sizes |= {event.anchor: 1} if event.anchor else {}
            if len(event.value) > _DIGITS and _is_number(event):
                raise UserError(f"{line}: a number of {len(event.value)} digits; correct it, or quote it")
        elif isinstance(event, yaml.CollectionStartEvent):
            opened.append((event.anchor, count))
            count += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = opened.pop()
            sizes |= {anchor: count - before} if anchor else {}
        if len(opened) > DEPTH:
            raise UserError(f"{line}: nested more than {DEPTH} deep; correct it")
        if count > _YAML_VALUES:
            raise UserError(f"{where}: holds more than {_YAML_VALUES:,} values; name another file or leave it out")


def _odd_scalar(text: str, loader: Any) -> str:
    """Return where the first scalar stands that cannot be built, and what it is."""
    import yaml

    builder = loader("")
    nodes: list[Any] = [yaml.compose(text, Loader=loader)]
    seen: set[int] = set()
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.ScalarNode):
            try:
                builder.construct_object(node)
            except Exception:
                kind = node.tag.rpartition(":")[2]
                return f"line {node.start_mark.line + 1}: {node.value[:40]!r} makes no sense as a YAML {kind}"
        elif id(node) not in seen:
            seen.add(id(node))
            below = node.value if isinstance(node, yaml.SequenceNode) else [one for pair in node.value for one in pair]
            nodes += reversed(below)
    return "not usable YAML"


def _is_number(scalar: Any) -> bool:
    """Return whether PyYAML would take this scalar for a number, or is told to (`!!int "0xf..."`)."""
    if scalar.tag is not None:
        return scalar.tag.rpartition(":")[2] in ("int", "float")
    return scalar.implicit[0] and not scalar.value.strip("+-.0123456789abcdefABCDEFox_:")


def _check_bounds(value: Any, where: str | Path, most: int) -> None:
    """Refuse nesting beyond `DEPTH`, more than `most` values, integers beyond 64 bit and text that cannot be written."""
    level, count = [value], 0
    for _ in range(DEPTH + 1):
        below: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                below += [*one.keys(), *one.values()]
            elif isinstance(one, list | tuple | set):
                below += one
            else:
                _check_leaf(one, where)
        count += len(level)
        if count > most or not below:
            break
        level = below
    else:
        raise UserError(f"{where}: nested more than {DEPTH} deep; correct it")
    if count > most:
        raise UserError(f"{where}: holds more than {most:,} values; name another file or leave it out")


def _check_leaf(value: Any, where: str | Path) -> None:
    if isinstance(value, int) and abs(value) >= 1 << 63:
        raise UserError(f"{where}: holds a whole number of more than 64 bit; correct it")
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise UserError(f"{where}: holds text that is no Unicode ({value[:40]!r}); correct it") from None
