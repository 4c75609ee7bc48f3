"""The header and the source: the student's steps, the ring of samples, the trigger."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.window import Window
from featherfall.export.contract import Contract
from featherfall.export.microcontroller.body import place
from featherfall.export.microcontroller.emit import Emitter, number
from featherfall.export.microcontroller.integer import EXPONENTIAL, IntegerStudent

HEADER, SOURCE = "featherfall.h", "featherfall.c"
LARGEST = 512 << 10  # bytes of RAM; what needs more is no student for a microcontroller
_MOST_ARGUMENTS = 9  # of `ff_push`; with more channels it takes an array
_WIDTH = 16  # numbers a line of a table


@dataclass(frozen=True)
class Source:
    """The two files. ram: bytes of static variables, without the stack."""

    header: str
    source: str
    ram: int


def write_source(student: IntegerStudent, contract: Contract) -> Source:
    """Return the C of a student; raises `UserError` for a kind of window that needs no stream, and for one that is too large."""
    if contract.window.kind == "trial":
        raise UserError(f"{contract.name}: takes whole recordings, a microcontroller's samples have no end; give a student of windows")
    emitter = Emitter(student)
    where, arena = place(emitter.steps)
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
        "REQUANTISE": _REQUANTISE if any(layer.relu for layer in student.layers.values()) else "",
        "STEPS": "\n\n".join(steps),
        "CALLS": "\n".join(f"  step{i}();" for i in range(len(steps))),
        "LOGITS": emitter.logits.name,
        "TEMPERATURE": number(contract.temperature),
        "SERIES": "\n".join(f"  series = series * rest + {number(one)};" for one in EXPONENTIAL[1:]),
        "FIRST": number(EXPONENTIAL[0]),
        "RESULT": f"probabilities[{contract.labels.index(contract.positive)}]" if contract.positive else "largest(probabilities)",
        **_stream(contract, ring),
    }
    return Source(_header(contract, ram), _filled(_SOURCE, parts), ram)


def _ring(contract: Contract) -> int:
    """Return how many samples are held: a window, and what decides on its peak."""
    window = contract.window
    if window.kind == "sliding":
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
    trigger = _IMPACT if window.kind == "impact" else _SLIDING
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
        "THRESHOLD_G": number(window.threshold_g),
        "STRIDE": str(window.stride),
        "LENGTH": str(window.length),
    }
    parts["TRIGGER"] = _filled(trigger, parts)
    parts["BODY"] = _filled(_BODY, parts) if _arguments(contract) else ""
    return parts


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
    window = contract.window
    axes = ", ".join(f"{one.name} ({one.unit}): {', '.join(one.channels)}" for one in contract.inputs)
    if window.kind == "impact":
        due = f"{_delay(window) / window.rate:g} s after an impact of {window.threshold_g:g} g or more"
    else:
        due = f"every {window.stride / window.rate:g} s"
    arguments = _arguments(contract)
    call = f"ff_push({', '.join(arguments)})" if arguments else "ff_push_sample(sample)"
    push = f"{_push(contract)};\n" if arguments else ""
    labels = ", ".join(f'"{_quoted(one)}"' for one in contract.labels)
    positive = contract.labels.index(contract.positive) if contract.positive else -1
    parts = {
        "NAME": contract.name,
        "RATE": number(window.rate),
        "AXES": axes,
        "DUE": due,
        "CALL": call,
        "PUSH": push,
        "LABELS": labels,
        "THRESHOLD": number(contract.decision.threshold),
        "POSITIVE": str(positive),
        "CLASSES": str(len(contract.labels)),
        "RAM": f"{ram:,}",
        "LENGTH": str(window.length),
        "CHANNELS": str(sum(len(one.channels) for one in contract.inputs)),
        "CLASSIFY": _classify(contract),
    }
    return _filled(_HEADER, parts)


def _quoted(text: str) -> str:
    return re.sub(r'[\\"]|[^ -~]', "_", text)


def _table(name: str, kind: str, values: np.ndarray) -> str:
    flat = values.ravel().tolist()
    written = [number(one) for one in flat] if kind == "float" else [str(one) for one in flat]
    rows = [", ".join(written[at : at + _WIDTH]) for at in range(0, len(written), _WIDTH)]
    return f"static const {kind} {name}[{len(flat)}] = {{\n  " + ",\n  ".join(rows) + "};"


def _filled(text: str, parts: dict[str, str]) -> str:
    return re.sub(r"@(\w+)@", lambda found: parts[found[1]], text)


_HEADER = """\
/* @NAME@, a student of featherfall. Generated: do not edit, export it again.
 *
 * Samples at @RATE@ Hz, @AXES@; a window is due @DUE@:
 *
 *   float p = @CALL@;
 *   if (p >= FF_THRESHOLD) alarm();
 *
 * C99, no heap; of the library sqrtf, memcpy and memset; @RAM@ bytes of RAM beside the stack. Compile it with -ffp-contract=off: only then
 * are the bits those that were proven. int must have 32 bits. One stream, one thread.
 */
#ifndef FEATHERFALL_H
#define FEATHERFALL_H

