"""Every command and every Python block of README and documentation does what it says, or at least could be called."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from tests.docs.pages import ROOT, blocks, commands, inline
from tests.recorders.samples import sensor_logger_watch
from typer.main import get_command

from featherfall.cli.main import app
from featherfall.core.recipe_file import load_recipe, shipped_recipes
from featherfall.core.units import STANDARD_GRAVITY

FEATHERFALL = commands("featherfall")
SAMPLE = ROOT / "src" / "featherfall" / "app" / "samples" / "simulated-watch.csv"

# Run as they stand, in this order, in one folder with `my-watch.csv`; and what the output holds.
RUN = {
    "featherfall data list": "weda-fall",
    "featherfall list loss": "dask",
    "featherfall predict wrist my-watch.csv --unit m/s2": "label    fall",
    "featherfall predict wrist my-watch.csv --unit m/s2 --json": '"files"',
    "featherfall predict wrist my-watch.csv --unit m/s2 --columns accelerometer=ax,ay,az --time t --time-unit s": "label    fall",
    "featherfall predict wrist no-times.csv --unit m/s2 --columns accelerometer=1,2,3 --rate 50": "label    fall",
    "featherfall predict wrist my-recording.zip": "label    fall",
    "featherfall data formats": "phyphox",
    "featherfall predict wrist my-watch.csv --recorder table --dates dmy": "label    fall",
    "featherfall bench wrist": "int8",
    "featherfall sim --subjects 2 --hours 0.06 --seed 3 --out simulated": "recordings",
    "featherfall data inspect simulated": "subjects",
    "featherfall data gaf simulated P001/trip/1 --seconds 2.5 --out own": "own",
    "featherfall data gaf simulated P001/trip/1 --seconds 2.5 --limit 4 --method difference --out fixed": "fixed",
}

# Parsed only, and why: the pattern, searched from the beginning of the command.
PARSED = {
    r"featherfall (data inspect|data prepare|distill|train|compare|evaluate)\b": "needs recordings, and minutes to hours",
    r"featherfall (predict|bench|export|report) \"?(runs|RUN|OUT|BUNDLE)\b": "needs a finished run",
    r"featherfall export wrist ": "needs recordings (tests/pipeline/test_add_format.py)",
    r"featherfall predict picture ": "needs a picture",
    r"featherfall (predict camera|camera-check) ": "needs a film and the pose estimator's weights",
    r"featherfall teach ": "needs films of a person (tests/pipeline/test_teach.py)",
    r"featherfall replay ": "needs the store of a household (tests/alarms/test_snippets.py)",
    r"featherfall sim ": "takes longer than a test may",
    r"featherfall watch ": "asks, or runs until it is stopped (tests/cli/test_watch.py)",
    r"featherfall app\b": "serves until it is stopped (tests/app)",
    r"featherfall publish ": "needs a bundle and a hub (tests/publish)",
}

# Python blocks that are only compiled, by something that they contain.
COMPILED = {
    "in camera:": "needs a camera",
    "ff.teach(": "needs films of a person (tests/pipeline/test_teach.py)",
    "film.mp4": "needs a film and the pose estimator's weights",
}


def parse(line: str) -> tuple[str, dict[str, Any]]:
    """The verb and its parameters, as the command line understands them; nothing is run."""
    command: Any = get_command(app)
    words = shlex.split(line)[1:]
    names = []
    while hasattr(command, "commands"):
        assert words and words[0] in command.commands, f"{' '.join(names) or 'featherfall'} has no verb {words[:1]}"
        names.append(words[0])
        command, words = command.commands[words[0]], words[1:]
    return " ".join(names), command.make_context(" ".join(names), list(words)).params


def test_there_are_commands() -> None:
    assert len(FEATHERFALL) > 60
    assert {"README.md", "docs/how-to/predict.md"} <= {page for page, _ in FEATHERFALL}


@pytest.mark.parametrize(("page", "line"), FEATHERFALL)
def test_parses(page: str, line: str) -> None:
    verb, params = parse(line)
    recipes = [params["recipe"]] if verb in ("distill", "train", "data prepare") else params["targets"] if verb == "compare" else []
    for recipe in map(str, recipes):
        if "/" not in recipe:  # a run's folder, or a recipe that needs its plugin
            load_recipe(recipe, params.get("set_") or ())


@pytest.mark.parametrize(("page", "text"), inline("featherfall"))
def test_inline_verbs_exist(page: str, text: str) -> None:
    names, command = text.split()[1:], get_command(app)
    while hasattr(command, "commands") and names != ["--help"]:
        assert names and names[0] in command.commands, f"{page}: `{text}`"
        command, names = command.commands[names[0]], names[1:]
    known = {option for param in command.params for option in (*param.opts, *param.secondary_opts)} | {"--help"}
    assert {name.partition("=")[0] for name in names if name.startswith("--")} <= known, f"{page}: `{text}`"


def test_each_is_run_or_excused() -> None:
    lines = {line for _, line in FEATHERFALL}
    assert set(RUN) <= lines, "a command of RUN is not in the documentation any more"
    left = [line for line in lines - set(RUN) if not any(re.match(pattern, line) for pattern in PARSED)]
    assert not left, "neither in RUN nor in PARSED"
    unused = [pattern for pattern in PARSED if not any(re.match(pattern, line) for line in lines)]
    assert not unused, "excuses for commands that are not there"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the recordings that the pages speak of: the simulated sample, in m/s2, and as a watch's app writes it."""
    path = tmp_path_factory.mktemp("docs")
    samples = np.loadtxt(SAMPLE, delimiter=",", skiprows=1)
    samples[:, 1:] *= STANDARD_GRAVITY
    np.savetxt(path / "my-watch.csv", samples, delimiter=",", fmt="%.4f", header="t,ax,ay,az", comments="")
    even = np.arange(samples[0, 0], samples[-1, 0], 1 / 50)
    axes = [np.interp(even, samples[:, 0], samples[:, axis]) for axis in (1, 2, 3)]
    np.savetxt(path / "no-times.csv", np.stack(axes, 1), delimiter=",", fmt="%.4f", header="ax,ay,az", comments="")
    sensor_logger_watch(path).path.rename(path / "my-recording.zip")
    return path


