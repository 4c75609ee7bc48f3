"""The example plugin, installed and used as a user would; and plugins that are broken."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import motion

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "examples" / "plugin"
NAMES = {
    "dataset": "ward",
    "model": "tiny-gru",
    "loss": "huber",
    "protocol": "holdout",
    "format": "npz",
    "source": "ndjson",
    "estimator": "silhouette",
    "sink": "logging",
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the plugin is installed in."""
    place = tmp_path_factory.mktemp("plugin")
    shutil.copytree(PLUGIN, place / "source")  # building leaves nothing in the checkout
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target"]
    subprocess.run([*pip, str(place / "site"), str(place / "source")], check=True, capture_output=True, text=True)
    return place / "site"


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the plugin's dataset."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "Ward").mkdir()
    random = np.random.default_rng(0)
    for subject in ("S01", "S02", "S03"):
        for activity in ("fall", "walk"):
            values = motion("accelerometer", activity, 6.0, random)
            times = np.arange(len(values)) / 25
            falling = (activity == "fall") & (times > 1.1) & (times < 1.9)
            table = np.column_stack([times, values, falling])
            np.savetxt(folder / "Ward" / f"{subject}_{activity}_1.csv", table, "%.4f", ",", header="t,x,y,z,fall", comments="")
    return folder


def featherfall(site: Path, *words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line with a folder of installed packages in front."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "featherfall.cli", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment)


def fake_plugin(site: Path, distribution: str, group: str, name: str, code: str) -> None:
    """Write what an installed package leaves: a module, and its metadata with one entry point."""
    module = distribution.replace("-", "_")
    (site / f"{module}.py").write_text(code)
    info = site / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[featherfall.{group}]\n{name} = {module}\n")


def test_list_shows_one_of_each_kind(installed: Path, tmp_path: Path) -> None:
    done = featherfall(installed, "list", "--json", cwd=tmp_path)
    assert done.returncode == 0 and not done.stderr
    theirs = {one["kind"]: one for one in json.loads(done.stdout) if one["plugin"] == "featherfall-ward"}
    assert {kind: one["name"] for kind, one in theirs.items()} == NAMES
    assert theirs["loss"]["facts"] == {"compares": "features", "equal_width": True}
    assert "ward" in featherfall(installed, "data", "list", cwd=tmp_path).stdout
    shown = featherfall(installed, "list", "dataset", cwd=tmp_path).stdout
    assert "Falls and daily life on a ward; watch at the wrist. (featherfall-ward)" in shown


def test_its_recipe_is_trained(installed: Path, ward: Path, tmp_path: Path) -> None:
    few = ["--set", "student.training.steps=20", "--set", "teacher.training.steps=20"]
    done = featherfall(installed, "distill", PLUGIN / "recipe.yaml", "--data", ward, "--out", "run", *few, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert (metrics["dataset"], metrics["protocol"]) == ("ward", "hold-out by subject")
    assert {"alone", "distilled"} <= set(metrics["roles"])
    manifest = json.loads((tmp_path / "run" / "bundle" / "manifest.json").read_text())
    assert manifest["kind"] == "window" and manifest["provenance"]["recipe"]["student"]["network"]["kind"] == "tiny-gru"
    with np.load(tmp_path / "run" / "bundle" / "weights.npz") as weights:
        assert weights["head.weight"].shape == (2, 12)
    (log,) = (tmp_path / "run").glob("folds/*/distilled/0/log.csv")
    assert "huber" in log.read_text().splitlines()[0]

    samples = motion("accelerometer", "fall", 6.0, np.random.default_rng(1))
    rows = [json.dumps(dict(zip("txyz", (i / 25, *map(float, sample)), strict=True))) for i, sample in enumerate(samples)]
    (tmp_path / "a.ndjson").write_text("\n".join(rows))
    done = featherfall(installed, "predict", "run/bundle", "a.ndjson", "--json", cwd=tmp_path)
    assert done.returncode == 0 and json.loads(done.stdout)["files"][0]["windows"], done.stderr


def test_its_sink_takes_notices(installed: Path, tmp_path: Path) -> None:
    code = (
        "from featherfall.api.watch import Notice; from featherfall.core.registry import find\n"
        "with find('sink', 'logging')() as sink: sink.notice(Notice('possible fall', 3.5, 0, 0.9), 'ward 2')"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(installed), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0 and done.stderr.startswith("ward 2: {") and "possible fall" in done.stderr


def test_its_estimator_finds_a_person(installed: Path, tmp_path: Path) -> None:
    code = (
        "import numpy as np; from featherfall.runtime.perceive.estimators import open_estimator\n"
        "estimator = open_estimator('silhouette'); room = np.zeros((120, 160, 3), np.uint8); estimator.estimate(room)\n"
        "lying = room.copy(); lying[90:101, 20:101] = 255; (pose,) = estimator.estimate(lying)\n"
        "print(pose.box.round().astype(int).tolist(), round(pose.motion, 2)); assert not estimator.estimate(room)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(installed), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0 and done.stdout.startswith("[25, 95, 97, 95] "), done.stderr


def test_a_recipe_without_the_plugin(ward: Path, tmp_path: Path) -> None:
    done = featherfall(tmp_path, "distill", PLUGIN / "recipe.yaml", "--data", ward, cwd=tmp_path)
    assert done.returncode == 2 and "recipe.yaml: key 'dataset': unknown dataset; " in done.stderr and "found 'ward'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_plugin_that_cannot_be_imported_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    fake_plugin(site, "broken-falls", "datasets", "broken", "import no_such_library\n")
    why = "ModuleNotFoundError: No module named 'no_such_library'"
    line = f"featherfall: dataset 'broken': plugin broken-falls cannot be imported ({why}); mend or uninstall it\n"
    for words in (["list"], ["list", "dataset"], ["data", "list"]):
        done = featherfall(site, *words, cwd=tmp_path)
        assert done.returncode == 0 and "weda-fall" in done.stdout and "broken" not in done.stdout
        assert done.stderr == line
    done = featherfall(site, "data", "inspect", "broken", cwd=tmp_path)
    assert done.returncode == 2 and done.stderr == line
    done = featherfall(site, "distill", "weda_fall_wrist", "--set", "dataset=broken", cwd=tmp_path)
    assert done.returncode == 2 and "key 'dataset': dataset 'broken': plugin broken-falls cannot be imported" in done.stderr


def test_two_plugins_of_one_name(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    code = 'from featherfall.core.registry import register\n\n@register("loss", "twin", compares="features")\ndef twin(a, b): ...\n'
    for distribution in ("twin-one", "twin-two"):
        fake_plugin(site, distribution, "losses", "twin", code)
    line = "loss 'twin' comes from both twin-one and twin-two; uninstall one of them"
    done = featherfall(site, "list", "loss", cwd=tmp_path)
    assert done.returncode == 0 and "dask" in done.stdout and "twin" not in done.stdout and done.stderr == f"featherfall: {line}\n"
    done = featherfall(site, "distill", "weda_fall_wrist", "--set", "distillation={terms: [{loss: twin}]}", cwd=tmp_path)
    assert done.returncode == 2 and f"key 'distillation.terms.0.loss': {line}" in done.stderr and len(done.stderr.splitlines()) == 1
