"""How an alarm shows in Home Assistant: MQTT discovery of a device for each person, with its entities.

https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from featherfall.runtime.alarm import MESSAGE_KINDS, AlarmState, AlarmSubject

_BUTTONS = {
    "acknowledge": ("Acknowledge alarm", "mdi:check"),
    "cancel": ("Cancel alarm", "mdi:close"),
    "test": ("Test alarm", "mdi:bell-ring"),
}


def device_id(home: str, subject: AlarmSubject) -> str:
    """Return the id of a person's device: letters, digits, "-" and "_"."""
    return f"featherfall_{home}_{subject.id}"


def discovery(home: str, subject: AlarmSubject, base: str) -> dict[str, Any]:
    """Return the payload of `homeassistant/device/ID/config`.

    Names are plain values of it and no template, so that none is evaluated.

    Arguments:
        base: start of the person's topics.
    """
    unique = device_id(home, subject)
    slug = unique.lower().replace("-", "_")
    state, event, command = f"{base}/{subject.id}/state", f"{base}/{subject.id}/event", f"{base}/{subject.id}/command"
    components: dict[str, dict[str, Any]] = {
        "alarm": {
            "platform": "binary_sensor",
            "name": "Fall alarm",
            "device_class": "safety",  # "on" is shown as unsafe
            "state_topic": state,
            "value_template": "{{ value_json.alarm }}",
            "json_attributes_topic": state,
        },
        "state": {
            "platform": "sensor",
            "name": "Alarm state",
            "device_class": "enum",
            "options": [str(one) for one in AlarmState],
            "state_topic": state,
            "value_template": "{{ value_json.state }}",
        },
        "event": {"platform": "event", "name": "Alarm event", "event_types": list(MESSAGE_KINDS), "state_topic": event},
    }
    for order, (name, icon) in _BUTTONS.items():
        components[order] = {"platform": "button", "name": name, "icon": icon, "command_topic": command, "payload_press": order}
    for name, one in components.items():
        one["unique_id"] = f"{unique}_{name}"
        one["default_entity_id"] = f"{one['platform']}.{slug}_{name}"
    area = {"suggested_area": subject.room} if subject.room else {}
    return {
        "device": {"identifiers": [unique], "name": subject.person, "manufacturer": "featherfall", "model": "Fall alarm", **area},
        "origin": {
            "name": "featherfall",
            "sw_version": version("featherfall"),
            "support_url": "https://github.com/featherfall/featherfall",
        },
        "availability": [{"topic": f"{base}/availability"}],
        "qos": 1,
        "components": components,
    }
