"""MoveNet MultiPose (Lightning; Google 2021): up to six people in one run of the network."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.runtime.perceive.crop import Region, cut, whole
from featherfall.runtime.perceive.litert import open_net, opening
from featherfall.runtime.perceive.pose import Estimator, Pose, check_picture, make_pose
from featherfall.runtime.perceive.weights import STATED, stated_weights

MAX_PEOPLE, VALUES = 6, 56  # of the output: 17 joints of (down, right, score), then the box and its score
MIN_PERSON_SCORE = 0.3  # score of a person, as the model card recommends
_MULTIPLE = 32  # pixels; the input's side must be a multiple of it


class MultiPose:
    """Find several people with one run of the network per picture, however many there are.

    Attributes:
        size: side of the square input, pixels.
    """

    def __init__(self, path: str | Path, size: int = 256, threads: int = 1) -> None:
        """Open a .tflite file.

        Arguments:
            size: side of the input, a multiple of 32, where the file leaves it open; a larger input resolves smaller people.
        Raises: `UserError` where LiteRT is not installed or the file is no MoveNet MultiPose.
        """
        if size < _MULTIPLE or size % _MULTIPLE:
            raise UserError(f"size {size}: MoveNet MultiPose needs a multiple of {_MULTIPLE} pixels")
        self._net = open_net(path, threads)
        with opening(path):
            (eaten,), (given,) = self._net.get_input_details(), self._net.get_output_details()
            open_shape = [int(side) for side in eaten.get("shape_signature", eaten["shape"])]
            shape = [int(side) for side in eaten["shape"]]
            fits = len(shape) == 4 and shape[3] == 3 and [int(side) for side in given["shape"]] == [1, MAX_PEOPLE, VALUES]
            if fits and -1 in open_shape:
                self._net.resize_tensor_input(eaten["index"], [1, size, size, 3])
                shape = [1, size, size, 3]
            if fits:
                self._net.allocate_tensors()
        if not fits or shape[1] != shape[2]:
            raise UserError(
                f"{path}: no MoveNet MultiPose, which maps (1, S, S, 3) to (1, {MAX_PEOPLE}, {VALUES}); give one of its .tflite files"
            )
        self.size = shape[1]
        self._eaten, self._given, self._type = eaten["index"], given["index"], eaten["dtype"]

    def estimate(self, image: np.ndarray) -> list[Pose]:
        """As `pose.Estimator.estimate`."""
        height, width = check_picture(image)
        region = whole(height, width)
        self._net.set_tensor(self._eaten, cut(image, region, self.size)[None].astype(self._type, copy=False))
        self._net.invoke()
        return decode_people(self._net.get_tensor(self._given)[0], region)

    def reset(self) -> None:
        """Nothing is remembered between pictures."""


def decode_people(output: np.ndarray, region: Region) -> list[Pose]:
    """Return the people of an output tensor with a score of .3 or more, highest score first.

    Arguments:
        output: (6, 56) float32: 17 x (down, right, score), then top, left, bottom, right of the box and the person's score; places 0..1
            of the region.
    """
    people = sorted((person for person in output if person[-1] >= MIN_PERSON_SCORE), key=lambda person: -person[-1])
    joints = [person[:51].reshape(17, 3) for person in people]
    return [make_pose(one[:, 1::-1] * region.side + region[:2], one[:, 2]) for one in joints]


@register("estimator", "multipose")
def open_multipose(weights: str | Path | None, folder: str | Path | None, threads: int) -> Estimator:
    """Up to six people by MoveNet MultiPose, one run a picture; give its weights."""
    return MultiPose(stated_weights(weights, "multipose", STATED["multipose"]), threads=threads)
