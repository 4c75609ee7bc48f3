"""A household's camera: what its configuration says reaches the decisions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from tests.runtime.boxes import detector_without_model

from featherfall.alarms.events import Rises
from featherfall.core.errors import UserError
from featherfall.household.cameras import CameraWatch
from featherfall.household.sources import CameraConfig
from featherfall.runtime.decide.zones import Zone
from featherfall.runtime.observation import Observation
from featherfall.runtime.perceive.boxes import PersonBox

BED = [(0.1, 0.5), (0.4, 0.5), (0.4, 0.9)]


def watch(**options: Any) -> CameraWatch:
    config = CameraConfig(kind="camera", name="hall", url="/dev/video0", person="anna", **options)
    return CameraWatch(config, cast(Any, None), detector_without_model(), lambda person, event: None)


def test_times_and_zones_are_those_of_the_decisions() -> None:
    settings = watch(still_down_s=9.0, lies_for_s=20.0, zones=[BED])._monitor.settings
    assert (settings.still_down_s, settings.lies_for_s, list(settings.zones)) == (9.0, 20.0, [Zone(tuple(BED))])
    assert watch(lies_for_s=0)._monitor.settings.lies_for_s is None
    assert watch()._monitor.settings.lies_for_s == 8.0 and not watch()._monitor.settings.zones


def test_an_impossible_zone_is_refused() -> None:
    with pytest.raises(UserError, match="a zone's corner lies outside the picture"):
        watch(zones=[[(0.1, 0.5), (1.4, 0.5), (0.4, 0.9)]])


def test_it_denies_a_fall_while_its_only_person_has_been_upright_since_before(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = watch()
    for step in range(60):
        monkeypatch.setattr("time.time", lambda now=1000.0 + step / 10: now)
        seen = PersonBox(np.array([450.0, 300, 550, 700]), 0.1, 0.9)
        camera._tell(camera._monitor.take(Observation(step / 10, (seen,), 720, 1280)), Rises())
    assert camera.denies(1001.0, 1006.0)
    assert not camera.denies(999.0, 1006.0)  # it was not seen then
    assert not camera.denies(1001.0, 1030.0)  # the camera is gone
    camera._tell(replace(camera._monitor.take(Observation(6.0, (seen,), 720, 1280)), unjudged="too dark"), Rises())
    assert not camera.denies(1001.0, 1006.0)
