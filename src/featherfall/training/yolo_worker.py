"""`python -m featherfall.training.yolo_worker JOB.json`: train one Ultralytics YOLO and export it as an ONNX graph.

The only module that imports Ultralytics (AGPL-3.0); see `featherfall.training.yolo`.
"""

from __future__ import annotations

import csv
import json
import shutil
import sys
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn


class YoloGraph(nn.Module):
    """Images (B, 1, S, S, 3) uint8 RGB -> (B, A, C) scores 0..1 and (B, A, 4) boxes, fractions of the image."""

    def __init__(self, network: nn.Module, size: int) -> None:
        super().__init__()
        self.network, self.size = network, size

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        outputs = self.network(pictures[:, 0].permute(0, 3, 1, 2).float() / 255)
        rows = (outputs[0] if isinstance(outputs, (tuple, list)) else outputs).transpose(
            1, 2
        )  # B, A, 4 + C: middle x, y, width, height, scores
        middle, half = rows[..., :2], rows[..., 2:4] / 2
        return rows[..., 4:], torch.cat([middle - half, middle + half], dim=-1) / self.size


def train_job(path: str) -> None:
    """Train, resume or finish the job in a file."""
    from ultralytics import YOLO

    job: dict[str, Any] = json.loads(Path(path).read_text())
    folder = Path(job["folder"])
    torch.set_num_threads(1)
    last = folder / "ultralytics" / "weights" / "last.pt"
    if not _finished(last, folder / "ultralytics" / "results.csv", job["epochs"]):
        model = YOLO(last if last.is_file() else job["model"], task="detect")
        model.add_callback("on_fit_epoch_end", lambda trainer: _log(trainer.csv, folder / "log.csv", len(trainer.train_loader)))
        model.train(**({"resume": True} if last.is_file() else _train_arguments(job)))
    shutil.copy(last, folder / "weights.pt")
    network: Any = YOLO(folder / "weights.pt").model.float().eval()
    network.fuse(verbose=False)
    head = network.model[-1]
    head.export, head.format, head.dynamic, head.end2end = True, "onnx", True, False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        size = job["size"]
        example = torch.randint(0, 256, (2, 1, size, size, 3), dtype=torch.uint8)
        graph = YoloGraph(network, size).eval()
        graph(example)
        program = torch.onnx.export(
            graph,
            (example,),
            dynamo=True,
            input_names=[job["input"]],
            output_names=["scores", "boxes"],
            dynamic_shapes=({0: torch.export.Dim("pictures", min=1)},),
            verbose=False,
        )
    assert program is not None
    program.save(str(folder / "model.onnx"), external_data=False)
    facts = {"parameters": sum(one.numel() for one in network.parameters()), "macs": _macs(network, size)}
    (folder / "yolo.json").write_text(json.dumps(facts))


def _train_arguments(job: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of Ultralytics' training."""
    return {
        "data": job["data"],
        "epochs": job["epochs"],
        "imgsz": job["size"],
        "batch": job["batch"],
        "optimizer": "AdamW",
        "lr0": job["lr"],
        "seed": job["seed"],
        "warmup_epochs": min(3.0, job["epochs"] / 4),
        "close_mosaic": max(job["epochs"] // 5, 1),
        "device": "cpu",
        "workers": 0,
        "amp": False,
        "plots": False,
        "val": False,
        "project": job["folder"],
        "name": "ultralytics",
        "exist_ok": True,
        "verbose": False,
        **({"distill_model": job["teacher"]} if job["teacher"] else {}),
    }


def _finished(last: Path, results: Path, epochs: int) -> bool:
    """Return whether these weights are those of the last epoch: its row is in Ultralytics' table, and they were written after it.

    Their own epoch is not asked: they hold whole objects, and opening them would run code in them.
    """
    if not (last.is_file() and results.is_file()) or last.stat().st_mtime_ns < results.stat().st_mtime_ns:
        return False
    with open(results, newline="") as file:
        rows = [[cell.strip() for cell in row] for row in csv.reader(file)]
    return len(rows) > 1 and int(float(rows[-1][rows[0].index("epoch")])) >= epochs


def _log(results: Path, log: Path, steps: int) -> None:
    """Write Ultralytics' table of epochs (of `steps` steps) as our log: a row an epoch, the sum of its losses."""
    if not results.is_file():
        return
    with open(results, newline="") as file:
        rows = [{name.strip(): value.strip() for name, value in row.items()} for row in csv.DictReader(file)]
    with open(log, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["step", "loss", "lr", "validation"])
        for row in rows:
            loss = sum(float(value) for name, value in row.items() if name.startswith("train/"))
            writer.writerow([steps * int(float(row["epoch"])), f"{loss:.6g}", row.get("lr/pg0", "0"), ""])


def _macs(network: nn.Module, size: int) -> int:
    total = 0

    def count(module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        assert isinstance(module, nn.Conv2d)
        total += output.numel() * module.weight[0].numel()

    handles = [one.register_forward_hook(count) for one in network.modules() if isinstance(one, nn.Conv2d)]
    with torch.no_grad():
        network(torch.zeros(1, 3, size, size))
    for handle in handles:
        handle.remove()
    return total


if __name__ == "__main__":
    train_job(sys.argv[1])
