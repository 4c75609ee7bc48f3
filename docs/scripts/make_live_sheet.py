"""Pictures of the app's page Live: python docs/scripts/make_live_sheet.py OUT

Runs a made-up household (the app's simulated watch and film; alarms of the last days are made here) and the app, and drives Chromium at the
width of a desk and of a phone. Simulated people only.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from make_app_sheet import DESK, PHONE, PORT, keep, to_page, wait
from playwright.sync_api import Page, sync_playwright

import featherfall
from featherfall.alarms import AlarmEvent, AlarmMachine, AlarmSettings, Condition, Review, Snippet, Trigger
from featherfall.alarms.store import AlarmStore
from featherfall.core.files import write_json
from featherfall.household.config import load_config
from featherfall.household.process import Household
from featherfall.household.serve import serve_status
from featherfall.runtime import load_bundle
from featherfall.runtime.alarm import AlarmSubject

SAMPLES = Path(featherfall.__file__).parent / "app" / "samples"
BED = [[0.05, 0.55], [0.42, 0.55], [0.42, 0.95], [0.05, 0.95]]


def write_past(store: AlarmStore, now: float) -> None:
    """Three days of two people: alarms, cancelled ones, a flat battery."""
    table = np.genfromtxt(SAMPLES / "simulated-watch.csv", delimiter=",", skip_header=1)
    samples = table[:, 0], {"accelerometer": table[:, 1:4]}
    manifest = load_bundle("wrist").manifest
    hour = 3600.0
    courses = {
        ("anna", "Anna"): [(-58, "cancel"), (-31, "ack"), (-7.5, "up")],
        ("bert", "Bert"): [(-44, "up"), (-20, "cancel")],
    }
    for (name, title), events in courses.items():
        machine = AlarmMachine(AlarmSettings(), AlarmSubject(name, title))
        told = []
        for hours, how in events:
            at = now + hours * hour
            told += machine.handle(AlarmEvent(Trigger.fall, at, f"{name}-watch", 0.91))
            episode = machine.memory.episode
            store.keep(Snippet.of_samples(name, f"{name}-watch", at, episode, manifest, samples))
            if how == "ack":
                told += machine.advance(at + 25)
                told += machine.handle(AlarmEvent(Trigger.acknowledge, at + 64, by="Carla", via="mqtt"))
            again = AlarmEvent(Trigger.cancel, at + 9, by=title, via="button") if how == "cancel" else AlarmEvent(Trigger.got_up, at + 70)
            told += machine.advance(again.time) + machine.handle(again) + machine.advance(again.time + 1000)
            if how == "cancel":
                store.review(Review(name, episode, "no fall", title, at + 400))
        for is_on, at in ((True, now - 15 * hour), (False, now - 14 * hour)):
            told += machine.report(Condition("low battery", f"{name}-watch", at, is_on, "battery at 9%" if is_on else ""))
        store.save(name, machine.memory, told, ())


def configuration(folder: Path) -> Path:
    """Write the household's configuration."""
    (folder / "token").write_text("a token for pictures only")
    film, watch = SAMPLES / "simulated-fall.mp4", SAMPLES / "simulated-watch.csv"
    values = {
        "people": [{"name": "anna", "title": "Anna"}, {"name": "bert", "title": "Bert"}],
        "sources": [
            {"name": "phone", "kind": "replay", "path": str(watch), "speed": 0},
            {"name": "bedroom", "kind": "camera", "url": str(film), "person": "bert", "room": "bedroom"},
            {"name": "broker", "kind": "replay", "path": str(watch), "speed": 0.05},
        ],
        "devices": [
            {"name": "anna-watch", "person": "anna", "source": "phone"},
            {"name": "bert-watch", "person": "bert", "source": "broker"},
        ],
        "alarms": {"countdown_s": 600, "repeat_s": 3600},
        "store": str(folder / "alarms.db"),
        "status": {"port": PORT + 1, "token": {"file": str(folder / "token")}, "pictures": True},
    }
    write_json(folder / "home.yaml", values)
    return folder / "home.yaml"


def shoot(page: Page, out: Path, width: str) -> None:
    to_page(page, "Live")
    live = page.locator("fall-household")
    live.locator("[data-person=anna][data-state=countdown]").wait_for()
    live.get_by_label("your name").fill("Carla")
    if width == "phone":
        keep(page, out / "app-live-phone.png")
    live.locator(".event").nth(1).get_by_role("button", name="Signal and course").click()
    live.locator("svg.signal").first.wait_for()
    if width == "desk":
        keep(page, out / "app-live-desk.png", whole=True)
    else:
        live.locator("svg.signal").first.scroll_into_view_if_needed()
        keep(page, out / "app-live-event-phone.png")
    live.get_by_role("button", name="Zones").click()
    zones = live.locator("fall-zones")
    zones.get_by_role("button", name="Save zones").scroll_into_view_if_needed()
    page.wait_for_timeout(2000)
    box = zones.locator("img").bounding_box()
    assert box is not None
    for right, down in BED:
        page.mouse.click(box["x"] + right * box["width"], box["y"] + down * box["height"])
    zones.get_by_role("button", name="Close this zone").click()
    if width == "phone":
        keep(page, out / "app-zones-phone.png")


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("out", type=Path)
    out = words.parse_args().out
    folder = Path(tempfile.mkdtemp())
    config = configuration(folder)
    store = AlarmStore(folder / "alarms.db")
    write_past(store, time.time())
    store.close()
    household = Household(load_config(config))
    served = subprocess.Popen([sys.executable, "-m", "featherfall.cli", "app", "--port", str(PORT), "--household", str(config)])
    try:
        with serve_status(household):
            threading.Thread(target=household.run, daemon=True).start()
            wait()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
                for name, (width, height) in (("desk", DESK), ("phone", PHONE)):
                    scheme = "light" if name == "desk" else "dark"
                    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                    page.set_default_timeout(180_000)
                    page.goto(f"http://127.0.0.1:{PORT}")
                    shoot(page, out, name)
                    page.close()
                browser.close()
            household.stopping.set()
    finally:
        served.terminate()
        served.wait()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
