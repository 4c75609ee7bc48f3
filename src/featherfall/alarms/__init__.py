"""From notices to alarms: states, store, delivery."""

from featherfall.alarms.centre import AlarmCentre, Watched
from featherfall.alarms.events import AlarmEvent, Condition, Rises
from featherfall.alarms.machine import AlarmMachine
from featherfall.alarms.outbox import Route
from featherfall.alarms.settings import AlarmSettings
from featherfall.alarms.snippets import Review, Snippet
from featherfall.alarms.table import Trigger

__all__ = [
    "AlarmCentre",
    "AlarmEvent",
    "AlarmMachine",
    "AlarmSettings",
    "Condition",
    "Review",
    "Rises",
    "Route",
    "Snippet",
    "Trigger",
    "Watched",
]
