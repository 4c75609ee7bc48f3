"""URLs of sources, for messages."""

from __future__ import annotations

from urllib.parse import urlsplit

from featherfall.core.text import printable


def shown_url(url: str) -> str:
    """Return a URL without user, password and query, for messages."""
    parts = urlsplit(str(url))
    host = parts.hostname or ""
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return printable(f"{parts.scheme}://{host}{port}{parts.path}") if parts.scheme else printable(str(url))
