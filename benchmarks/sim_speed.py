"""How fast is the simulator? python benchmarks/sim_speed.py [--people N] [--recordings N]

One core, one thread, processor time. Seconds of recordings per second: of the motion (physics included), of one watch, of a Kinect
skeleton, of twelve sites, and of all with writing CSV. Films: frames per second, drawn and drawn + encoded.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from featherfall.sim.dataset.build import build_dataset
from featherfall.sim.dataset.generate import make_plan, make_subjects, simulate_item
from featherfall.sim.dataset.record import SensorKit, make_sensor_kit, record
from featherfall.sim.dataset.write import FolderLayout
from featherfall.sim.film.appearance import draw_appearance
from featherfall.sim.film.camera import camera_ring
from featherfall.sim.film.film import write_film
from featherfall.sim.film.raster import Renderer, render_frames

SITES = [
    "head",
    "pelvis",
    *(f"{side} {part}" for part in ("shoulder", "upper arm", "forearm", "thigh", "lower leg") for side in ("right", "left")),
]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=6)
    parser.add_argument("--recordings", type=int, default=20)
    arguments = parser.parse_args()
    plan = make_plan(arguments.people, 1.0, seed=11)
    items = [person.item(index) for person in make_subjects(plan) for index in range(arguments.recordings)]
    simulate_item(items[0])  # imports
    watch, all_sites = make_sensor_kit(), make_sensor_kit(SITES, "mocap", True, "azure")
    cost: defaultdict[str, float] = defaultdict(float)
    seconds: defaultdict[str, float] = defaultdict(float)
    record(items[0], simulate_item(items[0]), all_sites)
    for item in items:
        start = time.process_time()
        motion = simulate_item(item)
        kind = "motion, falls" if motion.fall else "motion, daily living"
        cost[kind] += time.process_time() - start
        seconds[kind] += motion.duration
        for name, kit in (("watch", _only(watch, "none")), ("watch and 20 joints", watch), ("12 sites, 9 axes, 32 joints", all_sites)):
            start = time.process_time()
            record(item, motion, kit)
            cost[name] += time.process_time() - start
            seconds[name] += motion.duration
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        made = build_dataset(
            Path(folder) / "out", make_plan(arguments.people, 0.25, seed=12), FolderLayout(watch), 1, False, lambda _: None
        )
        cost["all, with writing (watch, 20 joints)"] = time.process_time() - start
        seconds["all, with writing (watch, 20 joints)"] = sum(one.seconds for one in made)
        for name in cost:
            print(f"{name:<40} {seconds[name] / cost[name]:8.0f} x real time   ({seconds[name]:.0f} s of recordings)")
        motion = simulate_item(next(item for item in items if item.activity in plan.falls))
        for size in (160, 320, 480):
            renderer = Renderer(
                motion.body,
                motion.scene,
                camera_ring(motion.scene)[0],
                (size, size),
                draw_appearance(np.random.default_rng(0), motion.body.person),
            )
            next(iter(render_frames(motion, renderer, 30.0)))
            start = time.process_time()
            count = sum(1 for _ in render_frames(motion, renderer, 30.0))
            drawn = count / (time.process_time() - start)
            start = time.process_time()
            write_film(Path(folder) / f"{size}.mp4", render_frames(motion, renderer, 30.0), 30.0)
            print(f"film, {size} x {size}: {drawn:.0f} frames/s drawn, {count / (time.process_time() - start):.0f} with encoding")


def _only(kit: SensorKit, skeleton: str) -> SensorKit:
    return make_sensor_kit(kit.sites, kit.part, kit.magnetometer, skeleton)


if __name__ == "__main__":
    main()
