from __future__ import annotations

import pytest
import torch
from torch import Tensor

from featherfall.core.skeletons import KINECT_20, channel_names, parents_of
from featherfall.models.skeleton import SkeletonChannels, SkeletonNet

PARENTS = [0, 0, 1]  # root, middle, tip


def clip(*joints: list[list[float]]) -> Tensor:
    """One clip; per frame a list of joints."""
    return torch.tensor(joints).flatten(1)[None]


def parts(channels: Tensor, joint: int) -> dict[str, Tensor]:
    """The ten channels of one joint, each (T, ...)."""
    ten = channels[0].T.unflatten(1, (-1, 10))[:, joint]
    return {"position": ten[:, :3], "bone": ten[:, 3:6], "velocity": ten[:, 6:9], "seen": ten[:, 9]}


def test_channels_by_hand() -> None:
    # The root stands at (1, 1, 1); the middle is 1 m above it, the tip 2 m and moving up by 1 m a frame on average: sizes 0, 1, 2.
    frames = [[[1.0, 1, 1], [1, 1, 2], [1, 1, height]] for height in (2.0, 3.0, 4.0)]
    tip = parts(SkeletonChannels(PARENTS)(clip(*frames)), 2)
    size = (0 + 1 + 1 + 0 + 1 + 2 + 0 + 1 + 3) / 9
    torch.testing.assert_close(tip["position"][:, 2], torch.tensor([1.0, 2.0, 3.0]) / size)
    torch.testing.assert_close(tip["bone"][:, 2], torch.tensor([0.0, 1.0, 2.0]) / size)
    torch.testing.assert_close(tip["velocity"][:, 2], torch.tensor([0.0, 5 * 2.0, 0.0]) / size)
    assert tip["seen"].tolist() == [1, 1, 1]


def test_a_joint_not_seen_is_zeros_with_a_flag() -> None:
    whole = torch.randn(1, 6, 9)
    holed = whole.clone()
    holed[0, 2:5, 3:6] = torch.nan  # the middle, in frames 2 to 4
    channels = SkeletonChannels(PARENTS)(holed)
    assert torch.isfinite(channels).all()
    middle, tip = parts(channels, 1), parts(channels, 2)
    assert all((values[3] == 0).all() for values in middle.values())
    assert middle["seen"].tolist() == [1, 1, 0, 0, 0, 1]
    assert (middle["position"][2:5] == 0).all() and (middle["bone"][2:5] == 0).all()
    assert (middle["velocity"][1:] == 0).all()  # each needs both neighbouring frames
    assert (tip["bone"][2:5] == 0).all() and (tip["position"][2:5] != 0).all()


def test_one_missing_coordinate_is_a_missing_joint() -> None:
    holed = torch.randn(1, 6, 9)
    holed[0, 2, 4] = torch.nan
    middle = parts(SkeletonChannels(PARENTS)(holed), 1)
    assert not any(middle[name][2].any() for name in ("position", "bone", "seen"))


@pytest.mark.parametrize("hidden", ["nothing", "a root", "everything"])
def test_networks_cope_with_what_was_not_seen(hidden: str) -> None:
    parents = parents_of(channel_names(KINECT_20))
    skeleton = torch.randn(3, 32, 60)
    if hidden == "a root":
        root = parents.index(next(j for j, parent in enumerate(parents) if parent == j))
        skeleton[0, :, 3 * root : 3 * root + 3] = torch.nan
    elif hidden == "everything":
        skeleton[0] = torch.nan
    model = SkeletonNet(parents, classes=5)
    logits = model({"skeleton": skeleton})
    logits.sum().backward()
    assert logits.shape == (3, 5) and torch.isfinite(logits).all()
    assert all(torch.isfinite(parameter.grad).all() for parameter in model.parameters())  # type: ignore[arg-type]


def test_where_the_person_stands_and_how_tall_does_not_matter() -> None:
    channels = SkeletonChannels(PARENTS)
    skeleton = torch.randn(2, 8, 9, dtype=torch.float64)
    skeleton[0, 1:3, :3] = torch.nan  # not even where the root is hidden for a while
    moved = skeleton + torch.tensor([5.0, -2.0, 1.0]).repeat(3)
    torch.testing.assert_close(channels(moved), channels(skeleton))
    torch.testing.assert_close(channels(1.7 * skeleton), channels(skeleton))


def test_only_every_so_many_frames_are_looked_at() -> None:
    model = SkeletonNet(PARENTS, classes=2, every=2).eval()
    skeleton = torch.randn(1, 32, 9)
    other = skeleton.clone()
    other[:, 1::2] = 99.0
    torch.testing.assert_close(model({"skeleton": other}), model({"skeleton": skeleton}))
