"""Static int8 quantisation by ONNX Runtime, calibrated on training clips."""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from featherfall.export.onnx import batches


def quantise(source: Path, target: Path, calibration: Mapping[str, np.ndarray]) -> None:
    """Write an int8 copy of an ONNX model.

    Convolutions (with the ReLU or ReLU6 after them) and matrix products become int8 (weights QInt8 per channel, activations QUInt8: on x86
    the default QInt8 activations lose most of the speed). The input's preparation (magnitudes, low-pass, normalisation) and the first
    convolution (in a network without one, the first matrix product) stay in float32: raw impacts are far beyond the range of most samples,
    and one scale for both loses the resolution of small values.

    Arguments:
        calibration: {name: (K, length, channels), or a film's (K, F, H, W, 3)} clips of the training part, whose ranges set the scales.
    """
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.batches = batches(calibration, 64, 4)  # the calibrator holds the activations of a whole batch

        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(self.batches, None)

    with tempfile.TemporaryDirectory() as folder, _root_logger_at(logging.ERROR):  # the quantiser logs a hint to it each time
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        nodes = onnx.load(prepared).graph.node
        first = _first_layer([node.op_type for node in nodes])
        convolved = {node.output[0] for node in nodes if node.op_type == "Conv"}
        other_clips = [node for node in nodes if node.op_type == "Clip" and node.input[0] not in convolved]  # no ReLU6
        quantize_static(
            str(prepared),
            str(target),
            Reader(),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Relu", "Clip", "Gemm", "MatMul"],
            nodes_to_exclude=[node.name for node in [*nodes[: first + 1], *other_clips]],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )


def _first_layer(kinds: Sequence[str]) -> int:
    """Return the number of the last node that stays in float32: the first convolution, else the first matrix product, else the last."""
    for layer in ({"Conv"}, {"Gemm", "MatMul"}):
        found = [i for i, kind in enumerate(kinds) if kind in layer]
        if found:
            return found[0]
    return len(kinds) - 1


@contextlib.contextmanager
def _root_logger_at(level: int) -> Iterator[None]:
    root = logging.getLogger()
    before = root.level
    root.setLevel(level)
    try:
        yield
    finally:
        root.setLevel(before)
