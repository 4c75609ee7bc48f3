"""Distillation losses: one small pure function each, registered beside its definition. The teacher's side never receives a gradient.

A loss says what it compares::

    @register("loss", "my-loss", compares="logits")                       # (B, C) student, (B, M, C) teachers, temperature
    @register("loss", "my-loss", compares="features", equal_width=True)   # (B, D) student, (B, D) teacher

The recipe's options of a term are further keyword arguments. equal_width: where the widths differ, the student's features are projected
to the teacher's first.

Shapes: B clips, C classes, D feature width, M teachers of an ensemble.
"""

from featherfall.losses.features import embedding_cosine, embedding_l2, feature_mse
from featherfall.losses.relational import dask, rkd_angle, rkd_distance
from featherfall.losses.soft import soft_targets, soft_targets_binary

__all__ = [
    "dask",
    "embedding_cosine",
    "embedding_l2",
    "feature_mse",
    "rkd_angle",
    "rkd_distance",
    "soft_targets",
    "soft_targets_binary",
]
