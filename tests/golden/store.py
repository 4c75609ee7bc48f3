"""Golden files, and whether an output is the stored one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
# By key, because ONNX Runtime's kernels differ from CPU to CPU. The app rounds "p" to four decimals, which a tiny difference may turn.
ATOL = {"probability": 1e-5, "probabilities": 1e-5, "confidence": 1e-5, "p": 1.1e-4}


def names(path: str) -> list[str]:
    """Return the golden files of a path, e.g. "boxes": names without the ending."""
    return sorted(file.stem for file in FOLDER.glob(f"{path}-*.json"))


def read(name: str) -> dict[str, Any]:
    """Return {"trace": ..., "output": ...}."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def write(name: str, trace: dict[str, Any], output: dict[str, Any]) -> None:
    """Write a golden file: one line for each picture, window or event."""
    parts = [f"{json.dumps(key)}: {{\n{_lines(value)}\n}}" for key, value in (("trace", trace), ("output", output))]
    (FOLDER / f"{name}.json").write_text("{\n" + ",\n".join(parts) + "\n}\n")


def _lines(values: dict[str, Any]) -> str:
    return ",\n".join(f"{json.dumps(key)}: {_value(value)}" for key, value in values.items())


def _value(value: Any) -> str:
    tight = {"separators": (",", ":")}
    if isinstance(value, list) and value and isinstance(value[0], list | dict):
        return "[\n" + ",\n".join(json.dumps(row, **tight) for row in value) + "\n]"  # type: ignore[arg-type]
    return json.dumps(value, **tight)  # type: ignore[arg-type]


def same(found: Any, stored: Any, where: str = "", key: str = "") -> None:
    """Assert that an output is the stored one: probabilities to within `ATOL`, all else exactly."""
    if isinstance(stored, dict):
        assert isinstance(found, dict) and found.keys() == stored.keys(), where
        for name, value in stored.items():
            inner = key if key in ATOL else name
            same(found[name], value, f"{where}.{name}", inner)
    elif isinstance(stored, list):
        assert isinstance(found, list) and len(found) == len(stored), f"{where}: {len(found)} instead of {len(stored)}"
        for k, (one, other) in enumerate(zip(found, stored, strict=True)):
            same(one, other, f"{where}[{k}]", key)
    elif isinstance(stored, float) and key in ATOL:
        assert found == pytest.approx(stored, abs=ATOL[key]), where
    else:
        assert found == stored, where
