"""Messages as apps send them, on their documented layouts, and those that are not."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_plus

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featherfall.core.errors import UserError
from featherfall.core.registry import known_names
from featherfall.runtime.sources.packets import Packet
from featherfall.runtime.sources.payloads.payload import decode_message, find_payload, numbers

NS = 1_698_501_144_401_773_000  # of PUSHING.md


def decoded(name: str, message: Any, topic: str = "topic") -> list[Packet]:
    return list(find_payload(name)(message if isinstance(message, bytes) else json.dumps(message).encode(), topic))


def logger(*rows: tuple[str, int, dict[str, float]]) -> dict[str, Any]:
    """A message of Sensor Logger as PUSHING.md shows it."""
    payload = [{"name": name, "time": NS + step * 20_000_000, "values": values} for name, step, values in rows]
    return {"messageId": 0, "sessionId": "s", "deviceId": "phone-1", "payload": payload}


def test_own_samples_with_and_without_times() -> None:
    message = {"device": "watch", "samples": [[5.0, 0, 0, 1], [5.02, 0, 0, 1]], "unit": "g", "battery": 0.5, "worn": True}
    (packet,) = decoded("samples", message)
    assert (packet.device, packet.battery, packet.worn) == ("watch", 0.5, True)
    (reading,) = packet.readings
    assert reading.times is not None and reading.times.tolist() == [5.0, 5.02] and reading.unit == "g" and reading.sensor == "accelerometer"
    (packet,) = decoded("samples", {"samples": [[0, 0, 1], [0, 0, 2]], "rate": 50, "time": 100})
    assert packet.device == "topic" and packet.readings[0].times is not None and packet.readings[0].times.tolist() == [100.0, 100.02]
    (packet,) = decoded("samples", {"samples": [[0, 0, 1]], "rate": 50, "gyroscope": [[1, 2, 3]]})
    assert packet.readings[0].times is None and packet.readings[0].rate == 50 and packet.readings[1].sensor == "gyroscope"


def test_openseizuredetector_is_in_mg_at_25_hz_without_times() -> None:
    flat = [0, 0, 1000, 10, 20, 990, 0, 0, 0]
    (packet,) = decoded("openseizuredetector", {"dataType": "raw", "data": [1000, 991], "data3D": flat, "HR": 60, "battery": 80}, "garmin")
    (reading,) = packet.readings
    assert reading.values.tolist() == [[0, 0, 1000], [10, 20, 990]] and (reading.unit, reading.rate, reading.times) == ("mg", 25.0, None)
    assert packet.device == "garmin" and packet.battery == 0.8
    (settings,) = decoded("openseizuredetector", {"dataType": "settings", "battery": 12, "watchPartNo": "006-B2700"})
    assert settings.readings == () and settings.battery == 0.12 and settings.device == "006-B2700"
    # As the Garmin app writes it, alone and as the form that it posts.
    raw = "{dataType:'raw',data3D:[1,2,1000.500000,-3,4,999],HR:70,O2sat:0,Mute:false}"
    told = "{ dataType: 'settings', sampleFreq: 25, battery: 80.50, watchPartNo: 006-B3225-00, watchFwVersion: 3.2.1, sdName: GarminSD}"
    for wrap in (str, lambda text: f"dataObj={quote_plus(text)}"):
        (packet,) = find_payload("openseizuredetector")(wrap(raw).encode(), "data")
        assert packet.readings[0].values.tolist() == [[1, 2, 1000.5], [-3, 4, 999]] and packet.device == "data"
        (packet,) = find_payload("openseizuredetector")(wrap(told).encode(), "settings")
        assert packet.battery == 0.805 and packet.device == "006-B3225-00"
    with pytest.raises(UserError, match="the magnitude alone"):
        decoded("openseizuredetector", {"dataType": "raw", "data": [1000]})


def test_sensor_logger_gives_acceleration_and_gravity_apart() -> None:
    at_rest = {"x": 0.0, "y": 0.0, "z": 0.01}
    message = logger(("accelerometer", 0, at_rest), ("gravity", 0, {"x": 0, "y": 0, "z": 9.8}), ("accelerometer", 1, at_rest))
    (packet,) = decoded("sensor-logger", message)
    linear, gravity = packet.readings
    assert packet.device == "phone-1" and (linear.sensor, gravity.sensor, linear.unit) == ("linear acceleration", "gravity", "m/s2")
    assert (
        linear.times is not None and linear.times[0] == pytest.approx(NS / 1e9, abs=1e-6) and np.diff(linear.times) == pytest.approx([0.02])
    )
    assert gravity.values.tolist() == [[0, 0, 9.8]]
    (turned,) = decoded("sensor-logger-ios", message)
    assert turned.readings[1].values.tolist() == [[0, 0, -9.8]]


def test_sensor_loggers_watch_is_in_g_with_ios_signs_unless_standardised() -> None:
    row = {f"{part}{axis}": 0.0 for part in ("acceleration", "gravity", "rotationRate") for axis in "XYZ"}
    (packet,) = decoded("sensor-logger", logger(("wrist motion", 0, {**row, "gravityZ": -1.0, "rotationRateX": 2.0})))
    by_name = {one.sensor: one for one in packet.readings}
    assert by_name["gravity"].values.tolist() == [[0, 0, 1]] and by_name["gravity"].unit == by_name["linear acceleration"].unit == "g"
    assert by_name["gyroscope"].values.tolist() == [[2, 0, 0]]
    (packet,) = decoded("sensor-logger", logger(("wrist motion", 0, {**row, "gravityZ": 9.81})))
    by_name = {one.sensor: one for one in packet.readings}
    assert by_name["gravity"].values.tolist() == [[0, 0, 9.81]] and by_name["linear acceleration"].unit == "m/s2"


def test_home_assistant_says_whether_a_watch_is_worn() -> None:
    start = "homeassistant/binary_sensor/pixel_watch"
    assert decoded("home-assistant", b"off", f"{start}_on_body/state")[0].worn is False
    assert decoded("home-assistant", b"83", "homeassistant/sensor/pixel_watch_battery_level/state")[0].battery == 0.83
    assert decoded("home-assistant", b"unavailable", f"{start}_on_body/state") == []
    for body, topic in ((b"maybe", f"{start}_on_body/state"), (b"101", "sensor/a_battery_level/state"), (b"on", "light/kitchen/state")):
        with pytest.raises(UserError):
            decoded("home-assistant", body, topic)


def test_lines_are_numbers_with_or_without_times() -> None:
    (packet,) = decoded("lines", b"boot v1.2\n0.00,0,0,1\n0.02;0;0;1\nx,y,z\n")
    assert packet.readings[0].times is not None and packet.readings[0].times.tolist() == [0, 0.02]
    (packet,) = decoded("lines", b"0 0 1\n0\t0 1.5\n1 2\n")
    assert packet.readings[0].times is None and packet.readings[0].values.tolist() == [[0, 0, 1], [0, 0, 1.5]]


@pytest.mark.parametrize("name", known_names("payload"))
@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b'"text"', b"<html>", b"\xff\xfe", b"[" * 100_000, b'{"samples": [[1]]}'])
def test_what_is_no_message_is_refused_in_one_line(name: str, body: bytes) -> None:
    if name == "home-assistant" and not body:
        return
    with pytest.raises(UserError) as refused:
        decoded(name, body)
    assert len(str(refused.value)) < 300 and "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "message", "line"),
    [
        ("samples", {"samples": [[0, 0, "a"]], "rate": 50}, "no number"),
        ("samples", {"samples": [[0, 0, 1], [0, 1]], "rate": 50}, "no number"),
        ("samples", {"samples": [[0, 0, 1]]}, "rate is no number, but null"),
        ("samples", {"samples": [[0, 0, 1e300, 0]]}, "not finite"),
        ("samples", {"samples": [[0, 0, 1]], "rate": 50, "unit": "deg/s"}, "measures no acceleration"),
        ("openseizuredetector", {"dataType": "raw", "data3D": [1, 2]}, "not three a sample"),
        ("sensor-logger", {"payload": [5]}, "a row of the payload is no JSON object"),
        ("sensor-logger", {"payload": [{"name": "accelerometer", "values": {"x": 1, "y": 1, "z": 1}}]}, "has no time"),
    ],
)
def test_the_line_says_what_is_wrong(name: str, message: Any, line: str) -> None:
    with pytest.raises(UserError, match=line):
        decoded(name, message)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=12))
def test_messages_are_those_of_pythons_own_json(body: bytes) -> None:
    try:
        wanted = repr(json.loads(body))
    except ValueError:
        with pytest.raises(UserError, match=r"not JSON"):
            decode_message(body)
        return
    assert repr(decode_message(body)) == wanted


ROWS = st.lists(
    st.lists(st.integers(-9, 9) | st.floats(width=32) | st.booleans() | st.none() | st.text("1.x", max_size=2), min_size=2, max_size=4)
)


@given(ROWS, st.sampled_from([None, 2, 3]))
def test_numbers_are_those_of_numpy(rows: list[list[Any]], width: int | None) -> None:
    value: list[Any] = rows if width else [cell for row in rows for cell in row]
    try:
        wanted = np.array(value, dtype=np.float64)
        fits = wanted.ndim == (2 if width else 1) and (not width or not len(wanted) or wanted.shape[1] == width)
    except (TypeError, ValueError, OverflowError):
        fits = False
    if fits and (not wanted.size or np.abs(wanted).max() < 1e18):
        np.testing.assert_array_equal(numbers(value, "it", width), wanted)
    else:
        with pytest.raises(UserError, match=r"^it "):
            numbers(value, "it", width)
