"""A recording as if it were live: in its time or faster, once or again and again."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from tests.household.test_process import write_csv
from tests.runtime.sources.test_mqtt import wait
from tests.runtime.tiny import write_bundle

from featherfall.core.errors import UserError
from featherfall.runtime.bundle import read_manifest
from featherfall.runtime.sources.packets import Inbox
from featherfall.runtime.sources.replay import ReplaySource


def test_speed_and_end(tmp_path: Path) -> None:
    manifest = read_manifest(write_bundle(tmp_path / "b"))
    source, inbox = ReplaySource(write_csv(tmp_path / "fall.csv"), manifest, speed=40.0), Inbox()
    began = time.monotonic()
    source.start(inbox)
    wait(lambda: source.health.state == "ended")
    packets = inbox.take(0)
    assert time.monotonic() - began >= 0.49 and len(packets) == 20  # 20 s at 40 times the speed
    times = np.concatenate([one.readings[0].times for one in packets])
    assert packets[0].device == "fall.csv" and packets[0].readings[0].unit == "g" and times == pytest.approx(np.arange(1000) / 50, abs=1e-4)
    samples = list(ReplaySource(tmp_path / "fall.csv", manifest, speed=0).samples())
    assert sum(len(one.times) for one in samples) == 1000


def test_repeated_it_goes_on_a_minute_later(tmp_path: Path) -> None:
    manifest = read_manifest(write_bundle(tmp_path / "b"))
    source, inbox = ReplaySource(write_csv(tmp_path / "fall.csv"), manifest, speed=0, repeat=True), Inbox()
    source.start(inbox)
    wait(lambda: source.health.packets > 40)
    source.stop()
    starts = [float(one.readings[0].times[0]) for one in inbox.take(0)[:41:20] if one.readings[0].times is not None]
    assert starts == pytest.approx([0.0, 79.98, 159.96], abs=1e-3) and source.health.state == "stopped"


def test_what_is_no_recording_fails_for_good(tmp_path: Path) -> None:
    manifest = read_manifest(write_bundle(tmp_path / "b"))
    (tmp_path / "no.csv").write_text("<html>")
    source = ReplaySource(tmp_path / "no.csv", manifest)
    source.start(Inbox())
    wait(lambda: source.health.state == "failed")
    with pytest.raises(UserError, match="speed -1; give 1 for live"):
        ReplaySource("a.csv", manifest, speed=-1)
