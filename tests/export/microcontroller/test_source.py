"""The C as a maker uses it: a stream of samples in, probabilities out."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.export.microcontroller.students import Layer, bits_differing, contract, windows, write_onnx

from featherfall.core.errors import UserError
from featherfall.core.recording import Stream
from featherfall.export.contract import Contract
from featherfall.export.microcontroller.graph import read_graph
from featherfall.export.microcontroller.integer import IntegerStudent, integer_student, softmax_float32
from featherfall.export.microcontroller.proof import FLAGS, host_compiler, write_files
from featherfall.export.microcontroller.source import CSource, write_source
from featherfall.signals.frames import cut_recording

LENGTH = 24
Push = Callable[[np.ndarray], float]
needs_compiler = pytest.mark.skipif(host_compiler() is None, reason="no C compiler here")


def small(folder: Path) -> IntegerStudent:
    random = np.random.default_rng(3)
    layers: list[Layer] = [("Flatten", ["x"], "f", {}), ("MatMul", ["f", "w"], "logits", {})]
    path = write_onnx(folder / "model.onnx", layers, {"w": random.normal(size=(3 * LENGTH, 2)).astype(np.float32)}, LENGTH)
    return integer_student(read_graph(path), {"x": windows(40, LENGTH)[:-5]})


def compiled(source: CSource, folder: Path) -> Push:
    """`ff_push_sample` of the compiled C."""
    write_files(source, folder)
    compiler, library = host_compiler(), folder / "student.so"
    assert compiler is not None
    warnings = ["-Wall", "-Wextra", "-pedantic", "-Werror"]
    subprocess.run([compiler, *FLAGS, *warnings, "-shared", "-fPIC", str(folder / "featherfall.c"), "-o", str(library), "-lm"], check=True)
    student = ctypes.CDLL(str(library))
    student.ff_push_sample.restype = ctypes.c_float
    return lambda sample: float(student.ff_push_sample(np.ascontiguousarray(sample, np.float32).ctypes.data_as(ctypes.c_void_p)))


def stream(count: int, seed: int = 0) -> np.ndarray:
    """Samples of a wrist that hits something now and then, first of all, and twice as hard."""
    random = np.random.default_rng(seed)
    samples = random.normal(scale=0.1, size=(count, 3)).astype(np.float32)
    samples[:, 2] += 1
    samples[[0, 3, 50, 55, 120, 121, 200, 220, 221, 230, 300], 0] = [2, 3, 4, 4, 2, 2.5, 5, 3, 3, 3, 2]
    samples[[55, 50]] = samples[50]  # equal peaks: the first counts
    return samples


@needs_compiler
@pytest.mark.parametrize("changes", [{}, {"before_s": 0.04}, {"before_s": 0.4, "spacing_s": 0.3}, {"spacing_s": 0.02}])
def test_impacts_are_judged_when_and_as_the_runtime_does(tmp_path: Path, changes: dict[str, float]) -> None:
    student, agreed = small(tmp_path), contract(LENGTH, **changes)
    push, samples = compiled(write_source(student, agreed), tmp_path), stream(400)
    said = np.array([push(one) for one in samples])
    due = np.flatnonzero(said >= 0)
    cut = cut_recording({"x": Stream(np.arange(400) / 50, samples, "g", 50.0)}, agreed.window, "x")
    complete = np.rint(50 * cut.end_s).astype(int) < 400  # the others lack samples that are still to come
    assert due.tolist() == np.rint(50 * cut.end_s[complete]).astype(int).tolist() and len(due) > 4
    wanted = softmax_float32(student.logits({"x": cut.inputs["x"][complete]}), agreed.temperature)[:, 1]
    np.testing.assert_allclose(said[due], wanted, atol=1e-6)  # the runtime's windows are interpolated


@needs_compiler
def test_sliding_windows_come_at_their_stride(tmp_path: Path) -> None:
    student, agreed = small(tmp_path), contract(LENGTH, kind="sliding", stride_s=0.2)
    push, samples = compiled(write_source(student, agreed), tmp_path), stream(400)[:100]
    said = np.array([push(one) for one in samples])
    ends = np.flatnonzero(said >= 0)
    assert ends.tolist() == list(range(LENGTH - 1, 100, 10))
    shown = np.stack([samples[end - LENGTH + 1 : end + 1] for end in ends])
    assert (said[ends] == softmax_float32(student.logits({"x": shown}), agreed.temperature)[:, 1]).all()


@needs_compiler
def test_a_sample_that_is_not_finite_is_the_one_before(tmp_path: Path) -> None:
    student, agreed = small(tmp_path), contract(LENGTH, kind="sliding", stride_s=0.02)
    push, samples = compiled(write_source(student, agreed), tmp_path), stream(400)[:LENGTH]
    held = samples.copy()
    held[10] = held[9]
    samples[10] = [np.nan, np.inf, -np.inf]
    assert [push(one) for one in samples][-1] == softmax_float32(student.logits({"x": held[None]}), agreed.temperature)[0, 1]


@needs_compiler
def test_no_behaviour_is_undefined(wrist_source: CSource, tmp_path: Path) -> None:
    """Under AddressSanitizer and UBSan: silence, impacts, the largest numbers and what is none, a reset."""
    write_files(wrist_source, tmp_path)
    (tmp_path / "main.c").write_text(
        '#include "featherfall.h"\n#include <math.h>\n#include <stdio.h>\n'
        "int main(void) {\n  int due = 0;\n  const float odd[] = {0.0f, 5.0f, 3e38f, -3e38f, NAN, INFINITY, 1e-40f, -9.0f};\n"
        "  for (int round = 0; round < 2; round++, ff_reset()) {\n    for (int i = 0; i < 900; i++) {\n"
        "      const float x = i % 97 ? 0.01f * (float)(i % 7) : odd[i / 97 % 8];\n"
        "      due += ff_push(x, i % 53 ? 0.0f : 2.0f, 1.0f) >= 0.0f;\n    }\n  }\n"
        '  printf("%d\\n", due);\n  return 0;\n}\n'
    )
    compiler = host_compiler()
    assert compiler is not None
    flags = [*FLAGS, "-O1", "-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all"]
    files = [str(tmp_path / "main.c"), str(tmp_path / "featherfall.c"), "-o", str(tmp_path / "main"), "-lm"]
    built = subprocess.run([compiler, *flags, *files], capture_output=True, text=True)
    if "cannot find -lasan" in built.stderr or "cannot find -lubsan" in built.stderr:
        pytest.skip("no sanitizers here")
    assert built.returncode == 0, built.stderr
    done = subprocess.run([str(tmp_path / "main")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 4


def test_the_bundled_wrist_student_is_small(wrist_source: CSource) -> None:
    assert wrist_source.ram <= 16_000
    assert "malloc" not in wrist_source.source and "double" not in wrist_source.source


def test_the_header_says_how_it_is_fed(wrist_source: CSource) -> None:
    header = wrist_source.header
    assert "accelerometer (g): x, y, z" in header and "float ff_push(float x, float y, float z);" in header
    assert "#define FF_THRESHOLD 0.57f" in header and '#define FF_LABELS {"not_fall", "fall"}' in header
    assert "due 3.98 s after an impact of 1.6 g" in header


@needs_compiler
def test_a_student_of_whole_recordings_judges_windows_and_takes_no_stream(tmp_path: Path) -> None:
    student, agreed = small(tmp_path), contract(LENGTH, kind="trial")
    source = write_source(student, agreed)
    assert "ff_push" not in source.header + source.source and "FF_RATE" not in source.header and "ff_classify(x)" in source.header
    assert bits_differing(student, agreed, {"x": windows(12, LENGTH)}) == 0


def test_a_student_that_is_too_large_is_refused(tmp_path: Path, wrist: IntegerStudent, wrist_contract: Contract) -> None:
    long = wrist_contract.window.model_copy(update={"before_s": 3000.0, "length": 300, "spacing_s": 3600.0})
    agreed = Contract("large", long, wrist_contract.inputs, wrist_contract.labels, "fall", wrist_contract.decision, 1.0)
    with pytest.raises(UserError, match="bytes of RAM as C, at most 524,288 are taken"):
        write_source(wrist, agreed)
