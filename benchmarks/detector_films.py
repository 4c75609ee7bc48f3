"""Tracked alarms of a detector in films: of simulated people whom nobody was trained on, or (with --data) URFD's and UP-Fall's real ones.

    python benchmarks/detector_films.py BUNDLE [--each 1] [--size 240] [--seed 900]
    python benchmarks/detector_films.py BUNDLE --data DIR

Simulated: each fall and each daily activity of the simulator, `each` times by one person, seen by one camera at 10 pictures a second. Real:
the same 50 falls and 18 daily activities as `camera_films.py`, with 95% Wilson intervals; nothing may be chosen by what they give. The
pictures go to the monitor as a camera's would; nothing is written.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
from pathlib import Path

from camera_films import filmed
from featherfall.cli.tables import show_evaluation
from featherfall.evaluation.evaluate import evaluate
from featherfall.runtime import load_bundle
from featherfall.runtime.bundle import Bundle
from featherfall.runtime.trace import BOX_RATE
from featherfall.runtime.watch import Monitor
from featherfall.sim.dataset.generate import (
    CAMERA_STREAM,
    EXCERPT_STREAM,
    Item,
    daily_activities,
    fall_activities,
    make_plan,
    make_subjects,
    simulate_item,
)
from featherfall.sim.film.appearance import draw_appearance
from featherfall.sim.film.camera import camera_ring
from featherfall.sim.film.raster import Renderer, render_frames


def watch(bundle: Bundle, item: Item, size: int) -> tuple[int, float]:
    """Alarms raised, and the share of the pictures in which somebody was found."""
    motion = simulate_item(item)
    rng = item.rng(CAMERA_STREAM)
    camera = camera_ring(motion.scene, rng)[int(rng.integers(8))]
    renderer = Renderer(
        motion.body, motion.scene, camera, (size * 4 // 3 // 2 * 2, size), draw_appearance(item.rng(EXCERPT_STREAM), motion.body.person)
    )
    monitor = Monitor(bundle)
    seen = count = 0
    for number, image in enumerate(render_frames(motion, renderer, BOX_RATE)):
        result = monitor.see(number / BOX_RATE, image)
        seen += bool(result and result.people)
        count += 1
    return len(monitor.falls), seen / count


def simulated(bundle: Bundle, each: int, size: int, seed: int, limit: int) -> None:
    """A line a film, and how many of the falls and of the daily activities raise an alarm."""
    for kind, names in (("falls", list(fall_activities())), ("daily life", list(daily_activities()))):
        names = names[:limit]
        raised, shares = 0, []
        for k, name in enumerate(names * each):
            item = make_subjects(make_plan(1, 0.01, seed + k, (name,)))[0].item(0)
            alarms, share = watch(bundle, item, size)
            shares.append(share)
            raised += bool(alarms)
            print(f"{kind}: {name}: {alarms} alarm(s), somebody found in {100 * share:.0f}% of the pictures", flush=True)
        print(f"{kind}: {raised} of {len(shares)} films raise an alarm; found in {100 * sum(shares) / len(shares):.0f}% of the pictures")


def real(bundle: Bundle, data: Path) -> None:
    """Print a line a film, and the counts, as `featherfall evaluate BUNDLE --dataset "urfd + up_fall"`."""
    result = evaluate(bundle, filmed(data))
    for row in result["films"]:
        print(row)
    show_evaluation(result)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--data", type=Path, help="folder of the real datasets")
    parser.add_argument("--each", type=int, default=1)
    parser.add_argument("--size", type=int, default=240)
    parser.add_argument("--seed", type=int, default=900)
    parser.add_argument("--limit", type=int, default=100, help="activities of each kind, at most")
    chosen = parser.parse_args()
    bundle = load_bundle(chosen.bundle)
    if chosen.data:
        real(bundle, chosen.data)
    else:
        simulated(bundle, chosen.each, chosen.size, chosen.seed, chosen.limit)


if __name__ == "__main__":
    main()
