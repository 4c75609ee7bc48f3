"""Contact sheets of the simulator's films: python docs/scripts/make_sheets.py [OUT]. Nobody in them exists."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from featherfall.sim import simulate
from featherfall.sim.film.appearance import draw_appearance
from featherfall.sim.film.camera import Camera, camera_ring
from featherfall.sim.film.film import motion_sheet
from featherfall.sim.film.raster import Renderer
from featherfall.sim.world.motion import SIM_RATE, Motion
from featherfall.sim.world.rotation import rotate

FALLS = {"trip": 4, "slip": 3, "off a bed": 2, "slow collapse": 3}
DAILY = {"sit down": 1, "tie shoes": 0, "pick up": 3, "squats": 7}
SIZE = (240, 240)


def moments(motion: Motion) -> list[float]:
    """Six moments that tell what happens, s."""
    fall = motion.fall
    if fall is None or fall.onset is None or fall.impact is None:
        return list(np.linspace(0.04, 0.96, 6) * motion.duration)
    falling = fall.impact - fall.onset
    return [fall.onset - 0.6, fall.onset, fall.onset + 0.5 * falling, fall.onset + 0.8 * falling, fall.impact, fall.impact + 1.0]


def best_camera(motion: Motion, times: list[float], seed: int) -> Camera:
    """The one of the eight that sees most of the person at the moment when it sees least."""
    seen = []
    for camera in camera_ring(motion.scene):
        renderer = Renderer(motion.body, motion.scene, camera, (64, 64), draw_appearance(np.random.default_rng(seed), motion.body.person))
        at = [round(time * SIM_RATE) for time in times]
        shown = [renderer.frame(motion.positions[i], motion.rotations[i]).astype(int) for i in at]
        changed = [(np.abs(frame - renderer.background.astype(int)).sum(axis=2) > 40).mean() for frame in shown]
        seen.append((min(changed) * _aside(motion, at[0], camera), camera))
    return max(seen, key=lambda one: one[0])[1]


def _aside(motion: Motion, index: int, camera: Camera) -> float:
    """How well a camera sees a person from a side or the front: 1, less from straight ahead, little from behind."""
    towards = np.asarray(camera.position)[:2] - motion.positions[index, 0, :2]
    front = rotate(motion.rotations[index, 0], np.array([1.0, 0.0, 0.0]))[:2]
    facing = float(towards @ front / (np.linalg.norm(towards) * max(np.linalg.norm(front), 1e-6)))
    return 0.2 if facing < -0.3 else 1.0 - 0.5 * max(facing - 0.7, 0.0)


def main() -> None:
    out = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1] / "images")
    out.mkdir(parents=True, exist_ok=True)
    for activity, seed in (FALLS | DAILY).items():
        motion = simulate(activity, seed=seed)
        times = moments(motion)
        look = draw_appearance(np.random.default_rng(seed), motion.body.person)
        renderer = Renderer(motion.body, motion.scene, best_camera(motion, times, seed), SIZE, look)
        path = out / f"sim-{activity.replace(' ', '-')}.png"
        motion_sheet(motion, renderer, times, columns=6).quantize(256, method=2).save(path, optimize=True)
        print(path, f"{path.stat().st_size / 1000:.0f} kB", motion.body.person)


if __name__ == "__main__":
    main()
