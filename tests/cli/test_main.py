"""What users see when something is wrong: one line that names the place and the mend, exit code 2."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from typer.testing import CliRunner

from featherfall.cli.main import app
from featherfall.core.errors import UserError
from featherfall.core.recipe_file import shipped_recipes
from featherfall.training.checkpoint import save_tensors


def run(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "featherfall.cli", *map(str, words)], capture_output=True, text=True, cwd=cwd)


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("featherfall: ")
    return lines[0]


def recipe_with(folder: Path, **changes: object) -> Path:
    values = yaml.safe_load(shipped_recipes()["weda_fall_wrist"].read_text()) | changes
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


def test_unknown_recipe_suggests_one(tmp_path: Path) -> None:
    assert "did you mean 'weda_fall_wrist'?" in one_line(run("distill", "weda_fal_wrist", cwd=tmp_path))


def test_unknown_key_suggests_one(tmp_path: Path) -> None:
    message = one_line(run("distill", recipe_with(tmp_path, sedes=[1]), "--data", tmp_path))
    assert "unknown key 'sedes'; did you mean 'seeds'?" in message
    assert "mine.yaml" in message


def test_nested_key_is_named(tmp_path: Path) -> None:
    message = one_line(run("distill", "weda_fall_wrist", "--set", "student.training.stps=5", "--data", tmp_path))
    assert "'student.training.stps'" in message
    assert "did you mean 'steps'?" in message


def test_value_of_the_wrong_kind_is_named(tmp_path: Path) -> None:
    message = one_line(run("distill", "weda_fall_wrist", "--set", "student.training.steps=many", "--data", tmp_path))
    assert "student.training.steps" in message
    assert "many" in message


def test_broken_yaml_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("name: x\nseeds: [1, 2\nclip: {")
    assert "line 3" in one_line(run("distill", path, "--data", tmp_path))


def test_missing_data_folder(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert "no such folder" in one_line(run("distill", "weda_fall_wrist", "--data", tmp_path / "nowhere", "--out", out))
    assert not out.exists()


def test_student_input_that_the_recipe_lacks(tmp_path: Path) -> None:
    message = one_line(run("distill", "weda_fall_wrist", "--set", "student.network.inputs=[skeleton]", "--data", tmp_path))
    assert "student.network.inputs names 'skeleton'" in message


def test_unknown_dataset(tmp_path: Path) -> None:
    assert "weda-fall" in one_line(run("data", "inspect", "wedafall", "--data", tmp_path))


def test_demo_writes_over_nothing(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    assert "--resume" in one_line(run("demo", "--out", tmp_path))
    assert (tmp_path / "letter.txt").read_text() == "dear"


def test_without_the_train_extra() -> None:
    code = (
        "import sys; sys.modules['torch'] = None; sys.argv = ['featherfall', 'distill', 'weda_fall_wrist']; import featherfall.cli.__main__"
    )
    message = one_line(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True))
    assert message.endswith("this needs torch, which running bundles does not; pip install 'featherfall[train]'")


def test_not_a_bundle(tmp_path: Path) -> None:
    assert "manifest.json" in one_line(run("evaluate", tmp_path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "no permission" in one_line(run("distill", "weda_fall_wrist", "--out", tmp_path / "run"))


def test_help_of_every_verb() -> None:
    for words in (
        [],
        ["demo"],
        ["data"],
        ["data", "inspect"],
        ["distill"],
        ["train"],
        ["evaluate"],
        ["predict"],
        ["bench"],
        ["compare"],
        ["export"],
    ):
        said = CliRunner().invoke(app, [*words, "--help"])
        assert said.exit_code == 0
        assert "Usage" in said.output


def test_full_disk(tmp_path: Path) -> None:
    """A real full disk: a file system of 64 kB."""
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)], capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        (small / "filler").write_bytes(bytes(60_000))
        with pytest.raises(UserError, match="the disk is full; free some space"):
            save_tensors(small / "run" / "weights.pt", {"w": torch.zeros(40_000)})
        assert [path.name for path in (small / "run").iterdir()] == []
    finally:
        subprocess.run(["umount", str(small)], check=True)
