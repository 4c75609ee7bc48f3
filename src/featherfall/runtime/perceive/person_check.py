"""Ask a second network whether somebody is a person: one network's mistakes in furniture are seldom the other's, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from featherfall.runtime.perceive.boxes import overlap
from featherfall.runtime.perceive.pose import Pose

SAME_PERSON = 0.3  # IoU of the two networks' boxes of one person: joints of arms and legs differ, a box beside it shares nothing


class FindsPeople(Protocol):
    """A network that finds all people of a picture at once, and remembers none."""

    def estimate(self, image: np.ndarray) -> list[Pose]:
        """Return the people in a picture, (H, W, 3) uint8 RGB."""


class PersonCheck:
    """Confirm people by a network that did not find them.

    Attributes:
        looks: pictures that it has looked at.
    """

    def __init__(self, network: FindsPeople) -> None:
        self._network = network
        self.looks = 0

    def confirm(self, image: np.ndarray, poses: Sequence[Pose]) -> list[bool]:
        """Return of each pose whether the network finds a person there, too."""
        self.looks += 1
        boxes = np.array([pose.box for pose in self._network.estimate(image)], np.float64).reshape(-1, 4)
        return [bool((overlap(pose.box, boxes) >= SAME_PERSON).any()) for pose in poses]
