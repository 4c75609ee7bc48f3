"""The room as a whole: its face, and how light it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
