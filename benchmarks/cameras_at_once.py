"""How many cameras at 480p are watched at once, and what pictures that need no look save.

    taskset -c 0,1 python benchmarks/cameras_at_once.py [--bundle camera] [--cameras 1 2 4] [--seconds 20]
    python benchmarks/cameras_at_once.py --equal 10

Each camera is a film as if it were live (30 pictures a second, H.264) with one simulated person who walks about, watched by
`household.CameraWatch` in a thread of its own, as `featherfall watch` does; the cores are those that the process may use. A camera keeps up
where it looks at 15 pictures a second. `--empty` shows rooms without anybody. What one camera costs is measured apart, stage by stage.

--equal N: N simulated falls and N daily activities in a room that is empty before and in which the last pose is held afterwards, with a
sensor's noise: falls and notices (kind, state, times of sign, notice, still down and getting up) with `skip_idle` and without, and how many
looks it saves. Numbers of tracks and highest probabilities may differ: an estimator seeks new people in parts of the picture by turns.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from featherfall.core.console import say_json
from featherfall.household.cameras import CameraWatch
from featherfall.household.sources import CameraConfig
from featherfall.runtime.bundle import Bundle, load_bundle
from featherfall.runtime.measure import machine
from featherfall.runtime.perceive.idle import IdlePictures
from featherfall.runtime.sources.camera import CameraSource, CameraSourceOptions
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
from featherfall.sim.film.film import write_film
from featherfall.sim.film.raster import Renderer, render_frames

SIZE, FILM_RATE, LOOKS = (640, 480), 30.0, 15.0
NOISE = 2.0  # gray levels, standard deviation of a pixel by day
EMPTY_S, HELD_S = 15.0, 10.0  # s before somebody comes, and of the last pose
DECIDED = ("kind", "state", "sign_s", "raised_s", "time_s", "still_down_s", "up_s", "reason")  # of falls and notices
WARM_S, IDLE_S = 4.0, 16.0  # s until the cameras have begun, and until an empty room is known as such


def item_of(activity: str, seed: int) -> Item:
    """Return somebody who does something."""
    return make_subjects(make_plan(1, 0.01, seed, (activity,)))[0].item(0)


def pictures(item: Item, rate: float) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the empty room, (H, W, 3) uint8, and the pictures of an act."""
    motion, rng = simulate_item(item), item.rng(CAMERA_STREAM)
    camera = camera_ring(motion.scene, rng)[int(rng.integers(8))]
    renderer = Renderer(motion.body, motion.scene, camera, SIZE, draw_appearance(item.rng(EXCERPT_STREAM), motion.body.person))
    return renderer.background, list(render_frames(motion, renderer, rate))