#ifdef __cplusplus
extern "C" {
#endif

#define FF_RATE @RATE@ /* Hz */
#define FF_LENGTH @LENGTH@ /* samples in a window */
#define FF_CHANNELS @CHANNELS@ /* numbers in a sample */
#define FF_CLASSES @CLASSES@
#define FF_LABELS {@LABELS@}
#define FF_POSITIVE @POSITIVE@ /* the class whose probability is returned; -1: that of the most probable one */
#define FF_THRESHOLD @THRESHOLD@
#define FF_NOT_DUE (-1.0f)

/* Take one sample; return a probability where a window is due, else FF_NOT_DUE. What is not finite is replaced by what was before. */
@PUSH@float ff_push_sample(const float *sample);

/* Return FF_CLASSES probabilities of the last window. */
const float *ff_probabilities(void);

/* Forget all samples, e.g. after a pause. */
void ff_reset(void);

/* Judge one window of FF_LENGTH samples, outside of a stream; forgets all samples. */
@CLASSIFY@;

#ifdef __cplusplus
}
#endif
#endif
"""

_SOURCE = """\
/* @NAME@, a student of featherfall. Generated: do not edit, export it again. See featherfall.h. */
#include "featherfall.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

@TABLES@

@RINGS@
static float arena[@ARENA@];
static float probabilities[FF_CLASSES];
static int start, newest, count; /* in the rings: a window's first sample, the last sample, how many there were up to @RING@ */
static int waiting; /* samples until a window is due */

@BUFFERS@

@READS@

static signed char quantise(float steps) {
  const float low = steps > -127.0f ? steps : -127.0f; /* also where it is not a number */
  const float clipped = low < 127.0f ? low : 127.0f;
  return (signed char)((int)(clipped + 128.5f) - 128);
}

@REQUANTISE@static float exponential(float x) { /* of x <= 0 */
  if (!(x > -87.0f)) return 0.0f;
  const int32_t whole = (int32_t)(x * 1.44269504f - 0.5f);
  float rest = x - (float)whole * 0.693359375f;
  rest = rest + (float)whole * 2.12194440e-4f;
  float series = @FIRST@;
@SERIES@
  const uint32_t bits = (uint32_t)(whole + 127) << 23;
  float power;
  memcpy(&power, &bits, sizeof power);
  return (series * rest * rest + rest + 1.0f) * power;
}

static float largest(const float *values) {
  float most = values[0];
  for (int i = 1; i < FF_CLASSES; i++) {
    if (values[i] > most) most = values[i];
  }
  return most;
}

@STEPS@

static float infer(void) {
  float total = 0.0f;
@CALLS@
  for (int i = 0; i < FF_CLASSES; i++) probabilities[i] = @LOGITS@[i] / @TEMPERATURE@;
  const float most = largest(probabilities);
  for (int i = 0; i < FF_CLASSES; i++) {
    probabilities[i] = exponential(probabilities[i] - most);
    total += probabilities[i];
  }
  for (int i = 0; i < FF_CLASSES; i++) probabilities[i] = probabilities[i] / total;
  return @RESULT@;
}

@TRIGGER@

static void keep(const float *sample) {
@KEEPS@
}

float ff_push_sample(const float *values) {
  float sample[FF_CHANNELS], last[FF_CHANNELS];
  memset(last, 0, sizeof last);
@LASTS@
  for (int c = 0; c < FF_CHANNELS; c++) {
    sample[c] = isfinite(values[c]) ? values[c] : last[c];
  }
  if (count == 0) { /* before the stream its first sample is held */
    for (newest = 0; newest < @RING@; newest++) keep(sample);
    newest = @RING@ - 1;
    waiting = @LENGTH@;
  }
  newest = newest + 1 < @RING@ ? newest + 1 : 0;
  keep(sample);
  if (count < @RING@) count++;
  return is_due() ? infer() : FF_NOT_DUE;
}

@BODY@const float *ff_probabilities(void) { return probabilities; }

void ff_reset(void) {
  memset(probabilities, 0, sizeof probabilities);
  count = 0;
}

@CLASSIFY@ {
  ff_reset();
  start = 0;
@LOADS@
  return infer();
}
"""

_REQUANTISE = """\
static unsigned char requantise(int32_t sum, int32_t multiplier, int shift) {
  if (sum <= 0) return 0;
  const int64_t steps = ((int64_t)sum * multiplier + ((int64_t)1 << (shift - 1))) >> shift;
  return (unsigned char)(steps < 255 ? steps : 255);
}

"""

_BODY = """\
@PUSH@ {
  const float sample[FF_CHANNELS] = {@SAMPLE@};
  return ff_push_sample(sample);
}

"""

_IMPACT = """\
static int sample_at(int ago) { return newest >= ago ? newest - ago : newest - ago + @RING@; }

static float magnitude(int ago) {
  const float *const a = ring0 + sample_at(ago) * @AXES@;
  float total = 0.0f;
  for (int c = 0; c < @AXES@; c++) total += a[c] * a[c];
  return sqrtf(total);
}

/* Whether the sample @DELAY@ ago is an impact: strong, and the highest of its neighbours, the first of equal ones. */
static int is_due(void) {
  if (count <= @DELAY@) return 0;
  const float peak = magnitude(@DELAY@);
  if (!(peak >= @THRESHOLD_G@)) return 0;
  for (int i = 1; i <= @SPACING@; i++) {
    if (count - 1 - @DELAY@ >= i && magnitude(@DELAY@ + i) >= peak) return 0;
    if (magnitude(@DELAY@ - i) > peak) return 0;
  }
  start = sample_at(@DELAY@ + @BEFORE@);
  return 1;
}"""

_SLIDING = """\
static int is_due(void) {
  if (--waiting > 0) return 0;
  waiting = @STRIDE@;
  start = newest + 1 < @RING@ ? newest + 1 : 0;
  return 1;
}"""
