"""The notebooks run from beginning to end, as they are, and are committed without outputs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


def test_both_are_there() -> None:
    assert [file.stem for file in NOTEBOOKS] == ["own_csv_to_bundle", "own_module_from_skeleton_teacher"]


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_no_outputs_are_committed(file: Path) -> None:
    notebook = json.loads(file.read_text())
    assert notebook["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook["cells"]:
        assert cell["metadata"] == {}
        assert cell["cell_type"] == "markdown" or (cell["outputs"], cell["execution_count"]) == ([], None)


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_it_runs(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mujoco", reason="simulated people need MuJoCo: pip install 'featherfall[sim]'")
    nbformat = pytest.importorskip("nbformat", reason="needs nbclient: pip install 'featherfall[dev]'")
    nbclient = pytest.importorskip("nbclient", reason="needs nbclient: pip install 'featherfall[dev]'")
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # where a notebook puts what it makes
    notebook = nbformat.read(file, as_version=4)
    nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 2
    assert any("state unit='m/s2'" in output.get("text", "") or "did you mean" in output.get("text", "") for output in outputs)
