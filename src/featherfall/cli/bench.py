"""`featherfall bench`: size, latency and memory of a bundle on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from featherfall.cli.options import BundlePath, JsonFlag
from featherfall.core.console import say, say_json

if TYPE_CHECKING:
    from featherfall.core.manifest import Manifest


def bench_command(
    bundle: BundlePath,
    repeat: Annotated[int, typer.Option(min=20, metavar="N", help="Windows timed per model, after a warm-up.")] = 500,
    json: JsonFlag = False,
) -> None:
    """Measure size, latency and memory of each model in a bundle: single windows, one thread, a fresh process each."""
    from featherfall.runtime.bundle import load_bundle, onnx_models
    from featherfall.runtime.measure import machine, measure_cost

    opened = load_bundle(bundle)
    folder, manifest = opened.path, opened.manifest
    models = []
    for model in onnx_models(manifest):
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


def _lines(facts: dict[str, Any], manifest: Manifest) -> list[str]:
    what = "picture" if manifest.kind in ("picture", "detector") else "window"
    size = f"pictures of {manifest.inputs[0].size} pixels" if what == "picture" else f"windows of {manifest.window.seconds:g} s"
    rows = [("model", "file", "size", "parameters", "MACs", "p50", "p95", "peak memory")]
    for one in facts["models"]:
        latency = [f"{one[key]:.3f} ms" for key in ("p50_ms", "p95_ms")]
        on_disk, memory = f"{one['bytes'] / 1e3:.1f} kB", f"{one['peak_bytes'] / 1e6:.1f} MB"
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
    ]


def _count(number: int | None) -> str:
    return f"{number:,}" if number else "-"
