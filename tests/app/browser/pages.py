"""What tests do on the app's pages."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tests.app.conftest import Served

DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
PATIENCE = 30_000  # ms, for a machine with much else to do


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


def drop_again(page: Any, file: Path | dict[str, Any]) -> None:
    page.get_by_label("Remove this file").or_(page.get_by_label("Clear")).first.click()
    drop(page, file)


def is_sorted(values: list[float]) -> bool:
    return values == sorted(values)


def wait_until_gone(app: Served, name: str) -> bool:
    """Waits until no upload of this name is on disk."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if not list(app.temporary.glob(f"featherfall-app-*/uploads/*/{name}")):
            return True
        time.sleep(0.05)
    return False
