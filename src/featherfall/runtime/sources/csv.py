"""Recorded files of worn sensors, in any layout that `recorders` knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from featherfall.core.manifest import Input, Manifest
from featherfall.core.recording import Recording
from featherfall.core.registry import register
from featherfall.recorders.reading import ReadOptions, read_sensors
from featherfall.recorders.recorder import Clock
from featherfall.runtime.sources.source import Recorded
from featherfall.runtime.sources.streams import by_input


@register("source", "csv", gives="samples", suffixes=[".csv", ".txt", ".tsv", ".gz", ".zip", ".json"])
def open_csv(path: str | Path, manifest: Manifest, **options: Any) -> Recorded:
    """A file of samples: CSV in any layout, or the export of a known phone app, watch or logger (file, folder or zip).

    Arguments:
        options: the fields of `ReadOptions`; `unit` for `units`; a bundle with one input needs no dictionary of units or columns.
    """
    if "unit" in options:
        options["units"] = options.pop("unit")
    for name in ("units", "columns"):
        if not isinstance(options.get(name, {}), Mapping):
            options[name] = by_input(name, options[name], manifest.inputs)
    return Recorded(str(path), read_file(path, manifest.inputs, ReadOptions(**options)))


def read_csv(
    path: str | Path,
    inputs: Sequence[Input],
    *,
    units: Mapping[str, str] | None = None,
    columns: Mapping[str, Sequence[str]] | None = None,
    time: str | None = None,
    time_unit: str | None = None,
    rate: float | None = None,
    clock: Clock | None = None,
) -> Recording:
    """Read what a bundle's inputs need from one file.

    Arguments:
        inputs: the manifest's inputs; each becomes a stream in the manifest's unit.
        units, columns, time, time_unit, rate, clock: see `ReadOptions`.
    Raises: `UserError` naming the file and the row or column for data that cannot be a worn sensor's.
    """
    return read_file(path, inputs, ReadOptions(columns or {}, units or {}, time, time_unit, rate, clock))


def read_file(path: str | Path, inputs: Sequence[Input], options: ReadOptions) -> Recording:
    """As `read_csv`."""
    by_input("--unit", options.units, inputs)
    by_input("--columns", options.columns, inputs)
    return read_sensors(path, inputs, options)
