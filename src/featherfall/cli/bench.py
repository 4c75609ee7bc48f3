"""`featherfall bench`: size, latency and memory of a bundle on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from featherfall.cli.options import BundlePath, JsonFlag
from featherfall.core.console import say, say_json

if TYPE_CHECKING:
    from featherfall.core.manifest import Manifest, ModelFile
    from featherfall.runtime.measure import InferenceCost


def bench_command(
    bundle: BundlePath,
    repeat: Annotated[int, typer.Option(min=20, metavar="N", help="Windows timed per model, after a warm-up.")] = 500,
    json: JsonFlag = False,
) -> None:
    """Measure size, latency and memory of each model in a bundle: single windows, one thread, a fresh process each.

    C is compiled for this machine where there is a compiler; its memory is that of its variables.
    """
    from featherfall.runtime.bundle import load_bundle, onnx_models
    from featherfall.runtime.measure import machine, measure_cost

    opened = load_bundle(bundle)
    folder, manifest = opened.path, opened.manifest
    models = []
    for model in [*onnx_models(manifest), *(one for one in manifest.models if one.format == "c")]:
        if model.format == "c":
            cost = _cost_of_c(folder, manifest, model, repeat)
            if cost is None:
                continue
        else:
            load_bundle(folder, model.precision)  # raises a `UserError` here, where the measuring process could only fail
            cost = measure_cost(folder, model.precision, repeat)
        models.append(
            {
                "file": model.file,
                "precision": model.precision,
                "bytes": (folder / model.file).stat().st_size,
                "parameters": manifest.parameters or None,
                "macs": manifest.macs or None,
                "p50_ms": round(cost.p50_ms, 4),
                "p95_ms": round(cost.p95_ms, 4),
                "peak_bytes": cost.peak_bytes,
            }
        )
    facts = {"bundle": manifest.name, "machine": machine(), "threads": 1, "repeat": repeat, "models": models}
    if json:
        say_json(facts)
    else:
        say(*_lines(facts, manifest))


def _cost_of_c(folder: Path, manifest: Manifest, model: ModelFile, repeat: int) -> InferenceCost | None:
    """Return what C costs on this machine, its memory as stated; None without a compiler."""
    import numpy as np

    from featherfall.export.microcontroller.proof import host_compiler, host_latencies
    from featherfall.runtime.measure import InferenceCost
    from featherfall.runtime.session import window_arrays

    if host_compiler() is None:
        return None
    noise = np.random.default_rng(0)
    window = {name: noise.normal(0, 1, one.shape).astype(np.float32) for name, one in window_arrays(manifest).items()}
    p50, p95 = np.percentile(host_latencies(folder, window, repeat), [50, 95])
    return InferenceCost(float(p50), float(p95), int(model.proof.get("ram", 0)))


def _lines(facts: dict[str, Any], manifest: Manifest) -> list[str]:
    what = "picture" if manifest.kind in ("picture", "detector") else "window"
    size = f"pictures of {manifest.inputs[0].size} pixels" if what == "picture" else f"windows of {manifest.window.seconds:g} s"
    rows = [("model", "file", "size", "parameters", "MACs", "p50", "p95", "peak memory")]
    for one in facts["models"]:
        latency = [f"{one[key]:.3f} ms" for key in ("p50_ms", "p95_ms")]
        on_disk, memory = f"{one['bytes'] / 1e3:.1f} kB", _memory(one["peak_bytes"])
        rows.append((one["precision"], one["file"], on_disk, _count(one["parameters"]), _count(one["macs"]), *latency, memory))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = [
        "  ".join(cell.ljust(w) if i < 2 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))) for row in rows
    ]
    return [
        f"bundle   {facts['bundle']}, {size}",
        f"machine  {facts['machine']}",
        f"method   one {what} at a time, one thread, {facts['repeat']} {what}s after a warm-up, a fresh process per model",
        "",
        *table,
        *_fastest(facts["models"]),
    ]


def _fastest(models: Sequence[dict[str, Any]]) -> list[str]:
    if len(models) < 2:
        return []
    best = min(models, key=lambda one: one["p50_ms"])
    return ["", f"fastest  {best['file']}"]


def _memory(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.1f} kB"


def _count(number: int | None) -> str:
    return f"{number:,}" if number else "-"
