"""`featherfall teach` says what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.conftest import tiny_dataset
from typer.testing import CliRunner

import featherfall.pipeline.teach
from featherfall.cli.main import app

FOUND: dict[str, Any] = {
    "pairs": 9,
    "falls": 3,
    "labelled": 2,
    "left_out": ["ann//3: has no film"],
    "offsets_s": [-2.1, 0.4],
    "correlations": [0.58, 0.91],
    "held_out": {"before": {"falls": 1, "others": 2}, "after": {}},
}


@pytest.mark.parametrize(
    ("taught", "why", "code"), [(True, "falls 0 -> 1 of 1, alarms 0 -> 0", 0), (False, "nothing is better for sure", 3)]
)
def test_says_what_came_of_it(taught: bool, why: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(featherfall.pipeline.teach, "teach_student", lambda *_: FOUND | {"taught": taught, "why": why})
    data = tiny_dataset(tmp_path / "data", subjects=1, streams=("accelerometer",))
    words = ["teach", "wrist", "--with", "camera", "--data", str(data), "--out", "ann-wrist"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == code
    assert result.stdout.splitlines() == [
        "left out  ann//3: has no film",
        "pairs     9 recordings, 3 with a fall and 6 without, as the teacher says, 2 by their labels",
        "clocks    offsets -2.1 to +0.4 s, r 0.58 to 0.91",
        f"held out  3 recordings: {why}",
        "bundle    ann-wrist" if taught else "kept      wrist; nothing was written",
    ]
    assert '"taught": ' in CliRunner().invoke(app, [*words, "--json"]).stdout
