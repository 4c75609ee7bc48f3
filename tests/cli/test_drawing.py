from __future__ import annotations

from pathlib import Path

import pytest

from featherfall.cli.drawing import Drawing
from featherfall.core.errors import UserError


def test_where_drawings_go() -> None:
    films = [Path("a/x.mp4"), Path("b/y.avi")]
    Drawing(Path("out")).check(films)
    assert Drawing(Path("out")).path(films[1], 2) == Path("out/y.mp4") and Drawing(Path("o.mp4")).path(films[0], 1) == Path("o.mp4")
    assert Drawing(Path("out"), images=True).path(Path("p.jpg"), 1) == Path("out/p.png")
    assert Drawing(Path("out")).path(Path("p.jpg"), 1) == Path("out/p.mp4")
    for out, shown, what in (
        ("out.mp4", films, "2 files; name a folder"),
        ("out", [Path("a/x.mp4"), Path("b/x.mp4")], "have one name"),
        ("a/x.mp4", films[:1], "that is the file itself"),
        ("o.mp4", [Path("p.jpg")], "p.jpg is a picture"),
    ):
        with pytest.raises(UserError, match=what):
            Drawing(Path(out), images=True).check(shown)
