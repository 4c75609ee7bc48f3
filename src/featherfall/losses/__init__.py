"""Distillation losses: one file each, registered beside its definition. The teacher's side never receives a gradient.

A loss is a pure function, or a `torch.nn.Module` where it has parameters or a memory of its own, which are trained with the student and
discarded afterwards::

    @register("loss", "my-loss", compares="logits")         # f(student (B, C), teachers (B, M, C), temperature=..., **options)
    @register("loss", "my-loss", compares="features")       # f(student (B, D_s), teacher (B, D_t), **options)
    class MyLoss(nn.Module):                                # MyLoss(shapes, **options), called like the function

Facts of a loss, all but `compares` optional:

- equal_width: where the widths differ, the student's features are projected to the teacher's first.
- takes: of features, "vectors" (the default; maps are flattened), "maps" (B, channels, positions...) only, or "any".
- needs: fields of a batch that are passed as keyword arguments: "labels" (B,), -1 where a clip has none; "index" (B,) of its clips.
- least_classes, least_teachers: below which the loss is degenerate, as one of maps is on vectors; why: the reason, for the message.
- weight: the published weight of the term beside cross-entropy.

The recipe's options of a term are further keyword arguments.

Shapes: B clips, C classes, D feature width, M teachers of an ensemble.
"""

from featherfall.losses.ab import ActivationBoundary
from featherfall.losses.at import attention_transfer
from featherfall.losses.cc import correlation_congruence
from featherfall.losses.comodo import EmbeddingQueue
from featherfall.losses.cosine import embedding_cosine
from featherfall.losses.crd import ContrastiveRepresentation
from featherfall.losses.dask import dask
from featherfall.losses.dist import correlated
from featherfall.losses.dkd import decoupled
from featherfall.losses.fitnet import FitNet
from featherfall.losses.ft import FactorTransfer
from featherfall.losses.l2 import embedding_l2
from featherfall.losses.mse import feature_mse
from featherfall.losses.multi_teacher import confident_teachers
from featherfall.losses.nst import neuron_selectivity
from featherfall.losses.pkt import probabilistic_knowledge_transfer
from featherfall.losses.rkd import rkd_angle, rkd_distance
from featherfall.losses.soft import soft_targets
from featherfall.losses.soft_binary import soft_targets_binary
from featherfall.losses.sp import similarity_preserving
from featherfall.losses.vid import VariationalInformation

__all__ = [
    "ActivationBoundary",
    "ContrastiveRepresentation",
    "EmbeddingQueue",
    "FactorTransfer",
    "FitNet",
    "VariationalInformation",
    "attention_transfer",
    "confident_teachers",
    "correlated",
    "correlation_congruence",
    "dask",
    "decoupled",
    "embedding_cosine",
    "embedding_l2",
    "feature_mse",
    "neuron_selectivity",
    "probabilistic_knowledge_transfer",
    "rkd_angle",
    "rkd_distance",
    "similarity_preserving",
    "soft_targets",
    "soft_targets_binary",
]
