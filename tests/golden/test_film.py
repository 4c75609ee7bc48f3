"""A small film through models of pixels and a detector: equal to the stored outputs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.golden import paths, store

pytest.importorskip("PIL", reason="pictures need Pillow: pip install 'featherfall[video]'")


@pytest.mark.parametrize("name", store.names("film"))
def test_film(name: str, tmp_path: Path) -> None:
    golden = store.read(name)
    store.same(paths.plain(paths.film(golden["trace"], tmp_path)), golden["output"])
