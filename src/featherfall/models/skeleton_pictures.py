"""Skeletons as images: stick figures, drawn inside the network, for teachers that were made for video.

Shapes: B clips, S frames, J joints, W pixels a side.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from featherfall.core.skeletons import AZURE_32, parents_of

_HALF_SIDE = 2.5  # half the picture's side, in mean distances of the joints from the hips: raised arms are inside
_BONE, _HEAD = 0.05, 0.14  # half widths, in halves of the picture's side
_MAX_SCALE = 2.0  # largest widening for a person who moves out of it; limited, because a single joint may be far off
_BRIGHTNESS, _DEPTH_SHADE = 0.75, 0.6  # brightness at the hips' depth, and its loss per half side of the image away from the camera
_CHANNEL_OF_SIDE = {"left": 0, "right": 2}  # the red and the blue picture; what has no side is green


class SkeletonPictures(nn.Module):
    """(B, S, 3 J) metres, NaN where a joint was not seen -> (B, S, 3, W, W) in [0, 1].

    Left limbs are red, trunk and head green, right limbs blue.

    Drawn as the depth camera saw it, along its axis, without perspective. The hips' mean place over the clip is the centre and the size of
    the clip's body sets the scale (a wider one where the person moves far), so that the person's size and place do not matter, while
    walking and squatting do. Bones that point to a joint not seen are not drawn. Edges are smooth. Nearer parts are brighter, so that
    movement along the axis shows.

    Arguments:
        channels: the skeleton's channel names ("head.x", ...).
        size: W.
    Raises: `UserError` for an unknown skeleton.
    """

    def __init__(self, channels: Sequence[str], size: int = 64) -> None:
        super().__init__()
        joints = [name.removesuffix(".x") for name in channels[::3]]
        parents = parents_of(channels)
        self.size = size
        self.root = next(j for j, parent in enumerate(parents) if parent == j)
        # Kinect's x points to the camera's left and its y up; Azure Kinect's to the right and down. z points away from both.
        self.axes = (1.0, 1.0, 1.0) if joints == list(AZURE_32) else (-1.0, -1.0, 1.0)
        self.bones = [(child, parent, _BONE, _side(joints[child])) for child, parent in enumerate(parents) if child != parent]
        head = joints.index("head")
        self.bones.append((head, head, _HEAD, _side("head")))

    def forward(self, skeleton: Tensor, scene: Tensor | None = None) -> Tensor:
        """Frames (B, S, 3 J) -> pictures. `scene`: (B, T, 3 J), the whole clip, which sets place and scale; default the frames."""
        centre, unit = self._frame(skeleton if scene is None else scene)
        signs = torch.tensor(self.axes, device=skeleton.device)
        joints = skeleton.float().unflatten(2, (-1, 3))
        points = (joints - centre[:, None, None]) * signs / unit[:, None, None, None]  # -1 to 1 in the picture
        seen = ~points.isnan().any(dim=-1)
        x, y, z = points.nan_to_num(0.0).unsqueeze(-1).unbind(dim=3)  # B S J 1 each
        at = (torch.arange(self.size, device=skeleton.device) + 0.5) * (2 / self.size) - 1
        ink = [torch.zeros(*points.shape[:2], self.size, self.size, device=skeleton.device) for _ in range(3)]
        for child, parent, width, side in self.bones:
            dx, dy, dz = (values[:, :, child, :, None] - values[:, :, parent, :, None] for values in (x, y, z))  # B S 1 1
            right = (at - x[:, :, parent])[:, :, None, :]  # B S 1 W: how far each column is right of the bone's start
            below = (at - y[:, :, parent])[:, :, :, None]  # B S W 1
            along = ((right * dx + below * dy) / (dx * dx + dy * dy).clamp(min=1e-6)).clamp(0, 1)
            away = ((right - along * dx).square() + (below - along * dy).square()).sqrt()
            drawn = ((width - away) * (self.size / 2) + 0.5).clamp(0, 1)
            bright = (_BRIGHTNESS - _DEPTH_SHADE * (z[:, :, parent, :, None] + along * dz)).clamp(0.3, 1)
            both = (seen[:, :, child] & seen[:, :, parent])[..., None, None]
            ink[side] = torch.maximum(ink[side], drawn * bright * both)
        return torch.stack(ink, dim=2)

    def _frame(self, scene: Tensor) -> tuple[Tensor, Tensor]:
        """Centre (B, 3) and half side (B,) of the picture, in metres."""
        joints = scene.float().unflatten(2, (-1, 3))
        seen = ~joints.isnan().any(dim=-1, keepdim=True)
        joints = joints.nan_to_num(0.0)
        root, root_seen = joints[:, :, self.root], seen[:, :, self.root]
        centre = (root * root_seen).sum(dim=1) / root_seen.sum(dim=1).clamp(min=1)
        apart = (joints - root[:, :, None]).norm(dim=-1, keepdim=True) * (seen & root_seen[:, :, None])
        size = apart.sum(dim=(1, 2, 3)) / (seen & root_seen[:, :, None]).sum(dim=(1, 2, 3)).clamp(min=1)
        near = _HALF_SIDE * size.clamp(min=0.05)
        furthest = ((joints - centre[:, None, None]).abs() * seen)[..., :2].amax(dim=(1, 2, 3))
        return centre, torch.minimum(torch.maximum(near, 1.15 * furthest), _MAX_SCALE * near)


def _side(joint: str) -> int:
    return _CHANNEL_OF_SIDE.get(joint.partition(" ")[0], 1)
