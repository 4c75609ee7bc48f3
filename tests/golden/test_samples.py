"""A watch's samples through the embedded wrist bundle: equal to the stored outputs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.golden import paths, store


@pytest.mark.parametrize("name", store.names("samples"))
def test_samples(name: str) -> None:
    golden = store.read(name)
    store.same(paths.plain(paths.samples(golden["trace"])), golden["output"])


@pytest.mark.parametrize("name", store.names("samples"))
def test_a_table_of_them(name: str, tmp_path: Path) -> None:
    """A CSV in other units gives the same, with its times counted from its first row."""
    golden = store.read(name)
    store.same(paths.plain(paths.table(golden["trace"], tmp_path)), golden["output"])
