"""Samples in newline-delimited JSON: one object per line, e.g. {"t": 0.02, "x": 0.1, "y": 0.0, "z": 1.0}."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.core.registry import register
from featherfall.core.tables import read_text
from featherfall.runtime.sources.array import ArrayOptions, read_array
from featherfall.runtime.sources.source import Recorded


@register("source", "ndjson", gives="samples", suffixes=[".ndjson"])
def open_ndjson(path: str | Path, manifest: Manifest, **options: Any) -> Recorded:
    """Newline-delimited JSON, one sample per line."""
    columns: dict[str, list[float]] = {}
    for row, line in enumerate(read_text(Path(path)).splitlines(), start=1):
        try:
            sample = {str(name): float(value) for name, value in json.loads(line).items()}
        except (AttributeError, TypeError, ValueError) as error:
            raise UserError(f"{path}: row {row}: not an object of numbers ({error}); correct or delete the row") from error
        if columns and set(sample) != set(columns):
            raise UserError(f"{path}: row {row}: keys {', '.join(sample)}, those above are {', '.join(columns)}; make them agree")
        for name, value in sample.items():
            columns.setdefault(name, []).append(value)
    return Recorded(str(path), read_array(columns, manifest.inputs, ArrayOptions(**options)))
