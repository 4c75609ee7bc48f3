"""URLs and topics of sources."""

from __future__ import annotations

from urllib.parse import urlsplit

from featherfall.core.errors import UserError
from featherfall.core.text import printable, shortened

MOST_LEVELS = 16  # of a topic
MOST_TOPIC = 256  # characters


def shown_url(url: str) -> str:
    """Return a URL without user, password and query, for messages."""
    parts = urlsplit(str(url))
    host = parts.hostname or ""
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return printable(f"{parts.scheme}://{host}{port}{parts.path}") if parts.scheme else printable(str(url))


def check_filter(topic: str) -> str:
    """Return a topic filter; raises `UserError` for one that is none, or too deep."""
    levels = topic.split("/")
    wrong = any(("+" in one and one != "+") or ("#" in one and (one != "#" or place + 1 < len(levels))) for place, one in enumerate(levels))
    if not topic or wrong or "\0" in topic:
        raise UserError(f"{topic!r} is no topic filter; '+' stands for one level, '#' at the end for all below")
    if len(topic) > MOST_TOPIC or len(levels) > MOST_LEVELS:
        raise UserError(f"{shortened(topic, 60)}: more than {MOST_LEVELS} levels or {MOST_TOPIC} characters; name a shorter topic")
    return topic
