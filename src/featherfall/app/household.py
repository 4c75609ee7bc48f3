"""A running household (`featherfall watch`), asked over HTTP; its reviewed signal becomes a dataset here."""

from __future__ import annotations

import base64
import http.client
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from featherfall.alarms.snippets import LABELS, Review, Snippet, write_dataset
from featherfall.core.documents import as_written, parse_json
from featherfall.core.errors import UserError

TOKEN = "FEATHERFALL_HOUSEHOLD_TOKEN"
MOST_ANSWER = 64 << 20  # bytes
_VALUES = 200_000  # in an answer
_WAIT = 10.0  # s


@dataclass(frozen=True)
class HouseholdAnswer:
    """status: of HTTP. body: as it came. kind: media type."""

    status: int
    body: bytes
    kind: str


@dataclass(frozen=True)
class HouseholdLink:
    """The way to a running household.

    Attributes:
        url: http://HOST:PORT of its `status`.
        token: that it asks for.
    """

    url: str
    token: str

    @classmethod
    def of(cls, target: str) -> HouseholdLink:
        """Return the link to a URL, whose token is in $FEATHERFALL_HOUSEHOLD_TOKEN, or to what a configuration states.

        Raises: `UserError` for another URL, without a token, and for a configuration without `status`.
        """
        if "://" in target:
            parts = urlsplit(target)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise UserError(f"--household {target}: give http://HOST:PORT, or the household's configuration")
            token = os.environ.get(TOKEN, "").strip()
            if not token:
                raise UserError(f"--household {target}: its token is missing; set ${TOKEN} to the one under status")
            return cls(f"{parts.scheme}://{parts.netloc}", token)
        from featherfall.household.config import load_config

        status = load_config(Path(target)).status
        if status is None or status.token is None:
            raise UserError(f"{target}: the page Live needs status with a token; add status: {{port: 8765, token: {{file: PATH}}}}")
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(status.host, f"[{status.host}]" if ":" in status.host else status.host)
        return cls(f"http://{host}:{status.port}", status.token.read("status: token"))

    def ask(self, *path: str) -> HouseholdAnswer:
        """Return the answer to a question; raises `UserError` where nobody answers."""
        return self._send("GET", path)

    def order(self, name: str, body: bytes) -> HouseholdAnswer:
        """Return the answer to an order, JSON; raises `UserError` where nobody answers."""
        return self._send("POST", (name,), body)

    def save_reviewed(self, folder: Path) -> int:
        """Write all snippets that were reviewed as a dataset; return how many there are.

        Raises: `UserError` where nobody answers, and as `write_dataset`.
        """
        answer = self.ask("reviewed")
        if answer.status != 200:
            raise UserError(answer.body.decode("utf-8", "replace").strip() or f"the household answers {answer.status}")
        snippets, reviews = read_reviewed(answer.body.decode("utf-8", "replace"))
        return write_dataset(snippets, reviews, folder)

    def _send(self, method: str, path: tuple[str, ...], body: bytes | None = None) -> HouseholdAnswer:
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(str(parts.hostname), parts.port, timeout=_WAIT)
        try:
            target = "/" + "/".join(quote(one, safe="") for one in path)
            connection.request(method, target, body, {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            found = answer.read(MOST_ANSWER + 1)
            if len(found) > MOST_ANSWER:
                raise UserError(f"the household at {parts.netloc} sends more than {MOST_ANSWER >> 20} MB")
            return HouseholdAnswer(answer.status, found, answer.getheader("Content-Type", "text/plain"))
        except (OSError, http.client.HTTPException) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise UserError(f"the household at {parts.netloc} does not answer ({why}); is `featherfall watch` running?") from None
        finally:
            connection.close()


def read_reviewed(text: str) -> tuple[list[Snippet], dict[tuple[str, int], Review]]:
    """Return snippets and reviews of a household's answer; raises `UserError` for others."""
    snippets: list[Snippet] = []
    reviews: dict[tuple[str, int], Review] = {}
    with as_written("household", "reviewed snippets"):
        for one in parse_json(text, "household", _VALUES):
            subject, episode, label = str(one["subject"]), int(one["episode"]), one["label"]
            if label not in LABELS:
                raise ValueError(f"label {label!r}")
            body = base64.b64decode(str(one["body"]), validate=True)
            snippets.append(Snippet.from_bytes(body, subject, float(one["time"]), str(one["device"]), episode))
            reviews[subject, episode] = Review(subject, episode, label, str(one["by"]), float(one["reviewed"]))
    return snippets, reviews
