"""What the app's page Live asks of a running household, and what people order there: JSON over HTTP, for those who know the token."""

from __future__ import annotations

import base64
import io
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from pydantic import Field

from featherfall.alarms.database import StoreError
from featherfall.alarms.snippets import Review, ReviewLabel, Snippet
from featherfall.alarms.store import AlarmStore
from featherfall.core.checked import Checked, check
from featherfall.core.documents import parse_json
from featherfall.core.errors import UserError
from featherfall.core.recording import Stream
from featherfall.household.names import Name
from featherfall.household.process import Household
from featherfall.household.sources import Corners
from featherfall.household.status import household_health
from featherfall.runtime.alarm import AlarmCommand, CommandKind
from featherfall.runtime.decide.zones import Zone
from featherfall.runtime.http_server import HttpAnswer, HttpRequest

MOST_MESSAGES = 2000  # of a history
MOST_DAYS = 366.0
MOST_REVIEWED = 40 << 20  # bytes of snippets in one answer
MOST_POINTS = 1500  # of a curve
WIDTH = 640  # pixels of a picture that is shown
_VALUES = 10_000  # in an order
_DAY = 86_400.0  # s
_Who = Field(min_length=1, max_length=80)


class CommandOrder(Checked):
    """What a person orders of an alarm; as `AlarmCommand`."""

    kind: CommandKind
    subject: Name
    by: str = _Who
    seconds: float | None = Field(default=None, ge=1, le=7 * _DAY)


class ReviewOrder(Checked):
    """What a possible fall was."""

    subject: Name
    episode: int = Field(ge=1, le=2**62)
    label: ReviewLabel
    by: str = _Who


class ZonesOrder(Checked):
    """Beds and sofas in a camera's picture."""

    camera: Name
    zones: Corners


def is_remote(request: HttpRequest) -> bool:
    """Return whether a request is one of the page Live."""
    return request.path[:1] in {(name,) for name in (*Remote.asked, *Remote.ordered)}


