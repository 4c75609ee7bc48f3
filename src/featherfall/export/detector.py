"""A trained detector becomes a bundle: ONNX with a proof, int8 with a guard."""

from __future__ import annotations

import logging
import shutil
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from featherfall.core.errors import UserError
from featherfall.core.files import atomic_folder, sha256, write_json
from featherfall.core.manifest import Decision, Input, Manifest, Model
from featherfall.core.window import Window
from featherfall.export.bundle import PARITY_TOLERANCE
from featherfall.export.int8 import quantise
from featherfall.export.onnx import bare
from featherfall.models.count import macs, parameters
from featherfall.models.detect.net import Detector
from featherfall.runtime.perceive.boxes import Found, decode

SCORES, BOXES = "scores", "boxes"  # the graph's outputs: (B, A, C) 0..1, and (B, A, 4) fractions of the picture
CALIBRATION = 64  # pictures

Judge = Callable[[Sequence[Sequence[Found]]], Mapping[str, float]]  # what was found in the guard's pictures -> metrics, fractions of 1


class _Graph(nn.Module):
    """Pictures (B, 1, S, S, 3) uint8 -> scores and boxes."""

    def __init__(self, model: Detector) -> None:
        super().__init__()
        self.model = model

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        said = self.model({self.model.input: pictures})
        return said.logits.sigmoid(), said.boxes


def export_detector(model: Detector, example: np.ndarray, path: Path) -> None:
    """Write an ONNX file that eats `model.input`, (B, 1, S, S, 3) uint8 RGB, and gives `SCORES` and `BOXES` of every place.

    Arguments:
        example: (K, 1, S, S, 3) uint8, K >= 2; the first dimension becomes free.
    """
    for name in ("torch.onnx", "onnxscript"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own deprecations
        program = torch.onnx.export(
            _Graph(model.eval()).eval(),
            (torch.from_numpy(np.ascontiguousarray(example[:2])),),
            dynamo=True,
            input_names=[model.input],
            output_names=[SCORES, BOXES],
            dynamic_shapes=({0: torch.export.Dim("pictures", min=1)},),
            verbose=False,
        )
    assert program is not None
    path.write_bytes(bare(program.model_proto).SerializeToString())


def run_onnx(path: Path, input: str, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(K, A, C) scores and (K, A, 4) boxes of (K, 1, S, S, 3) pictures, by ONNX Runtime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    said = [session.run([SCORES, BOXES], {input: np.ascontiguousarray(pictures[at : at + 8])}) for at in range(0, len(pictures), 8)]
    scores, boxes = (np.concatenate(parts) for parts in zip(*said, strict=True))
    return scores, boxes


@dataclass(frozen=True)
class Source:
    """A float32 graph that can be written. write: to a path; gives what was proven of it. input: its input's name."""

    input: str
    parameters: int
    macs: int
    write: Callable[[Path], Mapping[str, Any]]


def of_detector(model: Detector, pictures: np.ndarray, name: str) -> Source:
    """A trained detector; its graph is proven against torch on some of the pictures, (K, 1, S, S, 3) uint8.

    Its `write` raises `UserError` when ONNX and torch disagree by more than 1e-3 in a score or a box's side.
    """

    def write(path: Path) -> Mapping[str, Any]:
        export_detector(model, pictures, path)
        error = _disagreement(model, path, pictures[:16])
        if not error <= PARITY_TOLERANCE:
            raise UserError(f"{name}: ONNX and torch differ by {error:.2g} in a score or box; report this model, it must not ship")
        return {"max_abs_error": error, "pictures": min(16, len(pictures))}

    return Source(model.input, parameters(model), _macs(model, pictures), write)


def of_file(graph: Path, input: str, parameters: int, macs: int) -> Source:
    """A graph that somebody else has written."""

    def write(path: Path) -> Mapping[str, Any]:
        shutil.copy(graph, path)
        return {}

    return Source(input, parameters, macs, write)


def write_detector_bundle(
    folder: Path,
    source: Source,
    name: str,
    labels: Sequence[str],
    positive: str,
    decision: Decision,
    calibration: np.ndarray,
    guard: np.ndarray,
    judge: Judge,
    int8: bool,
    budget_points: float,
    provenance: Mapping[str, Any],
) -> Manifest:
    """Export, prove, quantise, and keep the int8 model only if neither mAP at IoU .5 nor recall loses more than the budget.

    Arguments:
        decision: threshold of the scores, and overlap.
        calibration: (K, 1, S, S, 3) uint8 training pictures that set the scales. guard: pictures that judge int8.
        judge: metrics of what is found in the guard's pictures; must hold map50 and recall.
    Raises: `UserError` where the source cannot be written.
    """
    calibration = calibration[np.linspace(0, len(calibration) - 1, min(CALIBRATION, len(calibration))).astype(int)]
    with atomic_folder(folder) as temporary:
        exact = temporary / "model.onnx"
        models = [_model(exact, "float32", source.write(exact))]
        if int8:
            path = temporary / "model.int8.onnx"
            quantise(exact, path, {source.input: calibration})
            before, after = (judge(_found(*run_onnx(file, source.input, guard), list(labels), decision.overlap)) for file in (exact, path))
            lost = {metric: 100 * (before[metric] - after[metric]) for metric in ("map50", "recall")}
            proof = {"points_lost": max(lost.values()), "budget_points": budget_points, "lost": lost, "clips": len(guard)}
            if max(lost.values()) > budget_points:
                path.unlink()
                models[0] = models[0].model_copy(update={"proof": models[0].proof | {"int8_refused": proof}})
            else:
                models.append(_model(path, "int8", proof))
        size = calibration.shape[2]
        manifest = Manifest(
            name=name,
            kind="detector",
            task="fall",
            inputs=[Input(name=source.input, unit="rgb8", channels=["red", "green", "blue"], frames=1, size=size)],
            window=Window(kind="trial", length=8),
            labels=list(labels),
            positive=positive,
            decision=decision,
            models=models,
            parameters=source.parameters,
            macs=source.macs,
            provenance=dict(provenance),
            sha256={one.file: sha256(temporary / one.file) for one in models},
        )
        write_json(temporary / "manifest.json", manifest.model_dump())
    return manifest


def _found(scores: np.ndarray, boxes: np.ndarray, labels: list[str], overlap: float) -> list[list[Found]]:
    return [decode(where, which, labels, 0.0, overlap) for which, where in zip(scores, boxes, strict=True)]


@torch.no_grad()
def _disagreement(model: Detector, path: Path, pictures: np.ndarray) -> float:
    exact = _Graph(model.eval())(torch.from_numpy(np.ascontiguousarray(pictures)))
    other = run_onnx(path, model.input, pictures)
    return max(float(np.abs(a.numpy() - b).max()) for a, b in zip(exact, other, strict=True))


def _macs(model: Detector, pictures: np.ndarray) -> int:
    return macs(model, {model.input: torch.from_numpy(np.ascontiguousarray(pictures[:1]))})


def _model(path: Path, precision: Any, proof: Mapping[str, Any]) -> Model:
    return Model(file=path.name, precision=precision, bytes=path.stat().st_size, proof=dict(proof))
