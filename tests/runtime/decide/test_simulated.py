"""Slow falls of simulated people, by lying alone: the model of falls never speaks."""

from __future__ import annotations

import numpy as np
import pytest
from tests.golden import people

from featherfall.runtime.bundle import load_bundle
from featherfall.runtime.decide.incidents import DecisionSettings, decide
from featherfall.runtime.decide.zones import Zone
from featherfall.runtime.embedded import find_bundle
from featherfall.runtime.observation import Fall, Observation
from featherfall.runtime.perceive.pose import make_pose
from featherfall.runtime.trace import PoseTracer

EVERYWHERE = Zone(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))


def falls(activity: str, seed: int, zones: tuple[Zone, ...] = ()) -> list[Fall]:
    """Of somebody who stays as they end for 12 s."""
    tracer = PoseTracer(load_bundle(find_bundle("camera")))
    settings = DecisionSettings("keypoints", 1.1, 2.0, zones=zones)
    poses = people.keypoints(people.joints(people.act(activity, seed), before=6.0, after=12.0), seed)
    trace = []
    for k, pose in enumerate(poses):
        seen = (make_pose(pose[:, :2].astype(np.float64), pose[:, 2] / 100),) if pose[:, 2].sum() >= 170 else ()
        trace.append(tracer.follow(Observation(k / people.RATE, seen, people.HEIGHT, people.WIDTH)))
    return list(decide(trace, settings)[0])


@pytest.mark.parametrize(("activity", "seed"), [("slow collapse", 0), ("slow collapse", 1), ("slide from a chair", 1)])
def test_who_sinks_or_slides_to_the_floor_is_found_lying(activity: str, seed: int) -> None:
    (fall,) = falls(activity, seed)
    assert fall.kind == "lying" and fall.state == "still down"
    assert falls(activity, seed, (EVERYWHERE,)) == []


def test_who_lies_down_in_bed_is_not_reported() -> None:
    assert [fall for seed in range(3) for fall in falls("lie down", seed)] == []


def test_who_rolls_from_the_bed_in_which_they_lay_is_not_found_lying() -> None:
    """A limit that is stated: they were never seen upright (docs/explanation/camera.md)."""
    assert falls("off a bed", 1) == []
