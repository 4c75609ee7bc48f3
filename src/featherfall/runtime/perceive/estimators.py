"""Pose estimators by name."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from featherfall.core.registry import find
from featherfall.runtime.perceive.motion import MotionEstimator
from featherfall.runtime.perceive.pose import Estimator


class MakeEstimator(Protocol):
    """What is registered as an estimator, by name: `@register("estimator", "movenet")`."""

    def __call__(self, weights: str | Path | None, folder: str | Path | None, threads: int) -> Estimator:
        """Open it; arguments and errors as `open_estimator`."""


def open_estimator(
    name: str = "several",
    weights: str | Path | None = None,
    folder: str | Path | None = None,
    threads: int = 1,
) -> Estimator:
    """Open a registered estimator whose poses also hold the change of the picture (`runtime.perceive.motion`).

    Open one for each film, or call `reset` between films.

    Arguments:
        name: of the estimator: "several", "checked", "one", "multipose", "mediapipe", or a plugin's.
        weights: the name of known ones (`weights.KNOWN`), or a path. None takes those that the estimator knows; some know none.
        folder: where known weights lie, see `weights.find_weights`.
        threads: of the network.
    Raises: `UserError` for an unknown name, absent or altered weights, and where the package that runs them is not installed.
    """
    make: MakeEstimator = find("estimator", name)
    return MotionEstimator(make(weights, folder, threads))
