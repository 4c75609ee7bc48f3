"""`featherfall sim` as users meet it."""

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from featherfall.cli.main import app
from featherfall.core.errors import UserError

COMMAND = [sys.executable, "-m", "featherfall.cli", "sim"]
SMALL = ("--subjects", "2", "--hours", "0.006", "--workers", "1")


def refused(*words: str | Path) -> str:
    said = CliRunner().invoke(app, ["sim", *map(str, words)])
    assert isinstance(said.exception, UserError), said.exception
    assert "\n" not in str(said.exception)
    assert said.stderr == ""  # no bar, no blank line: the one line is all that there is
    return str(said.exception)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--subjects", "0"], "--subjects 0: nobody to simulate"),
        (["--hours", "0"], "--hours 0: nothing to simulate"),
        (["--hours", "-1"], "--hours -1"),
        (["--activities", "trip,slpi"], "unknown activity 'slpi'; did you mean 'slip'?"),
        (["--activities", ","], "no activity named"),
        (["--falls", "1.2"], "--falls 1.2"),
        (["--sites", "wrist,pelvi"], "unknown site 'pelvi'; did you mean 'pelvis'?"),
        (["--part", "wacth"], "unknown part 'wacth'; did you mean 'watch'?"),
        (["--skeleton", "azur"], "unknown skeleton 'azur'; did you mean 'azure'?"),
        (["--workers", "0"], "--workers 0"),
        (["--video", "--cameras", "9"], "--cameras 9"),
        (["--video", "--cameras", "0"], "--cameras 0"),
        (["--cameras", "2"], "add it, or leave --cameras out"),
        (["--video", "--size", "7"], "--size 7"),
        (["--layout", "aihub", "--sites", "pelvis"], "leave --sites out"),
    ],
)
def test_one_line_for_what_is_wrong(words: list[str], said: str, tmp_path: Path) -> None:
    assert said in refused("--out", tmp_path / "out", *words)
    assert list(tmp_path.iterdir()) == []


def test_help() -> None:
    said = CliRunner().invoke(app, ["sim", "--help"])
    assert said.exit_code == 0
    assert "--subjects" in said.output


def test_a_folder_with_something_else_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert "not a simulation" in refused("--out", tmp_path, *SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "cannot be written (Permission denied)" in refused("--out", tmp_path / "out", *SMALL)


def test_folder_that_cannot_be() -> None:
    assert "cannot be written" in refused("--out", "/proc/here", *SMALL)


def test_without_the_sim_extra(tmp_path: Path) -> None:
    code = "import sys; sys.modules['mujoco'] = None; sys.argv = ['featherfall', 'sim', '--out', 'out']; import featherfall.cli.__main__"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "featherfall: this needs mujoco, which running bundles does not; pip install 'featherfall[sim]'\n"


def test_facts_as_json_and_a_dataset_on_disk(tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = CliRunner().invoke(app, ["sim", "--out", str(out), *SMALL, "--seed", "3", "--json"])
    assert said.exit_code == 0, said.exception
    facts = json.loads(said.stdout)
    assert facts["subjects"] == 2
    assert facts["hours"] == pytest.approx(0.006, abs=0.004)
    assert (out / "recordings.csv").read_text().count("\n") == facts["recordings"] + 1
    told = CliRunner().invoke(app, ["data", "inspect", str(out)])
    assert told.exit_code == 0 and "No problems found" in told.stdout


def test_aihub_layout(tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = CliRunner().invoke(app, ["sim", "--out", str(out), "--layout", "aihub", *SMALL])
    assert said.exit_code == 0, said.exception
    assert "simulated recordings" in said.stdout
    assert len(list(out.rglob("*.csv"))) == 2 * 8 + 2  # one scene a person in eight views; scenes.csv, people.csv


def test_interrupted_and_resumed(tmp_path: Path) -> None:
    words = [*COMMAND, "--out", str(tmp_path / "out"), "--subjects", "2", "--hours", "0.12", "--workers", "2"]
    # A shell that runs the tests in the background has them ignore SIGINT, and children inherit that.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=heed)
    log = tmp_path / ".out.partial" / ".made.jsonl"
    for _ in range(2000):
        if log.is_file() and log.stat().st_size:
            break
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as the terminal does: parent and workers
    said = process.communicate(timeout=20)[1]
    assert process.returncode == 130, said
    assert said.strip().endswith("featherfall: interrupted; run the same command with --resume to go on")
    assert "Traceback" not in said
    assert [path.name for path in tmp_path.iterdir()] == [".out.partial"]
    done = subprocess.run([*words, "--resume"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
