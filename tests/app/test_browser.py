"""Every page and what one does there, in a real browser, on a desk and on a phone."""

from __future__ import annotations

import json
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.app.conftest import TOKEN, WATCH, Served

from featherfall.household.config import load_config
from featherfall.household.process import Household
from featherfall.household.serve import serve_status

DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
PATIENCE = 30_000  # ms, for a machine with much else to do


@pytest.fixture
def visit(browser: Any, app: Served) -> Iterator[Callable[..., Any]]:
    """Opens the app in a window of a size; afterwards nothing may have gone elsewhere or broken."""
    contexts, elsewhere, broken = [], [], []

    def open_page(size: dict[str, int] = DESK, url: str = app.url, **how: Any) -> Any:
        context = browser.new_context(viewport=size, accept_downloads=True, **how)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda one: None if one.url.startswith((url, "data:", "blob:")) else elsewhere.append(one.url))
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert elsewhere == [] and broken == []


def fits(page: Any) -> bool:
    """Nothing sticks out to the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def drop(page: Any, file: Path | dict[str, Any]) -> None:
    page.locator("#file input[type=file]").set_input_files(file)


def turn_to(page: Any, name: str) -> None:
    """Turn to a page or a part of one; on a phone the last pages are in a menu."""
    tab = page.get_by_role("tab", name=name, exact=True).locator("visible=true")
    menu = page.locator("#pages > .tab-wrapper .overflow-menu")
    in_menu = menu.get_by_text(name, exact=True)
    tab.or_(in_menu).first.wait_for(state="attached")
    if tab.count():
        tab.first.click()
    else:
        menu.locator("> button").click()
        in_menu.click()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_film_its_timeline_and_its_events(visit: Callable[..., Any], film: Path, size: dict[str, int]) -> None:
    page = visit(size)
    drop(page, film)
    event = page.locator("#panel-a fall-timeline li button").first
    event.wait_for()
    assert re.match(r"Possible fall at 0:0\d\.\d, \d+% sure", event.inner_text())
    assert page.locator("#panel-a .lead").inner_text() == "One possible fall" and fits(page)
    page.wait_for_function(
        "document.querySelector('#panel-a fall-view').poses && document.querySelector('#panel-a fall-view').video.duration > 4"
    )
    event.click()
    at = float(event.get_attribute("data-time"))
    page.wait_for_function(f"Math.abs(document.querySelector('#panel-a fall-view').video.currentTime - {at}) < 0.05")
    page.locator("#panel-a fall-view").get_by_role("button", name="one second on").click()
    page.wait_for_function(f"Math.abs(document.querySelector('#panel-a fall-view').video.currentTime - {at + 1}) < 0.05")
    drawn = "[...document.querySelector('#panel-a fall-view').canvas.getContext('2d').getImageData(0, 0, 300, 300).data].some((v) => v > 0)"
    assert page.evaluate(drawn)
    box = page.locator("#panel-a fall-timeline svg").bounding_box()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 40)
    assert "%" in page.locator("#panel-a fall-timeline .readout").inner_text()
    if size == DESK:
        page.get_by_role("button", name="Make the annotated film").click()
        with page.expect_download() as download:
            page.locator("#drawn-a a").click()
        assert download.value.suggested_filename == "fall-seen.mp4" and Path(download.value.path()).stat().st_size > 5000


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_watch_the_threshold_and_what_it_costs(visit: Callable[..., Any], size: dict[str, int]) -> None:
    page = visit(size)
    drop(page, WATCH)
    page.locator("#panel-a fall-timeline li button").first.wait_for()
    assert "at least 36 a day of such activity (95% interval 7.4 to 105)" in page.locator("#cost-a").inner_text() and fits(page)
    sure = page.locator("#panel-a fall-timeline").evaluate("(one) => Math.max(...one.data.curves[0].p)")
    number = page.locator("#threshold-a input[type=number]")
    number.fill("0.95")
    number.press("Tab")
    found = "One possible fall" if sure >= 0.95 else "No fall found"
    page.get_by_text("At 0.9 the model found 80% of 20 falls and raised 0 false alarms").wait_for()
    assert page.locator("#panel-a .lead").inner_text() == found
    assert page.locator("#panel-a fall-timeline").evaluate("(one) => one.data.threshold") == 0.95
    assert page.locator("#panel-a fall-timeline li button").count() == int(sure >= 0.95)
    with page.expect_download() as download:
        page.locator("#links-a a", has_text="as JSON").click()
    document = json.loads(Path(download.value.path()).read_text())
    assert document["threshold"] == 0.95 and document["file"] == "simulated-watch.csv" and len(document["events"]) == int(sure >= 0.95)


def test_one_file_after_the_other(visit: Callable[..., Any], film: Path) -> None:
    page = visit(DESK)
    for file, felt, models in ((film, False, "camera"), (WATCH, True, "watch"), (film, False, "camera")):
        drop(page, file)
        page.locator("#panel-a .modelname", has_text=f"{file.name}, ").wait_for()
        assert page.locator("#panel-a .modelname").inner_text().endswith(f"model {models}")
        shown = page.locator("#panel-a fall-timeline").evaluate(
            "(one) => [one.data.signal !== null, one.plot.querySelectorAll('path').length]"
        )
        assert shown[0] is felt and page.locator("#panel-a fall-view").count() == int(not felt)
        page.get_by_label("Remove this file").or_(page.get_by_label("Clear")).first.click()


def test_two_models_side_by_side(visit: Callable[..., Any]) -> None:
    page = visit(DESK)
    page.get_by_label("Compare with").click()
    page.get_by_role("option", name="watch (watch or phone)").click()
    drop(page, WATCH)
    for panel in ("a", "b"):
        page.locator(f"#panel-{panel} fall-timeline li button").first.wait_for()
    left, right = (page.locator(f"#panel-{panel}").bounding_box() for panel in ("a", "b"))
    assert abs(left["y"] - right["y"]) < 5 and right["x"] > left["x"] + 200
    page.set_viewport_size(PHONE)
    edge = "document.querySelector('#panel-{}').getBoundingClientRect().{}"
    page.wait_for_function(f"{edge.format('b', 'top')} > {edge.format('a', 'bottom')} - 5")
    assert fits(page)


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


def test_private(visit: Callable[..., Any], film: Path, app: Served) -> None:
    page = visit(PHONE)
    page.get_by_label("Private").check()
    drop(page, film)
    page.locator("#panel-a fall-timeline li button").first.wait_for()
    view = "document.querySelector('#panel-a fall-view')"
    page.wait_for_function(f"{view}.poses && {view}.video.readyState >= 2")
    light = page.evaluate(
        f"""() => {{
          const canvas = document.createElement('canvas'), pen = canvas.getContext('2d');
          canvas.width = canvas.height = 50;
          pen.drawImage({view}.video, 0, 0, 50, 50);
          return Math.max(...[...pen.getImageData(0, 0, 50, 50).data].filter((_, k) => k % 4 < 3));
        }}"""
    )
    assert light < 12
    assert not [path for path in app.temporary.rglob("fall.mp4")]


BAD = {
    "photo.jpg": (b"only words\n", "photo.jpg: not a picture"),
    "empty.csv": (b"", "empty.csv:"),
    "wrong.csv": (b"a,b,c\n1,2,3\n2,3,4\n", 'see "How the table is read"'),
    "film.mp4": (b"no film\n" * 99, "film.mp4: not a film"),
}


def test_on_a_phone_the_result_comes_first(visit: Callable[..., Any]) -> None:
    page = visit(PHONE)

    def tops(*names: str) -> list[float]:
        return page.evaluate("(names) => names.map((name) => document.getElementById(name).getBoundingClientRect().top)", names)

    page.locator("#options").wait_for()
    assert is_sorted(tops("choose", "result", "options"))
    drop(page, WATCH)
    page.locator("#panel-a fall-timeline li button").first.wait_for()
    assert is_sorted(tops("result", "choose", "options"))
    drop_again(page, {"name": "wrong.csv", "mimeType": "text/csv", "buffer": BAD["wrong.csv"][0]})
    page.locator("#status .error").wait_for()
    assert is_sorted(tops("status", "choose", "options"))
    page.set_viewport_size(DESK)
    assert page.locator("#result").bounding_box()["x"] > page.locator("#options").bounding_box()["x"] + 200
    result, choose = tops("result", "choose")
    assert abs(result - choose) < 5 and fits(page)


def is_sorted(values: list[float]) -> bool:
    return values == sorted(values)


def drop_again(page: Any, file: Path | dict[str, Any]) -> None:
    page.get_by_label("Remove this file").or_(page.get_by_label("Clear")).first.click()
    drop(page, file)


def test_a_confidence_never_stands_alone(visit: Callable[..., Any]) -> None:
    page = visit(PHONE)
    drop(page, WATCH)
    event = page.locator("#panel-a fall-timeline li button").first
    event.wait_for()
    assert re.fullmatch(r"Possible fall at 0:0\d\.\d, \d+% sure; at least 36 false alarms a day \(7\.4 to 105\)", event.inner_text())
    assert event.evaluate("(one) => one.childElementCount") == 1  # the dot; the words are one text of one size


def test_looking_again_sends_the_file_again(visit: Callable[..., Any], app: Served, tmp_path: Path) -> None:
    page = visit(DESK)
    own = Path(shutil.copy(WATCH, tmp_path / "again.csv"))  # pages that other tests closed may have left uploads
    drop(page, own)
    page.locator("#panel-a fall-timeline li button").first.wait_for()
    assert wait_until_gone(app, own.name)
    with page.expect_request("**/gradio_api/upload"):
        page.get_by_role("button", name="Look again").click()
    page.wait_for_function("document.querySelector('#panel-a .lead') && !document.querySelector('#status .waiting, #status .error')")
    assert page.locator("#panel-a .lead").inner_text() == "One possible fall" and wait_until_gone(app, own.name)


def wait_until_gone(app: Served, name: str) -> bool:
    """Waits until no upload of this name is on disk."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if not list(app.temporary.glob(f"featherfall-app-*/uploads/*/{name}")):
            return True
        time.sleep(0.05)
    return False


def test_what_could_not_be_judged_is_said_first(visit: Callable[..., Any], tmp_path: Path) -> None:
    rows = np.loadtxt(WATCH, delimiter=",", skiprows=1)[:100]
    rows[-20:, 0] += 60.0  # a minute of which little was recorded
    pause = tmp_path / "pause.csv"
    np.savetxt(pause, rows, "%.4f", ",", header="time [s],accelerometer_x [g],accelerometer_y [g],accelerometer_z [g]", comments="")
    page = visit(PHONE)
    drop(page, pause)
    page.locator("#panel-a .lead", has_text="Unknown: this could not be judged").wait_for()
    notes = page.locator("#panel-a .note").all()
    assert len(notes) >= 2 and notes[-1].inner_text().startswith("Read as:")
    for note in notes:
        assert note.is_visible() and note.bounding_box()["height"] >= 20


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_finger_meets_every_button(visit: Callable[..., Any], film: Path, size: dict[str, int]) -> None:
    page = visit(size)
    drop(page, film)
    page.locator("#panel-a fall-timeline li button").first.wait_for()
    small = page.evaluate(
        """() => {
          const small = [];
          const walk = (root) => { for (const one of root.querySelectorAll("*")) {
            if (one.shadowRoot) walk(one.shadowRoot);
            const { width, height } = one.getBoundingClientRect();
            const seen = one.checkVisibility({ visibilityProperty: true }) && height > 1;
            if (seen && ["BUTTON", "SELECT", "SUMMARY"].includes(one.tagName) && (width < 44 || height < 44))
              small.push(`${one.id} ${one.className} ${one.textContent.trim()} ${width}x${height}`);
          } };
          walk(document);
          return small;
        }"""
    )
    assert small == []


def test_bad_files_one_after_the_other_and_the_app_lives_on(visit: Callable[..., Any]) -> None:
    page = visit(PHONE)
    for name, (content, why) in BAD.items():
        drop(page, {"name": name, "mimeType": "application/octet-stream", "buffer": content})
        page.locator("#status .error", has_text=why).wait_for()
        assert fits(page) and page.locator("#status .error").count() == 1
        page.get_by_label("Remove this file").or_(page.get_by_label("Clear")).first.click()
    drop(page, {"name": "big.mp4", "mimeType": "video/mp4", "buffer": b"0" * 2_500_000})
    page.get_by_text(re.compile("at most 2 MB|maximum allowed size|exceed")).first.wait_for()
    page.reload()
    drop(page, WATCH)
    page.locator("#panel-a fall-timeline li button").first.wait_for()


def test_columns_are_chosen_in_the_page(visit: Callable[..., Any], tmp_path: Path) -> None:
    rows = np.loadtxt(WATCH, delimiter=",", skiprows=1) * [1, 9.80665, 9.80665, 9.80665]
    odd = tmp_path / "odd.csv"
    np.savetxt(odd, rows, "%.4f", ",", header="wann,a,b,c", comments="")
    page = visit(DESK)
    drop(page, odd)
    page.locator("#status .error", has_text="no columns found").wait_for()
    for label, options in (("#columns-0", ("a", "b", "c")), ("#unit-0", ("m/s2",)), ("#time", ("wann",))):
        for option in options:
            page.locator(f"{label} input").click()
            page.get_by_role("option", name=option, exact=True).click()
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Look again").click()
    page.locator("#panel-a fall-timeline li button").first.wait_for()
    assert page.locator("#status .error").count() == 0


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


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_reports(visit: Callable[..., Any], size: dict[str, int]) -> None:
    page = visit(size)
    turn_to(page, "Reports")
    page.locator("#comparison table").wait_for()
    assert page.locator("#comparison tr").count() == 5 and fits(page)
    page.frame_locator("iframe.report").get_by_text("report of").wait_for()
    assert page.evaluate("top.hacked") is None


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_about_and_training_fit(visit: Callable[..., Any], size: dict[str, int]) -> None:
    page = visit(size, color_scheme="dark")
    turn_to(page, "About")
    page.get_by_text("Not a medical device").wait_for()
    assert fits(page)
    turn_to(page, "Train")
    page.get_by_text("Nothing is being trained").wait_for()
    assert fits(page)


def test_a_training_is_begun_and_stopped(visit: Callable[..., Any]) -> None:
    pytest.importorskip("torch")
    page = visit(DESK)
    turn_to(page, "Train")
    name = page.locator("#run-name textarea, #run-name input")
    name.fill("../up")
    page.get_by_role("button", name="Start", exact=True).click()
    page.locator("#train-problem .error", has_text="name the run with letters").wait_for()
    name.fill("from-the-page")
    page.locator("#train-data input").click()
    page.get_by_role("option", name="tiny", exact=True).click()
    page.get_by_role("button", name="Start", exact=True).click()
    page.locator("#train-progress [data-state=running]", has_text="from-the-page is being trained").wait_for()
    page.get_by_role("button", name="Stop", exact=True).last.click()
    page.locator("#train-progress [data-state]:not([data-state=running]), #train-progress .empty").first.wait_for()


def test_the_keyboard_is_enough(visit: Callable[..., Any]) -> None:
    page = visit(DESK)
    drop(page, WATCH)
    event = page.locator("#panel-a fall-timeline li button").first
    event.wait_for()
    event.focus()
    assert event.evaluate("(one) => one.matches(':focus')")
    page.keyboard.press("Enter")
    at = float(event.get_attribute("data-time"))
    page.wait_for_function(f"Math.abs(document.querySelector('#panel-a fall-timeline').now - {at}) < 0.01")


def test_logging_in(visit: Callable[..., Any], guarded: Served) -> None:
    page = visit(PHONE, guarded.url)
    page.get_by_label("Token").fill("not the token")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("alert").wait_for()
    assert fits(page)
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Log in").click()
    drop(page, WATCH)
    page.locator("#panel-a fall-timeline li button").first.wait_for()
    assert TOKEN in guarded.said()
