"""Windows of a real browser on the app."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.app.browser.pages import DESK, PATIENCE
from tests.app.conftest import Served


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