def with_noise(images: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Add a sensor's noise, another one to each picture."""
    rng = np.random.default_rng(0)
    held = [np.rint(rng.normal(0, NOISE, (SIZE[1], SIZE[0], 3))).astype(np.int16) for _ in range(16)]
    for image in images:
        noise = np.roll(held[rng.integers(16)], int(rng.integers(SIZE[0])), axis=1)
        yield np.clip(image + noise, 0, 255).astype(np.uint8)


def walking_film(path: Path, seconds: float, is_empty: bool) -> Path:
    """Write a film of somebody who walks to and fro."""
    room, walk = pictures(item_of("walk", 3), FILM_RATE)
    there_and_back = [room] if is_empty else [*walk, *walk[-2:0:-1]]
    count = round(seconds * FILM_RATE)
    return write_film(path, with_noise(there_and_back[k % len(there_and_back)] for k in range(count)), FILM_RATE)


def at_once(bundle: Bundle, film: Path, count: int, seconds: float, warm: float) -> dict[str, object]:
    """Watch `count` cameras for some seconds; return pictures looked at a second of each, and the CPU's share."""
    watches = []
    for number in range(count):
        config = CameraConfig(kind="camera", name=f"c{number}", url=str(film), person="anna")
        source = CameraSource(film, CameraSourceOptions())
        watches.append(CameraWatch(config, source, bundle, lambda person, what: None))
    for one in watches:
        one.start()
    time.sleep(warm)
    before, began, cpu = [(one.looks.looks, one.looks.idle) for one in watches], time.perf_counter(), time.process_time()
    time.sleep(seconds)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    done = [(one.looks.looks - looks, one.looks.idle - idle) for one, (looks, idle) in zip(watches, before, strict=True)]
    for one in watches:
        one.stop()
    return {
        "cameras": count,
        "looked_at_a_second": [round(looks / wall, 1) for looks, _ in done],
        "idle_a_second": [round(idle / wall, 1) for _, idle in done],
        "cores_used": round(cpu / wall, 2),
        "cores_a_camera": round(cpu / wall / count, 3),
    }


def stages(bundle: Bundle, film: Path, seconds: float) -> dict[str, float]:
    """Return ms of CPU of each stage, a picture (decode) or a look (the others)."""
    import av

    spent: dict[str, list[float]] = defaultdict(list)
    monitor, idle = Monitor(bundle), IdlePictures()

    def timed(stage: str, began: float) -> None:
        spent[stage].append(time.thread_time() - began)

    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        decoded, last = container.decode(stream), 0.0
        while last < seconds:
            began = time.thread_time()
            picture = next(decoded, None)
            if picture is None:
                break
            timed("decode", began)
            last = float(picture.time)
            if not monitor.wants(last):
                continue
            began = time.thread_time()
            image = picture.to_ndarray(format="rgb24")
            timed("to RGB", began)
            began = time.thread_time()
            idle.is_idle(last, image)
            timed("compare", began)
            began = time.thread_time()
            monitor.see(last, image)
            timed("look, track, decide", began)
    return {stage: round(1e3 * float(np.mean(values)), 2) for stage, values in spent.items()}


def equal(bundle: Bundle, count: int) -> dict[str, object]:
    """Compare decisions with and without `skip_idle`."""
    same, idle, looked, falls = 0, 0, 0, []
    names = [*list(fall_activities())[:count], *list(daily_activities())[:count]]
    for number, name in enumerate(names):
        room, act = pictures(item_of(name, number), LOOKS)
        whole = [room] * round(EMPTY_S * LOOKS) + act + act[-1:] * round(HELD_S * LOOKS)
        found = []
        for skip in (False, True):
            monitor = Monitor(bundle, skip_idle=skip)
            notices = []
            for k, image in enumerate(with_noise(iter(whole))):
                result = monitor.see(k / LOOKS, image)
                notices += [] if result is None else list(result.notices)
            notices += monitor.finish()
            facts = [one.to_json() for one in (*monitor.falls, *notices)]
            found.append([{key: fact[key] for key in DECIDED if key in fact} for fact in facts])
        idle, looked = idle + monitor.idle, looked + len(whole)
        is_same = found[0] == found[1]
        same += is_same
        falls.append([sum("state" in fact for fact in one) for one in found])
        print(f"{name}: {len(found[0])} fact(s), {'equal' if is_same else f'not equal: {found}'}, {monitor.idle} idle", flush=True)
    without, skipping = np.array(falls).T.tolist()
    return {
        "films": len(names),
        "equal": same,
        "films_with_a_fall": [sum(map(bool, without[:count])), sum(map(bool, skipping[:count]))],
        "daily_films_with_one": [sum(map(bool, without[count:])), sum(map(bool, skipping[count:]))],
        "not_looked_at": round(idle / looked, 3),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", default="camera")
    parser.add_argument("--cameras", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--empty", action="store_true", help="rooms without anybody")
    parser.add_argument("--equal", type=int, metavar="N")
    options = parser.parse_args()
    bundle = load_bundle(options.bundle)
    if options.equal:
        say_json(equal(bundle, options.equal) | {"machine": machine()})
        return
    with tempfile.TemporaryDirectory() as folder:
        warm = IDLE_S if options.empty else WARM_S
        film = walking_film(Path(folder) / "film.mp4", options.seconds + warm + 2.0, options.empty)
        say_json({"machine": machine(), "cores": len(os.sched_getaffinity(0)), "ms_of_cpu": stages(bundle, film, 10.0)})
        for count in options.cameras:
            say_json(at_once(bundle, film, count, options.seconds, warm))


if __name__ == "__main__":
    main()
