"""docs/images/projected.png: falls as random cameras' estimators see them. python docs/scripts/make_projected_sheet.py DATA

DATA should hold `simulated/` alone: no picture here shows how a real person moved.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from featherfall import datasets
from featherfall.core.skeletons import COCO_17

BONES = [(child, list(COCO_17).index(parent)) for child, parent in enumerate(COCO_17.values())]
MOMENTS = (-1.0, -0.5, -0.2, 0.0, 0.5, 1.5)  # s from the impact


def main() -> None:
    dataset = datasets.open("projected", sys.argv[1])
    falls = [source for source in dataset.sources if source.fall and source.activity in ("trip", "slip", "slump", "faint")][::7]
    rows = [one for one in falls if one.load().streams["keypoints"].times[-1] > 4][:6]
    figure, axes = plt.subplots(len(rows), len(MOMENTS), figsize=(2 * len(MOMENTS), 1.35 * len(rows)), squeeze=False)
    for line, source in zip(axes, rows, strict=True):
        recording = source.load()
        stream, fall = recording.streams["keypoints"], recording.fall
        assert fall is not None and fall.impact is not None
        places = stream.values.reshape(-1, 17, 3)
        for axis, moment in zip(line, MOMENTS, strict=True):
            frame = int(np.clip(round((fall.impact + moment) * 15), 0, len(places) - 1))
            for child, parent in BONES:
                pair = places[frame, [child, parent]]
                axis.plot(pair[:, 0], pair[:, 1], color="tab:red", lw=1.6, alpha=float(np.clip(0.15 + pair[:, 2].min(), 0, 1)))
            axis.set(xlim=(0, 4 / 3), ylim=(1, 0), xticks=[], yticks=[], aspect="equal")
            axis.set_title(f"{moment:+.1f} s, score {places[frame, :, 2].mean():.2f}", fontsize=7, pad=2)
        line[0].set_ylabel(source.activity, fontsize=8)
    figure.tight_layout(pad=0.4)
    figure.savefig(Path(__file__).parents[1] / "images" / "projected.png", dpi=90)


if __name__ == "__main__":
    main()
