"""Views of films: the same warps and blends as for the sensors of a clip, on frames that are decoded batch by batch.

Shapes: V views, N clips, B batch, F pictures of H x H pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from featherfall.clips.films import FilmClips
from featherfall.training.views import ViewPlan, Views


@dataclass(frozen=True, eq=False)
class FilmViews:
    """One film input of N clips in V views.

    Attributes:
        first, second: (V, N, F) numbers of the pictures that are shown; `second` where another clip is blended in.
        share: (V, N, F) float32, of `second`; 0 where there is none.
    """

    film: FilmClips
    first: np.ndarray
    second: np.ndarray
    share: np.ndarray

    @property
    def views(self) -> int:
        """Number of views, V."""
        return len(self.first)

    def take(self, index: Tensor, view: Tensor) -> Tensor:
        """Return frames (B, F, H, H, 3) uint8 of clips `index` (B,) in the views `view` (B,), on their device."""
        at = (view.cpu().numpy(), index.cpu().numpy())
        share = self.share[at][..., None, None, None]
        if not share.any():
            return torch.from_numpy(self.film.pictures(self.first[at])).to(index.device)
        both = self.film.pictures(np.stack([self.first[at], np.where(self.share[at] > 0, self.second[at], self.first[at])]))
        mixed = both[0] * (1 - share) + both[1] * share
        return torch.from_numpy(np.round(mixed).astype(np.uint8)).to(index.device)

    def select(self, keep: np.ndarray) -> FilmViews:
        """Return only some of the clips; keep: (N,) bool, or their numbers."""
        return FilmViews(self.film, self.first[:, keep], self.second[:, keep], self.share[:, keep])


def film_views(film: FilmClips, index: np.ndarray, views: Views, numbers: Sequence[int]) -> FilmViews:
    """Return the views of these numbers of the clips `index`."""
    rows = film.index[index]
    shown = [_view_pictures(rows, views.plan(number), views.length) for number in numbers]
    return FilmViews(film, *(np.stack(parts) for parts in zip(*shown, strict=True)))


def _view_pictures(rows: np.ndarray, plan: ViewPlan, length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return first, second and share (N, F) of one view; rows: (N, F) frames as recorded."""
    first = _warp_pictures(rows, plan.first, length)
    second, share = first, np.zeros(first.shape, np.float32)
    if plan.partner is not None and plan.share is not None:
        second = _warp_pictures(rows, plan.second, length)[plan.partner]
        share = plan.share[:, _picture_middles(first.shape[1], length)].astype(np.float32)
    if plan.backwards:
        return first[:, ::-1], second[:, ::-1], share[:, ::-1]
    return first, second, share


def _warp_pictures(rows: np.ndarray, positions: np.ndarray | None, length: int) -> np.ndarray:
    """Return the frames nearest to the warped positions (N, T), in samples, of the frames' own middles."""
    if positions is None:
        return rows
    frames = rows.shape[1]
    wanted = positions[:, _picture_middles(frames, length)]
    chosen = np.clip((wanted + 0.5) * frames / length, 0, frames - 1).astype(np.int64)
    return np.take_along_axis(rows, chosen, axis=1)


def _picture_middles(frames: int, length: int) -> np.ndarray:
    """Return the sample (F,) in the middle of each frame's part of the window."""
    return ((np.arange(frames) + 0.5) * length / frames).astype(np.int64)
