"""Many worn devices in one process: the same falls as `predict` finds, and a line for whatever goes wrong."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.tiny import motion, recording, write_bundle

from featherfall.core.window import Window
from featherfall.runtime import load_bundle
from featherfall.runtime.bundle import Bundle
from featherfall.runtime.devices import DeviceNotice, Devices, WornDevice
from featherfall.runtime.sources.packets import Packet, Reading

TIMES = np.arange(1000) / 50
START = 1.7e9  # s since 1970


def linear() -> np.ndarray:
    """Acceleration without gravity: noise, and a movement every 3 s."""
    return (
        0.02 * np.random.default_rng(0).standard_normal((1000, 3)) + (TIMES % 3 < 0.5)[:, None] * [0, 0, 2.0] * np.sin(20 * TIMES)[:, None]
    )


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return load_bundle(write_bundle(tmp_path / "b"))


def packets(times: np.ndarray, values: np.ndarray, unit: str | None = "g", device: str = "a", ahead: float = 0.0) -> list[Packet]:
    """A packet a second, each received when its last sample was taken."""
    parts = np.split(np.arange(len(times)), np.arange(50, len(times), 50))
    return [
        Packet(device, (Reading("accelerometer", START + ahead + times[part], values[part], unit),), received=START + times[part[-1]])
        for part in parts
    ]


def told(device: WornDevice, sent: list[Packet]) -> list[DeviceNotice]:
    devices = Devices()
    devices.add(device, "", None)
    return [notice for one in sent for notice in devices.take([one])]


def test_twenty_devices_at_once_are_judged_as_predict_does(bundle: Bundle) -> None:
    devices, sent = Devices(), []
    impacts = [((2.0 + k / 2, 4.0), (14.0, 1.9)) for k in range(20)]
    for k, its in enumerate(impacts):
        devices.add(WornDevice(f"d{k}", bundle), "s", f"d{k}")
        sent.append(
            [
                Packet(one.device, one.readings, received=one.received, source="s")
                for one in packets(TIMES, motion(TIMES, its), device=f"d{k}")
            ]
        )
    notices = [notice for together in zip(*sent, strict=True) for notice in devices.take(together)]
    for k, its in enumerate(impacts):
        (event,) = bundle.predict(recording(impacts=its)).events
        (notice,) = [one for one in notices if one.device == f"d{k}"]
        assert notice.kind == "possible fall" and notice.time == pytest.approx(START + event.raised_s, abs=1e-3)
        assert notice.confidence == pytest.approx(event.confidence, abs=1e-4)


def test_packets_that_come_together_are_judged_as_one_by_one(bundle: Bundle) -> None:
    found = []
    for together in (1, 7, 200):
        devices, sent = Devices(), []
        for k, size in enumerate((50, 50, 13, 1)):  # samples a packet
            devices.add(WornDevice(f"d{k}", bundle), "", f"d{k}")
            values = motion(TIMES, ((2.0 + k, 4.0), (14.0, 3.0)))[:900]
            for at in range(0, 900, size):
                part = slice(at, at + size)
                reading = Reading("accelerometer", START + TIMES[:900][part], values[part], "g")
                sent.append(Packet(f"d{k}", (reading,), received=float(START + at / 50)))
        sent.sort(key=lambda one: one.received)
        notices = [one for at in range(0, len(sent), together) for one in devices.take(sent[at : at + together])]
        found.append(sorted((one.device, one.kind, one.confidence) for one in notices))
        assert {one.device for one in notices if one.kind == "possible fall"} == {"d0", "d1", "d2", "d3"}
    assert [[one[:2] for one in some] for some in found[1:]] == [[one[:2] for one in found[0]]] * 2
    np.testing.assert_allclose([[one[2] for one in some] for some in found[1:]], [[one[2] for one in found[0]]] * 2, atol=1e-6)


def test_an_impact_that_ends_the_stream_is_judged_when_nothing_more_comes(bundle: Bundle) -> None:
    device = WornDevice("a", bundle, offline_s=60)
    early = TIMES < 8.4
    assert told(device, packets(TIMES[early], motion(TIMES, ((8.0, 4.0),))[early])) == []
    devices = Devices()
    devices.add(device, "", None)
    assert devices.tick(START + 15) == []
    assert [one.kind for one in devices.tick(START + 25)] == ["possible fall"]
    assert [(one.kind, one.reason) for one in devices.tick(START + 70)] == [("device offline", "nothing came for 62 s")]
    assert devices.tick(START + 80) == []
    (back,) = devices.take(packets(TIMES + 90, motion(TIMES))[:1])
    assert (back.kind, back.is_on) == ("device offline", False)


@pytest.mark.parametrize(
    ("values", "unit", "line"),
    [
        (9.80665 * motion(TIMES), "g", "so the unit is m/s2, not g"),
        (linear(), "g", "gravity is missing"),
        (motion(TIMES), "deg/s", "'deg/s', which does not measure what 'g' does"),
    ],
)
def test_what_contradicts_its_unit_is_refused(bundle: Bundle, values: np.ndarray, unit: str, line: str) -> None:
    device = WornDevice("a", bundle)
    first, *_ = told(device, packets(TIMES, values, unit))
    assert first.kind == "cannot judge" and line in first.reason and line in device.health.conditions["cannot judge"]


def test_a_unit_that_nobody_stated_is_told_by_gravity(bundle: Bundle) -> None:
    device = WornDevice("a", bundle)
    (fall,) = told(device, packets(TIMES, 9.80665 * motion(TIMES, ((8.0, 4.0),)), None))
    assert fall.kind == "possible fall" and device.health.unit.endswith("so its samples are taken as m/s2")


def test_acceleration_without_gravity_needs_it(bundle: Bundle) -> None:
    sent = [Packet("a", (Reading("linear acceleration", TIMES[:50], motion(TIMES)[:50], "g"),))]
    (notice,) = told(WornDevice("a", bundle), sent)
    assert notice.kind == "cannot judge" and "gravity is missing" in notice.reason and "switch on its sensor Gravity" in notice.reason
    whole = motion(TIMES, ((8.0, 4.0),))
    up = np.tile([0.0, 0.0, 1.0], (1000, 1))
    both = [
        Packet(
            "a",
            (Reading("linear acceleration", TIMES[at], whole[at] - up[at], "g"), Reading("gravity", TIMES[at], 9.80665 * up[at], "m/s2")),
        )
        for at in np.split(np.arange(1000), 20)
    ]
    assert [one.kind for one in told(WornDevice("b", bundle), both)] == ["possible fall"]


def test_clocks_and_rates_that_cannot_be(bundle: Bundle) -> None:
    ahead = WornDevice("a", bundle)
    assert [one.kind for one in told(ahead, packets(TIMES, motion(TIMES, ((8.0, 4.0),)), ahead=7200))] == ["possible fall"]
    assert ahead.health.clock == "its clock is 7200 s ahead"
    fast = WornDevice("b", bundle)
    (notice,) = told(fast, [Packet("b", (Reading("accelerometer", np.arange(100) / 10_000, np.ones((100, 3)), "g"),))])
    assert "10,000 samples a second, which no worn sensor gives" in notice.reason
    none = WornDevice("c", bundle)
    (notice,) = told(none, [Packet("c", (Reading("accelerometer", None, np.ones((100, 3)), "g", 0.0),))])
    assert "0 samples a second, which no worn sensor gives" in notice.reason


def test_battery_wear_and_floods(bundle: Bundle) -> None:
    device = WornDevice("a", bundle)
    states = [
        Packet("a", battery=0.5),
        Packet("a", battery=0.1),
        Packet("a", battery=0.09),
        Packet("a", worn=False),
        Packet("a", battery=0.9, worn=True),
    ]
    found = [(one.kind, one.is_on) for one in told(device, states)]
    assert found == [("low battery", True), ("not worn", True), ("low battery", False), ("not worn", False)]
    table = np.array([0.0, 0.0, 1.0]) + np.random.default_rng(0).normal(0, 0.003, (95_000, 3))
    lying = WornDevice("b", bundle)
    notices = told(lying, packets(np.arange(95_000) / 50, table))
    assert [(one.kind, one.reason) for one in notices] == [("not worn", "it has not moved for 30 minutes")]
    flooded = WornDevice("c", bundle)
    told(flooded, [Packet("c", received=START)] * 150)
    assert flooded.health.packets == 100 and flooded.health.dropped == 50


def test_a_device_takes_little_memory(bundle: Bundle) -> None:
    """At most 20 kB, all objects included, with the windows of the bundled wrist."""
    long = Bundle(bundle.path, bundle.manifest.model_copy(update={"window": Window(kind="impact", length=300)}), bundle.model, None)  # type: ignore[arg-type]
    sent = packets(np.arange(3000) / 50, motion(np.arange(3000) / 50))
    told(WornDevice("warm", long), sent)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    devices = [WornDevice(f"d{k}", long) for k in range(10)]
    for device in devices:
        told(device, sent)
    gc.collect()
    used = (tracemalloc.get_traced_memory()[0] - before) / len(devices)
    tracemalloc.stop()
    assert used < 20_000 and devices[0].stream.nbytes < 12_000


@pytest.mark.parametrize(
    ("moves", "impacts", "denies"),
    [(0.4, (), True), (0.05, (), False), (0.4, ((12.0, 4.0),), False), (0.4, ((3.0, 4.0),), True)],
    ids=["walks", "lies", "falls", "fell long before"],
)
def test_a_watch_denies_a_fall_where_its_wearer_walks_on(
    bundle: Bundle, moves: float, impacts: tuple[tuple[float, float], ...], denies: bool
) -> None:
    walk = motion(TIMES, impacts) + moves * np.sin(12 * TIMES)[:, None] * [0, 0, 1.0]
    device = WornDevice("a", bundle)
    told(device, packets(TIMES, walk))
    assert device.denies(START + 17.0, START + 20.0) is denies
    assert not device.denies(START + 17.0, START + 30.0)  # nothing is heard of it any more


def test_a_watch_that_cannot_judge_denies_nothing(bundle: Bundle) -> None:
    device = WornDevice("a", bundle)
    walk = motion(TIMES) + 0.4 * np.sin(12 * TIMES)[:, None] * [0, 0, 1.0]
    sent = packets(TIMES, walk)
    told(device, sent)
    told(device, [Packet("a", battery=0.05, received=START + 20.0)])
    assert not device.denies(START + 17.0, START + 20.0)
