"""The page Analyse in a real browser, on a desk and on a phone: files, their results, and what is refused."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.app.browser.pages import DESK, PHONE, drop, drop_again, fits, is_sorted, wait_until_gone
from tests.app.conftest import WATCH, Served


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
