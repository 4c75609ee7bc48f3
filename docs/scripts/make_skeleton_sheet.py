"""A contact sheet of what VSKD's teacher sees of a skeleton: python docs/scripts/make_skeleton_sheet.py [OUT]. Nobody in it exists."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from featherfall.core.skeletons import KINECT_20, channel_names
from featherfall.models.skeleton_pictures import SkeletonPictures
from featherfall.sim import simulate
from featherfall.sim.sense.joints import DepthCamera, skeleton

ROWS = {"wave": 1, "reach": 1, "sit down": 1, "trip": 4}
SEGMENTS, SIZE, GAP = 8, 112, 2


def frames(activity: str, seed: int) -> np.ndarray:
    """(SEGMENTS, SIZE, SIZE, 3) uint8: the middle frame of each segment."""
    motion = simulate(activity, seed=seed)
    joints = skeleton(motion, view=DepthCamera(azimuth=0.4)).values
    if motion.fall is not None and motion.fall.impact is not None:  # the seconds around the fall
        end = int((motion.fall.impact + 1) * 30)
        joints = joints[max(end - 90, 0) : end]
    clip = torch.from_numpy(joints)[None]
    middle = [int((i + 0.5) * len(joints) / SEGMENTS) for i in range(SEGMENTS)]
    pictures = SkeletonPictures(channel_names(KINECT_20), SIZE)(clip[:, middle], clip)[0]
    return np.asarray((pictures.permute(0, 2, 3, 1) * 255).byte())


def main() -> None:
    out = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1] / "images")
    step = SIZE + GAP
    sheet = np.full((len(ROWS) * step - GAP, SEGMENTS * step - GAP, 3), 90, np.uint8)
    for row, (activity, seed) in enumerate(ROWS.items()):
        for column, picture in enumerate(frames(activity, seed)):
            sheet[row * step : row * step + SIZE, column * step : column * step + SIZE] = picture
    path = out / "vskd-skeleton-pictures.png"
    Image.fromarray(sheet).quantize(64).save(path, optimize=True)
    print(path, f"{path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
