"""What may happen around a movement: the recording's ends, another activity afterwards, knocks of the hand.

Staged recordings show a fall, then stillness, then the end. A network that learns from them takes stillness, and the held value beyond an
end, for a sign of falls, and every hard knock as well. Shapes: B clips, T samples. Randomness comes from torch's global generator; what is
off draws nothing.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from featherfall.core.training_settings import Augment
from featherfall.training.augment import sensor_and_kind

NO_FALL = 0  # the class of clips without a fall where labels are by fall, see `clips.labels.classes`
FIRST_END = 0.3  # a recording begins at most this share of the window late, which leaves the time before an impact at a third of it
LAST_END = 0.43  # and ends at this share at the earliest
OTHER_FROM = (0.53, 0.97)  # shares of the window between which another activity begins
FADE_S = 0.16  # one activity goes over into the other
KNOCKS = 8  # at most
KNOCK_G = (1.0, 9.0)  # of the peak, log-uniform; watches clip above
KNOCK_HZ = (4.0, 22.0)  # of the hand's ringing: below, it would be a movement; above, a watch's filter removes it
KNOCK_DECAY_S = (0.015, 0.07)
KNOCK_RISE_S = 0.012
KNOCK_EVERY_S = (0.25, 1.2)  # clapping to knocking at a door


def disturb(clip: dict[str, Tensor], labels: Tensor, settings: Augment, rate: float) -> dict[str, Tensor]:
    """Return a copy of a batch's sensors with other ends, other activities afterwards, and knocks, as the settings state.

    Arguments:
        clip: {name: (B, T, C)}; flags ("present:...") are copied. labels: (B,). rate: of the samples, Hz.
    """
    if not settings.disturbs:
        return clip
    out = dict(clip)
    sensors = {name: values for name, values in clip.items() if not name.startswith("present:")}
    count, length = next(iter(sensors.values())).shape[:2]
    if settings.knocks:
        chosen = (torch.rand(count) < settings.knocks).to(labels.device) & (labels == NO_FALL)
        for name in sensors:
            if sensor_and_kind(name)[1] == "accelerometer":
                out[name] = out[name] + draw_knocks(out[name], rate) * chosen[:, None, None]
    if settings.other_after:
        partner = torch.randperm(count)
        begin = torch.rand(count) * (OTHER_FROM[1] - OTHER_FROM[0]) + OTHER_FROM[0]
        begin = torch.where(torch.rand(count) < settings.other_after, begin * length, torch.inf)
        for flags in (clip[name] for name in clip if name.startswith("present:")):
            begin = torch.where((flags == flags[partner]).cpu(), begin, torch.inf)  # a clip without a sensor cannot go on with it
        for name in sensors:
            out[name] = go_on(out[name], out[name][partner], begin.to(out[name]), FADE_S * rate)
    if settings.cut_ends:
        first = torch.where(torch.rand(count) < settings.cut_ends, torch.rand(count) * FIRST_END * length, 0.0)
        last = torch.where(torch.rand(count) < settings.cut_ends, (LAST_END + torch.rand(count) * (1 - LAST_END)) * length, torch.inf)
        for name in sensors:
            out[name] = hold_ends(out[name], first.to(out[name]), last.to(out[name]))
    return out


def hold_ends(values: Tensor, first: Tensor, last: Tensor) -> Tensor:
    """Return (B, T, C) with the value at sample `first` held before it, and that at `last` held after it; (B,) each, rounded down."""
    at = torch.arange(values.shape[1], device=values.device)
    place = torch.minimum(torch.maximum(at, first.floor()[:, None]), last.floor()[:, None])
    return values.gather(1, place.long()[..., None].expand_as(values))


def go_on(values: Tensor, others: Tensor, begin: Tensor, fade: float) -> Tensor:
    """Return (B, T, C) that go over into `others` from sample `begin` (B,) on, within `fade` samples."""
    at = torch.arange(values.shape[1], device=values.device)
    share = ((at - begin[:, None]) / fade).clamp(0, 1)[..., None]
    return torch.lerp(values, others, share)


def draw_knocks(acceleration: Tensor, rate: float) -> Tensor:
    """Return random knocks (B, T, 3), in g, to add to clips: one at each clip's highest peak, as a trigger sees it, more around it."""
    count, length, _ = acceleration.shape
    peak = acceleration.norm(dim=2).argmax(dim=1).cpu() / rate
    steps = torch.arange(KNOCKS) - torch.randint(KNOCKS, (count, 1))  # (B, KNOCKS): knocks before and after the first
    number = torch.randint(KNOCKS, (count, 1))
    start = peak[:, None] + steps * _between(KNOCK_EVERY_S, count, 1) + torch.randn(count, KNOCKS) * 0.03
    size = torch.exp(_between((torch.tensor(KNOCK_G[0]).log().item(), torch.tensor(KNOCK_G[1]).log().item()), count, KNOCKS))
    size = size * ((steps == 0) | (torch.arange(KNOCKS) < number))
    direction = F.normalize(torch.randn(count, KNOCKS, 3), dim=2)
    shape = knock(torch.arange(length) / rate - start[..., None], _between(KNOCK_DECAY_S, count, KNOCKS), _between(KNOCK_HZ, count, KNOCKS))
    return torch.einsum("bkt,bkc->btc", shape * size[..., None], direction).to(acceleration)


def knock(since_s: Tensor, decay_s: Tensor, hz: Tensor) -> Tensor:
    """Return a knock of height 1, (..., T): a rise to 1 at second 0, then exp(-t / decay) cos(2 pi f t). decay_s, hz: (...)."""
    after, rise = since_s.clamp(min=0), torch.exp(since_s.clamp(max=0) / KNOCK_RISE_S)
    ringing = torch.exp(-after / decay_s[..., None]) * torch.cos(2 * torch.pi * hz[..., None] * after)
    return torch.where(since_s < 0, rise, ringing)


def _between(ends: tuple[float, float], *shape: int) -> Tensor:
    return torch.rand(*shape) * (ends[1] - ends[0]) + ends[0]
