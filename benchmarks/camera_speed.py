"""What watching one camera costs. python benchmarks/camera_speed.py BUNDLE FILM [--seconds 30] [--threads 1] [--every]

The film is decoded at 480 lines and watched as by `featherfall predict`: frames a second all in (decode, resize, poses, tracks, model,
decision), at the model's rate (frames between are decoded only, as a camera's are) and with --every picture looked at; the median and 95th
percentile of each stage, and the peak of the process's memory (RSS; PSS counts shared libraries by share). Run it twice on a quiet machine;
`taskset -c 0,1` bounds it to two cores.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np

from featherfall.core.recording import Video
from featherfall.runtime.bundle import load_bundle
from featherfall.runtime.measure import machine, peak_bytes
from featherfall.runtime.observation import Observation
from featherfall.runtime.perceive.estimators import open_estimator
from featherfall.runtime.sources.prefetch import prefetch
from featherfall.runtime.watch import Monitor
from featherfall.signals.video import Frame, probe, read_frames

LINES = 480


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("film", type=Path)
    parser.add_argument("--seconds", type=float, default=30.0, help="of film, repeated where it is shorter")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--estimator", choices=["several", "one"], default="several")
    parser.add_argument("--every", action="store_true", help="look at every picture")
    parser.add_argument("--no-ahead", action="store_true", help="decode and look by turns in one thread")
    options = parser.parse_args()
    facts = probe(Video(options.film))
    size = (round(facts.width * LINES / facts.height / 2) * 2, LINES)
    monitor = Monitor(
        load_bundle(options.bundle), open_estimator(options.estimator, threads=options.threads), rate=1000.0 if options.every else None
    )
    taken: dict[str, list[float]] = {"decode and resize": [], "poses": [], "tracks, model, decision": []}
    people: list[int] = []
    frames = again(options.film, size, options.seconds, taken["decode and resize"])
    looked = 0
    begin, cpu = time.perf_counter(), time.process_time()
    total = 0
    for frame in frames if options.no_ahead else prefetch(frames):
        total += 1
        if not monitor.wants(frame.time):
            continue
        start = time.perf_counter()
        poses = monitor.perception.estimate(frame.image)
        middle = time.perf_counter()
        monitor.take(Observation(frame.time, tuple(poses), LINES, size[0]))
        taken["poses"].append(middle - start)
        taken["tracks, model, decision"].append(time.perf_counter() - middle)
        people.append(len(poses))
        looked += 1
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    print(
        f"machine {machine()}; {options.film.name}: {facts.width} x {facts.height} {facts.codec} at {size[0]} x {size[1]}, {total} frames"
    )
    how = "every frame" if options.every else f"{monitor.bundle.manifest.window.rate:g} Hz"
    print(f"{options.estimator}, {how}, {options.threads} thread(s) of LiteRT: looked at {looked}, {np.mean(people):.1f} people a picture")
    print(f"all in: {total / seconds:.0f} frames/s ({looked / seconds:.0f} looked at a second), {cpu / total * 1e3:.1f} ms of CPU a frame")
    for stage, times in taken.items():
        p50, p95 = np.percentile(np.array(times) * 1e3, [50, 95])
        print(f"  {stage:<24} {p50:6.2f} ms p50  {p95:6.2f} p95")
    print(f"memory: {peak_bytes() / 2**20:.0f} MiB at its peak (RSS), {pss_bytes() / 2**20:.0f} MiB PSS at the end")


def again(film: Path, size: tuple[int, int], seconds: float, taken: list[float]) -> Iterator[Frame]:
    """The film's pictures over and over, times going on; what each took is added."""
    begin = 0.0
    for _ in count():
        last = 0.0
        frames = read_frames(Video(film), size, problems=[])
        while True:
            start = time.perf_counter()
            frame = next(frames, None)
            taken.append(time.perf_counter() - start)
            if frame is None:
                break
            last = frame.time
            if begin + frame.time >= seconds:
                return
            yield Frame(begin + frame.time, frame.image)
        begin += last + 0.1


def pss_bytes() -> int:
    """Proportional set size of this process now; 0 where the system does not tell."""
    path = Path("/proc/self/smaps_rollup")
    if not path.exists():
        return 0
    return next(int(line.split()[1]) * 1024 for line in path.read_text().splitlines() if line.startswith("Pss:"))


if __name__ == "__main__":
    main()
