"""InceptionTime: Ismail Fawaz et al. 2020, arXiv 1909.04939, in PyTorch (aeon's needs TensorFlow).

The network is the published one: six modules of a bottleneck, three parallel convolutions and a pooled branch, with a shortcut around
every three. Kernels have 39, 19 and 9 samples, odd ones in place of 40, 20 and 10. Differences: one network of the published ensemble of
five, and as many steps and clips as the student gets, with a learning rate that falls to 0, in place of 1,500 epochs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

KERNELS, DEPTH, FILTERS = (39, 19, 9), 6, 32


class InceptionModule(nn.Module):
    """(B, C, L) -> (B, 4 `filters`, L)."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.bottleneck = nn.Conv1d(channels, filters, 1, bias=False)
        self.convolutions = nn.ModuleList(nn.Conv1d(filters, filters, size, padding=size // 2, bias=False) for size in KERNELS)
        self.pooled = nn.Conv1d(channels, filters, 1, bias=False)
        self.norm = nn.BatchNorm1d(4 * filters)

    def forward(self, x: Tensor) -> Tensor:
        narrow = self.bottleneck(x)
        parts = [convolution(narrow) for convolution in self.convolutions]
        return F.relu(self.norm(torch.cat([*parts, self.pooled(F.max_pool1d(x, 3, 1, 1))], dim=1)))


class InceptionTime(nn.Module):
    """(B, C, L) -> (B,) logits of a fall."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        width = 4 * filters
        self.blocks = nn.ModuleList(InceptionModule(channels if i == 0 else width, filters) for i in range(DEPTH))
        self.shortcuts = nn.ModuleList(
            nn.Sequential(nn.Conv1d(channels if i == 0 else width, width, 1, bias=False), nn.BatchNorm1d(width)) for i in range(DEPTH // 3)
        )
        self.head = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        begin = x
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i % 3 == 2:
                x = F.relu(x + self.shortcuts[i // 3](begin))
                begin = x
        return self.head(x.mean(dim=2))[:, 0]


@dataclass(frozen=True, eq=False)
class FittedNetwork:
    """A trained network with the mean and sd (channels,) of its training windows."""

    network: InceptionTime
    mean: Tensor
    sd: Tensor

    def predict(self, x: np.ndarray) -> np.ndarray:
        from peer_models import with_magnitude

        with torch.inference_mode():
            parts = [
                self.network((torch.from_numpy(with_magnitude(part)) - self.mean) / self.sd)
                for part in np.split(x, range(256, len(x), 256))
            ]
        return torch.sigmoid(torch.cat(parts)).numpy().astype(np.float64)


def fit_network(x: np.ndarray, falls: np.ndarray, weights: np.ndarray, steps: int, batch: int, seed: int) -> FittedNetwork:
    """Train on (N, C, L) windows with weighted cross-entropy; Adam and its learning rate of 1e-3 as published."""
    torch.manual_seed(seed)
    values = torch.from_numpy(x)
    mean, sd = (statistic(values, dim=(0, 2)).reshape(1, -1, 1) for statistic in (torch.mean, torch.std))
    network = InceptionTime(x.shape[1], FILTERS)
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    truth, importance = torch.from_numpy(falls.astype(np.float32)), torch.from_numpy(weights.astype(np.float32))
    order = torch.cat([torch.randperm(len(values)) for _ in range(-(-steps * batch // len(values)))])
    for step in range(steps):
        index = order[step * batch : (step + 1) * batch]
        loss = F.binary_cross_entropy_with_logits(network((values[index] - mean) / sd), truth[index], importance[index])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return FittedNetwork(network.eval(), mean, sd)
