"""How many frames a second are decoded and scaled to 224 x 224, by one process that reads one film.

    python benchmarks/video_speed.py [--frames 300] [--repeat 3] [FILM...]

Without films, one of each size is made: H.264, noise moving over a slope, x264's preset veryfast, crf 23. The best of the repeats counts
(other work on the machine only slows it); CPU time is beside it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import av
import numpy as np

from featherfall.core.recording import Video
from featherfall.runtime.measure import machine
from featherfall.signals.video import probe, read_frames

SIZES = ((640, 480), (1280, 720), (1920, 1080))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("films", nargs="*", type=Path)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    print(f"machine {machine()}, PyAV {av.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        films = options.films or [make(Path(folder) / f"{height}p.mp4", width, height, options.frames) for width, height in SIZES]
        for film in films:
            facts = probe(Video(film))
            what = f"{film.name}: {facts.width} x {facts.height} {facts.codec}"
            rate, cpu = zip(*(measure(film) for _ in range(options.repeat)), strict=True)
            print(f"{what}: {max(rate):.0f} frames/s, {min(cpu) * 1e3:.2f} ms of CPU a frame")


def measure(film: Path) -> tuple[float, float]:
    """Frames a second, and CPU seconds a frame."""
    begin, cpu = time.perf_counter(), time.process_time()
    count = sum(1 for _ in read_frames(Video(film), (224, 224), problems=[]))
    return count / (time.perf_counter() - begin), (time.process_time() - cpu) / count


def make(path: Path, width: int, height: int, frames: int) -> Path:
    """A film in which something moves."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width]
    slope = np.stack([x * 255 // width, y * 255 // height, 0 * x], axis=2).astype(np.uint8)
    side = height // 4
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "23"}
        for i in range(frames):
            picture, left = np.roll(slope, 3 * i, axis=1), 5 * i % (width - side)
            picture[side : 2 * side, left : left + side] = random.integers(0, 256, (side, side, 3))
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())
    return path


if __name__ == "__main__":
    main()
