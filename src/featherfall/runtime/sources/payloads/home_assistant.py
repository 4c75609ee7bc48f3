"""Home Assistant's companion apps, by MQTT Statestream: they send no acceleration, but whether a watch is worn, and its battery.

Layout: home-assistant.io/integrations/mqtt_statestream: PREFIX/DOMAIN/OBJECT/state holds the state as text. Of the companion app's sensors
(companion.home-assistant.io/docs/core/sensors), "..._on_body" of a watch is "on" where it is worn, and "..._battery_level" is in percent.
"""

from __future__ import annotations

from collections.abc import Iterator

from featherfall.core.errors import UserError
from featherfall.core.registry import register
from featherfall.runtime.sources.packets import Packet
from featherfall.runtime.sources.payloads.payload import device_name

_ENDS = ("_on_body", "_battery_level")


@register("payload", "home-assistant", title="Home Assistant companion")
def home_assistant(body: bytes, topic: str) -> Iterator[Packet]:
    """Home Assistant companion by MQTT Statestream: worn or not, and the battery; no acceleration."""
    parts = topic.split("/")
    name = parts[-2] if len(parts) > 1 and parts[-1] == "state" else parts[-1]
    end = next((one for one in _ENDS if name.endswith(one)), None)
    if end is None:
        raise UserError(f"the topic is of no entity that ends in {' or '.join(_ENDS)}")
    state = body[:64].decode("utf-8", "replace").strip().strip('"').lower()
    if state in ("unavailable", "unknown", "none", ""):
        return
    device = device_name(name.removesuffix(end), topic)
    if end == "_on_body":
        if state not in ("on", "off"):
            raise UserError(f'state {state[:20]!r} is neither "on" nor "off"')
        yield Packet(device, worn=state == "on")
        return
    try:
        level = float(state)
    except ValueError:
        raise UserError(f"state {state[:20]!r} is no battery level") from None
    if not 0 <= level <= 100:
        raise UserError(f"state {state[:20]!r} is no battery level")
    yield Packet(device, battery=level / 100)
