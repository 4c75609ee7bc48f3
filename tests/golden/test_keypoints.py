"""People's keypoints through the embedded camera bundle: equal to the stored outputs."""

from __future__ import annotations

import pytest
from tests.golden import paths, store


@pytest.mark.parametrize("name", store.names("keypoints"))
def test_keypoints(name: str) -> None:
    golden = store.read(name)
    store.same(paths.plain(paths.keypoints(golden["trace"])), golden["output"])