def test_run(folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "200", "MPLBACKEND": "agg"}
    for line, expected in RUN.items():
        words = [sys.executable, "-m", "featherfall.cli", *shlex.split(line)[1:]]
        done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{line}: {done.stderr}"
        assert expected in done.stdout, f"{line}: {done.stdout}"


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_python(block: Any, folder: Path) -> None:
    compile(block.text, str(block), "exec")
    if any(part in block.text for part in COMPILED):
        return
    done = subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", "-c", block.text],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_yaml(block: Any) -> None:
    assert isinstance(yaml.safe_load(block.text), dict)


@pytest.mark.parametrize(("page", "line"), commands("make"))
def test_make(page: str, line: str) -> None:
    done = subprocess.run([*shlex.split(line), "--dry-run"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("page", "text"), inline("make"))
def test_inline_targets_exist(page: str, text: str) -> None:
    targets = re.findall(r"^([\w./-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert text.split()[1] in targets


def test_torch_of_the_demo() -> None:
    def planned(*words: str) -> str:
        # As on a fresh checkout, whatever is set up here.
        words = ("make", "--dry-run", "--always-make", "demo", *words)
        return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert "--extra-index-url https://download.pytorch.org/whl/cpu" in planned("TORCH=cpu")
    assert "download.pytorch.org" not in planned()
    assert '".[sim,train]"' in planned() and "vision" not in planned() and "dev" not in planned()


@pytest.mark.parametrize(("page", "line"), commands("python"))
def test_scripts_exist(page: str, line: str) -> None:
    script = line.split()[1]
    assert script == "-m" or (ROOT / script).is_file(), f"{page}: {script}"


def test_inline_scripts_exist() -> None:
    for page, text in inline("python"):
        script = text.split()[1]
        assert not script.endswith(".py") or (ROOT / script).is_file(), f"{page}: {script}"


def test_recipes_in_pages_ship() -> None:
    assert {"weda_fall_wrist", "own_wrist_falls"} <= set(shipped_recipes())
