"""How long one waits for the app. python benchmarks/app_speed.py [FILM] [--repeat 5] [--bundle BUNDLE]

Starts `featherfall app`, opens it in Chromium with an empty cache and drops a film: seconds until the server answers, until the page can
take a file, and until the timeline of a film of ten seconds stands. Without FILM the simulated sample is looked at, at 480 and 720 lines.
Run it on a quiet machine; `taskset -c 0,1` bounds it to two cores (browser and server share them).
"""

from __future__ import annotations

import argparse
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

import featherfall.app
from featherfall.core.recording import Video
from featherfall.runtime.measure import machine
from featherfall.runtime.sinks.film import film_writer
from featherfall.signals.video import read_frames

SAMPLE = Path(featherfall.app.__file__).parent / "samples" / "simulated-fall.mp4"
SECONDS, RATE = 10.0, 30.0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("film", type=Path, nargs="?")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--bundle", action="append", default=[], help="default: those that ship")
    chosen = parser.parse_args()
    print(f"machine {machine()}, median (worst) of {chosen.repeat}")
    with tempfile.TemporaryDirectory() as folder:
        films = [chosen.film] if chosen.film else [sample(Path(folder) / f"{lines}.mp4", lines) for lines in (480, 720)]
        port = free_port()
        begin = time.perf_counter()
        command = [sys.executable, "-m", "featherfall.cli", "app", *chosen.bundle, "--port", str(port), "--runs", f"{folder}/runs"]
        served = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            wait(port)
            print(f"{'server answers':<34} {time.perf_counter() - begin:.2f} s (once)")
            measure(port, films, chosen.repeat)
        finally:
            served.terminate()
            served.wait()


def measure(port: int, films: Sequence[Path], repeat: int) -> None:
    pages: list[float] = []
    timelines: dict[Path, list[float]] = {film: [] for film in films}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for _ in range(repeat):
            for film in films:
                context = browser.new_context(viewport={"width": 1280, "height": 800})
                page = context.new_page()
                pages.append(timed(lambda page=page: opened(page, port)))
                timelines[film].append(timed(lambda page=page, film=film: dropped(page, film)))
                context.close()
        browser.close()
    print(f"{'first page takes a file':<34} {said(pages)}")
    for film, found in timelines.items():
        print(f"{f'film {film.name} to its timeline':<34} {said(found)}")


def opened(page: Any, port: int) -> None:
    page.goto(f"http://127.0.0.1:{port}")
    page.locator("#file input[type=file]").wait_for(state="attached")


def dropped(page: Any, film: Path) -> None:
    page.locator("#file input[type=file]").set_input_files(film)
    page.locator("#panel-a fall-timeline svg").wait_for(timeout=120_000)


def timed(work: Any) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def said(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):.2f} s ({max(seconds):.2f})"


def sample(path: Path, lines: int) -> Path:
    """The sample at so many lines and 30 pictures a second, its last picture held until ten seconds are full."""
    frames = list(read_frames(Video(SAMPLE)))
    times = np.array([frame.time for frame in frames])
    with film_writer(path) as add:
        for at in np.arange(0, SECONDS, 1 / RATE):
            image = frames[int(np.searchsorted(times, at + 1e-6) - 1)].image
            add(float(at), np.asarray(Image.fromarray(image).resize((lines * image.shape[1] // image.shape[0], lines))))
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait(port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)


if __name__ == "__main__":
    main()
