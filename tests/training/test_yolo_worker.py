from __future__ import annotations

import importlib.util
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from featherfall.training import yolo_worker
from featherfall.training.boxes import BoxTable
from featherfall.training.yolo import YOLO_PYTHON, YoloTraining, train_yolo, write_yolo
from featherfall.training.yolo_worker import _finished, _log


@pytest.mark.parametrize(("rows", "late", "finished"), [(0, True, False), (2, True, False), (3, True, True), (3, False, False)])
def test_weights_of_the_last_epoch_need_no_more_training(tmp_path: Path, rows: int, late: bool, finished: bool) -> None:
    """late: the weights were written after the table's last row, and so are those of its epoch."""
    last, results = tmp_path / "last.pt", tmp_path / "results.csv"
    last.write_bytes(b"not opened")
    results.write_text("\n".join([" epoch, time, train/box_loss", *(f"{row + 1}, 5, 3.5" for row in range(rows))]) + "\n")
    os.utime(last, ns=(0, results.stat().st_mtime_ns + (1 if late else -1)))
    assert _finished(last, results, 3) is finished


def test_what_was_never_begun_is_not_finished(tmp_path: Path) -> None:
    assert not _finished(tmp_path / "last.pt", tmp_path / "results.csv", 3)


def test_no_weights_are_opened_that_run_code() -> None:
    source = Path(yolo_worker.__file__).parents[1]
    calls = [line for path in source.rglob("*.py") for line in path.read_text().splitlines() if "torch.load(" in line]
    assert calls and all("weights_only=True" in line for line in calls), calls


def test_their_table_of_epochs_becomes_our_log(tmp_path: Path) -> None:
    _log(tmp_path / "results.csv", tmp_path / "log.csv", 9)
    assert not (tmp_path / "log.csv").exists()
    (tmp_path / "results.csv").write_text(
        " epoch, time, train/box_loss, train/cls_loss, lr/pg0\n1, 5, 3.5, 2.25, 0.001\n2, 9, 3.0, 2.0, 0.0005\n"
    )
    _log(tmp_path / "results.csv", tmp_path / "log.csv", 9)
    assert (tmp_path / "log.csv").read_text().splitlines() == ["step,loss,lr,validation", "9,5.75,0.001,", "18,5,0.0005,"]


@pytest.mark.skipif(
    YOLO_PYTHON not in os.environ and importlib.util.find_spec("ultralytics") is None,
    reason=f"needs Ultralytics (AGPL-3.0): pip install 'featherfall[yolo]', or name an interpreter that has it in {YOLO_PYTHON}",
)
def test_taught_and_gone_on_with(tmp_path: Path) -> None:
    """A teacher; a student of two epochs, stopped before its graph was written: it is not trained again."""
    pictures = np.random.default_rng(0).integers(0, 256, (8, 64, 64, 3)).astype(np.uint8)
    boxes = BoxTable(torch.tensor([[[0.1, 0.1, 0.6, 0.9]]] * 8), torch.zeros(8, 1, dtype=torch.int64))
    data = write_yolo(tmp_path / "data", {"train": (pictures, boxes), "val": (pictures, boxes)}, ["person", "fall"])
    how = YoloTraining("yolov8n.yaml", data, 64, "picture", epochs=1, batch=4, lr=0.001, seed=0)
    teacher = train_yolo(tmp_path / "teacher", how)
    taught = replace(how, epochs=2, teacher=teacher.weights)
    student = tmp_path / "student"
    made = train_yolo(student, taught)
    assert made.graph.is_file() and made.parameters == teacher.parameters > 3_000_000
    steps = [line.split(",")[0] for line in (student / "log.csv").read_text().splitlines()]
    assert steps == ["step", "2", "4"]
    (student / "yolo.json").unlink()
    before = (student / "weights.pt").read_bytes()
    train_yolo(student, taught)
    assert (student / "weights.pt").read_bytes() == before
