"""Ultralytics YOLO as another family of detectors, in a separate process.

Ultralytics is licensed under AGPL-3.0 (or by contract from its makers): whoever distributes a network trained with it, or offers it over a
network, must publish the whole source under the same terms. So it is the optional extra `yolo`, no other module imports it, and it runs in
a separate process (`featherfall.training.yolo_worker`), controlled by files. The result is an ONNX graph with the same outputs as our own
detectors, and the weights, from which a teacher is read.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from featherfall.clips.films import to_jpeg
from featherfall.core.documents import read_json
from featherfall.core.errors import UserError
from featherfall.core.files import write_json
from featherfall.training.boxes import BoxTable

YOLO_PYTHON = "FEATHERFALL_YOLO_PYTHON"  # an interpreter that has Ultralytics, where this one does not
LICENSE_NOTE = "Ultralytics is under AGPL-3.0: what you ship with it you must open under the same terms"
_ENVIRONMENT = {"YOLO_OFFLINE": "true", "YOLO_VERBOSE": "false", "MPLBACKEND": "Agg"}


@dataclass(frozen=True)
class TrainedYolo:
    """A trained YOLO: the graph, Ultralytics' own weights, parameters, multiply-accumulates."""

    graph: Path
    weights: Path
    parameters: int
    macs: int


def write_yolo(folder: Path, parts: dict[str, tuple[np.ndarray, BoxTable]], labels: Sequence[str]) -> Path:
    """Write pictures and boxes in YOLO's layout; return the path of data.yaml.

    Arguments:
        parts: {"train": ((K, S, S, 3) uint8 RGB, boxes), "val": ...}.
    """
    for part, (pictures, boxes) in parts.items():
        for kind in ("images", "labels"):
            (folder / kind / part).mkdir(parents=True, exist_ok=True)
        for i, picture in enumerate(pictures):
            (folder / "images" / part / f"{i:05d}.jpg").write_bytes(to_jpeg(picture, 95))
            rows = []
            for (left, top, right, bottom), name in zip(boxes.boxes[i].tolist(), boxes.names[i].tolist(), strict=True):
                if name >= 0:
                    numbers = ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
                    rows.append(" ".join([str(name), *(f"{value:.6f}" for value in numbers)]) + "\n")
            (folder / "labels" / part / f"{i:05d}.txt").write_text("".join(rows))
    path = folder / "data.yaml"
    lines = [f"path: {folder.resolve()}", *(f"{part}: images/{part}" for part in parts), f"names: [{', '.join(labels)}]", ""]
    path.write_text("\n".join(lines))
    return path


@dataclass(frozen=True)
class YoloTraining:
    """How a YOLO is trained.

    Attributes:
        model: Ultralytics' description of a network, e.g. yolov8n.yaml or yolo11n.yaml; or initial weights (.pt).
        data: data.yaml. size: side of the pictures, pixels. input: name of the graph's input.
        teacher: weights.pt of a trained one: Ultralytics' own distillation of features (`distill_model`).
    """

    model: str
    data: Path
    size: int
    input: str
    epochs: int
    batch: int
    lr: float
    seed: int
    teacher: Path | None = None


def train_yolo(folder: Path, training: YoloTraining) -> TrainedYolo:
    """Train a YOLO in a separate process; a finished training is skipped, an interrupted one resumes with its next epoch.

    Arguments:
        folder: receives model.onnx, weights.pt and yolo.json.
    Raises: `UserError` where Ultralytics is not installed, or its training fails.
    """
    facts = folder / "yolo.json"
    if not facts.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        paths = {
            "data": str(training.data.resolve()),
            "teacher": None if training.teacher is None else str(training.teacher.resolve()),
            "folder": str(folder.resolve()),
        }
        job = asdict(training) | paths
        write_json(folder / "job.json", job)
        _run(folder / "job.json")
    known = read_json(facts)
    return TrainedYolo(folder / "model.onnx", folder / "weights.pt", known["parameters"], known["macs"])


def _run(job: Path) -> None:
    python = os.environ.get(YOLO_PYTHON, sys.executable)
    if python == sys.executable and importlib.util.find_spec("ultralytics") is None:
        raise UserError(f"YOLO needs Ultralytics; install it: pip install 'featherfall[yolo]' ({LICENSE_NOTE})")
    source = str(Path(__file__).parents[2])
    search = os.pathsep.join([source, *filter(None, [os.environ.get("PYTHONPATH")])])
    log = job.with_name("yolo.log")
    with open(log, "wb") as file:
        done = subprocess.run(
            [python, "-m", "featherfall.training.yolo_worker", str(job)],
            env=os.environ | _ENVIRONMENT | {"PYTHONPATH": search},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    if done.returncode:
        last = [line for line in log.read_text(errors="replace").splitlines() if line.strip()][-1:] or ["no output"]
        raise UserError(f"{log}: Ultralytics failed: {last[0][:200]}")
