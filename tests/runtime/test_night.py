"""A simulated fall under an infrared camera at night, by the bundled camera and the pose estimator's real weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from featherfall.core.errors import UserError
from featherfall.runtime.bundle import load_bundle
from featherfall.runtime.perceive.weights import find_weights
from featherfall.runtime.watch import Monitor
from featherfall.signals.video import Video, read_frames
from featherfall.sim.film.night import at_night

pytest.importorskip("ai_edge_litert", reason="poses need LiteRT: pip install 'featherfall[camera]'")
pytest.importorskip("av", reason="films need PyAV: pip install 'featherfall[video]'")
FILM = Path(__file__).parents[2] / "src" / "featherfall" / "app" / "samples" / "simulated-fall.mp4"


def test_a_fall_at_night_is_found() -> None:
    try:
        find_weights("movenet_lightning_int8")
    except UserError as error:
        pytest.skip(str(error))
    monitor, rng = Monitor(load_bundle("camera")), np.random.default_rng(0)
    for frame in read_frames(Video(FILM), rate=monitor.rate, between=(1.0, 6.0)):
        monitor.see(frame.time, at_night(frame.image, rng))
    monitor.finish()
    (fall,) = monitor.falls
    assert fall.kind == "fall" and fall.confidence > 0.9
