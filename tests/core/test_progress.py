from __future__ import annotations

import pytest

from featherfall.core.progress import listening, report


def test_who_listens_is_told_and_nobody_else() -> None:
    heard: list[tuple[str, float]] = []
    report("reading", 0.1)
    with listening(lambda what, share: heard.append((what, share))):
        report("reading", 0.5)
        report("judging", 1.2)
    report("reading", 0.9)
    assert heard == [("reading", 0.5), ("judging", 1.0)]


def test_an_error_ends_the_listening() -> None:
    heard: list[float] = []
    with pytest.raises(ValueError, match="no"), listening(lambda what, share: heard.append(share)):
        raise ValueError("no")
    report("reading", 0.5)
    assert heard == []
