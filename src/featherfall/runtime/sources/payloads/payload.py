"""The interface of payloads, and how they are decoded within bounds.

A payload is one file in this folder, or a plugin: a function of a message's bytes that yields packets, registered as

    @register("payload", "openseizuredetector", title="OpenSeizureDetector")
    def openseizuredetector(body: bytes, topic: str) -> Iterator[Packet]:

A message that is not of this shape raises `UserError`, one line. The device of a packet is named by the payload, else by the topic.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.registry import find
from featherfall.core.text import printable, shortened
from featherfall.runtime.sources.packets import MOST_NAME, Packet

_fast_json: Callable[[bytes], Any] = json.loads
with contextlib.suppress(ImportError):
    from orjson import loads as _fast_json  # of the extra `watch`: a third of the time

Payload = Callable[[bytes, str], Iterator[Packet]]

MOST_BYTES = 256 << 10  # of a message; 10 s of three sensors at 100 Hz as Sensor Logger writes them are 250 kB
MOST_SAMPLES = 20_000  # in a message


def find_payload(name: str) -> Payload:
    """Return a payload by name; raises `UserError` for an unknown one."""
    return find("payload", name)  # type: ignore[no-any-return]


def decode_message(body: bytes, most: int = MOST_BYTES) -> Any:
    """Return the JSON value of a message of at most `most` bytes; raises `UserError`.

    Integers beyond 64 bit may become floats. The depth is bounded by Python's own stack.
    """
    if len(body) > most:
        raise UserError(f"{len(body):,} bytes; a message has at most {most:,}, send more often")
    try:
        return _fast_json(body)
    except ValueError:
        return _slow_json(body)
    except RecursionError:
        raise UserError("nested too deeply; send the samples alone") from None


def _slow_json(body: bytes) -> Any:
    """Say what is wrong with a message, or take what only Python does: UTF-16, NaN, numbers of hundreds of digits."""
    try:
        return json.loads(body)
    except RecursionError:
        raise UserError("nested too deeply; send the samples alone") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise UserError(f"not JSON ({shortened(str(error), 80)})") from None


def mapping(value: Any, what: str = "the message") -> Mapping[str, Any]:
    """Return a JSON object; raises `UserError` for anything else."""
    if not isinstance(value, dict):
        raise UserError(f"{what} is no JSON object, but {_kind(value)}")
    return value


def listed(value: Any, what: str) -> Sequence[Any]:
    """Return a JSON list of at most `MOST_SAMPLES`; raises `UserError` for anything else."""
    if not isinstance(value, list):
        raise UserError(f"{what} is no list, but {_kind(value)}")
    if len(value) > 3 * MOST_SAMPLES:
        raise UserError(f"{what} has {len(value):,} values; send more often")
    return value


def numbers(value: Any, what: str, width: int | None = None) -> np.ndarray:
    """Return finite float64, (N,) or (N, width), of a JSON list of numbers; raises `UserError` for anything else."""
    flat = listed(value, what)
    array = _array(flat, width)
    if array is None:
        try:
            array = np.array(flat, dtype=np.float64)
        except (TypeError, ValueError, OverflowError):
            raise UserError(f"{what} holds something that is no number") from None
    if array.ndim != (1 if width is None else 2) or (width is not None and array.shape[1] != width and len(array)):
        wanted = "a list of numbers" if width is None else f"a list of {width} numbers a sample"
        raise UserError(f"{what} is not {wanted}")
    if array.size and not np.maximum.reduce(np.abs(array), axis=None) < 1e18:
        raise UserError(f"{what} holds a number that is not finite")
    return array


def _array(rows: Sequence[Any], width: int | None) -> np.ndarray | None:
    """Return what `np.array` gives of rows of numbers, in half the time; None for other ones."""
    cells: Iterator[Any] = iter(rows)
    if width is not None:
        if set(map(type, rows)) != {list} or set(map(len, rows)) != {width}:
            return None
        cells = chain.from_iterable(rows)
    try:
        return np.fromiter(cells, np.float64, len(rows) * (width or 1)).reshape(len(rows), *([width] if width else []))
    except (TypeError, ValueError, OverflowError):
        return None


def number(value: Any, what: str) -> float:
    """Return a finite number; raises `UserError` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e30:
        raise UserError(f"{what} is no number, but {_kind(value)}")
    return float(value)


def device_name(value: Any, otherwise: str) -> str:
    """Return a device's name, with nothing that a terminal obeys and of bounded length."""
    return shortened(printable(str(value)), MOST_NAME) if isinstance(value, str | int) and str(value) else otherwise


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
