from __future__ import annotations

from pathlib import Path
from typing import get_args

from tests.runtime.tiny import write_bundle

from featherfall.core.manifest import BundleKind
from featherfall.runtime import load_bundle
from featherfall.runtime.measure import RUNS, latencies, machine, measure_cost, peak_bytes


def test_a_fresh_process_is_measured(tmp_path: Path) -> None:
    ballast = bytearray(200_000_000)  # the caller's memory must not count
    cost = measure_cost(write_bundle(tmp_path / "b"), "float32", 20)
    assert 0 < cost.p50_ms <= cost.p95_ms
    assert 20e6 < cost.peak_bytes < 150e6 < len(ballast)


def test_every_repeat_is_timed(tmp_path: Path) -> None:
    taken = latencies(load_bundle(write_bundle(tmp_path / "b")), 25)
    assert taken.shape == (25,)
    assert (taken > 0).all()


def test_machine_and_memory() -> None:
    assert "," in machine()
    assert "\n" not in machine()
    assert peak_bytes() > 1e6


def test_pictures_and_boxes_are_measured_too(tmp_path: Path) -> None:
    from tests.app.test_pictures import box_bundle
    from tests.runtime.perceive.test_images import bright_bundle

    for bundle in (bright_bundle(tmp_path / "bright"), load_bundle(box_bundle(tmp_path / "box"))):
        assert (latencies(bundle, 3) > 0).all()
    assert set(RUNS) == set(get_args(BundleKind))
