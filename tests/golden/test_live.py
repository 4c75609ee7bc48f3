"""A phone's samples as they come, through the app: equal to the stored outputs."""

from __future__ import annotations

import pytest
from tests.golden import paths, store


@pytest.mark.parametrize("name", store.names("live"))
def test_packets(name: str) -> None:
    golden = store.read(name)
    store.same(paths.plain(paths.live(golden["trace"])), golden["output"])
