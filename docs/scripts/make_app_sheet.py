"""Pictures of the app for its page: python docs/scripts/make_app_sheet.py OUT --runs DIR --data DIR BUNDLE...

Starts the app, drives Chromium through its pages at the width of a desk and of a phone, and writes small PNGs. Simulated people only: the
app's own samples are looked at, and the training is one on simulated recordings (DATA/simulated).
"""

from __future__ import annotations

import argparse
import io
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

DESK, PHONE = (1280, 860), (390, 844)
PORT = 7899
COLOURS = 256
PATIENCE = 1_200_000  # ms: two trainings of a minute each, on a machine with much else to do


def keep(page: Page, path: Path, whole: bool = False) -> None:
    """A picture of the window, or of the whole page, in a palette."""
    page.wait_for_timeout(500)
    picture = Image.open(io.BytesIO(page.screenshot(full_page=whole))).convert("RGB")
    picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path}: {path.stat().st_size / 1e3:.0f} kB")


def to_page(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).first.click()


def look(page: Page, out: Path, width: str) -> None:
    page.get_by_role("button", name="Try a film").click()
    page.locator("#panel-a fall-timeline li button").first.click()
    for _ in range(2):
        page.locator("#panel-a fall-view").get_by_role("button", name="one second on").click()
        page.wait_for_timeout(300)
    keep(page, out / f"app-film-{width}.png", whole=True)
    page.get_by_role("button", name="Try a watch").click()
    page.locator("#panel-a .modelname", has_text="simulated-watch.csv").wait_for()
    page.locator("#panel-a fall-timeline li button").first.click()
    keep(page, out / f"app-watch-{width}.png", whole=True)


def compare(page: Page, out: Path, width: str) -> None:
    page.get_by_label("Compare with").click()
    page.get_by_role("option", name="watch or phone").last.click()
    page.get_by_role("button", name="Look again").click()
    page.locator("#panel-b fall-timeline li button").first.click()
    keep(page, out / f"app-compare-{width}.png", whole=width == "phone")


def private(page: Page, out: Path, width: str) -> None:
    page.reload()
    page.get_by_label("Private").check()
    page.get_by_role("button", name="Try a film").click()
    page.locator("#panel-a fall-timeline li button").first.click()
    page.locator("#panel-a fall-view").get_by_role("button", name="one second on").click()
    keep(page, out / f"app-private-{width}.png", whole=True)


def webcam(page: Page, out: Path, width: str) -> None:
    page.reload()
    to_page(page, "Webcam")
    page.get_by_role("button", name="Start the webcam").click()
    page.locator("fall-camera fall-timeline li button").first.wait_for()
    keep(page, out / f"app-webcam-{width}.png", whole=True)
    page.locator("fall-camera").get_by_role("button", name="Stop").click()


def train(page: Page, out: Path, width: str) -> None:
    to_page(page, "Train")
    page.locator("#train-progress [data-state=running], #train-progress .empty").wait_for()
    if not page.locator("#train-progress [data-state=running]").count():
        page.locator("#train-data input").click()
        page.get_by_role("option", name="simulated", exact=True).click()
        page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_function("(document.querySelectorAll('svg.losses polyline').length >= 3)")
    keep(page, out / f"app-train-{width}.png", whole=True)


def reports(page: Page, out: Path, width: str) -> None:
    to_page(page, "Reports")
    page.locator("#comparison table").wait_for()
    page.locator("iframe.report").scroll_into_view_if_needed()
    page.wait_for_timeout(1500)
    page.evaluate("scrollTo(0, 0)")
    keep(page, out / f"app-reports-{width}.png")


def about(page: Page, out: Path, width: str) -> None:
    to_page(page, "About")
    keep(page, out / f"app-about-{width}.png")


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("out", type=Path)
    words.add_argument("bundles", nargs="+")
    words.add_argument("--runs", type=Path, required=True)
    words.add_argument("--data", type=Path, required=True)
    words.add_argument("--webcam", type=Path, help="a film (y4m, mjpeg) of simulated people that the browser takes for its webcam's")
    words.add_argument("--only", nargs="*", default=[], help="steps by name, in place of all; compare needs look")
    chosen = words.parse_args()
    command = [sys.executable, "-m", "featherfall.cli", "app", *chosen.bundles, "--port", str(PORT)]
    served = subprocess.Popen([*command, "--runs", str(chosen.runs), "--data", str(chosen.data)])
    try:
        wait()
        shoot(chosen)
    finally:
        served.terminate()
        served.wait()


def wait() -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", PORT), timeout=1).close()
            return
        except OSError:
            time.sleep(0.2)


def shoot(chosen: argparse.Namespace) -> None:
    steps: list[Any] = [look, compare, private, *([webcam] if chosen.webcam else []), reports, about, train]
    flags = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    flags += [f"--use-file-for-fake-video-capture={chosen.webcam}"] if chosen.webcam else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        for name, (width, height) in (("desk", DESK), ("phone", PHONE)):
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme="light" if name == "desk" else "dark", permissions=["camera"]
            )
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            page.goto(f"http://127.0.0.1:{PORT}")
            for step in steps:
                if not chosen.only or step.__name__ in chosen.only:
                    step(page, chosen.out, name)
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
