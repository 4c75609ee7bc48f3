"""MediaPipe's pose landmarker (BlazePose; Bazarevsky et al., 2020) as an estimator: 17 of the 33 landmarks of several people."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.core.skeletons import COCO_17
from featherfall.runtime.perceive.pose import Estimator, Pose, check_picture, make_pose
from featherfall.runtime.perceive.weights import STATED, stated_weights

# Where COCO's joints are among the landmarks; BlazePose's further ones are of mouth, inner and outer eyes, hands and feet.
LANDMARKS: dict[str, int] = {
    "nose": 0,
    **{"left eye": 2, "right eye": 5, "left ear": 7, "right ear": 8, "left shoulder": 11, "right shoulder": 12},
    **{"left elbow": 13, "right elbow": 14, "left wrist": 15, "right wrist": 16, "left hip": 23, "right hip": 24},
    **{"left knee": 25, "right knee": 26, "left ankle": 27, "right ankle": 28},
}
COUNT = 33
_ORDER = [LANDMARKS[joint] for joint in COCO_17]
_STEP_MS = 67  # between pictures; the landmarker only wants stamps that increase


class BlazePose:
    """The pose landmarker over a film: it follows people from picture to picture and looks for new ones when it has lost some.

    Its scores are visibilities, near 1 for all but hidden joints, whereas MoveNet's are about .4 to .7: a student trained with MoveNet's
    noise gets scores of another distribution.
    """

    def __init__(self, path: str | Path, most: int = 4) -> None:
        """Arguments:
            path: a .task file, e.g. pose_landmarker_lite.task.
            most: people at once.

        Raises: `UserError` where MediaPipe is not installed, or the file is absent or no pose landmarker.
        """
        try:
            import mediapipe
            from mediapipe.tasks.python import BaseOptions, vision
        except ImportError:
            raise UserError("this estimator needs MediaPipe; install it: pip install 'featherfall[mediapipe]'") from None
        self._mediapipe, self._vision = mediapipe, vision
        self._path = Path(path)
        if not self._path.is_file():
            raise UserError(f"{path}: no such file; give MediaPipe's weights, e.g. pose_landmarker_lite.task")
        self._options = vision.PoseLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(path)), running_mode=vision.RunningMode.VIDEO, num_poses=most
        )
        self._net: Any = None
        self._count = 0
        self.reset()

    def estimate(self, image: np.ndarray) -> list[Pose]:
        """As `pose.Estimator.estimate`."""
        height, width = check_picture(image)
        picture = self._mediapipe.Image(image_format=self._mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(image))
        self._count += 1
        found = self._net.detect_for_video(picture, self._count * _STEP_MS)
        return [
            to_pose(np.array([[mark.x, mark.y, mark.visibility] for mark in person], dtype=np.float32), height, width)
            for person in found.pose_landmarks
        ]

    def reset(self) -> None:
        if self._net is not None:
            with contextlib.suppress(RuntimeError):
                self._net.close()
        try:
            self._net = self._vision.PoseLandmarker.create_from_options(self._options)
        except (RuntimeError, ValueError, OSError) as error:
            raise UserError(f"{self._path}: MediaPipe cannot open it ({str(error).splitlines()[0]}); give a .task file") from error
        self._count = 0


def to_pose(landmarks: np.ndarray, height: int, width: int) -> Pose:
    """Return COCO's joints of one person's landmarks.

    Arguments:
        landmarks: (33, 3) right and down as fractions of width and height, visibility 0..1.
    """
    chosen = landmarks[_ORDER]
    return make_pose(chosen[:, :2] * np.array([width, height], dtype=np.float32), chosen[:, 2].clip(0, 1))


@register("estimator", "mediapipe")
def open_mediapipe(weights: str | Path | None, folder: str | Path | None, threads: int) -> Estimator:
    """Several people by MediaPipe's pose landmarker; give its weights."""
    return BlazePose(stated_weights(weights, "mediapipe", STATED["mediapipe"]))
