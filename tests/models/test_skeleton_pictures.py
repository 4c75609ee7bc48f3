from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from featherfall.core.errors import UserError
from featherfall.core.skeletons import AZURE_32, KINECT_20, channel_names
from featherfall.models.skeleton_pictures import _HALF_SIDE, SkeletonPictures

# A person who stands 3 m before a Kinect, arms down; x to the camera's left, so their right.
STANDING = {
    "head": (0, 0.75), "shoulder centre": (0, 0.5), "spine": (0, 0.1), "hip centre": (0, 0),
    "left shoulder": (-0.2, 0.45), "left elbow": (-0.25, 0.2), "left wrist": (-0.27, -0.05), "left hand": (-0.27, -0.1),
    "right shoulder": (0.2, 0.45), "right elbow": (0.25, 0.2), "right wrist": (0.27, -0.05), "right hand": (0.27, -0.1),
    "left hip": (-0.1, -0.05), "left knee": (-0.1, -0.45), "left ankle": (-0.1, -0.85), "left foot": (-0.1, -0.9),
    "right hip": (0.1, -0.05), "right knee": (0.1, -0.45), "right ankle": (0.1, -0.85), "right foot": (0.1, -0.9),
}  # fmt: skip


def person(**moved: tuple[float, float, float]) -> Tensor:
    """(1, 1, 60): `left_hand=(x, y, z)` moves a joint by so much."""
    joints = np.asarray([(*STANDING[name], 3.0) for name in KINECT_20], np.float32)
    for name, by in moved.items():
        joints[list(KINECT_20).index(name.replace("_", " "))] += by
    return torch.from_numpy(joints).reshape(1, 1, 60)


def draw(skeleton: Tensor, size: int = 64, scene: Tensor | None = None) -> Tensor:
    return SkeletonPictures(channel_names(KINECT_20), size)(skeleton, scene)


def rows_and_columns(picture: Tensor) -> tuple[float, float]:
    """Centre of what is drawn, as shares of the height and width."""
    weight = picture / picture.sum()
    size = picture.shape[-1]
    at = (torch.arange(size) + 0.5) / size
    return float((weight.sum(1) * at).sum()), float((weight.sum(0) * at).sum())


def test_left_is_red_and_on_the_right_of_the_picture_as_a_camera_sees_it() -> None:
    picture = draw(person())[0, 0]
    assert picture.shape == (3, 64, 64)
    assert picture.min() >= 0 and picture.max() <= 1
    assert rows_and_columns(picture[0])[1] > 0.52 and rows_and_columns(picture[2])[1] < 0.48
    head_row, head_column = rows_and_columns(picture[1])
    assert head_row < 0.45 and head_column == pytest.approx(0.5, abs=0.02)  # up is up


def test_a_line_where_it_belongs_by_hand() -> None:
    skeleton = torch.full((1, 1, 20, 3), torch.nan)
    names = list(KINECT_20)
    skeleton[0, 0, names.index("hip centre")] = torch.tensor([0.0, 0.0, 2.0])
    skeleton[0, 0, names.index("spine")] = torch.tensor([0.0, 0.8, 2.0])  # mean distance of the two from the hips: 0.4 m
    size = 101
    green = draw(skeleton.flatten(2), size)[0, 0, 1]
    end = (size - 1) / 2 - 0.8 / (0.4 * _HALF_SIDE) * size / 2  # row of the spine's end
    column = green[:, size // 2]
    assert column[round(end) + 1 : size // 2].min() > 0.7 and column[: round(end) - 5].max() == 0
    assert green[:, : size // 2 - 5].max() == 0  # nothing beside it
    assert green.max() == pytest.approx(0.75)  # at the hips' depth


def test_who_where_and_how_far_does_not_matter() -> None:
    here = draw(person())
    elsewhere = person().reshape(1, 1, 20, 3) + torch.tensor([1.0, -0.4, 1.5])
    larger = person().reshape(1, 1, 20, 3) * 1.2
    torch.testing.assert_close(draw(elsewhere.flatten(2)), here, atol=1e-4, rtol=0)
    torch.testing.assert_close(draw(larger.flatten(2)), here, atol=1e-4, rtol=0)


def test_squatting_and_walking_are_seen_within_the_scene() -> None:
    up, down = person().reshape(1, 1, 20, 3), person().reshape(1, 1, 20, 3) - torch.tensor([0.2, 0.3, 0.0])
    scene = torch.cat([up, down], dim=1).flatten(2)
    pictures = draw(scene)
    assert rows_and_columns(pictures[0, 1].sum(0))[0] > rows_and_columns(pictures[0, 0].sum(0))[0] + 0.1
    assert rows_and_columns(pictures[0, 1].sum(0))[1] > rows_and_columns(pictures[0, 0].sum(0))[1] + 0.05
    torch.testing.assert_close(draw(scene[:, :1], scene=scene), pictures[:, :1])


def test_nearer_is_brighter() -> None:
    push, pull = ({"right_hand": (0, 0, z), "right_wrist": (0, 0, z)} for z in (-0.4, 0.4))
    assert draw(person(**push))[0, 0, 2].max() > draw(person())[0, 0, 2].max() > 0.7
    assert draw(person(**push))[0, 0, 2].sum() > draw(person(**pull))[0, 0, 2].sum()


def test_missing_joints_are_not_drawn() -> None:
    skeleton = person()
    gone = skeleton.clone().reshape(1, 1, 20, 3)
    gone[:, :, 5:8] = torch.nan  # left elbow, wrist, hand
    picture, whole = draw(gone.flatten(2))[0, 0], draw(skeleton)[0, 0]
    assert picture.isfinite().all() and picture[0].sum() < 0.9 * whole[0].sum()
    nothing = draw(torch.full((2, 3, 60), torch.nan))
    assert nothing.shape == (2, 3, 3, 64, 64) and not nothing.any()


def test_azure_looks_along_other_axes_and_others_are_refused() -> None:
    skeleton = torch.full((1, 1, 32, 3), torch.nan)
    names = list(AZURE_32)
    skeleton[0, 0, names.index("pelvis")] = torch.tensor([0.0, 0.0, 2.0])
    skeleton[0, 0, names.index("spine navel")] = torch.tensor([0.0, -0.2, 2.0])  # y points down
    skeleton[0, 0, names.index("spine chest")] = torch.tensor([0.0, -0.4, 2.0])
    picture = SkeletonPictures(channel_names(AZURE_32))(skeleton.flatten(2))[0, 0]
    assert rows_and_columns(picture[1])[0] < 0.5
    with pytest.raises(UserError, match="unknown skeleton"):
        SkeletonPictures(("x", "y", "z"))
