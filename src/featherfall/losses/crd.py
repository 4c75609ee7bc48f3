"""CRD: a clip's embeddings belong together, those of other clips do not."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from featherfall.core.registry import register
from featherfall.losses.shapes import Shapes


@register("loss", "crd", compares="features", needs=["index"], weight=0.8)
class ContrastiveRepresentation(nn.Module):
    """Noise-contrastive loss of student anchors against remembered teacher embeddings, plus teacher anchors against the student's.

    Both sides are projected to `width` and scaled to length 1. A memory holds a moving average of every training clip's.

    Arguments:
        negatives: other clips that each is told from; at most all of them.
        temperature: of the dot products. momentum: of the memory.
    Source: Tian, Krishnan, Isola 2020, arXiv 1910.10699; 16,384 negatives there.
    """

    def __init__(self, shapes: Shapes, width: int = 128, negatives: int = 1024, temperature: float = 0.07, momentum: float = 0.5) -> None:
        super().__init__()
        self.student, self.teacher = nn.Linear(shapes.student[0], width), nn.Linear(shapes.teacher[0], width)
        self.negatives, self.temperature, self.momentum = min(negatives, shapes.clips - 1), temperature, momentum
        for name in ("students", "teachers"):
            self.register_buffer(name, F.normalize(torch.randn(shapes.clips, width), dim=1))
        self.register_buffer("scales", torch.zeros(2))  # of both sides: the mean of exp(dot / temperature), set by the first batch

    def forward(self, student: Tensor, teacher: Tensor, index: Tensor) -> Tensor:
        """(B, D_s), (B, D_t), (B,) numbers of the training clips -> ()."""
        mine, theirs = F.normalize(self.student(student), dim=1), F.normalize(self.teacher(teacher.detach()), dim=1)
        memories: list[Tensor] = [self.students, self.teachers]  # type: ignore[list-item]
        count = len(memories[0])
        others = (index[:, None] + 1 + torch.randint(count - 1, (len(index), self.negatives)).to(index.device)) % count
        loss = self._contrast(0, mine, memories[1], index, others) + self._contrast(1, theirs, memories[0], index, others)
        with torch.no_grad():
            for memory, fresh in zip(memories, (mine, theirs), strict=True):
                memory[index] = F.normalize(self.momentum * memory[index] + (1 - self.momentum) * fresh, dim=1)
        return loss

    def _contrast(self, side: int, anchors: Tensor, memory: Tensor, index: Tensor, others: Tensor) -> Tensor:
        own = (anchors * memory[index]).sum(dim=1, keepdim=True)
        foreign = torch.einsum("bd,bkd->bk", anchors, memory[others])
        values = (torch.cat([own, foreign], dim=1) / self.temperature).exp()
        scales: Tensor = self.scales  # type: ignore[assignment]
        if scales[side] == 0:
            scales[side] = values.detach().mean()
        return told_apart(values / (scales[side] * len(memory)), self.negatives / len(memory))


def told_apart(values: Tensor, noise: float) -> Tensor:
    """Return the noise-contrastive loss of values (B, 1 + K), the clip's own first, averaged over B.

    -log(v_0 / (v_0 + noise)) - sum over k of log(noise / (v_k + noise)); noise: K times the chance of a clip to be drawn.
    """
    own, others = values[:, 0], values[:, 1:]
    return (-(own / (own + noise)).log() - (noise / (others + noise)).log().sum(dim=1)).mean()
