"""Random augmentation of a batch of raw sensor values. Skeletons are not mirrored, sensors only where asked for: left keeps its meaning.

Shapes: B clips, T samples. All functions are pure; randomness comes from torch's global generator, which the loop seeds by step.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from featherfall.core.skeletons import COCO_17
from featherfall.core.training_settings import Augment
from featherfall.models.inertial import GYROSCOPE_SCALE, LOWPASS, moving_mean
from featherfall.training.devices import Device, any_rotations, as_recorded, draw_device, mirrored

_OTHER = {"left": "right", "right": "left"}
_MIRRORED_JOINTS = [list(COCO_17).index(" ".join(_OTHER.get(word, word) for word in joint.split())) for joint in COCO_17]


@dataclass(frozen=True)
class _Worn:
    """How one sensor of B clips is worn, and what device it is: turns (B, 3, 3) and which clips (B,) are mirrored."""

    turn: Tensor
    mirrored: Tensor | None
    device: Device | None


def augment(clip: dict[str, Tensor], settings: Augment, rate: float = 0.0) -> dict[str, Tensor]:
    """Return an augmented copy of a batch's inputs; flags ("present:...") are copied.

    The inputs of one sensor (accelerometer, gyroscope and orientation with the same prefix) turn together and are of one device; each
    sensor turns on its own.

    Arguments:
        rate: of the clips' samples, Hz; needed for `settings.devices`.
    """
    out = dict(clip)
    sensors: dict[str, _Worn] = {}
    for name, values in clip.items():
        if name.startswith("present:"):
            continue
        if values.ndim == 5:
            out[name] = augment_film(values, settings)
            continue
        sensor, kind = sensor_and_kind(name)
        if kind == "keypoints":
            out[name] = augment_keypoints(values, settings.rotation_deg)
            continue
        if sensor not in sensors:
            sensors[sensor] = _draw_worn(values, settings, rate, inertial=kind != "skeleton")
        worn = sensors[sensor]
        turn = worn.turn.to(values)
        if worn.mirrored is not None:
            values = mirrored(kind, values, worn.mirrored)
        if kind == "orientation":
            out[name] = turn_orientation(values, turn)
        elif kind == "skeleton":
            joints = torch.einsum("bij,btnj->btni", turn, values.unflatten(2, (-1, 3)))
            out[name] = _scale(joints.flatten(2), settings.scale) + torch.randn_like(values) * settings.joint_noise_m
        elif kind == "gyroscope":
            turned = torch.matmul(_drop_clips(_scale_rotation(values, settings.dynamics), settings.gyroscope_drop), turn.transpose(1, 2))
            out[name] = torch.randn_like(turned).mul_(settings.noise_g / GYROSCOPE_SCALE).add_(_scale(turned, settings.scale))
        else:
            turned = torch.matmul(scale_motion(values, settings.dynamics), turn.transpose(1, 2))
            out[name] = torch.randn_like(turned).mul_(settings.noise_g).add_(_scale(turned, settings.scale))
        if worn.device is not None:
            out[name] = as_recorded(out[name], worn.device, acceleration=kind == "accelerometer")
    return out


def _draw_worn(values: Tensor, settings: Augment, rate: float, *, inertial: bool) -> _Worn:
    """Draw how a sensor (B, T, C) is worn. What is off draws nothing, so that other settings keep their random numbers."""
    count, length, _ = values.shape
    turn = random_rotations(count, settings.rotation_deg)
    if inertial and settings.any_mounting:
        turn = torch.where((torch.rand(count) < settings.any_mounting)[:, None, None], any_rotations(count), turn)
    other = torch.rand(count) < settings.mirror if inertial and settings.mirror else None
    return _Worn(turn, other, draw_device(count, length, settings, rate) if inertial and settings.devices else None)


def augment_film(film: Tensor, settings: Augment) -> Tensor:
    """Crop, relight and (if allowed) mirror films (B, F, H, W, 3) uint8 at random, alike for all frames of a clip."""
    count, frames, height, width, _ = film.shape
    device = film.device
    pictures = film.to(torch.float32).permute(0, 1, 4, 2, 3).flatten(0, 1)  # (B F, 3, H, W)
    if settings.film_crop or settings.film_flip:
        zoom = 1 - torch.rand(count, device=device) * settings.film_crop
        shift = (torch.rand(count, 2, device=device) * 2 - 1) * (1 - zoom)[:, None]
        flip = 1 - 2 * ((torch.rand(count, device=device) < 0.5) & torch.tensor(settings.film_flip, device=device)).float()
        zero = torch.zeros_like(zoom)
        move = torch.stack([torch.stack([zoom * flip, zero, shift[:, 0]], 1), torch.stack([zero, zoom, shift[:, 1]], 1)], 1)
        grid = F.affine_grid(move.repeat_interleave(frames, 0), [count * frames, 3, height, width], align_corners=False)
        pictures = F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    if settings.film_light:
        contrast, brightness = torch.exp(torch.randn(2, count, device=device) * settings.film_light).repeat_interleave(frames, 1)[
            ..., None, None, None
        ]
        mean = pictures.mean(dim=(1, 2, 3), keepdim=True)
        pictures = ((pictures - mean) * contrast + mean) * brightness
    return pictures.clamp(0, 255).to(torch.uint8).unflatten(0, (count, frames)).permute(0, 1, 3, 4, 2)


def sensor_and_kind(name: str) -> tuple[str, str]:
    """ "watch_accelerometer" -> ("watch", "accelerometer"); "accelerometer" -> ("", "accelerometer"); a skeleton is its own sensor."""
    sensor, _, kind = name.rpartition("_")
    return ("skeleton" + sensor, kind) if kind == "skeleton" else (sensor, kind)


def augment_keypoints(keypoints: Tensor, angle_deg: float) -> Tensor:
    """Mirror half of the clips of keypoints (B, T, 51), swapping left and right names, and rotate all in the image plane.

    Arguments:
        angle_deg: standard deviation of the turn, about the image's upper left corner (the networks' features are independent of place).
    """
    x, y, score = keypoints.unflatten(2, (-1, 3)).unbind(dim=-1)
    flip = torch.rand(len(x), 1, 1, device=x.device) < 0.5
    x, y, score = (torch.where(flip, values[..., _MIRRORED_JOINTS], values) for values in (torch.where(flip, -x, x), y, score))
    angle = torch.randn(len(x), 1, 1, device=x.device) * (angle_deg * torch.pi / 180)
    turned = [angle.cos() * x - angle.sin() * y, angle.sin() * x + angle.cos() * y, score]
    return torch.stack(turned, dim=-1).flatten(2)


def random_rotations(count: int, angle_deg: float) -> Tensor:
    """Return rotations (count, 3, 3) about uniformly random axes by normal angles of the given standard deviation (Rodrigues)."""
    axis = F.normalize(torch.randn(count, 3), dim=1)
    angle = torch.randn(count, 1, 1) * (angle_deg * torch.pi / 180)
    x, y, z = axis.unbind(1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=1).view(count, 3, 3)
    return torch.eye(3) + angle.sin() * cross + (1 - angle.cos()) * (cross @ cross)


def scale_motion(acceleration: Tensor, sd: float) -> Tensor:
    """Scale the motion in (B, T, 3), its deviation from a half-second mean, per clip by exp(N(0, sd)); gravity stays."""
    if not sd:
        return acceleration
    return torch.lerp(moving_mean(acceleration.transpose(1, 2), LOWPASS).transpose(1, 2), acceleration, _log_normal(acceleration, sd))


def turn_orientation(quaternions: Tensor, turn: Tensor) -> Tensor:
    """Rotate orientations (B, T, 4; scalar first, sensor to world) of a turned sensor: v' = R v needs q' = q conj(r).

    Arguments:
        turn: (B, 3, 3) the rotation R that was applied to the sensor's vectors.
    """
    r = quaternion_of(turn)
    back = torch.cat([r[:, :1], -r[:, 1:]], dim=1)[:, None].expand_as(quaternions)
    a, b = quaternions, back
    scalar = a[..., :1] * b[..., :1] - (a[..., 1:] * b[..., 1:]).sum(-1, keepdim=True)
    vector = a[..., :1] * b[..., 1:] + b[..., :1] * a[..., 1:] + torch.linalg.cross(a[..., 1:], b[..., 1:])
    return torch.cat([scalar, vector], dim=-1)


def quaternion_of(turn: Tensor) -> Tensor:
    """Return unit quaternions (B, 4), scalar first, of rotations (B, 3, 3); q and -q are the same.

    From the largest component, of which the others follow without dividing by a small number (Shepperd 1978).
    """
    trace, diagonal = turn.diagonal(dim1=1, dim2=2).sum(1), turn.diagonal(dim1=1, dim2=2)
    w = (1 + trace).clamp(min=1e-6).sqrt() / 2
    odd = torch.stack([turn[:, 2, 1] - turn[:, 1, 2], turn[:, 0, 2] - turn[:, 2, 0], turn[:, 1, 0] - turn[:, 0, 1]], dim=1)
    found = torch.cat([w[:, None], odd / (4 * w[:, None])], dim=1)
    most = diagonal.argmax(dim=1)
    for axis in range(3):
        second, third = (axis + 1) % 3, (axis + 2) % 3
        size = (1 + 2 * diagonal[:, axis] - trace).clamp(min=1e-6).sqrt() / 2
        parts = {axis: size}
        parts |= {one: (turn[:, one, axis] + turn[:, axis, one]) / (4 * size) for one in (second, third)}
        other = torch.stack([odd[:, axis] / (4 * size), *(parts[i] for i in range(3))], dim=1)
        found = torch.where(((trace < 0) & (most == axis))[:, None], other, found)
    return found


def _scale_rotation(angular_velocity: Tensor, sd: float) -> Tensor:
    """Scale angular velocity per clip by exp(N(0, sd)): all of it is motion."""
    return angular_velocity * _log_normal(angular_velocity, sd) if sd else angular_velocity


def _log_normal(values: Tensor, sd: float) -> Tensor:
    """Return factors exp(N(0, sd)), (B, 1, 1)."""
    return torch.exp(torch.randn(len(values), 1, 1, device=values.device) * sd)


def _drop_clips(values: Tensor, drop: float) -> Tensor:
    """Zero clips with probability `drop`."""
    return values * (torch.rand(len(values), 1, 1, device=values.device) >= drop) if drop else values


def _scale(values: Tensor, sd: float) -> Tensor:
    return values * (1 + torch.randn(len(values), 1, 1, device=values.device) * sd)
