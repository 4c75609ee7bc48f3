from __future__ import annotations

import pytest

from featherfall.ground.errors import UserError
from featherfall.ground.skeletons import AZURE_32, KINECT_20, channel_names, parents_of


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
