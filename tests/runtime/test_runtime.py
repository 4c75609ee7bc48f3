"""The room as a whole: its face, and how light it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.runtime.drop import write_camera_bundle
from tests.runtime.tiny import write_bundle, write_csv

import featherfall.runtime

SOURCE = str(Path(featherfall.runtime.__file__).parents[2])
PREDICT = """
import sys
from featherfall.runtime import load_bundle, read_csv
assert "onnxruntime" not in sys.modules, "importing the runtime should not load the engine"
bundle = load_bundle(sys.argv[1])
assert bundle.predict(read_csv(sys.argv[2], bundle.manifest.inputs)).label == "fall"
heavy = {"torch", "scipy", "pyarrow", "pandas", "matplotlib", "onnx", "rich", "typer", "yaml"} & set(sys.modules)
assert not heavy, heavy
status = open("/proc/self/status").read()
print(status.split("VmHWM:")[1].split()[0])
"""

BLOCKED = (
    *("torch", "scipy", "pandas", "av", "PIL", "pyarrow", "matplotlib", "onnx", "onnxscript", "lightning_fabric", "tensorboard"),
    *("torchvision", "timm", "ai_edge_litert", "mediapipe", "gradio", "mujoco", "huggingface_hub", "ultralytics"),
)
BARE = f"""
import sys
sys.modules |= dict.fromkeys({BLOCKED})  # importing one of them raises ImportError
sys.argv = ["featherfall", *sys.argv[1:]]
from featherfall.cli.main import main
main()
"""


def bare(*words: object) -> subprocess.CompletedProcess[str]:
    """Run a command where nothing but what the core install brings can be imported."""
    command = [sys.executable, "-c", BARE, *map(str, words)]
    return subprocess.run(command, env=os.environ | {"PYTHONPATH": SOURCE}, capture_output=True, text=True, check=False)


def test_the_core_install_predicts(tmp_path: Path) -> None:
    sample = Path(featherfall.runtime.__file__).parents[1] / "app" / "samples" / "simulated-watch.csv"
    done = bare("predict", "wrist", sample, "--json")
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)["files"]
    assert found["label"] == "fall" and len(found["events"]) == 1
    shown = bare("predict", "wrist", sample)
    assert shown.returncode == 0 and "label    fall" in shown.stdout, shown.stderr
    film = bare("predict", write_camera_bundle(tmp_path / "camera"), "film.mp4")
    assert film.returncode == 2 and "pip install 'featherfall[camera]'" in film.stderr


def test_arrays_and_live_samples_need_the_core_install_only() -> None:
    code = f"""
import sys
sys.modules |= dict.fromkeys({BLOCKED})
import numpy as np
from featherfall.runtime import load_bundle
from featherfall.runtime.live import LiveWindows
from featherfall.runtime.sources.source import Samples
from featherfall.runtime.sources.stream import SampleStream
bundle = load_bundle("wrist")
times = np.arange(500) / 50
values = np.stack([0.05 * np.sin(3 * times), 0.05 * np.cos(2 * times), 1 + 2 * np.exp(-(((times - 5) / 0.1) ** 2))], axis=1)
prediction = bundle.predict(values, rate=50)
live = LiveWindows(SampleStream(bundle.manifest), bundle.probabilities)
for part in np.array_split(np.arange(500), 10):
    live.add(Samples(times[part], {{"accelerometer": values[part]}}))
assert len(prediction.centre_s) == len(live.prediction.centre_s) == 1
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": SOURCE}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_public_face() -> None:
    assert sorted(featherfall.runtime.__all__) == ["Bundle", "Event", "Prediction", "load_bundle", "read_csv"]


def test_a_prediction_loads_nothing_heavy_and_stays_small(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b")
    file = write_csv(tmp_path / "fall.csv", 50, ((8.0, 4.0),))
    done = subprocess.run(
        [sys.executable, "-c", PREDICT, str(bundle), str(file)],
        env=os.environ | {"PYTHONPATH": SOURCE},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 90_000  # kB
