"""Open a session of ONNX Runtime, and the shapes of what it takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from featherfall.core.manifest import Manifest

if TYPE_CHECKING:
    import onnxruntime


def window_arrays(manifest: Manifest) -> dict[str, np.ndarray]:
    """Return one window of zeros by input, as the model takes it: (1, length, channels) float32, of a film (1, F, size, size, 3) uint8."""
    return {
        one.name: np.zeros((1, one.frames, one.size, one.size, 3), np.uint8)
        if one.is_film
        else np.zeros((1, manifest.window.length, len(one.channels)), np.float32)
        for one in manifest.inputs
    }


def fits(found: Sequence[int | str | None], shape: Sequence[int]) -> bool:
    """Return whether a graph's dimensions, of which symbolic ones fit anything, are those of a shape."""
    return len(found) == len(shape) and all(not isinstance(a, int) or a == b for a, b in zip(found, shape, strict=True))


def open_session(file: Path) -> onnxruntime.InferenceSession:
    """Open a session of one thread, run in order: as on a small device, and results do not depend on the threads' timing."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
