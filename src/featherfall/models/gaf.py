"""Gramian angular fields as a layer: `featherfall.gaf` inside a network, so that the exported graph takes raw sensor values."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from featherfall.signals.gaf import _CONSTANT_SPAN, MAX_SAMPLE, Method, check_options


class GAF(nn.Module):
    """(..., C, N) series -> (..., C, size, size) float32, or C + 1 with `magnitude`: the values of `featherfall.gaf` to 1e-5.

    Work per sample is in float64, as there. The layer has no parameters and passes no gradient to the series (at +-1, it is infinite).

    Arguments:
        size, method, range: as in `featherfall.gaf`.
        magnitude: one more channel, the length of the vectors of C components, as `featherfall.signals.gaf.with_magnitude`.
    Raises: `UserError` as `featherfall.gaf`.
    """

    def __init__(
        self,
        size: int | None = None,
        method: Method = "summation",
        range: tuple[float, float] | None = None,
        magnitude: bool = False,
    ) -> None:
        super().__init__()
        check_options(size, method, range)
        self.size, self.method, self.range, self.magnitude = size, method, range, magnitude

    def forward(self, series: Tensor) -> Tensor:
        """(..., C, N) -> (..., C (+ 1), size, size)."""
        values = series.detach().double()
        if self.magnitude:
            values = torch.cat([values, values.square().sum(dim=-2, keepdim=True).sqrt()], dim=-2)
        shape, length = values.shape[:-1], values.shape[-1]
        values = _interpolate_missing(values.reshape(-1, length), 0.0 if self.range is None else sum(self.range) / 2)
        x, s = self._polar(values, length)
        left = (x, -s) if self.method == "summation" else (s, -x)
        images = torch.stack(left, dim=-1) @ torch.stack((x, s), dim=-2)
        return images.reshape(*shape, *images.shape[1:])

    def _polar(self, values: Tensor, length: int) -> tuple[Tensor, Tensor]:
        """Map (K, N) -> cosines and sines of the angles, (K, size) float32 each."""
        size = length if self.size is None else self.size
        if self.range is not None:
            span = self.range[1] - self.range[0]
            values = values - self.range[0]
            if size != length:
                values = _segment_means(values, size)
            share = (values / span).clamp(0, 1)
            rest = ((span - values) / span).clamp(0, 1)
        else:
            values = values - values.amin(dim=1, keepdim=True)
            before = high = values.amax(dim=1, keepdim=True)
            if size != length:
                values = _segment_means(values, size)
                values = values - values.amin(dim=1, keepdim=True)
                high = values.amax(dim=1, keepdim=True)
            flat = high <= _CONSTANT_SPAN * before
            safe = torch.where(flat, 1.0, high)
            share = torch.where(flat, 0.5, values / safe)
            rest = torch.where(flat, 0.5, (high - values) / safe)
        return (share - rest).float(), (2 * (share * rest).sqrt()).float()


def _segment_means(values: Tensor, size: int) -> Tensor:
    """Map (K, N) -> (K, size): means over equal segments of time, by running sums, as in `featherfall.signals.gaf`."""
    length = values.shape[1]
    border = torch.arange(size + 1, device=values.device) * length
    whole, share = border // size, (border % size).to(values.dtype) / size
    sums = F.pad(values.cumsum(dim=1), (1, 0))
    upto = sums[:, whole] + share * values[:, whole.clamp(max=length - 1)]
    return (upto[:, 1:] - upto[:, :-1]) * (size / length)


def _interpolate_missing(values: Tensor, filler: float) -> Tensor:
    """Return (K, N): missing samples interpolated between neighbours, held at the ends; `filler` where all are missing.

    The last sample seen before each and the first after are running maxima: a max pooling, which every exporter knows.
    """
    length = values.shape[1]
    seen = values.abs() <= MAX_SAMPLE  # False for NaN
    at = torch.arange(length, dtype=values.dtype, device=values.device).expand_as(values)
    before = F.max_pool1d(F.pad(torch.where(seen, at, -1.0), (length - 1, 0), value=-1.0)[:, None], length, 1)[:, 0]
    after = -F.max_pool1d(F.pad(torch.where(seen, -at, -float(length)), (0, length - 1), value=-float(length))[:, None], length, 1)[:, 0]
    left = torch.where(before < 0, after, before).clamp(max=length - 1)
    right = torch.where(after >= length, before, after).clamp(min=0)
    clean = torch.where(seen, values, filler)
    start, stop = clean.gather(1, left.long()), clean.gather(1, right.long())
    return start + (stop - start) * ((at - left) / (right - left).clamp(min=1))
