"""What a household would have had with another model or threshold, from the signal that it kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from featherfall.alarms.events import AlarmEvent
from featherfall.alarms.machine import AlarmMachine
from featherfall.alarms.settings import AlarmSettings
from featherfall.alarms.snippets import Snippet
from featherfall.alarms.store import AlarmStore
from featherfall.alarms.table import Trigger
from featherfall.core.errors import UserError
from featherfall.runtime.alarm import AlarmMessage, AlarmSubject
from featherfall.runtime.bundle import Bundle

# What people and other sensors did then is done again at its time.
_AGAIN = {
    "acknowledged": Trigger.acknowledge,
    "cancelled": Trigger.cancel,
    "cleared": Trigger.got_up,
    "still down": Trigger.still_down,
    "muted": Trigger.mute,
    "unmuted": Trigger.unmute,
}
_REACHED = {"possible fall": "possible", "countdown": "countdown", "alarm": "alarm"}
_AFTER = 3600.0  # s after the last event, in which what it leads to ends
_ORDER = ("none", "possible", "countdown", "alarm")


@dataclass(frozen=True)
class SnippetOutcome:
    """What became of one possible fall, of which one or several devices kept a snippet.

    Attributes:
        label: "fall", "no fall", or "" where nobody has reviewed it.
        probability: the highest by the other model, 0..1.
        before, after: how far it led: "none", "possible", "countdown" or "alarm".
    """

    subject: str
    device: str
    time: float
    label: str
    probability: float
    before: str
    after: str


@dataclass(frozen=True)
class AlarmReplay:
    """The outcome of all possible falls that were kept."""

    outcomes: tuple[SnippetOutcome, ...]

    def count(self, when: str, least: str = "alarm", label: str | None = None) -> int:
        """Return how many led at least so far. when: "before" or "after"; label: only those that were reviewed so."""
        chosen = (one for one in self.outcomes if label is None or one.label == label)
        return sum(_ORDER.index(getattr(one, when)) >= _ORDER.index(least) for one in chosen)

    @property
    def missed(self) -> int:
        """Falls, as people say, that raised a possible fall and would not."""
        return sum(one.label == "fall" and one.before != "none" and one.after == "none" for one in self.outcomes)

    @property
    def found(self) -> int:
        """Falls, as people say, that raised nothing and would."""
        return sum(one.label == "fall" and one.before == "none" and one.after != "none" for one in self.outcomes)

    @property
    def line(self) -> str:
        """The outcome in one line: "3 alarms fewer, 1 missed"."""
        change = self.count("after") - self.count("before")
        alarms = f"{abs(change)} alarm{'s' if abs(change) != 1 else ''} {'more' if change > 0 else 'fewer'}" if change else "as many alarms"
        reviewed = any(one.label == "fall" for one in self.outcomes)
        falls = f"{self.missed} missed{f', {self.found} more found' if self.found else ''}" if reviewed else "no fall was reviewed"
        return f"{alarms}, {falls}"

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        counts = {
            when: {"possible": self.count(when, "possible"), "alarms": self.count(when), "no fall": self.count(when, label="no fall")}
            for when in ("before", "after")
        }
        return {
            "summary": self.line,
            **counts,
            "missed": self.missed,
            "found": self.found,
            "snippets": [vars(one) for one in self.outcomes],
        }


def replay_alarms(
    store: AlarmStore, bundle: Bundle, settings: Mapping[str, AlarmSettings] | None = None, since: float = 0.0
) -> AlarmReplay:
    """Return what would have become of the snippets with another bundle.

    Its model judges each snippet again; the same machine follows, and what people did is done again at its time. Only what was kept can be
    judged: falls that raised nothing and of which nothing was kept stay unknown.

    Arguments:
        bundle: at the threshold that is tried.
        settings: of the alarms by subject; who is not in it has the defaults.
        since: s since 1970.
    Raises: `UserError` for a store without snippets, or a bundle that does not take their signal.
    """
    snippets = list(store.snippets(since))
    if not snippets:
        raise UserError(f"{store.database.name}: it holds no snippets of that time; nothing can be replayed")
    raised = {one.name: _raised(one, bundle) for one in snippets}
    history = store.history(since, 1e12, most=1_000_000)
    labels = {key: review.label for key, review in store.reviews().items()}
    outcomes: list[SnippetOutcome] = []
    for subject in sorted({one.subject for one in snippets}):
        mine = [one for one in snippets if one.subject == subject]
        past = [one for one in history if one.subject.id == subject]
        after = _run(subject, mine, past, raised, (settings or {}).get(subject, AlarmSettings()))
        before = _furthest((str(one.episode), one) for one in past if not one.is_muted)
        for key in dict.fromkeys(map(_key, mine)):
            same = [one for one in mine if _key(one) == key]
            episode = same[0].episode
            found = any(raised[one.name][0] for one in same)
            outcomes.append(
                SnippetOutcome(
                    subject,
                    same[0].device,
                    same[0].time,
                    labels.get((subject, episode), ""),
                    round(max(raised[one.name][1] for one in same), 4),
                    before.get(str(episode), "none") if episode else "none",
                    after.get(key, "possible" if found else "none"),  # one that is found may be part of another fall
                )
            )
    return AlarmReplay(tuple(outcomes))


def _key(snippet: Snippet) -> str:
    return str(snippet.episode) if snippet.episode else snippet.name


def _raised(snippet: Snippet, bundle: Bundle) -> tuple[bool, float]:
    """Return whether a bundle finds a fall in a snippet, and its highest probability."""
    prediction = bundle.predict(snippet.recording, placement_ok=True)
    positive = bundle.manifest.labels.index(str(bundle.manifest.positive))
    highest = float(prediction.probabilities[prediction.usable, positive].max()) if prediction.usable.any() else 0.0
    return bool(prediction.events), highest


def _run(
    subject: str,
    snippets: Sequence[Snippet],
    past: Sequence[AlarmMessage],
    raised: dict[str, tuple[bool, float]],
    settings: AlarmSettings,
) -> dict[str, str]:
    """Return how far each possible fall leads, by `_key`."""
    events = [AlarmEvent(Trigger.fall, one.time, _key(one), raised[one.name][1]) for one in snippets if raised[one.name][0]]
    for one in past:
        if one.kind in _AGAIN and not one.is_muted and one.by != "schedule":
            seconds = one.due - one.time if one.kind == "muted" and one.due else None
            events.append(AlarmEvent(_AGAIN[one.kind], one.time, by=one.by, via=one.via, seconds=seconds))
    machine = AlarmMachine(settings, AlarmSubject(subject, subject))
    told: list[AlarmMessage] = []
    for event in sorted(events, key=lambda one: one.time):
        told += machine.advance(event.time) + machine.handle(event)
    told += machine.advance(machine.memory.now + _AFTER)
    return _furthest((one.device, one) for one in told if not one.is_muted)


def _furthest(messages: Iterable[tuple[Any, AlarmMessage]]) -> dict[Any, str]:
    reached: dict[Any, str] = {}
    for key, one in messages:
        step = _REACHED.get(one.kind)
        if step is not None and _ORDER.index(step) > _ORDER.index(reached.get(key, "none")):
            reached[key] = step
    return reached
