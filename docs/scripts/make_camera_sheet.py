"""Contact sheet of a film that `featherfall predict --draw` made: python docs/scripts/make_camera_sheet.py DRAWN.mp4 OUT.png SECONDS...

Only for films of simulated people: real ones do not go into the repository.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from featherfall.core.recording import Video
from featherfall.signals.video import read_frames
from featherfall.sim.film.film import image_grid

SIZE = (288, 338)


def main(film: Path, out: Path, seconds: list[float]) -> None:
    frames = list(read_frames(Video(film), SIZE, fit="inside"))
    times = np.array([frame.time for frame in frames])
    chosen = [frames[int(np.abs(times - at).argmin())] for at in seconds]
    sheet = image_grid([frame.image for frame in chosen], 4, [f"{frame.time:.1f} s" for frame in chosen])
    sheet.save(out, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), [float(word) for word in sys.argv[3:]])
