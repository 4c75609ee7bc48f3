"""What teachers say of the clips of a batch: computed once, or on every batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from featherfall.models.taps import tap_features
from featherfall.training.data import Batch

Outputs = tuple[Tensor, Mapping[str, Tensor]]  # logits, and features by tap
Shape = tuple[int, ...]  # of one clip's features


@dataclass(frozen=True, eq=False)
class TeacherOutputs:
    """The teachers' outputs for every view of every training clip that is in some batch, computed once; NaN for the others.

    logits: (V, N, M, classes). features: {tap: (V, N, D), or (V, N, channels, positions...)} of the first teacher.
    """

    logits: Tensor
    features: dict[str, Tensor]

    @property
    def shapes(self) -> dict[str, Shape]:
        """Shape of a clip's features by tap."""
        return {name: tuple(values.shape[2:]) for name, values in self.features.items()}

    @property
    def members(self) -> int:
        """Number of teachers, M."""
        return self.logits.shape[2]

    def heard(self) -> np.ndarray:
        """Return (N,) bool: the clips of which the teachers say something in every view; a bundle may see nothing of some."""
        heard: np.ndarray = (~self.logits.isnan()).flatten(2).all(dim=2).all(dim=0).numpy()
        return heard

    def only(self, clips: np.ndarray) -> TeacherOutputs:
        """Return the outputs for some of the clips, (N,) bool."""
        keep = torch.from_numpy(clips)
        return TeacherOutputs(self.logits[:, keep], {name: values[:, keep] for name, values in self.features.items()})

    def over_views(self, labelled: int) -> TeacherOutputs:
        """Return the outputs with each clip's logits in views 0 .. labelled - 1 replaced by the logarithm of their mean probability.

        Views without outputs (NaN) take no part.
        """
        mean = self.logits[:labelled].softmax(dim=-1).nanmean(dim=0).log()
        return TeacherOutputs(torch.cat([mean.expand(labelled, *mean.shape), self.logits[labelled:]]), self.features)

    def outputs(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the (B, M, classes) logits and {tap: (B, ...)} features of a batch."""
        at = (batch.view.cpu(), batch.index.cpu())
        device, logits = batch.labels.device, self.logits[at]
        assert not logits.isnan().any(), "the teachers' outputs of a view in the batch were not computed; see stages.write_teacher_outputs"
        return logits.to(device), {name: values[at].to(device) for name, values in self.features.items()}


@dataclass(frozen=True, eq=False)
class LiveTeachers:
    """Trained teachers that run on every batch as it is augmented for the student; features are the first one's.

    shapes: of a clip's features by tap.
    """

    networks: Sequence[nn.Module]
    shapes: dict[str, Shape]

    @property
    def members(self) -> int:
        """Number of teachers."""
        return len(self.networks)

    @torch.no_grad()
    def outputs(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """As `TeacherOutputs.outputs`."""
        with tap_features(self.networks[0], list(self.shapes)) as features:
            logits = [network.to(batch.labels.device)(batch.clip).float() for network in self.networks]
        return torch.stack(logits, dim=1), dict(features)
