"""How a household fares, for people and programs: /health (JSON) and /metrics (Prometheus). No secret and no address is in it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from featherfall.household.process import Household
from featherfall.runtime.http_server import HttpAnswer, HttpRequest
from featherfall.runtime.sources.packets import Health, counts

_FINE = ("ok", "ended", "starting")


def household_health(household: Household) -> dict[str, Any]:
    """Return plain values: "status" is "ok" or "problem", "problems" has a line for each."""
    sources = {one.name: _source(one.health) for one in household.sources}
    sources |= {
        one.config.name: _source(one.source.health)
        | {"people": one.looks.people}
        | ({"reason": one.looks.unjudged} if one.looks.unjudged else {})
        for one in household.cameras
    }
    alarms = household.alarms.health()
    devices = {one.name: dict(one.health.conditions) for one in household.devices}
    problems = [
        f"source {name}: {one['state']}{': ' + one['reason'] if one.get('reason') else ''}"
        for name, one in sources.items()
        if not one["fine"]
    ]
    problems += [f"device {name}: {kind}: {reason}" for name, its in devices.items() for kind, reason in its.items()]
    problems += [f"store: {alarms['store']}"] if alarms["store"] else []
    problems += [f"sink {name}: {one['problem']}" for name, one in alarms["sinks"].items() if one.get("problem")]
    return {
        "status": "problem" if problems else "ok",
        "problems": problems,
        "uptime_s": round(time.time() - household.started),
        "people": alarms["states"],
        "sources": {name: {key: value for key, value in one.items() if key != "fine"} for name, one in sources.items()},
        "devices": {one.name: _device(one) for one in household.devices},
        "sinks": alarms["sinks"],
    }


def household_metrics(household: Household) -> str:
    """Return the figures in Prometheus' text format."""
    return "".join(f"{line}\n" for line in _lines(household))


def route_status(household: Household) -> Any:
    """Return the function that answers requests."""

    def route(request: HttpRequest) -> HttpAnswer:
        if request.method == "GET" and request.path == ("health",):
            health = household_health(household)
            return HttpAnswer(json.dumps(health) + "\n", 200 if health["status"] == "ok" else 503, "application/json")
        if request.method == "GET" and request.path == ("metrics",):
            return HttpAnswer(household_metrics(household), 200, "text/plain; version=0.0.4; charset=utf-8")
        return HttpAnswer("Not Found\n", 404)

    return route


def _source(health: Health) -> dict[str, Any]:
    facts: dict[str, Any] = {"state": health.state, "fine": health.state in _FINE, **counts(health)}
    facts |= {"reason": health.reason} if health.reason and health.state not in ("ok", "ended") else {}
    return facts | ({"refusal": health.refusal} if health.refusal else {})


def _device(device: Any) -> dict[str, Any]:
    health, stream = device.health, device.stream
    facts = {
        "packets": health.packets,
        "rate": round(stream.rate, 1),
        "gaps": stream.gaps,
        "gap_s": round(stream.gap_s, 1),
        "repeated": stream.repeated,
        "events": health.events,
        **({"delay_s": round(health.delay_s, 2)} if health.delay_s is not None else {}),
        **({"battery": health.battery} if health.battery is not None else {}),
        **({"conditions": health.conditions} if health.conditions else {}),
    }
    return facts | {name: text for name in ("clock", "unit") if (text := getattr(health, name))}


def _lines(household: Household) -> Iterator[str]:
    yield from _family("up", "gauge", "1 while it runs.", [({}, 1)])
    named = [(one.name, one.health) for one in household.sources] + [(one.config.name, one.source.health) for one in household.cameras]
    yield from _family(
        "source_up", "gauge", "Whether a source delivers.", [({"source": name}, int(its.state in _FINE)) for name, its in named]
    )
    for figure in ("packets", "refused", "dropped", "reconnects"):
        yield from _family(
            f"source_{figure}_total",
            "counter",
            f"Of a source: {figure}.",
            [({"source": name}, getattr(its, figure)) for name, its in named],
        )
    devices = list(household.devices)
    for figure, kind in (("packets", "counter"), ("samples", "counter"), ("events", "counter")):
        rows = [({"device": one.name}, getattr(one.health, figure)) for one in devices]
        yield from _family(f"device_{figure}_total", kind, f"Of a worn device: {figure}.", rows)
    yield from _family(
        "device_gap_seconds_total",
        "counter",
        "Seconds that nothing was judged in.",
        [({"device": one.name}, one.stream.gap_s) for one in devices],
    )
    yield from _family(
        "device_battery_ratio",
        "gauge",
        "Charge, 0 to 1.",
        [({"device": one.name}, one.health.battery) for one in devices if one.health.battery is not None],
    )
    problems = [({"device": one.name, "condition": kind.replace(" ", "_")}, 1) for one in devices for kind in one.health.conditions]
    yield from _family("device_condition", "gauge", "Conditions that last.", problems)
    looks = [({"source": one.config.name}, one.looks.looks) for one in household.cameras]
    yield from _family("camera_looks_total", "counter", "Pictures that were looked at.", looks)
    idle = [({"source": one.config.name}, one.looks.idle) for one in household.cameras]
    yield from _family("camera_idle_total", "counter", "Pictures that were not looked at, as nothing had changed.", idle)
    alarms = household.alarms.health()
    yield from _family(
        "alarm_state",
        "gauge",
        "State of a person's alarm.",
        [({"person": name, "state": state}, 1) for name, state in alarms["states"].items()],
    )
    yield from _family(
        "sink_waiting",
        "gauge",
        "Messages that wait for a sink.",
        [({"sink": name}, one["waiting"]) for name, one in alarms["sinks"].items()],
    )
    yield from _family("store_up", "gauge", "Whether the store can be used.", [({}, int(not alarms["store"]))])


def _family(name: str, kind: str, text: str, rows: Sequence[tuple[Mapping[str, str], float]]) -> Iterator[str]:
    if rows:
        yield f"# HELP featherfall_{name} {text}"
        yield f"# TYPE featherfall_{name} {kind}"
    for labels, value in rows:
        inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        yield f"featherfall_{name}{'{' + inside + '}' if inside else ''} {value:g}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
