from __future__ import annotations

import numpy as np
import pytest

from featherfall.core.errors import UserError
from featherfall.core.skeletons import AZURE_32, COCO_17, KINECT_20, channel_names, parents_of, to_coco


@pytest.mark.parametrize(("skeleton", "count"), [(KINECT_20, 20), (AZURE_32, 32)])
def test_every_joint_leads_to_the_root(skeleton: dict[str, str], count: int) -> None:
    parents = parents_of(channel_names(skeleton))
    assert len(parents) == count
    (root,) = [joint for joint, parent in enumerate(parents) if joint == parent]
    for joint in range(count):
        for _ in range(count):
            joint = parents[joint]
        assert joint == root


def test_unknown_skeleton() -> None:
    with pytest.raises(UserError, match=r"unknown skeleton of 1 joints \(tail"):
        parents_of(("tail.x", "tail.y", "tail.z"))


def test_coco_leads_to_the_nose() -> None:
    names = list(COCO_17)
    assert len(names) == 17 and (names[0], names[5], names[16]) == ("nose", "left shoulder", "right ankle")
    for joint in COCO_17:
        for _ in range(17):
            joint = COCO_17[joint]
        assert joint == "nose"


def test_azure_has_every_joint_of_coco() -> None:
    joints = np.arange(2 * 32 * 3, dtype=float).reshape(2, 32, 3)
    found = to_coco(joints, AZURE_32)
    assert found.shape == (2, 17, 3)
    for place, joint in enumerate(COCO_17):
        np.testing.assert_array_equal(found[:, place], joints[:, list(AZURE_32).index(joint)])


def test_face_of_a_kinect_head_looks_ahead_and_turns_with_the_body() -> None:
    """A person who faces +x, left is +y, up is +z; then the same person turned to face +y, and lying on the back, head to -x."""
    joints = np.zeros((20, 3))
    for name, place in {
        "head": (0, 0, 1.7),
        "shoulder centre": (0, 0, 1.4),
        "left shoulder": (0, 0.2, 1.4),
        "right shoulder": (0, -0.2, 1.4),
    }.items():
        joints[list(KINECT_20).index(name)] = place
    nose, left_ear = 0, 3
    found = to_coco(joints, KINECT_20)
    np.testing.assert_allclose(found[nose], [0.10, 0, 1.7], atol=1e-12)
    np.testing.assert_allclose(found[left_ear], [0, 0.075, 1.71], atol=1e-12)
    turned = to_coco(joints @ np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]]), KINECT_20)
    np.testing.assert_allclose(turned[nose], [0, 0.10, 1.7], atol=1e-12)
    lying = to_coco(joints @ np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]]), KINECT_20)
    np.testing.assert_allclose(lying[nose], [-1.7, 0, 0.10], atol=1e-12)


def test_a_joint_not_seen_takes_only_what_comes_from_it() -> None:
    joints = np.random.default_rng(0).normal(size=(20, 3))
    joints[list(KINECT_20).index("head")] = np.nan
    joints[list(KINECT_20).index("left knee")] = np.nan
    lost = [joint for joint, place in zip(COCO_17, to_coco(joints, KINECT_20), strict=True) if np.isnan(place).any()]
    assert lost == ["nose", "left eye", "right eye", "left ear", "right ear", "left knee"]
