"""Distillation losses: one small pure function each. The teacher's side never receives a gradient.

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
