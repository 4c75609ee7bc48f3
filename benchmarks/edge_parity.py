"""Is the C of a bundle the same model: bits, decisions, size, and the alarms of a day.

    python benchmarks/edge_parity.py wrist --dataset weda_fall --day "weda_fall + wisdm_watch" [--emulated 200] [--hours 24]

Every window of --dataset is judged by ONNX Runtime in float32, by the reference in NumPy and by the C on this machine, some by the C on
an emulated Cortex-M4 (`--emulated 0`: none). A day of recordings of --day, in random order and without a pause, is judged by the Python
runtime, whose model is the reference, and sample by sample by the C; their probabilities differ a little, as the runtime interpolates.
Prints one table.
"""

from __future__ import annotations

import argparse
import ctypes
import random
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.core.files import data_folder
from featherfall.core.recording import Recording, Stream
from featherfall.datasets import Dataset
from featherfall.evaluation.of_windows import WindowEvaluator
from featherfall.export.deployment import Guard
from featherfall.export.microcontroller.graph import read_graph
from featherfall.export.microcontroller.integer import IntegerStudent, integer_student, softmax_float32
from featherfall.export.microcontroller.proof import (
    FLAGS,
    can_emulate,
    compiler_name,
    differing,
    emulated_probabilities,
    host_compiler,
    host_probabilities,
    memory_sizes,
    write_files,
)
from featherfall.export.microcontroller.source import CSource, write_source
from featherfall.export.onnx import onnx_outputs
from featherfall.pipeline.add_format import calibration_sample, contract_of, dataset_guard
from featherfall.runtime import Bundle, load_bundle
from featherfall.runtime.decide.events import Event, events
from featherfall.signals.resample import even_grid, resample

Row = tuple[str, str]


