"""What thirds held out say together."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def test_pooled() -> None:
    spec = importlib.util.spec_from_file_location("teach_person", Path(__file__).parents[2] / "benchmarks" / "teach_person.py")
    assert spec is not None and spec.loader is not None
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    rows = [
        {"fell": True, "before": 0.4, "after": 0.9, "alarms": [False, True]},
        {"fell": False, "before": 0.2, "after": 0.1, "alarms": [False, False]},
    ]
    before, after = benchmark.pooled(rows)
    assert (before.found, after.found, before.alarms, after.alarms) == (0, 1, 0, 0)
    assert after.losses().sum() < before.losses().sum()
