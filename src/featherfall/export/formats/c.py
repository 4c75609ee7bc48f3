"""C for microcontrollers, in int8 behind a front end in float32."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import ModelFile
from featherfall.core.registry import register
from featherfall.export.contract import Contract
from featherfall.export.deployment import Deployable, Refusal, model_entry
from featherfall.export.formats.onnx import exact_file
from featherfall.export.microcontroller.graph import read_graph
from featherfall.export.microcontroller.integer import integer_student, softmax_float32
from featherfall.export.microcontroller.proof import (
    can_emulate,
    compiler_name,
    differing,
    emulated_probabilities,
    host_compiler,
    host_probabilities,
    memory_sizes,
    write_files,
)
from featherfall.export.microcontroller.source import HEADER, SOURCE, CSource, write_source
from featherfall.export.onnx import onnx_outputs

EMULATED = 16  # clips that an emulated Cortex-M4 judges at every export, about a second


@register("format", "c")
def write_c(deployment: Deployable, folder: Path) -> ModelFile | Refusal:
    """C99 in int8 for microcontrollers, proven bit by bit on this machine."""
    contract, guard = deployment.contract, deployment.guard
    if any(one.is_film for one in contract.inputs):
        raise UserError(f"{contract.name}: looks at pictures; the C format takes students of worn sensors only")
    with exact_file(deployment, folder) as exact:
        student = integer_student(read_graph(exact), deployment.sample)
        float_logits = onnx_outputs(exact, guard.inputs, deployment.network.outputs)[0]
    source = write_source(student, contract)
    logits = student.logits(guard.inputs)
    proof = guard.compared(guard.metrics((float_logits,)), guard.metrics((logits,)))
    proof |= _parity(contract, float_logits, logits)
    proof |= _proven(
        contract, source, {one.name: guard.inputs[one.name] for one in contract.inputs}, softmax_float32(logits, contract.temperature)
    )
    proof |= {"ram": source.ram, **memory_sizes(source)}
    if guard.refuses(proof):
        return Refusal("c_int8", proof)
    write_files(source, folder)
    return model_entry(folder / SOURCE, "c", "int8", proof, [HEADER])


def _proven(contract: Contract, source: CSource, inputs: Mapping[str, np.ndarray], ours: np.ndarray) -> dict[str, Any]:
    """Return what ran the C, and in how many windows a bit differs: 0, or None where there is no compiler.

    Raises: `UserError` where it differs in any.
    """
    if host_compiler() is None:
        return {"bits_differing": None, "proven_by": "nothing: no C compiler was found where it was exported"}
    count, by = len(contract.labels), [compiler_name()]
    differ = differing(ours, host_probabilities(source, inputs, count))
    facts: dict[str, Any] = {}
    if can_emulate():
        some = np.linspace(0, len(ours) - 1, min(EMULATED, len(ours))).astype(int)
        theirs, facts["instructions"] = emulated_probabilities(source, {name: values[some] for name, values in inputs.items()}, count)
        differ += differing(ours[some], theirs)
        by.append(f"Cortex-M4 in QEMU, {len(some)} of the clips")
    if differ:
        raise UserError(f"{contract.name}: C and its reference differ in {differ} windows ({'; '.join(by)}); report it, it must not ship")
    return {"bits_differing": 0, "proven_by": "; ".join(by), **facts}


def _parity(contract: Contract, exact: np.ndarray, logits: np.ndarray) -> dict[str, Any]:
    """Return how far int8 is from float32. exact, logits: (K, classes)."""
    before, after = softmax_float32(exact, contract.temperature), softmax_float32(logits, contract.temperature)
    if contract.positive is None:
        changed = before.argmax(axis=1) != after.argmax(axis=1)
    else:
        column, threshold = list(contract.labels).index(contract.positive), contract.decision.threshold
        changed = (before[:, column] >= threshold) != (after[:, column] >= threshold)
    return {
        "max_abs_logit_error": float(np.abs(exact - logits).max()),
        "max_abs_probability_error": float(np.abs(before - after).max()),
        "decisions_changed": int(changed.sum()),
    }
