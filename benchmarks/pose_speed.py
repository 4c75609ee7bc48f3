"""What finding people costs. python benchmarks/pose_speed.py [VIDEO] [--weights DIR] [--frames N]

One thread; processor time, so that other work on the machine counts little: ms a picture of cutting the region out, of one look of
MoveNet, and with decoding at 480 lines of one person and of several people with their tracks. Without VIDEO the pictures are noise, and
what needs people or decoding is left out. Last line: the peak of the process's memory.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from featherfall.runtime.measure import machine, peak_bytes
from featherfall.runtime.perceive.crop import cut, whole
from featherfall.runtime.perceive.movenet import MoveNet, OnePerson, SeveralPeople
from featherfall.runtime.perceive.weights import find_weights
from featherfall.runtime.track.poses import PoseCost
from featherfall.runtime.track.tracker import Tracker


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("video", type=Path, nargs="?")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--frames", type=int, default=300)
    options = parser.parse_args()
    started = peak_bytes()
    path = find_weights("movenet_lightning_int8", options.weights)
    net = MoveNet(path)
    print(f"machine {machine()}; {path.name}, {net.size} x {net.size}, one thread")
    if options.video is None:
        rng = np.random.default_rng(0)
        pictures = [rng.integers(0, 256, (480, 640, 3), dtype=np.uint8) for _ in range(10)]
    else:
        pictures = list(islice(decode(options.video), 60))
    region = whole(*pictures[0].shape[:2])
    show("cut and resize", each(lambda image: cut(image, region, net.size), pictures, options.frames))
    show("one look (cut, resize, network)", each(lambda image: net.look(image, region), pictures, options.frames))
    if options.video is not None:
        show("decode at 480 lines", list(steps(decode(options.video), options.frames)))
        show("decode and one person", list(steps(map(OnePerson(net).estimate, decode(options.video)), options.frames)))
        estimator, tracker, people = SeveralPeople(net), Tracker(PoseCost()), []

        def follow(numbered: tuple[int, np.ndarray]) -> None:
            poses = estimator.estimate(numbered[1])
            tracker.update(numbered[0] / 30, poses)
            people.append(len(poses))

        show("decode, several people, tracks", list(steps(map(follow, enumerate(decode(options.video))), options.frames)))
        print(f"people a picture: {np.mean(people):.1f}")
    print(f"memory {peak_bytes() / 2**20:.0f} MiB at its peak, {started / 2**20:.0f} MiB before the model was opened")


def decode(video: Path) -> Iterator[np.ndarray]:
    """The film's pictures, (480, W, 3) uint8, over and over."""
    import av

    for _ in cycle([None]):
        with av.open(str(video)) as container:
            for frame in container.decode(video=0):
                width = round(frame.width * 480 / frame.height / 2) * 2
                yield frame.to_ndarray(format="rgb24", width=width, height=480)


def each(work: Callable[[np.ndarray], object], pictures: list[np.ndarray], count: int) -> list[float]:
    """ms of each call, after a warm-up."""
    return list(steps(map(work, cycle(pictures)), count))


def steps(work: Iterator[object], count: int, warm_up: int = 20) -> Iterator[float]:
    """ms of processor time that each of `count` steps takes, after a warm-up."""
    for _ in islice(work, warm_up):
        pass
    for _ in range(count):
        start = time.process_time()
        next(work)
        yield (time.process_time() - start) * 1e3


def show(what: str, taken: list[float]) -> None:
    mean, p50, p95 = np.mean(taken), *np.percentile(taken, [50, 95])
    print(f"{what:<34} {p50:6.2f} ms p50  {p95:6.2f} p95  {1e3 / mean:6.0f}/s")


if __name__ == "__main__":
    main()
