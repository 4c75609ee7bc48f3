"""Tracked alarms of a detector on simulated people whom nobody was trained on: falls, and daily life.

    python benchmarks/detector_films.py BUNDLE [--each 1] [--size 240] [--seed 900]

Each fall and each daily activity of the simulator, `each` times by one person, seen by one camera at 10 pictures a second. The pictures
go to the watcher as a camera's would; nothing is written.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
from collections import Counter
from pathlib import Path

from featherfall.runtime.box_watch import RATE, BoxWatcher
from featherfall.runtime.detector import BoxDetector, open_detector
from featherfall.sim.dataset.generate import CAMERAS, PIECE, Item, cast, daily, falls, make_plan, simulate
from featherfall.sim.film.camera import ring
from featherfall.sim.film.look import draw_look
from featherfall.sim.film.raster import Renderer, frames


def watch(detector: BoxDetector, item: Item, size: int) -> tuple[int, float]:
    """Alarms raised, and the share of the pictures in which somebody was found."""
    motion = simulate(item)
    rng = item.rng(CAMERAS)
    camera = ring(motion.scene, rng)[int(rng.integers(8))]
    renderer = Renderer(motion.body, motion.scene, camera, (size * 4 // 3 // 2 * 2, size), draw_look(item.rng(PIECE), motion.body.person))
    watcher = BoxWatcher(detector)
    seen = count = 0
    for number, image in enumerate(frames(motion, renderer, RATE)):
        said = watcher.see(number / RATE, image)
        seen += bool(said and said.people)
        count += 1
    return len(watcher.falls), seen / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--each", type=int, default=1)
    parser.add_argument("--size", type=int, default=240)
    parser.add_argument("--seed", type=int, default=900)
    parser.add_argument("--limit", type=int, default=100, help="activities of each kind, at most")
    chosen = parser.parse_args()
    detector = open_detector(chosen.bundle)
    for kind, names in (("falls", list(falls())), ("daily life", list(daily()))):
        names = names[: chosen.limit]
        alarms: Counter[str] = Counter()
        shares = []
        for k, name in enumerate(names * chosen.each):
            item = cast(make_plan(1, 0.01, chosen.seed + k, (name,)))[0].item(0)
            raised, share = watch(detector, item, chosen.size)
            shares.append(share)
            alarms[name] += bool(raised)
            print(f"{kind}: {name}: {raised} alarm(s), somebody found in {100 * share:.0f}% of the pictures", flush=True)
        total = len(names) * chosen.each
        print(f"{kind}: {sum(alarms.values())} of {total} films raise an alarm; found in {100 * sum(shares) / total:.0f}% of the pictures")


if __name__ == "__main__":
    main()