class Remote:
    """Answers requests of the page Live.

    Attributes:
        asked, ordered: what is answered to GET, and to POST.
    """

    asked = ("household", "history", "snippet", "picture", "reviewed")
    ordered = ("command", "review", "zones")

    def __init__(self, household: Household) -> None:
        self._household = household
        self._asked: dict[str, Callable[..., HttpAnswer]] = {
            "household": self._state,
            "history": self._history,
            "snippet": self._snippet,
            "picture": self._picture,
            "reviewed": self._reviewed,
        }
        self._ordered: dict[str, Callable[[Any], None]] = {"command": self._command, "review": self._review, "zones": self._zones}

    def answer(self, request: HttpRequest) -> HttpAnswer:
        """Return the answer; raises `UserError` for an order that cannot be followed, and for what the store cannot give now."""
        name, *rest = request.path
        try:
            if request.method == "GET" and name in self._asked:
                return self._asked[name](*rest)
            if request.method == "POST" and name in self._ordered and not rest:
                self._ordered[name](parse_json(request.body.decode("utf-8", "replace"), "order", _VALUES))
                return HttpAnswer("{}\n", kind="application/json")
        except TypeError:  # too few or too many parts of the path
            pass
        except StoreError as error:
            return HttpAnswer(f"{error}\n", 503)
        return HttpAnswer("Not Found\n", 404)

    def _state(self) -> HttpAnswer:
        """Return people, cameras and health as they are now."""
        household = self._household
        people = []
        for one in household.config.people:
            machine = household.alarms.machines[one.name]
            memory = machine.memory
            facts = {"name": one.name, "title": machine.subject.title, "state": str(machine.state), "due": memory.due}
            people.append(facts | {"episode": memory.episode, "severity": memory.severity.name})
        cameras = [
            {"name": one.config.name, "person": one.config.person, "room": one.config.room, "zones": [zone.corners for zone in one.zones]}
            for one in household.cameras
        ]
        devices = [{"name": one.name, "person": one.person} for one in household.config.devices]
        pictures = household.config.status is not None and household.config.status.pictures
        state = {"name": household.config.name, "now": time.time(), "people": people, "cameras": cameras, "devices": devices}
        return _json(state | {"pictures": pictures, "health": household_health(household)})

    def _history(self, days: str) -> HttpAnswer:
        """Return the messages of the last days, what people said of them, and of which there is signal."""
        store, since, until = self._store(), time.time() - _number(days) * _DAY, time.time() + 60
        messages = [one.to_json() for one in store.history(since, until, MOST_MESSAGES)]
        reviews = [vars(one) for one in store.reviews().values() if one.time >= since]
        snippets = [(subject, episode, device, at) for subject, at, device, episode in store.snippet_keys(since, until)]
        return _json({"messages": messages, "reviews": reviews, "snippets": snippets, "most": MOST_MESSAGES})

    def _snippet(self, subject: str, episode: str) -> HttpAnswer:
        """Return the curves of a possible fall."""
        found = [_curves(one) for one in self._store().snippets(subject=subject, episodes={_whole(episode)})]
        return _json(found) if found else HttpAnswer("Not Found\n", 404)

    def _reviewed(self) -> HttpAnswer:
        """Return all snippets that were reviewed, whole, and their reviews."""
        store = self._store()
        reviews = store.reviews()
        found: list[dict[str, Any]] = []
        size = 0
        for one in store.snippets(episodes={episode for _, episode in reviews}):
            review = reviews.get((one.subject, one.episode))
            if review is None:
                continue
            body = base64.b64encode(one.to_bytes()).decode()
            size += len(body)
            if size > MOST_REVIEWED:
                raise UserError("there are more reviewed snippets than fit into one answer; take featherfall replay STORE --dataset DIR")
            facts = {"subject": one.subject, "time": one.time, "device": one.device, "episode": one.episode}
            found.append(facts | {"label": review.label, "by": review.by, "reviewed": review.time, "body": body})
        return _json(found)

    def _picture(self, camera: str) -> HttpAnswer:
        """Return a camera's present picture as JPEG."""
        one = next((one for one in self._household.cameras if one.config.name == camera), None)
        if one is None or one.picture is None:
            return HttpAnswer("Not Found\n", 404)
        return HttpAnswer(_jpeg(one.picture), kind="image/jpeg")

    def _command(self, values: Any) -> None:
        order = check(CommandOrder, values, "order")
        self._household.alarms.command(AlarmCommand(order.kind, order.subject, order.by, "app", order.seconds))

    def _review(self, values: Any) -> None:
        order = check(ReviewOrder, values, "order")
        if order.subject not in self._household.alarms.machines:
            raise UserError(f"nobody is called {order.subject!r}")
        self._store().review(Review(order.subject, order.episode, order.label, order.by, time.time()))

    def _zones(self, values: Any) -> None:
        order = check(ZonesOrder, values, "order")
        self._household.change_zones(order.camera, [Zone(tuple(corners)) for corners in order.zones])

    def _store(self) -> AlarmStore:
        store = self._household.alarms.store
        if store is None:
            why = self._household.alarms.health()["store"] or "the configuration names none; add store: alarms.db"
            raise UserError(f"there is no store now: {why}")
        return store


def _curves(snippet: Snippet) -> dict[str, Any]:
    return {
        "device": snippet.device,
        "time": snippet.time,
        "streams": [{"name": name, "unit": one.unit, "rate": round(one.rate, 1), **_curve(one)} for name, one in snippet.streams.items()],
    }


def _curve(stream: Stream) -> dict[str, list[float]]:
    """Return times and magnitudes; of several samples for one point the largest, so that impacts stay."""
    size = np.linalg.norm(stream.values, axis=1)
    step = -(-len(size) // MOST_POINTS)
    starts = np.arange(0, len(size), step)
    return {"t": np.round(stream.times[starts], 3).tolist(), "size": np.round(np.maximum.reduceat(size, starts), 3).tolist()}


def _jpeg(image: np.ndarray) -> bytes:
    from PIL import Image

    picture, out = Image.fromarray(image), io.BytesIO()
    picture.thumbnail((WIDTH, WIDTH))
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()


def _json(values: Any) -> HttpAnswer:
    return HttpAnswer(json.dumps(values) + "\n", kind="application/json")


def _number(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = 0.0
    if not 0 < days <= MOST_DAYS:
        raise UserError(f"{text[:20]!r} is no number of days; give up to {MOST_DAYS:g}")
    return days


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise UserError(f"{text[:20]!r} is no episode")
    return int(text)
