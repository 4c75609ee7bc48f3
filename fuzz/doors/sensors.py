"""Files of worn sensors."""

from __future__ import annotations

import functools
from itertools import islice
from pathlib import Path
from typing import Any


@functools.cache
def _wrist() -> Any:
    from featherfall.runtime import load_bundle

    return load_bundle("wrist")


def predict(root: Path, file: Path) -> object:
    """A file of a worn sensor, as `predict` opens it."""
    return _wrist().predict(_given(root)).to_json()


def _given(root: Path) -> Path:
    """Return the only file of a seed, or its folder where there are several."""
    inside = list(root.iterdir())
    return inside[0] if len(inside) == 1 else root


def recorder(root: Path, file: Path) -> object:
    """A file of a worn sensor, as recorders recognise it; all its rows are read."""
    from featherfall.recorders.capture import open_capture
    from featherfall.recorders.recognise import recognise

    found = recognise(open_capture(_given(root)))
    return [block.values.sum() for series in found.series for block in islice(series.blocks(), 50)]


def upload(root: Path, file: Path) -> object:
    """What the app's page shows of an uploaded file before it is analysed."""
    from featherfall.app.pages.file_fields import table_columns

    return table_columns(_given(root))
