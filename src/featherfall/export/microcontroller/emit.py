"""From the graph to steps in C: a value is computed where it is read; what is summed over time, and what layers read, is stored."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from featherfall.export.microcontroller.body import Buffer, Index, Statements, Step, flat
from featherfall.export.microcontroller.graph import Node
from featherfall.export.microcontroller.integer import IntegerStudent, Layer
from featherfall.export.microcontroller.operators import BINARY, UNARY, batch_norm, clip_bounds, convolution, pads, reduced_axes, slices

LONG = 8  # elements from which a sum is stored rather than computed again wherever it is read

Place = Sequence[Index]
Write = Callable[[Place, str], str]  # an element's place and its value -> a statement


class Emitter:
    """Turns a student into steps.

    Attributes:
        steps: finished ones, in order.
        tables: constants by name: (C type, values).
        logits: the buffer of the student's output.
    """

    def __init__(self, student: IntegerStudent, inputs: Sequence[str]) -> None:
        """inputs: names, in the order in which the C has them."""
        self._graph, self._inputs = student.graph, list(inputs)
        self.steps: list[Step] = []
        self.tables: dict[str, tuple[str, np.ndarray]] = {}
        self._buffers: dict[str, Buffer] = {}  # by value
        self._read: dict[str, Buffer] = {}  # int8 or uint8 that layers read, by value
        self._open: list[tuple[Statements, set[Buffer]]] = []
        self._layer_of = {layer.output: layer for layer in student.layers.values()}
        self.logits = self._stored(self._graph.output)

    # Steps and buffers

    @contextlib.contextmanager
    def _step(self, value: str, *buffers: Buffer) -> Iterator[Statements]:
        body, used = Statements(), set(buffers)
        self._open.append((body, used))
        yield body
        self._open.pop()
        self.steps.append(Step(value, tuple(body.lines), frozenset(used)))

    def _use(self, buffer: Buffer) -> str:
        self._open[-1][1].add(buffer)
        return buffer.name

    def _new(self, kind: str, size: int) -> Buffer:
        return Buffer(f"b{len(self._buffers) + len(self._read)}", kind, size)

    def _table(self, kind: str, values: np.ndarray) -> str:
        data = np.ascontiguousarray(values)
        for name, (known, array) in self.tables.items():
            if known == kind and array.shape == data.shape and array.dtype == data.dtype and array.tobytes() == data.tobytes():
                return name
        name = f"t{len(self.tables)}"
        self.tables[name] = kind, data
        return name

    def _stored(self, name: str) -> Buffer:
        """Return the float buffer that holds a value in the order of rows, computed in steps of its own before the one that is open."""
        if name in self._buffers:
            return self._buffers[name]
        shape = self._graph.shapes[name]
        node = self._graph.made_by(name)
        layer = self._layer_of.get(name)
        if layer is not None and not layer.relu:
            self._layer(layer)
            return self._buffers[name]
        if node is not None and node.kind in ("Reshape", "Flatten"):
            return self._stored(node.inputs[0])
        buffer = self._buffers[name] = self._new("float", int(np.prod(shape)))
        if node is not None and node.kind == "CumSum" and layer is None:
            self._running_sum(node, buffer)
            return buffer
        with self._step(name, buffer) as body:
            self._each(body, name, lambda place, value: f"{buffer.name}[{flat(place, shape)}] = {value};", whole=True)
        return buffer

    def _running_sum(self, node: Node, buffer: Buffer) -> None:
        shape = self._graph.shapes[node.output]
        axis = int(np.ravel(self._graph.constants[node.inputs[1]])[0]) % len(shape)
        with self._step(node.output, buffer) as body, contextlib.ExitStack() as loops:
            place = [Index() if i == axis else loops.enter_context(body.loop(size)) for i, size in enumerate(shape)]
            total = body.name("sum")
            body.add(f"float {total} = 0.0f;")
            with body.loop(shape[axis]) as along:
                place[axis] = along
                body.add(f"{total} += {self._at(node.inputs[0], place)};")
                body.add(f"{buffer.name}[{flat(place, shape)}] = {total};")

    def _each(self, body: Statements, name: str, write: Write, whole: bool = False) -> None:
        """Write every element of a value, in loops that do not cross the borders of what it is joined of."""
        for region in [[(0, size) for size in self._graph.shapes[name]]] if whole else self._regions(name):
            with contextlib.ExitStack() as loops:
                place = [loops.enter_context(body.loop(stop - start, start)) for start, stop in region]
                body.add(write(place, self._at(name, place, whole)))

    def _regions(self, name: str) -> list[list[tuple[int, int]]]:
        """Return the parts, (start, stop) for every axis, in which a value does not cross a `Concat`'s borders."""
        node, shape = self._graph.made_by(name), self._graph.shapes[name]
        if node is None or name in self._layer_of or node.output in self._buffers:
            return [[(0, size) for size in shape]]
        if node.kind in (*UNARY, "BatchNormalization", "Clip", "Pow"):
            return self._regions(node.inputs[0])
        if node.kind != "Concat":
            return [[(0, size) for size in shape]]
        axis, at, found = node.attributes["axis"] % len(shape), 0, []
        for part in node.inputs:
            for region in self._regions(part):
                start, stop = region[axis]
                found.append([*region[:axis], (start + at, stop + at), *region[axis + 1 :]])
            at += self._graph.shapes[part][axis]
        return found

    # Layers

    def _layer(self, layer: Layer) -> None:
        node, shape = layer.node, self._graph.shapes[layer.output]
        read = self._steps_of(layer)
        size = int(np.prod(shape))
        if layer.relu:
            target = self._read[layer.relu] = self._new("unsigned char", size)
        else:
            target = self._buffers[node.output] = self._new("float", size)
        with self._step(layer.output, target, read) as body:
            lines = self._convolution(layer, read, target) if node.kind == "Conv" else self._dense(layer, read, target)
            for line in lines:
                body.add(line)

    def _convolution(self, layer: Layer, read: Buffer, target: Buffer) -> list[str]:
        _, channels, count = self._graph.shapes[layer.read]
        _, width, after = self._graph.shapes[layer.output]
        stride, dilation, before, groups = convolution(layer.node)
        taps, group = layer.weights.shape[2], layer.weights.shape[1]
        weights = self._table("signed char", layer.weights.transpose(0, 2, 1))
        if groups == 1 and dilation == 1:  # what a filter sees lies together
            dot = [
                f"    const int first = {before} > t * {stride} ? {before} - t * {stride} : 0;",
                f"    const int behind = {count + before} - t * {stride};",
                f"    const int some = ((behind < {taps} ? behind : {taps}) - first) * {channels};",
                f"    const {read.kind} *const x = {read.name} + (t * {stride} - {before} + first) * {channels};",
                f"    const signed char *const w = {weights} + (o * {taps} + first) * {channels};",
                "    for (int i = 0; i < some; i++) sum += (int32_t)x[i] * w[i];",
            ]
        else:
            dot = [
                f"    for (int k = 0; k < {taps}; k++) {{",
                f"      const int at = t * {stride} + k * {dilation} - {before};",
                f"      if (at < 0 || at >= {count}) continue;",
                f"      const {read.kind} *const x = {read.name} + at * {channels} + o / {width // groups} * {group};",
                f"      const signed char *const w = {weights} + (o * {taps} + k) * {group};",
                f"      for (int c = 0; c < {group}; c++) sum += (int32_t)x[c] * w[c];",
                "    }",
            ]
        place = f"t * {width} + o" if layer.relu else f"o * {after} + t"
        bias = self._table("int32_t", layer.bias)
        return [
            f"for (int t = 0; t < {after}; t++) {{",
            f"  for (int o = 0; o < {width}; o++) {{",
            f"    int32_t sum = {bias}[o];",
            *dot,
            f"    {target.name}[{place}] = {self._written(layer)};",
            "  }",
            "}",
        ]

    def _dense(self, layer: Layer, read: Buffer, target: Buffer) -> list[str]:
        width, size = layer.weights.shape
        weights, bias = self._table("signed char", layer.weights), self._table("int32_t", layer.bias)
        return [
            f"for (int o = 0; o < {width}; o++) {{",
            f"  int32_t sum = {bias}[o];",
            f"  for (int i = 0; i < {size}; i++) sum += (int32_t){read.name}[i] * {weights}[o * {size} + i];",
            f"  {target.name}[o] = {self._written(layer)};",
            "}",
        ]

    def _written(self, layer: Layer) -> str:
        if not layer.relu:
            return f"(float)sum * {self._table('float', layer.scale)}[o]"
        shift = self._table("unsigned char", layer.shift.astype(np.uint8))
        return f"requantise(sum, {self._table('int32_t', layer.multiplier)}[o], {shift}[o])"

    def _steps_of(self, layer: Layer) -> Buffer:
        """Return the buffer of int8 or uint8 that a layer reads: (T, C) for a convolution, in the order of rows for a dense layer."""
        name = layer.read
        if name in self._layer_of and self._layer_of[name].relu:
            self._written_by(name)
        if name in self._read:
            return self._read[name]
        shape = self._graph.shapes[name]
        inverse = self._table("float", np.float32(1) / layer.read_scale)
        buffer = self._read[name] = self._new("signed char", int(np.prod(shape)))
        source, node = name, self._graph.made_by(name)
        while len(shape) == 2 and node is not None and node.kind in ("Reshape", "Flatten") and source not in self._buffers:
            source, node = node.inputs[0], self._graph.made_by(node.inputs[0])  # its elements stand in the same order
        inside = self._graph.shapes[source]

        def write(place: Place, value: str) -> str:
            if len(shape) == 3:
                at, channel = place[2] * shape[1] + place[1], place[1]
            else:
                at = channel = flat(place, inside)
            return f"{buffer.name}[{at}] = quantise({value} * {inverse}[{channel}]);"

        with self._step(name, buffer) as body:
            self._each(body, source, write)
        return buffer

    def _written_by(self, name: str) -> Buffer:
        if name not in self._read:
            self._layer(self._layer_of[name])
        return self._read[name]

    # Elements

    def _at(self, name: str, place: Place, computed: bool = False) -> str:
        """Return C for one element of a value; statements that it needs go before.

        Arguments:
            computed: from what it is made of, though it has a buffer.
        """
        place = [Index() if size == 1 else one for one, size in zip(place, self._graph.shapes[name], strict=True)]
        if name in self._graph.constants:
            return self._constant(name, place)
        if name in self._inputs:
            return f"input{self._inputs.index(name)}({flat(place, self._graph.shapes[name])})"
        layer = self._layer_of.get(name)
        if layer is not None and layer.relu:
            buffer, width = self._written_by(name), self._graph.shapes[name][1]
            at = place[1] if len(place) == 2 else place[2] * width + place[1]
            return f"((float){self._use(buffer)}[{at}] * {self._table('float', layer.scale)}[{place[1]}])"
        if (name in self._buffers or layer is not None or self._is_stored(name)) and not computed:
            buffer = self._stored(name)
            return f"{self._use(buffer)}[{flat(place, self._graph.shapes[name])}]"
        node = self._graph.made_by(name)
        assert node is not None
        return self._computed(node, place)

    def _is_stored(self, name: str) -> bool:
        node = self._graph.made_by(name)
        assert node is not None
        if node.kind.startswith("Reduce"):
            return int(np.prod(self._graph.shapes[node.inputs[0]])) >= LONG * int(np.prod(self._graph.shapes[name]))
        return node.kind in ("CumSum", "Reshape", "Flatten")

    def _constant(self, name: str, place: Place) -> str:
        values = np.asarray(self._graph.constants[name])
        if values.size == 1:
            return c_float(float(values.ravel()[0]))
        return f"{self._table('float', values.astype(np.float32))}[{flat(place, values.shape)}]"

    def _computed(self, node: Node, place: Place) -> str:
        body = self._open[-1][0]
        key = f"{node.output}[{', '.join(map(str, place))}]"
        view = self._view(node, place)
        if view is not None:
            return view
        with body.within(set().union(*(one.variables for one in place))):
            name = body.known(key)
            if name is None:
                name = _STATEMENTS.get(node.kind, Emitter._elementwise)(self, node, place, body)
                body.keep(key, name)
        return name

    def _view(self, node: Node, place: Place) -> str | None:
        """Return an element of what is only another view of a value; None for a value of its own."""
        source = node.inputs[0]
        values = self._known(node)
        if node.kind == "Transpose":
            order = node.attributes["perm"]
            return self._at(source, [place[order.index(axis)] for axis in range(len(place))])
        if node.kind == "Slice":
            cuts = slices(node, values)
            return self._at(source, [one * step + start for one, (start, _, step) in zip(place, cuts, strict=True)])
        if node.kind in ("Squeeze", "Unsqueeze"):
            axes = np.asarray(values[1] if len(values) > 1 else node.attributes["axes"]).ravel().tolist()
            if node.kind == "Unsqueeze":
                gone = {axis % len(place) for axis in axes}
                return self._at(source, [one for i, one in enumerate(place) if i not in gone])
            return self._at(source, self._with_axes(source, place, [axis % len(self._graph.shapes[source]) for axis in axes]))
        if node.kind in ("Expand", "Identity"):
            return self._at(source, place[len(place) - len(self._graph.shapes[source]) :])
        return None

    def _with_axes(self, source: str, place: Place, axes: Sequence[int], inside: Sequence[Index] = ()) -> list[Index]:
        """Return a place in a value whose axes, of size 1 or at `inside`, were left out."""
        rest, within = iter(place), iter(inside)
        return [(next(within) if inside else Index()) if i in axes else next(rest) for i in range(len(self._graph.shapes[source]))]

    def _known(self, node: Node) -> list[Any]:
        """Return what is known of a node's arguments: constants, and zeros in the shape of the others."""
        return [
            None if not name else self._graph.constants.get(name, np.broadcast_to(np.float32(0), self._graph.shapes[name]))
            for name in node.inputs
        ]

    def _let(self, body: Statements, text: str) -> str:
        """Return the name of a variable that holds a value."""
        if re.fullmatch(r"v\d+", text):
            return text
        name = body.name("v")
        body.add(f"const float {name} = {text};")
        return name

    def _elementwise(self, node: Node, place: Place, body: Statements) -> str:
        arguments = [self._at(name, place[len(place) - len(self._graph.shapes[name]) :]) for name in node.inputs if name]
        if node.kind in ("Max", "Min", "Relu"):  # whose C names an argument twice
            arguments = [self._let(body, one) for one in arguments]
        return self._let(body, (UNARY | BINARY)[node.kind][1].format(*arguments))

    def _square(self, node: Node, place: Place, body: Statements) -> str:
        base = self._let(body, self._at(node.inputs[0], place))
        return self._let(body, f"{base} * {base}")

    def _clip(self, node: Node, place: Place, body: Statements) -> str:
        low, high = clip_bounds(self._known(node))
        value = self._let(body, self._at(node.inputs[0], place))
        if low > -np.inf:
            value = self._let(body, f"{value} < {c_float(low)} ? {c_float(low)} : {value}")
        return self._let(body, f"{value} > {c_float(high)} ? {c_float(high)} : {value}") if high < np.inf else value

    def _normalised(self, node: Node, place: Place, body: Statements) -> str:
        factor, offset = (self._table("float", one) for one in batch_norm(node, self._known(node)))
        return self._let(body, f"{self._at(node.inputs[0], place)} * {factor}[{place[1]}] + {offset}[{place[1]}]")

    def _padded(self, node: Node, place: Place, body: Statements) -> str:
        source, shape = node.inputs[0], self._graph.shapes[node.inputs[0]]
        inside = [one + -before for one, (before, _) in zip(place, pads(node, self._known(node)), strict=True)]
        checks = [f"({one}) >= 0" for one in inside if one.least < 0]
        checks += [f"({one}) < {size}" for one, size in zip(inside, shape, strict=True) if one.most >= size]
        if not checks:
            return self._let(body, self._at(source, inside))
        name = body.name("v")
        body.add(f"float {name} = 0.0f;")
        with body.condition(f"if ({' && '.join(checks)})"):
            body.add(f"{name} = {self._at(source, inside)};")
        return name

    def _joined(self, node: Node, place: Place, body: Statements) -> str:
        axis, at = node.attributes["axis"] % len(place), 0
        parts = []
        for part in node.inputs:
            size = self._graph.shapes[part][axis]
            if place[axis].most >= at and place[axis].least < at + size:
                parts.append((part, at, size))
            at += size
        if len(parts) == 1:
            part, at, _ = parts[0]
            return self._let(body, self._at(part, [*place[:axis], place[axis] + -at, *place[axis + 1 :]]))
        name = body.name("v")
        body.add(f"float {name} = 0.0f;")
        for number_, (part, at, size) in enumerate(parts):
            head = f"{'else ' if number_ else ''}if ({place[axis]} < {at + size})"
            with body.condition(head if number_ < len(parts) - 1 else "else"):
                body.add(f"{name} = {self._at(part, [*place[:axis], place[axis] + -at, *place[axis + 1 :]])};")
        return name

    def _reduced(self, node: Node, place: Place, body: Statements) -> str:
        source, values = node.inputs[0], self._known(node)
        shape, axes = self._graph.shapes[source], reduced_axes(node, values)
        kept = [one for i, one in enumerate(place) if i not in axes] if node.attributes.get("keepdims", 1) else place
        start = {"ReduceMax": "-INFINITY", "ReduceMin": "INFINITY"}.get(node.kind, "0.0f")
        name = body.name("v")
        body.add(f"float {name} = {start};")
        with contextlib.ExitStack() as loops:
            inside = [loops.enter_context(body.loop(shape[axis])) for axis in axes]
            one = self._let(body, self._at(source, self._with_axes(source, kept, axes, inside)))
            if node.kind in ("ReduceMax", "ReduceMin"):
                body.add(f"if ({one} {'>' if node.kind == 'ReduceMax' else '<'} {name}) {name} = {one};")
            else:
                body.add(f"{name} += {one}{f' * {one}' if node.kind == 'ReduceL2' else ''};")
        if node.kind == "ReduceL2":
            return self._let(body, f"sqrtf({name})")
        return self._let(body, f"{name} / {c_float(float(np.prod([shape[axis] for axis in axes])))}") if node.kind == "ReduceMean" else name


_STATEMENTS: dict[str, Callable[[Emitter, Node, Place, Statements], str]] = {
    "Pow": Emitter._square,
    "Clip": Emitter._clip,
    "BatchNormalization": Emitter._normalised,
    "Pad": Emitter._padded,
    "Concat": Emitter._joined,
    **dict.fromkeys(("ReduceSum", "ReduceMean", "ReduceL2", "ReduceMax", "ReduceMin"), Emitter._reduced),
}


def c_float(value: float) -> str:
    """Return a float32 in C: the shortest decimal that gives the same bits."""
    if np.isinf(value):
        return "INFINITY" if value > 0 else "-INFINITY"
    text = str(np.float32(value))
    return f"{text if '.' in text or 'e' in text else f'{text}.0'}f"
