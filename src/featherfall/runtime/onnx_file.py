"""Look into an ONNX file without the ONNX library: which other files it would read.

An ONNX file is a protocol buffer: fields of a number, a wire type and a value (https://protobuf.dev/programming-guides/encoding). Tensors
may lie in other files, whose names are in the file ("external data"), and whose digests are not in the bundle's manifest.
"""

from __future__ import annotations

from collections.abc import Iterator

_MAX_DEPTH = 40  # graphs inside of nodes inside of graphs; exporters give 1 or 2
# Fields of ONNX's messages (onnx.proto3) that lead to a tensor, by message; a value is the kind of message inside the field.
_INSIDE = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
}


def external_files(data: bytes) -> list[str]:
    """Return the names of other files in which the model's tensors lie, as written; raises `ValueError` where it is no protocol buffer."""
    found: list[str] = []
    waiting: list[tuple[str, memoryview, int]] = [("model", memoryview(data), 0)]
    while waiting:
        kind, message, depth = waiting.pop()
        if depth > _MAX_DEPTH:
            raise ValueError("nested too deeply")
        if kind == "entry":
            entry = {number: bytes(value) for number, value in _fields(message)}
            if entry.get(1) == b"location":
                found.append(entry.get(2, b"").decode("utf-8", "replace"))
            continue
        inside = _INSIDE[kind]
        waiting += [(inside[number], value, depth + 1) for number, value in _fields(message) if number in inside]
    return found


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield number and value of the fields that have a length; other fields are skipped."""
    at, end = 0, len(message)
    while at < end:
        tag, at = _varint(message, at)
        wire = tag & 7
        if wire == 0:
            _, at = _varint(message, at)
        elif wire == 1:
            at += 8
        elif wire == 5:
            at += 4
        elif wire == 2:
            length, at = _varint(message, at)
            if length > end - at:
                raise ValueError("cut short")
            yield tag >> 3, message[at : at + length]
            at += length
        else:
            raise ValueError(f"wire type {wire}")
    if at > end:
        raise ValueError("cut short")


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise ValueError("cut short")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number of more than 64 bit")
