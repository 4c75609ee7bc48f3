"""What another device would have recorded of the same movement: rate, range, resolution, lost packets, the other wrist, any mounting.

Shapes: B clips, T samples. All functions are pure but `draw_device` and the draws of mountings, which use torch's global generator. What is
off draws nothing, so that recipes without these settings see the same random numbers as ever.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from featherfall.core.training_settings import FULL_SCALES_G, Augment

PACKET_S = (0.1, 1.0)  # length of a lost packet; watches send 4 to 50 samples at once
MIRROR = (-1.0, 1.0, 1.0)  # a watch's x axis lies along the forearm: to the hand on one wrist, to the elbow on the other


@dataclass(frozen=True)
class Device:
    """One device for each of B clips; None for what all devices share.

    Attributes:
        step: (B,) samples of the clip between two of the device, at least 1. phase: (B,) in [0, 1) steps, when its first is due.
        full_scale: (B,) g, infinite for no limit. resolution: (B,) g, 0 for exact values.
        lost: (B, T) bool, samples that never arrived.
    """

    step: Tensor | None = None
    phase: Tensor | None = None
    full_scale: Tensor | None = None
    resolution: Tensor | None = None
    lost: Tensor | None = None


def draw_device(count: int, length: int, settings: Augment, rate: float) -> Device:
    """Draw a device for each of `count` clips of `length` samples at `rate` Hz. Each difference is drawn with `settings.device_share`."""

    def uniform() -> Tensor:
        return torch.rand(count)

    def chosen() -> Tensor:
        return torch.rand(count) < settings.device_share

    step = phase = full_scale = resolution = lost = None
    if settings.rate_hz:
        low, high = (torch.tensor(end).log() for end in settings.rate_hz)
        step = (rate / torch.exp(low + (high - low) * uniform())).clamp(min=1.0)
        step, phase = torch.where(chosen(), step, 1.0), uniform()
    if settings.range_g:
        scales = torch.tensor([scale for scale in FULL_SCALES_G if settings.range_g[0] <= scale <= settings.range_g[1]])
        full_scale = torch.where(chosen(), scales[torch.randint(len(scales), (count,))], torch.inf)
    if settings.resolution_g:
        resolution = torch.where(chosen(), uniform() * settings.resolution_g, 0.0)
    if settings.packet_loss:
        share = torch.where(chosen(), uniform() * settings.packet_loss, 0.0)
        packet = (PACKET_S[0] + (PACKET_S[1] - PACKET_S[0]) * uniform()) * rate
        number = ((torch.arange(length) + (uniform() * packet)[:, None]) / packet[:, None]).long()  # (B, T): which packet
        dropped = torch.rand(count, int(number.max()) + 1) < share[:, None]
        lost = dropped.gather(1, number)
    return Device(step, phase, full_scale, resolution, lost)


def as_recorded(values: Tensor, device: Device, *, acceleration: bool) -> Tensor:
    """Return what the devices would have recorded of clips (B, T, C). acceleration: in g, to which range and resolution apply."""
    if acceleration and device.full_scale is not None:
        values = clip_range(values, device.full_scale.to(values))
    if acceleration and device.resolution is not None:
        values = round_to_steps(values, device.resolution.to(values))
    if device.step is not None and device.phase is not None:
        values = sampled_every(values, device.step.to(values), device.phase.to(values))
    return values if device.lost is None else bridge(values, device.lost.to(values.device))


def clip_range(values: Tensor, full_scale: Tensor) -> Tensor:
    """Clip the axes of (B, T, C) at +- full_scale (B,)."""
    limit = full_scale[:, None, None]
    return torch.minimum(torch.maximum(values, -limit), limit)


def round_to_steps(values: Tensor, step: Tensor) -> Tensor:
    """Round (B, T, C) to whole multiples of step (B,); 0 leaves them as they are."""
    size = step[:, None, None]
    return torch.where(size > 0, torch.round(values / size.clamp(min=1e-9)) * size, values)


def sampled_every(values: Tensor, step: Tensor, phase: Tensor) -> Tensor:
    """Sample (B, T, C) every `step` samples from `phase` steps on, and join the samples by straight lines, as a recording is resampled.

    Before the first and after the last of them the values are held. A step of 1 leaves a clip as it is, whatever the phase.

    Arguments:
        step: (B,) at least 1. phase: (B,) in [0, 1).
    """
    length = values.shape[1]
    first = (step * phase)[:, None]
    place = (torch.arange(length, device=values.device) - first) / step[:, None]
    last = ((length - 1 - first) / step[:, None]).floor().clamp(min=0)
    place = torch.minimum(place.clamp(min=0), last)
    whole = torch.minimum(place.floor(), (last - 1).clamp(min=0))
    before, after = (_read(values, first + (whole + k) * step[:, None]) for k in (0, 1))
    coarse = torch.lerp(before, after, (place - whole)[..., None])
    return torch.where((step > 1)[:, None, None], coarse, values)


def bridge(values: Tensor, lost: Tensor) -> Tensor:
    """Replace lost samples of (B, T, C) as resampling does: a straight line between those around; at the ends the nearest is held.

    Arguments:
        lost: (B, T) bool. A clip that lost all its samples is left as it is.
    """
    count, length = lost.shape
    at = torch.arange(length, device=values.device).expand(count, length)
    before = torch.where(lost, -1, at).cummax(dim=1).values
    after = torch.where(lost, length, at).flip(1).cummin(dim=1).values.flip(1)
    empty = lost.all(dim=1, keepdim=True)
    first, second = torch.where(before < 0, after, before), torch.where(after >= length, before, after)
    first, second = (torch.where(empty, at, one) for one in (first, second))
    share = (at - first).to(values) / (second - first).clamp(min=1)
    left, right = (values.gather(1, one[..., None].expand_as(values)) for one in (first, second))
    return torch.where((lost & ~empty)[..., None], torch.lerp(left, right, share[..., None]), values)


def any_rotations(count: int) -> Tensor:
    """Return rotations (count, 3, 3), uniform over all there are: of random unit quaternions (Shoemake 1992)."""
    w, x, y, z = F.normalize(torch.randn(count, 4), dim=1).unbind(1)
    rows = [
        torch.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], dim=1),
        torch.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], dim=1),
        torch.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], dim=1),
    ]
    return torch.stack(rows, dim=1)


def mirrored(kind: str, values: Tensor, chosen: Tensor) -> Tensor:
    """Return the chosen clips of an inertial input as the other wrist would record them, the person seen in a mirror.

    Acceleration keeps its mirror image: x is reversed. Angular velocity turns the other way as well: y and z are reversed. An orientation
    (scalar first) turns about the mirrored axis: its y and z are reversed, and up stays up.

    Arguments:
        kind: "accelerometer", "gyroscope" or "orientation". chosen: (B,) bool.
    """
    signs = torch.tensor(MIRROR, device=values.device, dtype=values.dtype)
    if kind == "gyroscope":
        signs = -signs
    elif kind == "orientation":
        signs = torch.cat([signs.new_ones(1), -signs])
    return torch.where(chosen.to(values.device)[:, None, None], values * signs, values)


def _read(values: Tensor, positions: Tensor) -> Tensor:
    """Return (B, T, C) at fractional positions (B, M), linear between samples; beyond the ends the first and last are held."""
    length = values.shape[1]
    positions = positions.clamp(0, length - 1)
    left = positions.floor().clamp(max=length - 2).long()
    wide = left[..., None].expand(*left.shape, values.shape[2])
    return torch.lerp(values.gather(1, wide), values.gather(1, wide + 1), (positions - left)[..., None])
