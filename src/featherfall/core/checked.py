"""Settings from outside (YAML, JSON) checked against a schema; errors name the key and the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar, get_args

import pydantic

from featherfall.core.errors import UserError
from featherfall.core.text import shortened


class Checked(pydantic.BaseModel):
    """Base of every schema: frozen, unknown keys refused.

    renamed: new names of keys by their old ones, for the message that refuses the old.
    is_secret: whether messages leave out what was found.
    """

    renamed: ClassVar[dict[str, str]] = {}
    is_secret: ClassVar[bool] = False

    # A rate of infinity or a threshold of NaN passes every limit that is written as a comparison.
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    def __init__(self, **values: Any) -> None:
        """Validate keyword arguments; raises `UserError`, one line, as `check`."""
        try:
            super().__init__(**values)
        except pydantic.ValidationError as error:
            raise UserError(f"{type(self).__name__}: {_explain(type(self), error.errors()[0])}") from error

    # Tells pydantic that this `__init__` validates as its own does. Without it a schema within a schema would be built by `__init__`, and
    # its error would lack the path of the key.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]


Schema = TypeVar("Schema", bound=Checked)


def check(schema: type[Schema], values: Any, where: str | Path) -> Schema:
    """Validate `values`; raises `UserError` naming file, key and mend (with did-you-mean for unknown keys)."""
    if not isinstance(values, Mapping):
        raise UserError(f"{where}: expected a mapping of keys to values, found {type(values).__name__}")
    try:
        return schema.model_validate(values)
    except pydantic.ValidationError as error:
        raise UserError(f"{where}: {_explain(schema, error.errors()[0])}") from error


def _explain(schema: type[pydantic.BaseModel], problem: Any) -> str:
    path = [str(part) for part in problem["loc"]]
    key = ".".join(path)
    if problem["type"] == "extra_forbidden":
        holder = _schema_at(schema, path[:-1])
        known = list(holder.model_fields) if holder else []
        renamed = getattr(holder, "renamed", {}).get(path[-1])
        near = [renamed] if renamed else difflib.get_close_matches(path[-1], known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(sorted(known))}"
        return f"unknown key {key!r}; {hint}"
    if problem["type"] == "missing":
        return f"key {key!r} is missing; add it"
    message = problem["msg"].removeprefix("Value error, ")
    if getattr(_schema_at(schema, path), "is_secret", False) or not key:
        return f"key {key!r}: {message}" if key else message
    return f"key {key!r}: {message} (found {_short(problem['input'])})"


def _short(value: Any) -> str:
    return shortened(repr(value), 200)


def _schema_at(schema: type[pydantic.BaseModel], path: list[str]) -> type[pydantic.BaseModel] | None:
    """Return the schema at a dotted path (through Optional, list and dict annotations, and unions that are told apart by "kind")."""
    union: list[type[pydantic.BaseModel]] = []
    for part in path:
        field = schema.model_fields.get(part)
        tagged = [one for one in union if "kind" in one.model_fields and part in get_args(one.model_fields["kind"].annotation)]
        if tagged:
            schema, union = tagged[0], []
            continue
        if field is None:
            continue  # an index of a list, or a key of a dict
        union = _schemas_in(field.annotation)
        if not union:
            return None
        schema = union[0]
    return schema


def _schemas_in(annotation: Any) -> list[type[pydantic.BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return [annotation]
    return [found for argument in getattr(annotation, "__args__", ()) for found in _schemas_in(argument)]
