"""COMODO: similarities to a queue of the teacher's embeddings."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.losses.shapes import Shapes


@register("loss", "comodo", compares="features", weight=1.0)
class EmbeddingQueue(nn.Module):
    """Cross-entropy of the similarity distributions of both to a queue Q: -sum softmax(z_T Q / t) log softmax(z_S Q / s), averaged.

    z: embeddings scaled to length 1, the student's after a linear projection to the teacher's width. The batch's teacher embeddings enter
    the queue first, in place of the oldest ones. No labels are needed.

    Arguments:
        size: of the queue; it must be smaller than the set, else it holds the clip itself in old views.
        teacher_temperature, student_temperature: t and s.
    Source: Chen et al. 2025, "COMODO", arXiv 2503.07259; SEED, Fang et al. 2021, arXiv 2101.04731.
    """

    def __init__(self, shapes: Shapes, size: int = 256, teacher_temperature: float = 0.1, student_temperature: float = 0.05) -> None:
        super().__init__()
        if size >= shapes.clips:
            raise UserError(
                f"distillation term 'comodo': a queue of {size} embeddings is not smaller than the set of {shapes.clips} clips; lower it, "
                f"e.g. options: {{size: {max(2, shapes.clips // 2)}}}"
            )
        self.projector = nn.Linear(shapes.student[0], shapes.teacher[0])
        self.temperatures = teacher_temperature, student_temperature
        self.register_buffer("queue", torch.zeros(size, shapes.teacher[0]))
        self.register_buffer("entered", torch.zeros((), dtype=torch.int64))

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """(B, D_s), (B, D_t) -> ()."""
        theirs, mine = F.normalize(teacher.detach(), dim=1), F.normalize(self.projector(student), dim=1)
        known = self._enter(theirs)
        p = F.softmax(theirs @ known.T / self.temperatures[0], dim=1)
        return -(p * F.log_softmax(mine @ known.T / self.temperatures[1], dim=1)).sum(dim=1).mean()

    @torch.no_grad()
    def _enter(self, fresh: Tensor) -> Tensor:
        """Put (B, D) embeddings into the queue; return what it holds, (up to size, D)."""
        queue: Tensor = self.queue  # type: ignore[assignment]
        fresh = fresh[-len(queue) :]
        at = (self.entered + torch.arange(len(fresh), device=queue.device)) % len(queue)  # type: ignore[operator]
        queue[at] = fresh
        self.entered += len(fresh)  # type: ignore[operator, assignment]
        return queue[: int(self.entered)].clone()  # type: ignore[arg-type]
