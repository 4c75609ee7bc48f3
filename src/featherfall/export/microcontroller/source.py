"""The header and the source: the student's steps, the ring of samples, the trigger."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.window import Window
from featherfall.export.contract import Contract
from featherfall.export.microcontroller.body import place_buffers
from featherfall.export.microcontroller.emit import Emitter, c_float
from featherfall.export.microcontroller.integer import EXPONENTIAL, IntegerStudent

HEADER, SOURCE = "featherfall.h", "featherfall.c"
TEMPLATES = Path(__file__).with_name("templates")
LARGEST = 512 << 10  # bytes of RAM; what needs more is no student for a microcontroller
_MOST_ARGUMENTS = 9  # of `ff_push`; with more channels it takes an array
_WIDTH = 16  # numbers a line of a table


@dataclass(frozen=True)
class CSource:
    """The two files. ram: bytes of static variables, without the stack."""

    header: str
    source: str
    ram: int


def write_source(student: IntegerStudent, contract: Contract) -> CSource:
    """Return the C of a student; raises `UserError` for one that is too large."""
    emitter = Emitter(student, [one.name for one in contract.inputs])
    where, arena = place_buffers(emitter.steps)
    ring = _ring(contract)
    ram = 4 * sum(ring * len(one.channels) for one in contract.inputs) + arena + 4 * len(contract.labels) + 12
    if ram > LARGEST:
        raise UserError(f"{contract.name}: needs {ram:,} bytes of RAM as C, at most {LARGEST:,} are taken; give a smaller student")
    buffers = [f"#define {one.name} (({one.kind} *)arena + {at // (4 if one.kind == 'float' else 1)})" for one, at in where.items()]
    steps = [
        "\n".join([f"/* {step.value} */", f"static void step{i}(void) {{", *(f"  {line}" for line in step.lines), "}"])
        for i, step in enumerate(emitter.steps)
    ]
    parts = {
        "NAME": contract.name,
        "TABLES": "\n".join(_table(name, kind, values) for name, (kind, values) in emitter.tables.items()),
        "ARENA": str(max(arena // 4, 1)),
        "BUFFERS": "\n".join(sorted(buffers)),
        "REQUANTISE": _template("requantise.c") if any(layer.relu for layer in student.layers.values()) else "",
        "STEPS": "\n\n".join(steps),
        "CALLS": "\n".join(f"  step{i}();" for i in range(len(steps))),
        "LOGITS": emitter.logits.name,
        "TEMPERATURE": c_float(contract.temperature),
        "SERIES": "\n".join(f"  series = series * rest + {c_float(one)};" for one in EXPONENTIAL[1:]),
        "FIRST": c_float(EXPONENTIAL[0]),
        "RESULT": f"probabilities[{contract.labels.index(contract.positive)}]" if contract.positive else "largest(probabilities)",
        **_stream(contract, ring),
    }
    return CSource(_header(contract, ram), _filled("source.c", parts), ram)


def _ring(contract: Contract) -> int:
    """Return how many samples are held: a window, and what decides on its peak."""
    window = contract.window
    if window.kind != "impact":
        return window.length
    return _delay(window) + max(window.before, window.spacing) + 1


def _delay(window: Window) -> int:
    """Return how many samples after its peak a window is due."""
    return max(window.length - window.before - 1, window.spacing)


def _stream(contract: Contract, ring: int) -> dict[str, str]:
    """Return the parts of the source that depend on the inputs and on the kind of window."""
    window, inputs = contract.window, list(enumerate(contract.inputs))
    sizes = [len(one.channels) for one in contract.inputs]
    begins = [sum(sizes[:i]) for i in range(len(sizes))]
    rings = [f"static float ring{i}[{ring} * {size}];" for i, size in enumerate(sizes)]
    reads = [
        f"static float input{i}(int at) {{ /* {one.name} of the window, sample by sample */\n"
        f"  at += start * {sizes[i]};\n  return ring{i}[at < {ring * sizes[i]} ? at : at - {ring * sizes[i]}];\n}}"
        for i, one in inputs
    ]
    keeps = [f"  for (int c = 0; c < {size}; c++) ring{i}[newest * {size} + c] = sample[{begins[i]} + c];" for i, size in enumerate(sizes)]
    lasts = [f"  for (int c = 0; c < {size}; c++) last[{begins[i]} + c] = ring{i}[newest * {size} + c];" for i, size in enumerate(sizes)]
    loads = [
        f"  for (int i = 0; i < {window.length * size}; i++) ring{i}[i] = {_pointers(contract)[i]}[i];" for i, size in enumerate(sizes)
    ]
    parts = {
        "RING": str(ring),
        "CHANNELS": str(sum(sizes)),
        "RINGS": "\n".join(rings),
        "READS": "\n\n".join(reads),
        "KEEPS": "\n".join(keeps),
        "LASTS": "\n".join(lasts),
        "LOADS": "\n".join(loads),
        "CLASSIFY": _classify(contract),
        "PUSH": _push(contract),
        "SAMPLE": ", ".join(_arguments(contract)) if _arguments(contract) else "",
        "AXES": str(sizes[0]),
        "DELAY": str(_delay(window)),
        "BEFORE": str(window.before),
        "SPACING": str(window.spacing),
        "THRESHOLD_G": c_float(window.threshold_g),
        "STRIDE": str(window.stride),
        "LENGTH": str(window.length),
    }
    if window.kind == "trial":
        return parts | {"STREAM": "", "FORGET": ""}
    parts["TRIGGER"] = _filled(f"{window.kind}.c", parts).rstrip()
    parts["BODY"] = _filled("push.c", parts) if _arguments(contract) else ""
    return parts | {"STREAM": _filled("stream.c", parts), "FORGET": "  ff_reset();\n"}


def _pointers(contract: Contract) -> list[str]:
    return [re.sub(r"\W", "_", one.name) for one in contract.inputs]


def _classify(contract: Contract) -> str:
    return f"float ff_classify({', '.join(f'const float *{name}' for name in _pointers(contract))})"


def _arguments(contract: Contract) -> list[str]:
    """Return the names of `ff_push`'s arguments; none where there are too many."""
    several = len(contract.inputs) > 1
    names = [re.sub(r"\W", "_", f"{one.name}_{axis}" if several else axis) for one in contract.inputs for axis in one.channels]
    fine = len(names) <= _MOST_ARGUMENTS and len(set(names)) == len(names) and all(re.fullmatch(r"[a-zA-Z_]\w*", name) for name in names)
    return names if fine else []


