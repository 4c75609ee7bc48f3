"""The page Live in a real browser: a household, its zones, the webcam and a phone's motion."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.app.browser.pages import DESK, PHONE, fits, turn_to
from tests.app.conftest import WATCH

from featherfall.household.config import load_config
from featherfall.household.process import Household
from featherfall.household.serve import serve_status


def test_a_household_that_does_not_run(visit: Callable[..., Any]) -> None:
    page = visit(PHONE)
    turn_to(page, "Live")
    page.locator("fall-household").get_by_text("does not answer").wait_for()
    assert fits(page)


@pytest.fixture(scope="module")
def running(household: Path) -> Iterator[Household]:
    """The household of the page Live, running from its first test on."""
    one = Household(load_config(household))
    thread = threading.Thread(target=one.run)
    with serve_status(one):
        thread.start()
        yield one
        one.stopping.set()
        thread.join()


def test_a_household_its_alarm_and_what_it_was(visit: Callable[..., Any], running: Household, home: Path) -> None:
    page = visit(PHONE)
    turn_to(page, "Live")
    live = page.locator("fall-household")
    live.locator("[data-person=anna][data-state=countdown]").wait_for()
    assert "alarm in" in live.locator("[data-person=anna] .state").inner_text() and fits(page)
    live.get_by_label("your name").fill("Ben")
    live.get_by_role("button", name="Cancel: no fall").click()
    live.locator("[data-person=anna][data-state=cancelled]").wait_for()
    event = live.locator(".event").first
    event.get_by_text("Alarm cancelled by Ben (app)").first.wait_for()
    event.get_by_role("button", name="Signal and course").click()
    event.locator("svg.signal").wait_for()
    event.get_by_role("button", name="This was no fall").click()
    event.get_by_text("Reviewed by Ben.").wait_for()
    assert event.get_by_role("button", name="This was no fall").get_attribute("aria-pressed") == "true" and fits(page)
    live.get_by_label("what").select_option("open")
    live.locator(".event").first.wait_for(state="detached")
    live.get_by_role("button", name="Save the reviewed ones to train with").click()
    live.get_by_text('choose "household" as data').wait_for()
    assert ",no fall," in (home / "data" / "household" / "recordings.csv").read_text()
    review = list(running.alarms.store.reviews().values())[-1]  # type: ignore[union-attr]
    assert (review.subject, review.label, review.by) == ("anna", "no fall", "Ben")
    shutil.rmtree(home / "data" / "household")
    page.set_viewport_size(DESK)
    assert fits(page)


def test_zones_are_drawn_on_the_picture(visit: Callable[..., Any], running: Household) -> None:
    page = visit(PHONE)
    turn_to(page, "Live")
    live = page.locator("fall-household")
    live.get_by_role("button", name="Zones").click()
    zones = live.locator("fall-zones")
    picture = zones.locator("img")
    picture.wait_for()
    page.wait_for_function(
        "document.querySelector('fall-household').shadowRoot.querySelector('fall-zones').shadowRoot.querySelector('img').naturalWidth > 100"
    )
    zones.get_by_role("button", name="Save zones").scroll_into_view_if_needed()
    box = picture.bounding_box()
    for right, down in ((0.1, 0.5), (0.5, 0.5), (0.5, 0.9)):
        page.mouse.click(box["x"] + right * box["width"], box["y"] + down * box["height"])
    zones.get_by_role("button", name="Close this zone").click()
    assert zones.get_by_role("status").inner_text() == "One zone" and fits(page)
    zones.get_by_role("button", name="Save zones").click()
    live.get_by_role("button", name="Zones (1)").wait_for()
    (zone,) = running.cameras[0].zones
    assert np.allclose(zone.corners, [(0.1, 0.5), (0.5, 0.5), (0.5, 0.9)], atol=0.02)
    assert running.alarms.store.zones() == {"hall": (zone,)}  # type: ignore[union-attr]


def test_the_webcam(visit: Callable[..., Any], eyes: None) -> None:
    page = visit(PHONE, permissions=["camera"])
    turn_to(page, "Webcam")
    page.get_by_role("button", name="Start the webcam").click()
    page.locator("fall-camera .message", has_text="Watching.").wait_for()
    event = page.locator("fall-camera fall-timeline li button").first
    event.wait_for()
    assert event.inner_text().startswith("Possible fall at 0:")
    page.locator("fall-camera .message", has_text=re.compile("Possible fall|Still down|Got up")).wait_for()
    assert fits(page)
    page.locator("fall-camera").get_by_role("button", name="Stop").click()
    assert page.locator("fall-camera video").is_hidden()


def test_a_phones_motion(visit: Callable[..., Any]) -> None:
    page = visit(PHONE, has_touch=True)
    turn_to(page, "Phone")
    rows = np.loadtxt(WATCH, delimiter=",", skiprows=1)
    page.evaluate(
        """(rows) => {
          let k = 0;
          const begin = performance.now();
          window.feeding = setInterval(() => {  // at eight times the speed; each event tells its own time
            while (k < rows.length && rows[k][0] * 125 < performance.now() - begin) {
              const [t, x, y, z] = rows[k++];
              const a = { x: 9.80665 * x, y: 9.80665 * y, z: 9.80665 * z };
              const rotationRate = { alpha: 0, beta: 0, gamma: 0 };
              const event = new DeviceMotionEvent("devicemotion", { accelerationIncludingGravity: a, rotationRate });
              Object.defineProperty(event, "timeStamp", { value: 1000 * t });
              window.dispatchEvent(event);
            }
          }, 20);
        }""",
        rows.tolist(),
    )
    page.get_by_role("button", name="Start the sensors").click()
    page.locator("fall-motion fall-timeline li button").first.wait_for()
    assert page.locator("fall-motion fall-timeline li button").first.inner_text().startswith("Possible fall at 0:0") and fits(page)
    page.locator("fall-motion").get_by_role("button", name="Stop").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save what was felt").click()
    assert Path(download.value.path()).read_text().startswith("time [s],accelerometer_x [m/s2]")


def test_without_sensors_it_says_so(visit: Callable[..., Any]) -> None:
    page = visit(DESK)
    turn_to(page, "Phone")
    page.get_by_role("button", name="Start the sensors").click()
    page.locator("fall-motion .message", has_text="No motion sensor answers: this device has none").wait_for()
