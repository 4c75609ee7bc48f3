"""A bundle exported in another format, on recordings of a dataset."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import tiny_dataset
from typer.testing import CliRunner

from featherfall.cli.main import app
from featherfall.core.errors import UserError
from featherfall.datasets import open as open_dataset
from featherfall.export.formats import c
from featherfall.pipeline.add_format import add_formats
from featherfall.pipeline.export import file_lines
from featherfall.runtime import load_bundle
from featherfall.runtime.bundle import read_manifest
from featherfall.runtime.embedded import embedded_bundles


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_dataset(tmp_path_factory.mktemp("data") / "tiny", subjects=2)


def test_a_bundle_gets_c_and_stays_one(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(c, "can_emulate", lambda: False)  # tests/export/microcontroller/test_proof.py has both
    monkeypatch.setattr(c, "memory_sizes", lambda source: {})
    made = add_formats("wrist", ["c"], tmp_path / "made", open_dataset("folder", tiny))
    assert made == read_manifest(tmp_path / "made")
    assert [one.file for one in made.models] == ["model.onnx", "model.int8.onnx", "featherfall.c"]
    assert load_bundle(tmp_path / "made").model.file == "model.int8.onnx"  # every digest is right
    assert {path.name for path in (tmp_path / "made").iterdir()} == {*made.sha256, "manifest.json"}
    proof = made.models[-1].proof
    assert proof["clips"] == made.provenance["proven_on"]["windows"] > 3 and set(proof["float32"]) == {"f1"}
    lines = file_lines(made)
    assert any("decided otherwise than in float32" in line for line in lines) and "bytes of RAM" in lines[-1]
    monkeypatch.setattr(c, "host_compiler", lambda: None)
    again = add_formats(tmp_path / "made", ["c"], tmp_path / "again", open_dataset("folder", tiny))
    assert [one.file for one in again.models] == [one.file for one in made.models]


def test_nothing_half_written_stays(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="exported from its run alone"):
        add_formats("camera", ["c"], tmp_path / "made", open_dataset("folder", tiny))
    with pytest.raises(UserError, match="is the bundle itself"):
        add_formats("wrist", ["c"], embedded_bundles()["wrist"], open_dataset("folder", tiny))
    quiet = tiny_dataset(tmp_path / "quiet", subjects=1, activities=["walk"])
    with pytest.raises(UserError, match=r"gave a window of 'wrist_falls_open'|no recording could be evaluated"):
        add_formats("wrist", ["c"], tmp_path / "made", open_dataset("folder", quiet))
    assert not (tmp_path / "made").exists() and not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--to", "c"], "a bundle holds no clips; add --to FORMAT and --dataset NAME"),
        (["--to", "d", "--dataset", "folder"], "--to d: unknown format"),
        ([], "add --to FORMAT and --dataset NAME"),
    ],
)
def test_what_is_missing_is_said_in_one_line(options: list[str], says: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["export", "wrist", "--out", str(tmp_path / "out"), *options])
    assert isinstance(done.exception, UserError) and says in str(done.exception)
    assert not (tmp_path / "out").exists()
