"""Settings from outside (YAML, JSON) checked against a schema; errors name the key and the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import pydantic

from featherfall.core.errors import UserError


class Checked(pydantic.BaseModel):
    """Base of all schemas: frozen, unknown keys refused."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


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
        known = _keys_at(schema, path[:-1])
        near = difflib.get_close_matches(path[-1], known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(sorted(known))}"
        return f"unknown key {key!r}; {hint}"
    if problem["type"] == "missing":
        return f"key {key!r} is missing; add it"
    message = problem["msg"].removeprefix("Value error, ")
    return f"key {key!r}: {message} (found {problem['input']!r})" if key else message


def _keys_at(schema: type[pydantic.BaseModel], path: list[str]) -> list[str]:
    """Return field names of the schema at a dotted path (through Optional, list and dict annotations)."""
    for part in path:
        field = schema.model_fields.get(part)
        if field is None:
            continue  # an index of a list, a key of a dict, or a union's tag
        inner = _schemas_in(field.annotation)
        if not inner:
            return []
        schema = inner[0]
    return list(schema.model_fields)


def _schemas_in(annotation: Any) -> list[type[pydantic.BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return [annotation]
    return [found for argument in getattr(annotation, "__args__", ()) for found in _schemas_in(argument)]
