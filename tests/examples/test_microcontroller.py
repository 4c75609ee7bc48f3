"""The page "A student on a microcontroller" and its examples: every command of a compiler or of QEMU is run."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from tests.docs.pages import ROOT, commands
from tests.export.microcontroller.students import windows

from featherfall.core.recording import Recording, Stream
from featherfall.export.microcontroller.graph import read_graph
from featherfall.export.microcontroller.integer import integer_student
from featherfall.export.microcontroller.proof import ARM, FLAGS, PICOLIBC, TARGETS, can_emulate, write_files
from featherfall.export.microcontroller.source import write_source
from featherfall.pipeline.add_format import contract_of
from featherfall.runtime import load_bundle

PAGE = "docs/how-to/microcontroller.md"
SAMPLE = ROOT / "src" / "featherfall" / "app" / "samples" / "simulated-watch.csv"
pytestmark = pytest.mark.skipif(not can_emulate(), reason="no gcc-arm-none-eabi, picolibc-arm-none-eabi or qemu-system-arm")


def even_samples() -> np.ndarray:
    times, *axes = np.loadtxt(SAMPLE, delimiter=",", skiprows=1).T
    even = np.arange(times[0], times[-1], 1 / 50)
    return np.stack([np.interp(even, times, one) for one in axes], 1).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the page's reader has: the exported student in wrist-c, the examples, and samples.csv."""
    place = tmp_path_factory.mktemp("reader")
    bundle = load_bundle("wrist", "float32")
    student = integer_student(read_graph(bundle.path / "model.onnx"), {"accelerometer": windows(40, 300)[:-5]})
    (place / "wrist-c").mkdir()
    write_files(write_source(student, contract_of(bundle.manifest)), place / "wrist-c")
    (place / "examples").symlink_to(ROOT / "examples")
    np.savetxt(place / "samples.csv", even_samples(), delimiter=",", fmt="%.5f")
    return place


def test_the_pages_image_finds_the_fall_when_the_runtime_does(folder: Path) -> None:
    said = ""
    for page, line in commands(ARM, "qemu-system-arm"):
        assert page == PAGE
        done = subprocess.run(shlex.split(line), cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        assert done.returncode == 0, f"{line}: {done.stderr}"
        said += done.stdout
    samples = even_samples()
    stream = Stream(np.arange(len(samples)) / 50, samples, "g", 50.0, "wrist", ("x", "y", "z"))
    found = load_bundle("wrist", "float32").predict(Recording("page", "1", "", "1", {"accelerometer": stream})).events
    assert len(found) == 1
    first = re.search(r"fall at ([\d.]+) s, probability ([\d.]+)", said)
    assert first and float(first[1]) == pytest.approx(found[0].raised_s, abs=0.011) and f"{len(samples)} samples" in said


@pytest.mark.parametrize("target", TARGETS)
def test_the_controller_of_a_pinetime_compiles(folder: Path, tmp_path: Path, target: str) -> None:
    compiler = shutil.which("arm-none-eabi-g++")
    if compiler is None:
        pytest.skip("no arm-none-eabi-g++")
    flags = [f"--specs={PICOLIBC}", *TARGETS[target], "-std=c++14", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra", "-Werror", FLAGS[1]]
    source = str(ROOT / "examples" / "microcontroller" / "pinetime.cpp")
    done = subprocess.run(
        [compiler, *flags, "-Iwrist-c", "-c", source, "-o", str(tmp_path / "o")], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
