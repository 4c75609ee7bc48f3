"""A detector's boxes through its watcher: equal to the stored outputs."""

from __future__ import annotations

import pytest
from tests.golden import paths, store


@pytest.mark.parametrize("name", store.names("boxes"))
def test_boxes(name: str) -> None:
    golden = store.read(name)
    store.same(paths.plain(paths.boxes(golden["trace"])), golden["output"])