def _push(contract: Contract) -> str:
    return f"float ff_push({', '.join(f'float {name}' for name in _arguments(contract))})" if _arguments(contract) else ""


def _header(contract: Contract, ram: int) -> str:
    window, streams = contract.window, contract.window.kind != "trial"
    push = f"{_push(contract)};\n" if _arguments(contract) else ""
    parts = {
        "NAME": contract.name,
        "USE": _use(contract),
        "CALL": _call(contract),
        "RATE": f"#define FF_RATE {c_float(window.rate)} /* Hz */\n" if streams else "",
        "PUSH": _PUSH + push + "float ff_push_sample(const float *sample);\n\n" if streams else "",
        "RESET": "/* Forget all samples, e.g. after a pause. */\nvoid ff_reset(void);\n\n" if streams else "",
        "LABELS": ", ".join(f'"{_quoted(one)}"' for one in contract.labels),
        "THRESHOLD": c_float(contract.decision.threshold),
        "POSITIVE": str(contract.labels.index(contract.positive) if contract.positive else -1),
        "CLASSES": str(len(contract.labels)),
        "RAM": f"{ram:,}",
        "LENGTH": str(window.length),
        "CHANNELS": str(sum(len(one.channels) for one in contract.inputs)),
        "CLASSIFY": _classify(contract),
    }
    return _filled("header.h", parts)


def _use(contract: Contract) -> str:
    """Return how the student is fed, in one line."""
    window = contract.window
    axes = ", ".join(f"{one.name} ({one.unit}): {', '.join(one.channels)}" for one in contract.inputs)
    if window.kind == "trial":
        return f"A movement from its beginning to its end, resampled to {window.length} samples; {axes}:"
    if window.kind == "sliding":
        return f"Samples at {window.rate:g} Hz, {axes}; a window is due every {window.stride / window.rate:g} s:"
    due = f"{_delay(window) / window.rate:g} s after an impact of {window.threshold_g:g} g or more"
    return f"Samples at {window.rate:g} Hz, {axes}; a window is due {due}:"


def _call(contract: Contract) -> str:
    if contract.window.kind == "trial":
        return f"ff_classify({', '.join(_pointers(contract))})"
    return f"ff_push({', '.join(_arguments(contract))})" if _arguments(contract) else "ff_push_sample(sample)"


def _quoted(text: str) -> str:
    return re.sub(r'[\\"]|[^ -~]', "_", text)


def _table(name: str, kind: str, values: np.ndarray) -> str:
    flat = values.ravel().tolist()
    written = [c_float(one) for one in flat] if kind == "float" else [str(one) for one in flat]
    rows = [", ".join(written[at : at + _WIDTH]) for at in range(0, len(written), _WIDTH)]
    return f"static const {kind} {name}[{len(flat)}] = {{\n  " + ",\n  ".join(rows) + "};"


def _filled(name: str, parts: dict[str, str]) -> str:
    """Return a template with the parts for its @NAMES@."""
    return re.sub(r"@(\w+)@", lambda found: parts[found[1]], _template(name))


def _template(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="ascii")


_PUSH = """\
#define FF_NOT_DUE (-1.0f)

/* Take one sample; return a probability where a window is due, else FF_NOT_DUE. What is not finite is replaced by what was before. */
"""
