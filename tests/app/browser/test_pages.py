"""The other pages in a real browser, and what holds for all: sizes, the keyboard, the login."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.app.browser.pages import DESK, PHONE, drop, fits, turn_to
from tests.app.conftest import TOKEN, WATCH, Served


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