class _Reference:
    """The model of a `Bundle`: the reference in NumPy in place of ONNX Runtime."""

    def __init__(self, student: IntegerStudent) -> None:
        self._student = student

    def run(self, names: None, windows: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        return [self._student.logits(windows)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle")
    parser.add_argument("--dataset", default="weda_fall")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--day", default="", help="datasets whose recordings make the day; default: none")
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--emulated", type=int, default=200, metavar="N", help="windows that an emulated Cortex-M4 judges; -1: all")
    options = parser.parse_args()
    bundle = load_bundle(options.bundle, "float32")
    guard = dataset_guard(bundle, datasets.open(options.dataset, data_folder(options.data)))
    student = integer_student(read_graph(bundle.path / bundle.model.file), calibration_sample(guard.inputs))
    source = write_source(student, contract_of(bundle.manifest))
    show(parity(bundle, student, source, guard, options.emulated))
    if options.day:
        samples = day_of(bundle, datasets.open(options.day, data_folder(options.data)), options.hours)
        show(same_events(bundle, student, source, samples))


def show(rows: list[Row]) -> None:
    for name, value in rows:
        print(f"{name:<44} {value}", flush=True)


def parity(bundle: Bundle, student: IntegerStudent, source: CSource, guard: Guard, emulated: int) -> list[Row]:
    """Compare all windows."""
    manifest = bundle.manifest
    inputs = {one.name: guard.inputs[one.name] for one in manifest.inputs}
    exact, logits = onnx_outputs(bundle.path / bundle.model.file, guard.inputs)[0], student.logits(inputs)
    before, ours = softmax_float32(exact, manifest.temperature), softmax_float32(logits, manifest.temperature)
    column = manifest.labels.index(str(manifest.positive))
    changed = (before[:, column] >= manifest.decision.threshold) != (ours[:, column] >= manifest.decision.threshold)
    (name, of_float), (_, of_int8) = (*guard.metrics((exact,)).items(), *guard.metrics((logits,)).items())
    count = len(manifest.labels)
    rows = [
        ("windows", f"{len(ours):,}"),
        (f"{name}, float32 and int8", f"{of_float:.4f} {of_int8:.4f}"),
        ("decisions that differ from float32", f"{changed.sum()}"),
        ("largest difference of a probability", f"{np.abs(before - ours).max():.3f}"),
        (f"other bits, {compiler_name()}", f"{differing(ours, host_probabilities(source, inputs, count))}"),
        ("RAM, without the stack", f"{source.ram:,} bytes"),
    ]
    rows += [(f"flash, {target}, -Os", f"{size['flash']:,} bytes") for target, size in memory_sizes(source).items()]
    if emulated and can_emulate():
        some = np.linspace(0, len(ours) - 1, min(emulated % (len(ours) + 1), len(ours))).astype(int)
        theirs, instructions = emulated_probabilities(source, {one: values[some] for one, values in inputs.items()}, count, 3600)
        rows += [(f"other bits, Cortex-M4 in QEMU, {len(some):,} windows", f"{differing(ours[some], theirs)}")]
        rows += [("instructions a window, Cortex-M4, -O2", f"{instructions:,}")]
    return rows


def day_of(bundle: Bundle, dataset: Dataset, hours: float) -> np.ndarray:
    """Return samples at the bundle's rate, (N, channels): recordings in random order, without a pause, the first ones again at the end."""
    manifest, evaluator = bundle.manifest, WindowEvaluator(bundle)
    sources = list(evaluator.prepare(dataset).sources)
    random.Random(0).shuffle(sources)
    wanted, parts = round(hours * 3600 * manifest.window.rate), list[np.ndarray]()
    while sum(map(len, parts)) < wanted:
        for one in sources:
            try:
                stream = evaluator.fitted(one.load()).streams[manifest.inputs[0].name]
            except UserError:
                continue
            grid = even_grid(float(stream.times[0]), float(stream.times[-1]), manifest.window.rate)
            parts.append(resample(stream.times, stream.values, grid)[0])
            if sum(map(len, parts)) >= wanted:
                break
    return np.concatenate(parts)[:wanted]


def same_events(bundle: Bundle, student: IntegerStudent, source: CSource, samples: np.ndarray) -> list[Row]:
    """Compare the windows and events of a day."""
    manifest = bundle.manifest
    need, rate = manifest.inputs[0], manifest.window.rate
    judged = Bundle(bundle.path, manifest, bundle.model, _Reference(student))  # type: ignore[arg-type]
    stream = Stream(np.arange(len(samples)) / rate, samples, need.unit, rate, need.placement, tuple(need.channels))
    recording = Recording("day", "1", "", "1", {need.name: stream})
    ours = judged.predict(recording)
    began = time.perf_counter()
    due, said = pushed(source, samples)
    seconds = time.perf_counter() - began
    last = (len(samples) - 1) / rate
    complete = ours.end_s <= last + 0.5 / rate  # the others lack samples that are still to come
    probability = ours.probabilities[complete, manifest.labels.index(str(manifest.positive))]
    end_s = ours.end_s[complete]
    theirs = events(due / rate - (end_s - ours.centre_s[complete])[0], due / rate, said, manifest.decision)
    mine = events(ours.centre_s[complete], end_s, probability, manifest.decision)
    same_windows = len(due) == len(end_s) and np.abs(due / rate - end_s).max() < 0.5 / rate
    return [
        ("day", f"{len(samples) / rate / 3600:.1f} h, judged by the C in {seconds:.0f} s"),
        ("windows, Python and C", f"{len(end_s):,} {len(due):,}, {'at the same samples' if same_windows else 'NOT at the same samples'}"),
        ("largest difference of their probabilities", f"{np.abs(said - probability).max():.4f}" if same_windows else "-"),
        ("events, Python and C", f"{len(mine)} {len(theirs)}, {unlike(mine, theirs, rate)} differ"),
    ]


def unlike(mine: list[Event], theirs: list[Event], rate: float) -> int:
    """Return how many events have no counterpart at the same samples."""
    known = {tuple(round(at * rate) for at in (one.start_s, one.peak_s, one.raised_s)) for one in mine}
    seen = {tuple(round(at * rate) for at in (one.start_s, one.peak_s, one.raised_s)) for one in theirs}
    return len(known ^ seen)


def pushed(source: CSource, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Push every sample into the C; return the samples at which a window was due, and what it said."""
    data = np.ascontiguousarray(samples, np.float32)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(source, folder)
        library = folder / "student.so"
        command = [str(host_compiler()), *FLAGS, "-O2", "-shared", "-fPIC", str(folder / "featherfall.c"), "-o", str(library), "-lm"]
        subprocess.run(command, check=True)
        push = ctypes.CDLL(str(library)).ff_push_sample
    push.restype, push.argtypes = ctypes.c_float, [ctypes.c_void_p]
    said = np.array([push(at) for at in range(data.ctypes.data, data.ctypes.data + data.nbytes, data.strides[0])], np.float32)
    due = np.flatnonzero(said >= 0)
    return due, said[due]


if __name__ == "__main__":
    main()
